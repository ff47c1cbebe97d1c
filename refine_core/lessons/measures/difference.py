"""difference: of two arms, input by input, with its interval, as the verdict of an experiment has it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from refine_core.lessons.measures.means import reward_by_row
from refine_core.lessons.measures.recorded import Recorded
from refine_core.statistics import compare_arms


def measure_difference(recorded: Recorded, *, first: str, second: str) -> Mapping[str, Any]:
    """How much higher the first arm's mean reward is than the second's: difference, low, high (95 %), needed (inputs that would show it).

    Of inputs that both arms have a reward for. All None where nothing can be compared.
    """
    ours, theirs = reward_by_row(recorded, first), reward_by_row(recorded, second)
    rows = [row for row in ours if row in theirs]
    found = compare_arms([ours[row] for row in rows], [theirs[row] for row in rows])
    names = ("difference", "low", "high", "needed")
    return {name: None if found is None else getattr(found, name) for name in names}
