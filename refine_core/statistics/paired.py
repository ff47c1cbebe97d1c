"""Two programs on the same inputs: how much they differ, how sure that is, and how many inputs would show it.

    compare_arms(a, b) -> ArmDifference(difference, low, high, p, needed, inputs)       of a - b
    holm(p_values), holm_levels(p_values)                                               where there are several pairs

Rewards are bounded, take few values and are often equal in both programs. The plain t interval of the differences then has no
width, or claims too much; so a third of an input's worth of evidence is added at either end first (see `compare_arms`).
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from sys import float_info
from typing import Final

from refine_core.statistics.numbers import check_same_length, has_nan, mean
from refine_core.statistics.student import student_p, student_quantile
from refine_core.statistics.two_means import Z_80

MIN_INPUTS: Final = 2
PSEUDO: Final = 0.35
"""How many pseudo-observations are added at each end of the differences."""
PSEUDO_OF_NONE: Final = 1.0
"""And where all differences are 0: then the interval is about as wide as the rule of three says, 3/n."""
PSEUDO_OF_MEAN: Final = 1.0
"""And of a mean's values, as Agresti and Coull do."""
_UNIT: Final = (0.0, 1.0)


@dataclass(frozen=True, slots=True)
class ArmDifference:
    """How much higher the first program's mean is than the second's, on the same inputs.

    low, high: the interval, of `level`. p: the chance of a difference at least this large between equal programs; below
    1 - level exactly where the interval leaves out 0. needed: inputs in all whose interval of this level would leave out 0 in 4 of 5
    cases, for a difference of this size; None for a difference of 0. inputs: how many were compared. clusters: of how many different inputs. scale: between the
    highest and the lowest reward that was seen.
    """

    difference: float
    low: float
    high: float
    p: float
    needed: int | None
    inputs: int
    clusters: int
    scale: float
    level: float = 0.95

    @property
    def is_clear(self) -> bool:
        """Whether the interval leaves out 0."""
        return self.low > 0 or self.high < 0

    def reversed(self) -> ArmDifference:
        """The same, of the second less the first."""
        return ArmDifference(
            -self.difference, -self.high, -self.low, self.p, self.needed, self.inputs, self.clusters, self.scale, self.level
        )  # fmt: skip


def compare_arms(
    a: Sequence[float],
    b: Sequence[float],
    clusters: Sequence[Hashable] | None = None,
    level: float = 0.95,
    others: Sequence[float] = (),
) -> ArmDifference | None:
    """The mean of a - b, which are rewards of the same inputs in the same order, with its interval, p and the inputs needed.

    With differences dᵢ = aᵢ - bᵢ of n inputs, let D be the largest |dᵢ| (or, where all are 0, the range of the rewards: from 0 to 1 if
    those in a, b and `others` lie there, else as seen). k = 0.35 (1 where all are 0) pseudo-observations are added at -D and as many at +D; of the N = n + 2k so enlarged:

        m ± t √(s²/N),   m = Σdᵢ/N,   s² = (Σ(dᵢ - m)² + k(D - m)² + k(D + m)²)/(N - 1)

    It is cut off at -1 and 1 for rewards from 0 to 1, and nowhere for others: what was seen of them is no bound of what may come. t being Student's quantile with N - 1 degrees of freedom, and p that of |m|/√(s²/N). The difference itself is the plain mean.
    Source: Agresti and Min, Statistics in Medicine 24 (2005), who add half an observation to each cell of a paired table of two by two (of
    the same kind as Agresti and Caffo, The American Statistician 54, 2000), and a t interval of paired differences, as arXiv
    2411.00640 advises. k and D are ours: chosen so that the interval holds for binary, tied and continuous rewards on 15 to 100
    inputs (benchmarks/verdicts.py measures it); D in place of the range, with which it is far too wide where programs differ by little.
    clusters: which inputs belong together, such as equal ones; sums over a cluster then stand for dᵢ - m, C clusters for n inputs,
    and a pseudo-observation counts as a cluster of mean size (arXiv 2411.00640).
    needed: the smallest n with |d| n ≥ z √(n s₀² + 2kD²), z = zₗ + z₀.₈, zₗ the quantile of the level (z₀.₉₇₅ at 95 %) and s₀² the
    differences' own variance, and zₗ²/2 more for t in place of z (Guenther, The American Statistician 35, 1981).
    None for fewer than two inputs (or clusters), for values that are not finite, and where all rewards are the same, as then
    nothing shows how much they vary. Raises ValueError for lists of unequal lengths.
    """
    check_same_length(a, b, "a", "b")
    if clusters is not None:
        check_same_length(a, clusters, "a", "clusters")
    n = len(a)
    if n < MIN_INPUTS:
        return None
    lowest, highest = min(*a, *b, *others), max(*a, *b, *others)
    scale = highest - lowest
    if not (math.isfinite(scale) and scale > 0) or has_nan((*a, *b)):  # min and max may pass over NaN
        return None
    # In units of the rewards' range, so that neither the squares of huge values overflow nor those of tiny ones vanish.
    unit = scale
    gaps = [(x - y) / unit for x, y in zip(a, b, strict=True)]
    reach = max(map(abs, gaps))
    k = PSEUDO if reach else PSEUDO_OF_NONE
    bounds = _bounds(lowest, highest)
    if not reach:
        reach, unit = 1.0, 1.0 if bounds == _UNIT else scale
    found = _enlarge(gaps, clusters, -reach, reach, k)
    if found is None:
        return None
    t = student_quantile(1 - (1 - level) / 2, found.freedom)
    low, high = found.middle - t * found.error, found.middle + t * found.error
    p = student_p(abs(found.middle) / found.error, found.freedom)
    p = min(p, math.nextafter(1 - level, 0)) if low > 0 or high < 0 else max(p, 1 - level)
    plain = math.fsum(gaps) / n
    return ArmDifference(
        plain * unit,
        max(-bounds[1], low * unit),
        min(bounds[1], high * unit),
        p,
        _needed(plain, found, reach, n, level),
        n,
        found.count,
        scale,
        level,
    )


def mean_of_inputs(
    values: Sequence[float], clusters: Sequence[Hashable] | None = None, others: Sequence[float] = ()
) -> tuple[float, float] | tuple[None, None]:
    """The 95 % interval of a mean over inputs, (low, high), where some inputs may belong together.

    As `mean_interval`: a value more at either end of what was seen, then m ± t √(s²/N), cut off as there; clusters as in `compare_arms`. Source:
    Agresti and Coull, The American Statistician 52 (1998). (None, None) in the same cases as there.
    """
    if mean(values) is None or len(values) < MIN_INPUTS:
        return None, None
    lowest, highest = min(*values, *others), max(*values, *others)
    scale = highest - lowest
    if not (math.isfinite(scale) and scale > 0):
        return None, None
    found = _enlarge([(value - lowest) / scale for value in values], clusters, 0.0, 1.0, PSEUDO_OF_MEAN)
    if found is None:
        return None, None
    t = student_quantile(0.975, found.freedom)
    low, high = found.middle - t * found.error, found.middle + t * found.error
    least, most = _bounds(lowest, highest)
    return max(least, lowest + low * scale), min(most, lowest + high * scale)


def _bounds(lowest: float, highest: float) -> tuple[float, float]:
    """What a mean of such rewards lies between: 0 and 1 if they do, as most are meant to; else any number."""
    return _UNIT if lowest >= 0 and highest <= 1 else (-float_info.max, float_info.max)


def holm(p_values: Sequence[float]) -> list[float]:
    """Each p as it is to be read where several were computed: below 0.05 only if the step-down procedure rejects at 0.05.

    In ascending order the i-th of m, from 1, times m - i + 1, at least its predecessor's, at most 1. Source: Holm, Scandinavian
    Journal of Statistics 6 (1979): of equal programs, the chance to call any pair different is at most 5 %, however many there are.
    """
    adjusted, least = [0.0] * len(p_values), 0.0
    for step, place in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        least = max(least, min(1.0, (len(p_values) - step) * p_values[place]))
        adjusted[place] = least
    return adjusted


def holm_levels(p_values: Sequence[float], level: float = 0.95) -> list[float]:
    """The level at which each interval agrees with Holm's decision: it leaves out 0 exactly where its pair is called different.

    1 - (1 - level)/(m - i + 1) for the i-th p in ascending order; all from the first one that is not rejected on have that one's
    level. Each interval on its own covers at least `level`; that all do at once is not claimed (for that, see Guilbaud,
    Biometrical Journal 50, 2008).
    """
    alpha, count = 1 - level, len(p_values)
    levels, stopped = [level] * count, False
    share = alpha
    for step, place in enumerate(sorted(range(count), key=p_values.__getitem__)):
        if not stopped:
            share = alpha / (count - step)
            stopped = p_values[place] >= share
        levels[place] = 1 - share
    return levels


@dataclass(frozen=True, slots=True)
class _Enlarged:
    """Values with pseudo-observations. count: of clusters, without these. spread: the clusters' own variance, scaled to one value."""

    middle: float
    error: float
    freedom: float
    count: int
    spread: float
    size: float


def _enlarge(
    values: Sequence[float], clusters: Sequence[Hashable] | None, low: float, high: float, k: float
) -> _Enlarged | None:
    """Mean and standard error of the values with k pseudo-observations at `low` and k at `high`; None for a single cluster."""
    total, n = math.fsum(values), len(values)
    sizes: Sequence[float]
    if clusters is None:
        count, size, sums, sizes = n, 1.0, values, ()
    else:
        groups: dict[Hashable, list[float]] = {}
        for value, cluster in zip(values, clusters, strict=True):
            groups.setdefault(cluster, []).append(value)
        count = len(groups)
        if count < MIN_INPUTS:
            return None
        size = n / count
        sums = [math.fsum(inside) / size for inside in groups.values()]
        sizes = [len(inside) / size for inside in groups.values()]
    whole = count + 2 * k
    middle = (total / size + k * (low + high)) / whole
    own = total / n
    if sizes:
        squares = math.fsum((one - many * middle) ** 2 for one, many in zip(sums, sizes, strict=True))
        spread = math.fsum((one - many * own) ** 2 for one, many in zip(sums, sizes, strict=True))
    else:
        squares = math.fsum([(one - middle) ** 2 for one in sums])
        spread = squares - count * (own - middle) ** 2
    squares += k * ((low - middle) ** 2 + (high - middle) ** 2)
    error = math.sqrt(squares / (whole - 1) / whole)
    return _Enlarged(middle, error, whole - 1, count, max(0.0, spread) / (count - 1), size)


def _needed(plain: float, found: _Enlarged, reach: float, n: int, level: float) -> int | None:
    """Inputs in all, as `compare_arms` says; of a mean size of cluster, as here."""
    if plain == 0:
        return None
    z = NormalDist().inv_cdf(1 - (1 - level) / 2)
    z2 = (z + Z_80) ** 2
    own, ends = found.spread, 2 * PSEUDO * reach * reach
    count = (z2 * own + math.sqrt(z2 * z2 * own * own + 4 * plain * plain * z2 * ends)) / (2 * plain * plain)
    needed = (count + z * z / 2) * n / found.count
    return max(MIN_INPUTS, math.ceil(needed)) if math.isfinite(needed) else None
