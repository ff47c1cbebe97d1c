"""reached_difference, right_attempts: shares of runs, and of attempts."""

from __future__ import annotations

import math
from collections.abc import Mapping
from statistics import fmean
from typing import Any

from refine_core.lessons.measures.reached import reach_by_row
from refine_core.lessons.measures.recorded import Recorded, mean_of, reaches
from refine_core.statistics import ArmDifference, MeanDifference, compare_arms, mean_difference


def measure_reached_difference(recorded: Recorded, *, first: str, second: str) -> Mapping[str, Any]:
    """Shares of runs that reach their arm's threshold: first, second; difference: first less second, with its 95 % interval, low to high.

    Of one input, each of its runs counts by itself. Of several, the arms are compared input by input, each with its share of runs, as
    repeats of an input belong together. low and high are None where every run, or none, reaches it.
    """
    by_row = [_reached(recorded, arm) for arm in (first, second)]
    means = [mean_of(one for runs in rows.values() for one in runs) for rows in by_row]
    found = _compare(*by_row) if None not in means else None
    return {
        "first": means[0],
        "second": means[1],
        "difference": means[0] - means[1] if means[0] is not None and means[1] is not None else None,
        "low": None if found is None else found.low,
        "high": None if found is None else found.high,
    }


def measure_right_attempts(recorded: Recorded, *, arm: str) -> float | None:
    """The share of all attempts of an arm that reach its threshold, or 1.0 where it has none."""
    threshold = recorded.arm(arm).spec.threshold
    wanted = 1.0 if threshold is None else None
    return mean_of(
        float(reaches(attempt, wanted))
        for outcome in recorded.outcomes(arm).values()
        for attempt in outcome.attempts
    )


def _reached(recorded: Recorded, arm: str) -> dict[int, list[float]]:
    """Row -> 1.0 for each of its runs that reaches the threshold, else 0.0."""
    rows = reach_by_row(recorded, arm)
    return {row: [float(k < math.inf) for k in runs] for row, runs in rows.items()}


def _compare(
    first: Mapping[int, list[float]], second: Mapping[int, list[float]]
) -> ArmDifference | MeanDifference | None:
    if len({*first, *second}) == 1:
        return mean_difference(*second.values(), *first.values())
    rows = [row for row in first if row in second]
    ours, theirs = ([fmean(one[row]) for row in rows] for one in (first, second))
    return compare_arms(ours, theirs)
