"""Whether a reward agrees with people, or with another reward. Beside agreement belongs what a constant guess would reach."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Hashable, Sequence

from refine_core.statistics.numbers import check_same_length, has_nan


def cohen_kappa(a: Sequence[Hashable], b: Sequence[Hashable]) -> float | None:
    """Agreement of two people's labels beyond chance: 1 is perfect, 0 is chance, below 0 is worse.

    (p_o - p_e)/(1 - p_e), with p_o the share of equal labels and p_e = Σ_v p_a(v) p_b(v). Source: Cohen, 1960. None without labels, and
    where both give every row the same label, as then chance explains all. Raises ValueError for lists of unequal lengths.
    """
    check_same_length(a, b, "a", "b")
    n = len(a)
    equal = sum(one == other for one, other in zip(a, b, strict=True))
    first, second = Counter(a), Counter(b)
    by_chance = sum(count * second[label] for label, count in first.items())  # times n²
    return None if by_chance == n * n else (n * equal - by_chance) / (n * n - by_chance)


def constant_guess(labels: Sequence[Hashable]) -> float | None:
    """The share of labels that the most frequent one has: what always saying it would reach. None without labels."""
    return max(Counter(labels).values()) / len(labels) if labels else None


def spearman(x: Sequence[float], y: Sequence[float]) -> float | None:
    """Whether two lists of numbers order rows alike, from -1 to 1.

    Pearson's correlation of the ranks, where equal values share the mean of their ranks. Source: Spearman, 1904. None for fewer than two rows,
    where one list is constant, and if a value is NaN. Raises ValueError for lists of unequal lengths.
    """
    check_same_length(x, y, "x", "y")
    if has_nan(x) or has_nan(y):
        return None
    first, second = _centered_ranks(x), _centered_ranks(y)
    spread = sum(rank * rank for rank in first) * sum(rank * rank for rank in second)
    if spread == 0:
        return None
    return sum(one * other for one, other in zip(first, second, strict=True)) / math.sqrt(spread)


def auc(good: Sequence[float], bad: Sequence[float]) -> float | None:
    """The chance that a good output has a higher reward than a bad one, where a tie counts half; 0.5 is chance.

    [2·#(p > q) + #(p = q)]/(2mn) over all pairs. Source: Mann and Whitney, 1947. None if either list is empty or holds NaN.
    """
    if not good or not bad or has_nan(good) or has_nan(bad):
        return None
    ordered = sorted(bad)
    halves = sum(bisect_left(ordered, value) + bisect_right(ordered, value) for value in good)
    return halves / (2 * len(good) * len(bad))


def _centered_ranks(values: Sequence[float]) -> list[int]:
    """Twice the rank of each value, less their mean: whole numbers, so that sums of them are exact."""
    ordered = sorted(values)
    return [bisect_left(ordered, value) + bisect_right(ordered, value) - len(ordered) for value in values]
