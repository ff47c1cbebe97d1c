"""What makes values vary: the input or the output, and the judge's mood."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from typing import NamedTuple

from refine_core.statistics.numbers import check_same_length, mean


class Spread(NamedTuple):
    """How a part of the reward varies.

    within: the mean variance inside groups, which is what tells outputs of one input apart. between: the variance of the groups' means. between_share:
    `between` of both together; None where nothing varies. constant: the share of groups in which the part is the same for all.
    """

    within: float
    between: float
    between_share: float | None
    constant: float


def split_variance(values: Sequence[float], groups: Sequence[Hashable]) -> Spread | None:
    """The variance of values, split into that within groups and that between them, each value weighing the same.

    Σ(s - mean)²/n = Σ_g Σ_{i in g}(s_i - mean_g)²/n + Σ_g n_g (mean_g - mean)²/n. Source: the law of total variance. None without values,
    and for values that are not finite, or whose squares are not. Raises ValueError for lists of unequal lengths.
    """
    check_same_length(values, groups, "values", "groups")
    middle = mean(values)
    if middle is None:
        return None
    members: dict[Hashable, list[float]] = {}
    for value, group in zip(values, groups, strict=True):
        members.setdefault(group, []).append(value)
    inside: list[float] = []
    outside: list[float] = []
    for group_values in members.values():
        own = group_values[0] if _is_constant(group_values) else mean(group_values)
        if own is None:  # finite values have a mean
            return None
        inside.extend((value - own) * (value - own) for value in group_values)
        outside.append(len(group_values) * (own - middle) * (own - middle))
    within, between = math.fsum(inside) / len(values), math.fsum(outside) / len(values)
    if _is_constant(values):
        between = 0.0
    constant = sum(map(_is_constant, members.values())) / len(members)
    total = within + between
    if not math.isfinite(total):
        return None
    return Spread(within, between, between / total if total > 0.0 else None, constant)


class Wobble(NamedTuple):
    """How much the scores of the same outputs differ from one time to the next.

    deviations: a row, the standard deviation of its scores; None for one with fewer than two. mean_deviation: of those that have one.
    crossing: the share of rows with several scores of which some are at the threshold and others below; None without a threshold.
    """

    deviations: tuple[float | None, ...]
    mean_deviation: float | None
    crossing: float | None


def judge_wobble(scores: Sequence[Sequence[float]], threshold: float | None = None) -> Wobble:
    """How much re-scores wobble. scores: for each row, the scores of its output, each asked for again.

    √(Σ(s - mean)²/(n-1)) a row; the threshold is crossed where min < threshold <= max. Source: sample standard deviation.
    A score that is not finite is left out.
    """
    rows = [[one for one in row if math.isfinite(one)] for row in scores]
    deviations = tuple(_deviation(row) for row in rows)
    repeated = [row for row in rows if len(row) > 1]
    crossing = None
    if threshold is not None and repeated:
        crossing = sum(min(row) < threshold <= max(row) for row in repeated) / len(repeated)
    return Wobble(deviations, mean(one for one in deviations if one is not None), crossing)


def _deviation(values: Sequence[float]) -> float | None:
    middle = mean(values)
    if middle is None or len(values) == 1:
        return None
    if _is_constant(values):
        return 0.0
    return math.hypot(*(value - middle for value in values)) / math.sqrt(len(values) - 1)


def _is_constant(values: Sequence[float]) -> bool:
    return min(values) == max(values)
