"""The what-if of a run as plain data, for the browser to draw: the strip of its attempts, and the curve of the threshold."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby, pairwise
from typing import Final, Literal, Protocol

from refine_core.formatting import format_score, pluralize
from refine_core.runs import Timeline
from refine_core.what_if import ThresholdStep, WhatIf, WhatIfAttempt

UNTRIED_SHOWN: Final = 3  # attempts, of those that were never tried
ROOM: Final = 0.08  # of the slider's length beyond the highest reward
DIGITS: Final = 2  # of a threshold that is chosen with the slider, from the first that tells its range
_ZONES: Final = {
    "exact": ("exact", "exact"),
    "not_needed": ("made, but not needed", "not needed"),
}
_KINDS: Final = {
    "exact": "exact",
    "not_needed": "unneeded",
    "not_comparable": "other",
    "never_tried": "unknown",
}
_LEGEND: Final = {
    "exact": "new",
    "rescored": "new, on a recorded output",
    "stop": "stops here",
    "first": "first at the threshold",
    "unneeded": "not needed",
    "failed": "failed",
    "unscored": "unscored",
    "waiting": "waits for the judge",
}
"""Kind of mark -> what it is."""


class Question(Protocol):
    """A run, what it would have done under a threshold and scores, and the same for every threshold."""

    @property
    def timeline(self) -> Timeline:
        """The run, as recorded."""

    @property
    def threshold(self) -> float | None:
        """The threshold that is asked about."""

    @property
    def answer(self) -> WhatIf:
        """What would have happened."""

    @property
    def curve(self) -> tuple[ThresholdStep, ...]:
        """The same for every threshold."""

    @property
    def positions(self) -> Mapping[int, int]:
        """Number of an attempt -> what is chosen with its mark, from 0."""

    def state_of(self, number: int) -> Literal["scored", "failed", "unscored", "waiting"]:
        """What became of the attempt of that number, which has been scored again."""


def mark_of(question: Question, one: WhatIfAttempt) -> str:
    """The shape of an attempt; "" for one that was never tried."""
    if one.state == "never_tried":
        return ""
    if one.new is None:
        state = question.state_of(one.attempt)
        return state if state in ("unscored", "waiting") else "failed"
    answer = question.answer
    if one.state == "not_needed":
        return "unneeded"
    if one.attempt == answer.stop and answer.reason == "threshold_reached":
        return "stop"
    if one.state == "exact":
        return "exact"
    reached = answer.threshold is not None and one.new >= answer.threshold and not one.unmet
    return "first" if reached and one.attempt == answer.first else "rescored"


def build_strip(question: Question) -> dict[str, object]:
    """The strip: attempts by number, old and new, and what is known of each."""
    shown = _shown(question.answer)
    low, high = _axis(question)
    positions = question.positions
    drawn = []
    for one in shown:
        if one.state == "never_tried":
            continue
        position = positions.get(one.attempt)
        drawn.append(
            {
                "number": one.attempt,
                "key": "" if position is None else str(position + 1),
                "old": one.old,
                "value": one.new,
                "text": "" if one.new is None else format_score(one.new),
                "mark": mark_of(question, one),
                "was": question.timeline.returned_index == one.attempt - 1,
                "ring": _ring(question, one),
                "words": _describe_attempt(one),
            }
        )
    untried = "not tried yet" if question.timeline.end is None else "never tried"
    legend = [(mark, words) for mark, words in _LEGEND.items() if any(one["mark"] == mark for one in drawn)]
    return {
        "columns": shown[-1].attempt if shown else 1,
        "low": low,
        "high": high,
        "ticks": [{"at": tick, "text": f"{tick:g}"} for tick in (low, (low + high) / 2, high)],
        "threshold": question.threshold,
        "recorded": question.timeline.spec.threshold,
        "zones": list(_zones(shown, len(question.answer.attempts), untried)),
        "attempts": drawn,
        "legend": legend,
        "alt": _describe_strip(question),
    }


def build_curve(question: Question) -> dict[str, object]:
    """The curve: at each threshold, where the run stops; where nobody knows, which recorded output would be the first."""
    low, high = _axis(question)
    decimals = max(0, DIGITS - math.ceil(math.log10(high - low)))
    high += ROOM * (high - low)
    tried = [one for one in question.answer.attempts if one.state != "never_tried"]
    segments = list(_segments(question, low, high))
    threshold = question.threshold
    return {
        "title": "stops at attempt, by threshold",
        "low": low,
        "high": high,
        "low_text": f"{low:g}",
        "high_text": f"{_axis(question)[1]:g}",
        "high_at": _axis(question)[1],
        "value": high if threshold is None else min(max(threshold, low), high),
        "value_text": "none" if threshold is None else format_score(threshold),
        "decimals": decimals,
        "attempts": max(
            (level for one in segments if isinstance(level := one["level"], int)), default=len(tried)
        ),
        "segments": segments,
        "alt": "; ".join(str(one["words"]) for one in segments),
    }


def _shown(answer: WhatIf) -> Sequence[WhatIfAttempt]:
    tried = sum(one.state != "never_tried" for one in answer.attempts)
    return answer.attempts[: tried + UNTRIED_SHOWN]


def _zones(shown: Sequence[WhatIfAttempt], count: int, untried: str) -> Iterator[Mapping[str, object]]:
    """untried: what an attempt that was not begun is called."""
    for (state, why), group in groupby(
        shown, key=lambda one: (one.state, one.why if one.state == "not_comparable" else "")
    ):
        inside = list(group)
        label, short = _ZONES.get(state, (f"{why}: not comparable", why))
        last = inside[-1].attempt
        if state == "never_tried":
            label, short = f"unknown: {untried}", untried
            if last < count:
                label = f"to {count:,}: {untried}"
        yield {
            "first": inside[0].attempt,
            "last": last,
            "kind": _KINDS[state],
            "label": label,
            "short": short,
        }


def _axis(question: Question) -> tuple[float, float]:
    """The range of the scores, with 0 and 1 in it where they fit."""
    values = [
        value
        for one in question.answer.attempts
        for value in (one.old, one.new)
        if value is not None and math.isfinite(value)
    ]
    if question.threshold is not None:
        values.append(question.threshold)
    low, high = min([0.0, *values]), max([0.0, *values])
    if high <= 1 and low >= 0:
        return 0.0, 1.0
    step = 10 ** math.floor(math.log10(high - low)) / 2
    return math.floor(low / step) * step, math.ceil(high / step) * step


def _segments(question: Question, low: float, high: float) -> Iterator[Mapping[str, object]]:
    """The steps of the curve, cut to what is shown; an unknown one also at the recorded outputs' own scores."""
    possible = question.answer.attempts[: question.answer.limit]
    values = [(one.attempt, one.new) for one in possible if one.new is not None and not one.unmet]
    waiting = sum(one.new is None and mark_of(question, one) in ("unscored", "waiting") for one in possible)
    for step in question.curve:
        start = low if step.low is None else max(step.low, low)
        end = high if step.high is None else min(step.high, high)
        with_start = step.includes_low or step.low is None or step.low < start
        with_end = step.includes_high or step.high is None or step.high > end
        if end < start or (end == start and not (with_start and with_end)):
            continue
        if step.stop is not None:
            yield {
                "from": start,
                "to": end,
                "closed": with_end,
                "level": step.stop,
                "kind": "exact",
                "words": _describe_step(step),
                "brief": _brief(question, step),
                "reached": step.reason == "threshold_reached",
                "returned": step.returned,
            }
            continue
        inner = sorted({value for _, value in values if start < value < end})
        for a, b in pairwise([start, *inner, end]):
            first = next((number for number, value in values if value >= b), None)
            words = f"of these outputs attempt {first} is the first; the loop itself is unknown"
            if first is None:
                words = "unknown: no recorded output reaches it"
                if waiting:
                    words = f"unknown: {pluralize(waiting, 'output')} without a score"
            yield {
                "from": a,
                "to": b,
                "closed": b < end or with_end,
                "level": first,
                "kind": "unknown" if first is None else "other",
                "words": words,
                "brief": "unknown" if first is None else "",
            }


def _ring(question: Question, one: WhatIfAttempt) -> str:
    """Which ring an attempt has: of the one that would be returned, or that was."""
    if one.attempt == question.answer.returned:
        return "now"
    return "was" if question.timeline.returned_index == one.attempt - 1 else ""


def _brief(question: Question, step: ThresholdStep) -> str:
    """What is said at a step of the curve, in two or three words."""
    if step.calls_saved:
        return f"saves {pluralize(step.calls_saved, 'call')}"
    returned = question.timeline.returned_index
    same = returned is not None and step.returned == returned + 1
    return "as recorded" if same and step.calls_saved == 0 else ""


def _describe_step(step: ThresholdStep) -> str:
    upto = "" if step.high is None else f"up to {format_score(step.high)}: "
    saved = f", {pluralize(step.calls_saved, 'call')} saved" if step.calls_saved else ""
    if step.reason == "threshold_reached":
        return f"{upto}stops at attempt {step.stop}{saved}"
    return f"{upto}runs to attempt {step.stop}" + (
        "" if step.returned is None else f", returns attempt {step.returned}"
    )


def _describe_attempt(one: WhatIfAttempt) -> str:
    old, new = ("no score" if value is None else format_score(value) for value in (one.old, one.new))
    rules = f", rules not met: {', '.join(one.unmet)}" if one.unmet else ""
    why = f", {one.why}{rules}" if one.why else rules
    return f"Attempt {one.attempt}: {old} before, {new} now{why}"


def _describe_strip(question: Question) -> str:
    return "; ".join(_describe_attempt(one) for one in _shown(question.answer))
