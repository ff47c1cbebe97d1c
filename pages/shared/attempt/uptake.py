"""What became of hints and advice, as notes in an attempt's detail: refine_core.uptake says what, and by which rules.

hint_notes      of the attempt that got the hints: followed or not, by which rules, and what they give away
absent_hints    of the attempt that was advised on: why a predictor got no hint
lost_hints      of the same: hints for names that are no predictor
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from pages.shared.attempt.blocks import Block, Tone, note
from refine_core.runs import Attempt, Timeline
from refine_core.uptake import RuleResult, Verdict, hint_uptake, leaks, routing

_MARKS: Final[dict[Verdict, str]] = {
    "followed": "✓",
    "partly": "◐",
    "not_followed": "✗",
    "not_checkable": "\N{EN DASH}",
}
_TONES: Final[dict[Verdict, Tone]] = {"followed": "good", "not_followed": "warning"}


def hint_notes(timeline: Timeline, attempt: Attempt) -> dict[str, list[Block]]:
    """Predictor -> notes on the hint that it was given."""
    notes: dict[str, list[Block]] = {}
    for name, uptake in hint_uptake(timeline, attempt).items():
        rules = (
            f": {_join(uptake.rules)}"
            if uptake.rules
            else ": the hint states no length, quoted word, format or number"
        )
        words = f"{_MARKS[uptake.verdict]} {uptake.words.capitalize()}{rules}."
        if uptake.asks_more and uptake.rules:
            words += " What else it asks for states no rule."
        notes[name] = [note(words, _TONES.get(uptake.verdict, "quiet"), block_id=f"uptake-{name}")]
    for name, given_away in leaks(timeline, attempt).items():
        notes.setdefault(name, []).extend(
            note(leak.text, "warning" if leak.kind == "reference" else "quiet", block_id=f"leak-{name}-{i}")
            for i, leak in enumerate(given_away)
        )
    return notes


def absent_hints(timeline: Timeline, source: Attempt | None) -> dict[str, str]:
    """Predictor -> why it got no hint from the advice after `source`."""
    routes = routing(timeline, source) if source is not None else ()
    return {route.name: route.text for route in routes if route.text and route.route != "nobody"}


def lost_hints(timeline: Timeline, source: Attempt) -> list[Block]:
    """Notes on hints that reached nobody."""
    return [
        note(route.text, "warning", block_id=f"lost-{route.name}")
        for route in routing(timeline, source)
        if route.route == "nobody"
    ]


def _join(rules: Iterable[RuleResult]) -> str:
    return "; ".join(rule.description for rule in rules)
