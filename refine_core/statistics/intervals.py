"""How sure a figure is: intervals of shares, and means with their standard error where rows of one input belong together."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from typing import Final

from refine_core.statistics.numbers import check_count, check_same_length, finite, mean

Z_95: Final = 1.959963984540054
"""Standard errors on either side that hold 95 % of a normal distribution."""


def wilson(successes: int, n: int) -> tuple[float, float] | tuple[None, None]:
    """The 95 % interval of a share, (low, high), both from 0 to 1.

    (p + z²/2n ± z √(p(1-p)/n + z²/4n²)) / (1 + z²/n), with p = successes/n and z = 1.96. Source: Wilson, 1927; advised for
    evaluations in arXiv 2411.00640. (None, None) without trials. Raises ValueError for negative counts, and successes > n.
    """
    check_count("n", n)
    check_count("successes", successes, high=n, of="n")
    if n == 0:
        return None, None
    share, z2 = successes / n, Z_95 * Z_95
    middle = share + z2 / (2 * n)
    reach = Z_95 * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    low = 0.0 if successes == 0 else max(0.0, (middle - reach) / (1 + z2 / n))
    high = 1.0 if successes == n else min(1.0, (middle + reach) / (1 + z2 / n))
    return low, high


def clustered_mean(
    values: Sequence[float], clusters: Sequence[Hashable]
) -> tuple[float | None, float | None]:
    """The mean of values and its standard error, (mean, se), where values of one cluster, such as one input, go together.

    se = √(C/(C-1) · Σ_c (Σ_{i in c} (s_i - mean))²) / n for n values in C clusters. Source: Miller, arXiv 2411.00640, with the usual
    correction for few clusters. The mean is None without values, and for values that are not finite; the error also for a single
    cluster, which shows no spread. Raises ValueError for lists of unequal lengths.
    """
    check_same_length(values, clusters, "values", "clusters")
    middle = mean(values)
    if middle is None:
        return None, None
    deviations: dict[Hashable, list[float]] = {}
    for value, cluster in zip(values, clusters, strict=True):
        deviations.setdefault(cluster, []).append(value - middle)
    count = len(deviations)
    if count == 1:
        return middle, None
    try:
        sums = [math.fsum(inside) for inside in deviations.values()]
    except OverflowError:
        return middle, None
    # hypot, so that neither the squares of huge values overflow nor those of tiny ones vanish
    return middle, finite(math.sqrt(count / (count - 1)) * math.hypot(*sums) / len(values))


def paired_difference(
    old: Sequence[float], new: Sequence[float], clusters: Sequence[Hashable] | None = None
) -> tuple[float | None, float | None]:
    """How much higher the new values are than the old ones of the same rows, (mean, se).

    The clustered mean of new - old; without clusters each row is its own. Source: Miller, arXiv 2411.00640: a paired difference is
    surer than the difference of two means. None as in `clustered_mean`. Raises ValueError for lists of unequal lengths.
    """
    check_same_length(old, new, "old", "new")
    if clusters is not None:
        check_same_length(new, clusters, "values", "clusters")
    differences = [after - before for before, after in zip(old, new, strict=True)]
    return clustered_mean(differences, range(len(differences)) if clusters is None else clusters)
