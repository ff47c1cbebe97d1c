"""attempts_at, highest_threshold: recorded attempts read with other thresholds. No model is asked."""

from __future__ import annotations

from collections.abc import Sequence

from refine_core.lessons.measures.recorded import Recorded, mean_of, reaches


def measure_attempts_at(
    recorded: Recorded, *, arm: str, thresholds: Sequence[float]
) -> dict[float, float | None]:
    """Threshold -> attempts that a run would have made, on average: up to the first at the threshold, else all.

    Exact for arms without hints that were run without a threshold.
    """
    outcomes = [*recorded.outcomes(arm).values()]
    return {
        threshold: mean_of(
            next(
                (k for k, one in enumerate(run.attempts, 1) if reaches(one, threshold)), run.complete_attempts
            )
            for run in outcomes
        )
        for threshold in thresholds
    }


def measure_highest_threshold(
    recorded: Recorded, *, arm: str, thresholds: Sequence[float], most: float
) -> float | None:
    """The highest of these thresholds at which a run makes at most `most` attempts on average; None where none is cheap enough."""
    taken = measure_attempts_at(recorded, arm=arm, thresholds=thresholds)
    return max((at for at, mean in taken.items() if mean is not None and mean <= most), default=None)
