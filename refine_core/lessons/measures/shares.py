"""reached_difference, right_attempts: shares of runs, and of attempts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from refine_core.lessons.measures.recorded import Recorded, mean_of, reaches
from refine_core.statistics import mean_difference


def measure_reached_difference(recorded: Recorded, *, first: str, second: str) -> Mapping[str, Any]:
    """Shares of runs that reach their arm's threshold: first, second; difference: first less second, with its 95 % interval, low to high.

    Each run counts by itself, as for many runs of one input. low and high are None where every run, or none, reaches it.
    """
    shares = [_reached(recorded, arm) for arm in (first, second)]
    means = [mean_of(share) for share in shares]
    known = None not in means
    found = mean_difference(shares[1], shares[0]) if known else None
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


def _reached(recorded: Recorded, arm: str) -> list[float]:
    return [
        float(any(reaches(attempt, None) for attempt in outcome.attempts))
        for outcome in recorded.outcomes(arm).values()
    ]
