"""Attempts until the threshold, where many runs end before they reach it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

from refine_core.statistics.intervals import Z_95
from refine_core.statistics.numbers import check_count, check_same_length


class SurvivalRow(NamedTuple):
    """One attempt number at which runs ended.

    at_risk: runs that made this attempt, or were about to. reached: those that reached the threshold with it. not_yet: the
    estimated share of all runs that have not reached it after this attempt.
    """

    attempt: int
    at_risk: int
    reached: int
    not_yet: float


def kaplan_meier(attempts: Sequence[int], reached: Sequence[bool]) -> list[SurvivalRow]:
    """How the share of runs that have not reached the threshold falls with the attempts.

    attempts: the last attempt of each run. reached: whether it met the threshold; if not, the run was censored there, by N, a budget
    or a cancel, which says nothing of later attempts. A mean over attempts would count such an end as a success.
    not_yet = Π over attempt numbers t of (1 - reached_t/at_risk_t). Source: Kaplan and Meier, 1958. One row for each number at which
    a run ended, in order; a run censored at t counts as at risk at t. [] without runs.
    Raises ValueError for negative attempts, and for lists of unequal lengths.
    """
    check_same_length(attempts, reached, "attempts", "reached")
    for attempt in attempts:
        check_count("an attempt", attempt)
    ended = Counter(attempts)
    met = Counter(attempt for attempt, did in zip(attempts, reached, strict=True) if did)
    rows, at_risk, not_yet = [], len(attempts), Fraction(1)
    for attempt in sorted(ended):
        not_yet *= 1 - Fraction(met[attempt], at_risk)
        rows.append(SurvivalRow(attempt, at_risk, met[attempt], float(not_yet)))
        at_risk -= ended[attempt]
    return rows


def survival_bands(rows: Sequence[SurvivalRow]) -> list[tuple[float, float]]:
    """The 95 % interval of `not_yet` for each row: S^exp(±z √v / ln S), v = Σ reached/(at_risk (at_risk - reached)).

    Source: Greenwood's variance on the log-log scale (Kalbfleisch and Prentice, The Statistical Analysis of Failure Time Data), which
    stays within 0 and 1. Where the estimate is 1 or 0 it gives no width: then it is Wilson's interval of none, or all, of those at
    risk. Each run counts as one: with repeats of an input the band is somewhat too narrow.
    """
    found, total = [], 0.0
    for row in rows:
        left = row.at_risk - row.reached
        total += row.reached / (row.at_risk * left) if left else math.inf
        if 0 < row.not_yet < 1:
            width = Z_95 * math.sqrt(total) / abs(math.log(row.not_yet))
            found.append((row.not_yet ** math.exp(width), row.not_yet ** math.exp(-width)))
            continue
        reach = Z_95 * Z_95 / (row.at_risk + Z_95 * Z_95)
        found.append(
            (1 - reach, 1.0) if row.not_yet == 1 else (0.0, min(reach, found[-1][1] if found else 1.0))
        )
    return found
