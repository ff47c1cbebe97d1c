"""Attempts until the threshold, where many runs end before they reach it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

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
