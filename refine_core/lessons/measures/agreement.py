"""equal_rewards: how far the attempts of a run got the same reward, as for a judge that is asked several times."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from refine_core.lessons.measures.recorded import Recorded, mean_of


def measure_equal_rewards(recorded: Recorded, *, arm: str, threshold: float) -> Mapping[str, float | None]:
    """How many attempts of a run got its most frequent reward, on average: mean.

    whole: runs whose rewards are all equal. split: runs with rewards on both sides of the threshold.
    """
    runs = [
        [one.reward for one in outcome.attempts if one.reward is not None]
        for outcome in recorded.outcomes(arm).values()
    ]
    scored = [rewards for rewards in runs if rewards]
    return {
        "mean": mean_of(max(Counter(rewards).values()) for rewards in scored),
        "whole": sum(min(rewards) == max(rewards) for rewards in scored),
        "split": sum(min(rewards) < threshold <= max(rewards) for rewards in scored),
    }
