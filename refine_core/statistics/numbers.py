"""What the figures share: which values have none, and checks of what they are given."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sized


def has_nan(values: Iterable[float]) -> bool:
    """Whether a value is NaN, which has no place among the others."""
    return any(math.isnan(value) for value in values)


def finite(value: float) -> float | None:
    """The figure, or None for one that infinite values, or overflow, left undefined."""
    return value if math.isfinite(value) else None


def mean(values: Iterable[float]) -> float | None:
    """The arithmetic mean, exactly rounded; None without values, and for values that are not finite."""
    numbers = list(values)
    if not numbers or not all(map(math.isfinite, numbers)):
        return None
    try:
        return math.fsum(numbers) / len(numbers)
    except OverflowError:
        return math.fsum(value / len(numbers) for value in numbers)


def check_count(name: str, value: int, *, high: int | None = None, of: str = "") -> None:
    """Raise ValueError in words for a count below 0, or above `high`, which is the count `of` something."""
    if value < 0:
        raise ValueError(f"{name} must be at least 0, not {value}")
    if high is not None and value > high:
        raise ValueError(f"{name} must be at most {of} ({high}), not {value}")


def check_same_length(first: Sized, second: Sized, first_name: str, second_name: str) -> None:
    """Raise ValueError in words for two lists of which each belongs to the other, but not in length."""
    if len(first) != len(second):
        raise ValueError(
            f"{first_name} and {second_name} must be equally long, but have {len(first)} and {len(second)}"
        )
