"""reached_by_n: how many of the runs are at the threshold after their first n attempts, and how sure that share is."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from refine_core.lessons.measures.recorded import Recorded, reaches
from refine_core.statistics import mean_of_inputs, wilson


def measure_reached_by_n(
    recorded: Recorded, *, arm: str, threshold: float | None = None
) -> dict[int, float | None]:
    """N -> share of an arm's runs with one of the first n attempts at the threshold, n = 1 to N. threshold: None: that of the arm.

    A run that stopped at its threshold stays reached. A failed attempt is one that is not at it.
    """
    first = [k for runs in reach_by_row(recorded, arm, threshold).values() for k in runs]
    return {
        n: sum(k <= n for k in first) / len(first) if first else None
        for n in range(1, recorded.arm(arm).spec.attempt_count + 1)
    }


def reach_by_row(recorded: Recorded, arm: str, threshold: float | None = None) -> dict[int, list[float]]:
    """Row -> for each of its runs, which attempt was the first at the threshold; infinity where none was."""
    found: dict[int, list[float]] = {}
    for cell, outcome in recorded.outcomes(arm).items():
        first = (k for k, one in enumerate(outcome.attempts, 1) if reaches(one, threshold))
        found.setdefault(cell.row, []).append(next(first, math.inf))
    return found


def share_interval(by_row: Mapping[int, Sequence[float]], n: int) -> tuple[float, float] | tuple[None, None]:
    """The 95 % interval of the share of runs that are at the threshold after n attempts. by_row: of `reach_by_row`.

    Wilson's, where each row has one run, or there is one row. Repeats of a row belong together: of several rows with several runs each,
    it is the interval of a mean over rows, of each row's share.
    """
    shares = [[float(k <= n) for k in runs] for runs in by_row.values()]
    total = sum(map(len, shares))
    if len(shares) == 1 or total == len(shares):
        return wilson(round(sum(map(sum, shares))), total)
    return mean_of_inputs([sum(one) / len(one) for one in shares], others=(0.0, 1.0))
