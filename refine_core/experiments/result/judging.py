"""What can be said of one pair of arms, and what more inputs would show of it."""

from __future__ import annotations

from math import isfinite

from refine_core.experiments.result.figures import (
    Answer,
    Comparison,
    Result,
)
from refine_core.formatting import (
    format_difference,
    format_interval,
)
from refine_core.statistics import ArmDifference


def judge(one: Comparison) -> Answer:
    """What can be said of a pair by itself, at the level that Holm leaves it. The margin is `Comparison.margin`, in rewards."""
    if one.difference is None:
        return "no difference" if one.is_level and one.inputs > 1 else "nothing to compare"
    if one.enough and one.difference.is_clear:
        return "better"
    if -one.margin <= one.difference.low and one.difference.high <= one.margin:
        return "no difference"
    return "not enough data"


def describe_pair(one: Comparison) -> tuple[str, str, str]:
    """A pair as a row of a table: "Refine against single", "+0.31 [0.14, 0.48]", "better"."""
    title = f"{one.first.name} against {one.second.name}"
    answer = judge(one)
    if one.difference is None:
        return title, _explain_no_figure(one), answer
    size = f"{format_difference(one.difference.difference)} {write_interval(one.difference)}"
    return title, size, answer if answer != "better" or one.difference.difference > 0 else "worse"


def _explain_no_figure(one: Comparison) -> str:
    """Why a pair has no difference, in a few words."""
    if not one.inputs:
        return "not scored"
    if one.is_level:
        return "every scored run got the same"
    return "one input" if isfinite(one.margin) else "rewards too large to compute with"


def count_more(one: Comparison) -> int | None:
    """How many more inputs would show a difference of this size in 4 of 5 cases; None where it is clear, or there is none."""
    if one.difference is None or one.enough or one.difference.needed is None:
        return None
    return max(1, one.difference.needed - one.inputs)


def cost_of_more(result: Result, more: int) -> float | None:
    """What so many more inputs would cost, in every arm and repeat, at what they took so far; None where that is not known."""
    means = [arm.usd.mean for arm in result.arms if not arm.stopped]
    return None if None in means or not means else sum(one or 0 for one in means) * result.repeats * more


def write_interval(difference: ArmDifference) -> str:
    """The interval of a difference: "[0.14, 0.48]"."""
    return format_interval(difference.low, difference.high)
