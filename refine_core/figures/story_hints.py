"""The hints of an attempt in the story: what stands between two attempts.

"Hint for write": Name the order number.        "Hint, edited by hand": Be brief.        "Hint": the same as for attempt 2; a failed attempt brings no advice
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from refine_core.figures import text
from refine_core.figures.story_text import clean
from refine_core.log.timeline import Attempt, Timeline
from refine_core.messages import describe_advice_failure
from refine_core.uptake import Verdict, hint_uptake, is_verb, leaks, routing

_LIMIT: Final = 320  # characters of a hint
_SEVERAL: Final = 2


@dataclass(frozen=True, slots=True)
class StoryUptake:
    """verdict: chooses the mark; "leak" for a hint that quotes a value that only the reward should see. words: the same.

    rules: what it stands on, a line each.
    """

    verdict: Verdict | Literal["leak"]
    words: str
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StoryHint:
    """who: "Hint", or "Hint for write". words: the hint in pieces, each with whether it names a field. is_quiet: no hint's text.

    is_cut: whether the hint is longer than its words. uptake: what the attempt made of it, once it has.
    note: what it was written for, where a changed run would have had another: "for the old reward".
    """

    who: str
    words: tuple[tuple[str, bool], ...]
    is_quiet: bool = False
    is_cut: bool = False
    uptake: StoryUptake | None = None
    note: str = ""


def hints_of(
    timeline: Timeline, attempt: Attempt, before: Attempt | None, fields: Collection[str]
) -> list[StoryHint]:
    """What the attempt was told, a hint a predictor; why there is none, where hints are given at all; [] for the first.

    A hint that a person wrote says so, and stands before the first attempt, too.
    """
    if not attempt.edited_hints and (before is None or timeline.spec.hint_source == "none"):
        return []
    if (
        before is not None
        and attempt.hints
        and attempt.hints == before.hints
        and attempt.advice_from == before.advice_from
    ):
        return _carried_over(timeline, attempt, before)
    told = attempt.real_hints
    if not told:
        why = "removed by hand" if attempt.edited_hints or before is None else _why_none(timeline, before)
        return [_quiet("No hint", why)]
    uptakes = _uptakes(timeline, attempt)
    return [
        StoryHint(
            _name_hint(timeline, attempt, name)
            + (", edited by hand" if name in attempt.edited_hints and not timeline.spec.hint_test else ""),
            tuple(_emphasize(text.clip(" ".join(clean(hint).split()), _LIMIT), fields)),
            is_cut=len(hint) > _LIMIT,
            uptake=uptakes.get(name),
        )
        for name, hint in told.items()
    ]


def note_old(hints: Sequence[StoryHint], attempt: Attempt, note: str) -> tuple[StoryHint, ...]:
    """The hints with a note of what they were written for; a person's own would be the same in a changed run."""
    if not note or not attempt.real_hints or attempt.edited_hints:
        return tuple(hints)
    return tuple(replace(hint, note=note) for hint in hints)


def _carried_over(timeline: Timeline, attempt: Attempt, before: Attempt) -> list[StoryHint]:
    """The hints of the attempt before again: one line, or one for each predictor of which there is more to say."""
    same, why = f"the same as for attempt {before.index + 1}", _why_same(timeline, before)
    uptakes = _uptakes(timeline, attempt)
    told = [name for name in attempt.real_hints if name in uptakes]
    if len(told) < _SEVERAL:
        return [_quiet("Hint", f"{same}: {why}", *(uptakes[name] for name in told))]
    return [
        _quiet(_name_hint(timeline, attempt, name), same if i else f"{same}: {why}", uptakes[name])
        for i, name in enumerate(told)
    ]


def _name_hint(timeline: Timeline, attempt: Attempt, name: str) -> str:
    several = max(len(timeline.predictors), len({run.name for run in attempt.predictors})) >= _SEVERAL
    return f"Hint for {text.shorten(name, 40)}" if several else "Hint"


def next_hint(timeline: Timeline) -> list[StoryHint]:
    """What stands before an attempt that has not begun, while its advice is under way; [] otherwise."""
    if not timeline.is_advising or timeline.end is not None:
        return []
    writing = any(call.waiting and call.draft for call in timeline.attempts[-1].all_calls)
    return [_quiet("Hint", "is being written" if writing else "the adviser has been asked")]


def _quiet(who: str, words: str, uptake: StoryUptake | None = None) -> StoryHint:
    return StoryHint(who, ((words, False),), is_quiet=True, uptake=uptake)


def _why_same(timeline: Timeline, before: Attempt) -> str:
    if before.advice is not None and before.advice.error is not None:
        return f"the advice failed ({text.shorten(describe_advice_failure(before.advice), 120)})"
    if before.state == "failed":
        return "a failed attempt brings no advice"
    if timeline.spec.hint_source == "feedback":
        return "the reward gave no feedback"
    return "no new advice was given"


def _why_none(timeline: Timeline, before: Attempt) -> str:
    if before.advice is not None and before.advice.error is not None:
        return f"the advice failed ({text.shorten(describe_advice_failure(before.advice), 120)})"
    if before.advice is None:
        if before.state == "failed":
            return "a failed attempt brings no advice"
        return "" if timeline.spec.hint_source == "adviser" else "the reward gave no feedback"
    routes = {route.route for route in routing(timeline, before)}
    if "nobody" in routes:
        return "the advice reached nobody: it names no predictor of the program"
    if "not_named" in routes:
        return "the adviser named no predictor"
    return "the adviser found no module at fault"


def _uptakes(timeline: Timeline, attempt: Attempt) -> dict[str, StoryUptake]:
    """What the attempt made of its hints; a hint that gives a reference value away says that first."""
    found: dict[str, StoryUptake] = {}
    given_away = leaks(timeline, attempt)
    for name, uptake in hint_uptake(timeline, attempt).items():
        notes = [clean(leak.text) for leak in given_away.get(name, ())]
        is_leak = any(leak.kind == "reference" for leak in given_away.get(name, ()))
        words = f"{uptake.words}, quotes a reference value" if is_leak else uptake.words
        lines = (*clean(uptake.description).split("\n"), *notes)
        found[name] = StoryUptake("leak" if is_leak else uptake.verdict, words, lines)
    return found


def _emphasize(hint: str, fields: Collection[str]) -> list[tuple[str, bool]]:
    """The hint in pieces, with the names of fields apart, and without backticks around them; a verb is no name."""
    names = "|".join(re.escape(name) for name in sorted(fields, key=len, reverse=True) if name)
    if not names:
        return [(hint, False)]
    pieces: list[tuple[str, bool]] = []
    start = 0
    for found in re.finditer(rf"`?(?<!\w)({names})(?!\w)`?", hint):
        if is_verb(found[1], hint[: found.start(1)], hint[found.end(1) :]):
            continue
        pieces += [(hint[start : found.start()], False), (found[1], True)]
        start = found.end()
    return [piece for piece in (*pieces, (hint[start:], False)) if piece[0]]
