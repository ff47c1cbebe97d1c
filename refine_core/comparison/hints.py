"""What became of the hints of two attempts: a mark for each, with the rules that it stands on, and a clause for the sentence."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from refine_core.comparison.phrases import Phrase, Style, strong_names
from refine_core.log.timeline import Attempt, Timeline
from refine_core.unseen import show_unseen
from refine_core.uptake import Uptake, Verdict, hint_uptake, leaks, routing

_NAMED = 3  # rules that a sentence names
_STYLES: dict[Verdict, Style] = {"followed": "good", "not_followed": "bad", "partly": "strong"}


@dataclass(frozen=True, slots=True)
class HintMark:
    """letter: of the attempt that got the hint. name: of the predictor. words, description: the verdict and its rules.

    notes: values that the hint gives away.
    """

    letter: Literal["a", "b"]
    name: str
    verdict: Verdict
    words: str
    description: str
    notes: tuple[str, ...]


def mark_hints(timeline: Timeline, attempt: Attempt, letter: Literal["a", "b"]) -> Iterator[HintMark]:
    """A mark for each hint of an attempt that gave outputs."""
    given_away = leaks(timeline, attempt)
    for name, uptake in hint_uptake(timeline, attempt).items():
        notes = tuple(show_unseen(leak.text) for leak in given_away.get(name, ()))
        yield HintMark(
            letter, show_unseen(name), uptake.verdict, uptake.words, show_unseen(uptake.description), notes
        )


def why_no_hint(timeline: Timeline, attempt: Attempt, name: str) -> str:
    """What stands in the place of a hint that a predictor did not get."""
    source = next((one for one in timeline.attempts if one.index == attempt.advice_from), None)
    routes = routing(timeline, source) if source is not None else ()
    return next((show_unseen(route.text) for route in routes if route.name == name and route.text), "no hint")


def describe_uptake(timeline: Timeline, attempt: Attempt) -> Iterator[Phrase]:
    """What the hints of B asked for, and whether B has it."""
    several = len(timeline.predictors) > 1
    found = hint_uptake(timeline, attempt)
    for name, uptake in found.items():
        if uptake.verdict == "not_checkable":
            continue
        whose = (
            [Phrase(" The hint for "), Phrase(show_unseen(name), "strong")]
            if several
            else [Phrase(" B's hint")]
        )
        yield from whose
        yield from _clause(uptake)
    open_ones = [show_unseen(name) for name, uptake in found.items() if uptake.verdict == "not_checkable"]
    if open_ones:
        whose_hint = (
            f"the hint{'' if len(open_ones) == 1 else 's'} for {' and '.join(open_ones)}"
            if several
            else "its hint"
        )
        yield Phrase(f" Whether B followed {whose_hint} cannot be checked by rule.")


def _clause(uptake: Uptake) -> Iterator[Phrase]:
    due = [rule for rule in uptake.rules if not rule.met_before] or [*uptake.rules]
    yield Phrase(" asked for ")
    yield from strong_names(show_unseen(rule.text) for rule in due[:_NAMED])
    if len(due) > _NAMED:
        yield Phrase(f" and {len(due) - _NAMED} more")
    yield Phrase(": ")
    yield Phrase(uptake.words, _STYLES.get(uptake.verdict, ""))
    yield Phrase(".")
