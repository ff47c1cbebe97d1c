"""How much two small groups of rewards differ, how sure that is, and how many tries would show it.

Rewards are bounded and take few values, and groups are small, often with all values equal: then the usual t interval of two
means has no width, or covers the truth far less often than it says. So each group first gets two values more.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

from refine_core.statistics.intervals import Z_95
from refine_core.statistics.numbers import check_count, mean

Z_80: Final = 0.8416212335729143
"""Standard errors below the mean beyond which 80 % of a normal distribution lie."""
MIN_VALUES: Final = 2


class MeanDifference(NamedTuple):
    """How much higher the second group's mean is.

    low, high: the 95 % interval. deviations: standard deviation of each group, its two further values counted, so never 0.
    """

    difference: float
    low: float
    high: float
    deviations: tuple[float, float]

    @property
    def is_clear(self) -> bool:
        """Whether the interval leaves out 0."""
        return self.low > 0 or self.high < 0


def mean_difference(
    first: Sequence[float], second: Sequence[float], others: Sequence[float] = ()
) -> MeanDifference | None:
    """The mean of `second` less that of `first`, with its 95 % interval; for separate groups of bounded values.

    Each group gets one value more at the lowest and one at the highest value l, h that was seen (in either group, or among
    `others`); of the groups so enlarged, with n + 2 values each, means m and variances v = Σ(x - m)²/(n + 2):

        m₂ - m₁ ± t √(v₁/(n₁ + 2) + v₂/(n₂ + 2)), within l - h and h - l,

    t being Student's 0.975 quantile with Welch's degrees of freedom. The difference itself is that of the plain means.
    Source: Agresti and Caffo, The American Statistician 54 (2000), who add so two successes and two failures to two shares;
    for values of 0 and 1 this is theirs, but for t in place of z (Welch, Biometrika 34, 1947), which is surer for few values.
    None for a group with fewer than two values, for values that are not finite, and where all values are the same, as then nothing
    shows how much they vary.
    """
    old, new = mean(first), mean(second)
    seen = [*first, *second, *others]
    if old is None or new is None or min(len(first), len(second)) < MIN_VALUES:
        return None
    low, high = min(seen), max(seen)
    if not (math.isfinite(high - low) and low < high):
        return None
    # Of values from 0 to 1, so that neither the squares of huge values overflow nor those of tiny ones vanish.
    scale = high - low
    m1, v1, n1 = _enlarged([(value - low) / scale for value in first])
    m2, v2, n2 = _enlarged([(value - low) / scale for value in second])
    e1, e2 = v1 / n1, v2 / n2
    freedom = (e1 + e2) ** 2 / (e1 * e1 / (n1 - 1) + e2 * e2 / (n2 - 1))
    reach = student_95(freedom) * math.sqrt(e1 + e2)
    between = max(-1.0, m2 - m1 - reach) * scale, min(1.0, m2 - m1 + reach) * scale
    return MeanDifference(new - old, *between, (math.sqrt(v1) * scale, math.sqrt(v2) * scale))


def mean_interval(
    values: Sequence[float], others: Sequence[float] = ()
) -> tuple[float, float] | tuple[None, None]:
    """The 95 % interval of one group's mean, (low, high): m ± t √(v/(n + 2)) of the group enlarged as in `mean_difference`.

    It stays within the lowest and the highest value seen. (None, None) in the same cases, for one group.
    """
    seen = [*values, *others]
    if mean(seen) is None or len(values) < MIN_VALUES or min(seen) == max(seen):
        return None, None
    low, scale = min(seen), max(seen) - min(seen)
    if not math.isfinite(scale):
        return None, None
    m, v, n = _enlarged([(value - low) / scale for value in values])
    reach = student_95(n - 1) * math.sqrt(v / n)
    return low + max(0.0, m - reach) * scale, low + min(1.0, m + reach) * scale


def values_needed(deviations: tuple[float, float], difference: float) -> int | None:
    """How many values each group needs, so that a difference of this size will be clear in 8 of 10 cases.

    (z₀.₉₇₅ + z₀.₈)² (s₁² + s₂²)/d², rounded up. Source: the usual sample size for two means, as in Chow, Shao and Wang, Sample
    Size Calculations in Clinical Research. None for a difference of 0, and where the number is not finite. Raises ValueError for
    a negative deviation.
    """
    if min(deviations) < 0:
        raise ValueError(f"a standard deviation must be at least 0, not {min(deviations)}")
    if difference == 0:
        return None
    needed = ((Z_95 + Z_80) * math.hypot(*deviations) / difference) ** 2
    return max(MIN_VALUES, math.ceil(needed)) if math.isfinite(needed) else None


def detectable_difference(deviation: float, n: int) -> float | None:
    """The smallest difference that groups of n values will show in 8 of 10 cases: (z₀.₉₇₅ + z₀.₈) s √(2/n).

    The same formula as in `values_needed`. None for fewer than two values. Raises ValueError for a negative n.
    """
    check_count("n", n)
    return None if n < MIN_VALUES else (Z_95 + Z_80) * deviation * math.sqrt(2 / n)


def student_95(freedom: float) -> float:
    """Student's 0.975 quantile: how many standard errors on either side hold 95 %. freedom: degrees of it, more than 0.

    z + Σ gᵢ(z)/νⁱ up to i = 4. Source: Abramowitz and Stegun 26.7.5. Within 0.004 of the tables from 3 degrees of freedom on.
    """
    z, v = Z_95, freedom
    g1 = (z**3 + z) / 4
    g2 = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    g3 = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    g4 = (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160
    return z + g1 / v + g2 / v**2 + g3 / v**3 + g4 / v**4


def _enlarged(values: Sequence[float]) -> tuple[float, float, int]:
    """Mean, variance and number of values from 0 to 1, with a 0 and a 1 more."""
    more = [*values, 0.0, 1.0]
    middle = math.fsum(more) / len(more)
    return middle, math.fsum((value - middle) ** 2 for value in more) / len(more), len(more)
