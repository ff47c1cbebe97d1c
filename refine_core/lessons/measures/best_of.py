"""best_of_n: what the best of the first n attempts got, by the reward that chose it or by a part that it did not choose by."""

from __future__ import annotations

from collections.abc import Sequence

from refine_core.experiments.outcomes import AttemptFigures
from refine_core.lessons.measures.recorded import Recorded, mean_of
from refine_core.statistics import best_of_k


def measure_best_of_n(
    recorded: Recorded, *, arm: str, n: Sequence[int], part: str = ""
) -> dict[int, float | None]:
    """N -> the expected value of the attempt with the highest reward among n that are drawn from a run's attempts; the mean over runs.

    part: a part of the score that is read in place of the reward, such as one that is written down and not paid. Only for arms without
    hints, whose attempts do not depend on each other. None for more attempts than any run has.
    """
    runs = [
        [one for one in outcome.attempts if one.reward is not None]
        for outcome in recorded.outcomes(arm).values()
    ]
    return {k: mean_of(_best_of(attempts, k, part) for attempts in runs) for k in n}


def _best_of(attempts: Sequence[AttemptFigures], k: int, part: str) -> float | None:
    rewards = [one.reward for one in attempts if one.reward is not None]
    return best_of_k(rewards, k, [one.parts[part] for one in attempts] if part else None)
