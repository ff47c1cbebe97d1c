"""reached_by_n: how many of the runs are at the threshold after their first n attempts."""

from __future__ import annotations

from refine_core.lessons.measures.recorded import Recorded, reaches


def measure_reached_by_n(
    recorded: Recorded, *, arm: str, threshold: float | None = None
) -> dict[int, float | None]:
    """N -> share of an arm's runs with one of the first n attempts at the threshold, n = 1 to N. threshold: None: that of the arm.

    A run that stopped at its threshold stays reached. A failed attempt is one that is not at it.
    """
    outcomes = [*recorded.outcomes(arm).values()]
    first = [
        next((k for k, one in enumerate(outcome.attempts, 1) if reaches(one, threshold)), None)
        for outcome in outcomes
    ]
    return {
        n: sum(k is not None and k <= n for k in first) / len(first) if first else None
        for n in range(1, recorded.arm(arm).spec.attempt_count + 1)
    }
