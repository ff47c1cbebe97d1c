"""at_least_one: the chance that one of n independent attempts is right, 1 - (1 - p)^n."""

from __future__ import annotations

from refine_core.lessons.measures.recorded import Recorded


def measure_at_least_one(recorded: Recorded, *, p: str | float, n: int) -> dict[int, float | None]:
    """For each k from 1 to n: k -> 1 - (1 - p)^k. p: a number, or an expression over settings and earlier measures."""
    chance = recorded.evaluate(p)
    return {k: None if chance is None else 1 - (1 - chance) ** k for k in range(1, n + 1)}
