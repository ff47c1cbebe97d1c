"""mean_reward, calls, tokens, attempts: what an arm's runs got and took, on average."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from refine_core.experiments import Outcome
from refine_core.lessons.measures.recorded import Recorded, mean_of, reaches
from refine_core.statistics import kaplan_meier

HALF = 0.5


def measure_mean_reward(recorded: Recorded, *, arm: str) -> float | None:
    """The mean over inputs of the mean over their repeats, as the verdict of an experiment has it. None without a reward."""
    return mean_of(reward_by_row(recorded, arm).values())


def reward_by_row(recorded: Recorded, arm: str) -> dict[int, float]:
    """Row -> mean reward over its repeats; a row without a reward is left out."""
    by_row: dict[int, list[float]] = {}
    for cell, outcome in recorded.outcomes(arm).items():
        if outcome.reward is not None:
            by_row.setdefault(cell.row, []).append(outcome.reward)
    return {row: mean for row, rewards in by_row.items() if (mean := mean_of(rewards)) is not None}


def measure_calls(recorded: Recorded, *, arm: str) -> Mapping[str, Any]:
    """The calls of an arm. mean: of a run. total: of all runs. most: of one run."""
    return _spent(recorded, arm, lambda one: one.calls)


def measure_tokens(recorded: Recorded, *, arm: str) -> Mapping[str, Any]:
    """The tokens of an arm, sent and received. mean: of a run. total: of all runs. most: of one run."""
    return _spent(recorded, arm, lambda one: one.tokens)


def measure_attempts(recorded: Recorded, *, arm: str, threshold: float | None = None) -> Mapping[str, Any]:
    """Attempts of an arm. mean: made by a run. median: until the threshold; None where fewer than half reach it. reached: share that does.

    A run that ends short of the threshold counts as long as it went: the median is Kaplan and Meier's.
    """
    outcomes = [*recorded.outcomes(arm).values()]
    made, reached = [], []
    for one in outcomes:
        at = next((k for k, a in enumerate(one.attempts, 1) if reaches(a, threshold)), None)
        made.append(one.complete_attempts if at is None else at)
        reached.append(at is not None)
    rows = kaplan_meier(made, reached)
    median = next((row.attempt for row in rows if row.not_yet <= HALF), None)
    return {
        "mean": mean_of(one.complete_attempts for one in outcomes),
        "median": median,
        "reached": mean_of(map(float, reached)),
        "total": sum(one.complete_attempts for one in outcomes),
    }


def _spent(recorded: Recorded, arm: str, read: Callable[[Outcome], int | None]) -> Mapping[str, Any]:
    amounts = [read(one) for one in recorded.outcomes(arm).values()]
    known = None not in amounts
    return {
        "mean": mean_of(amounts) if known else None,
        "total": sum(one or 0 for one in amounts) if known else None,
        "most": max((one or 0 for one in amounts), default=None) if known else None,
    }
