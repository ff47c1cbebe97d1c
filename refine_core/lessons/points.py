"""What came out as points of the prediction's picture, each with its interval where runs are counted or compared.

list_points(lesson, snapshot, values) -> (Point(92.0, 81.2, 96.8, "46 of 50"), …)        by x; one for a number or a choice
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from refine_core import runs
from refine_core.experiments import Snapshot
from refine_core.formatting import format_number
from refine_core.lessons.comparing import format_measured, read_outcome
from refine_core.lessons.document import Check, Lesson, Prediction
from refine_core.lessons.expressions import Values, evaluate
from refine_core.lessons.measures.reached import reach_by_row, share_interval
from refine_core.lessons.measures.recorded import FindTimeline, Recorded, text_of

_DIFFERENCE: Final = ".difference"


@dataclass(frozen=True, slots=True)
class Point:
    """A value in the unit of the guess. low, high: its 95 % interval, if it has one. words: the same for a reader, or ""."""

    value: float
    low: float | None = None
    high: float | None = None
    words: str = ""


def list_points(lesson: Lesson, snapshot: Snapshot, values: Values) -> tuple[Point | None, ...]:
    """What the prediction is a guess of, as far as runs have ended; () where nothing is known. Raises ExpressionError."""
    prediction = lesson.prediction
    outcome = read_outcome(prediction, values)
    if outcome is None:
        return ()
    if prediction.kind == "curve":
        runs = _list_runs(lesson, snapshot)
        return tuple(_of_curve(outcome.get(x), x, prediction.scale, runs) for x in prediction.x)
    return (_with_difference(prediction, float(outcome), values),)


def list_theory(lesson: Lesson, values: Values) -> tuple[float | None, ...]:
    """The dotted line by x; () where there is none. Raises ExpressionError."""
    prediction = lesson.prediction
    found = read_outcome(prediction, values, prediction.theory) if prediction.theory else None
    return tuple(found.get(x) for x in prediction.x) if found else ()


def list_choice_bars(part: Prediction | Check, values: Values) -> tuple[tuple[tuple[str, float], ...], ...]:
    """Of each choice its bars: where each stands, and its value in the prediction's unit; () where there are none. Raises ExpressionError."""
    scale = part.scale if isinstance(part, Prediction) else 1.0
    curves = [evaluate(one, values) if one else None for one in part.bars]
    return tuple(
        tuple((format_number(x), y * scale) for x, y in curve.items() if y is not None)
        if isinstance(curve, Mapping)
        else ()
        for curve in curves
    )


def list_bars(
    lesson: Lesson, snapshot: Snapshot, find_timeline: FindTimeline | None = None
) -> list[tuple[str, int]]:
    """Answer and how often it came, the most frequent first, where the prediction is how often that one is; [] elsewhere.

    find_timeline: as of `take_measures`. Raises StoreError.
    """
    name, _, part = lesson.prediction.measure.partition(".")
    measure = lesson.measures.get(name)
    if measure is None or measure.kind != "alike" or part != "count":
        return []
    recorded = Recorded(snapshot, find_timeline or runs.default().timeline, {})
    outputs = recorded.outputs(measure.arguments["arm"])
    return Counter(text_of(rows[0]) for rows in outputs.values() if rows).most_common()


def _list_runs(lesson: Lesson, snapshot: Snapshot) -> Mapping[int, Sequence[float]]:
    """The runs that each point of the curve counts, by row; {} where it is no share of runs."""
    measure = lesson.measures.get(lesson.prediction.measure)
    if measure is None or measure.kind != "reached_by_n":
        return {}
    return reach_by_row(Recorded(snapshot, lambda _id: None, {}), **measure.arguments)


def _of_curve(
    value: float | None, x: float, scale: float, runs: Mapping[int, Sequence[float]]
) -> Point | None:
    if value is None:
        return None
    low, high = share_interval(runs, int(x)) if runs else (None, None)
    if low is None or high is None:
        return Point(value)
    reached = [k <= x for row in runs.values() for k in row]
    return Point(value, low * scale, high * scale, f"{sum(reached)} of {len(reached)}")


def _with_difference(prediction: Prediction, value: float, values: Values) -> Point:
    """A difference between two arms has an interval beside it."""
    measure = prediction.measure
    found: Any = values.get(measure.removesuffix(_DIFFERENCE)) if measure.endswith(_DIFFERENCE) else None
    if not isinstance(found, Mapping) or found.get("low") is None or found.get("high") is None:
        return Point(value)
    low, high = found["low"] * prediction.scale, found["high"] * prediction.scale
    first, *ends = (format_measured(one, prediction) for one in (value, low, high))
    return Point(value, low, high, f"{first}, from {ends[0]} to {ends[1]}")
