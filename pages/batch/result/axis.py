"""Axes with round numbers, as the component takes them: {"low", "high", "ticks": [[value, text], …]}."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Final

from refine_core.formatting import MINUS

_STEPS: Final = (1.0, 2.0, 2.5, 5.0, 10.0)
_STEPS_TWICE: Final = (1.0, 2.0, 2.5, 4.0, 5.0, 10.0)  # where there are two of them
_ROUGHLY: Final = 4  # steps along an axis
_LARGEST: Final = 1e300  # between it and its inverse, numbers of an axis neither overflow nor vanish
_FLAT: Final = 0.1  # of an axis whose values are all alike, on either side of them

Axis = dict[str, object]


def axis_around_zero(values: Iterable[float]) -> Axis:
    """As far below zero as above it, with signs: for differences."""
    most = max(map(abs, _within_reach(values)), default=0.0)
    most = most if most > 1 / _LARGEST else _FLAT
    step = _round_step(most / 2, _STEPS_TWICE)
    count = math.ceil(round(most / step, 9))
    return _axis(
        -count * step,
        count * step,
        step if count <= 2 else count * step / 2,  # noqa: PLR2004 - zero, and one or two on either side
        signed=True,
    )


def axis_from_zero(most: float, *, whole: bool = False, prefix: str = "") -> Axis:
    """From zero on, for amounts. whole: of things that are counted. prefix: before each number but zero, such as "$"."""
    most = most if most > 0 and math.isfinite(most) else 1.0
    step = _round_step(most / _ROUGHLY)
    step = max(1.0, math.ceil(step)) if whole else step
    return _axis(0.0, math.ceil(round(most / step, 9)) * step, step, prefix=prefix)


def axis_between(values: Iterable[float]) -> Axis:
    """Around these values, which need not include zero: for rewards."""
    known = _within_reach(values)
    low, high = min(known, default=0.0), max(known, default=1.0)
    if high - low < 1e-9:  # noqa: PLR2004 - alike
        reach = max(abs(low) * _FLAT, _FLAT)
        low, high = low - reach, high + reach
    step = _round_step((high - low) / _ROUGHLY)
    return _axis(math.floor(round(low / step, 9)) * step, math.ceil(round(high / step, 9)) * step, step)


def attempt_ticks(most: int) -> list[list[object]]:
    """Numbers of attempts from 0 to the last one, as many as can be read."""
    step = max(1, math.ceil(_round_step(most / 6))) if most > 6 else 1  # noqa: PLR2004 - figures beside each other
    return [[one, f"{one:,}"] for one in range(0, most + 1, step)]


def _within_reach(values: Iterable[float]) -> list[float]:
    """What of them an axis can show."""
    return [min(max(one, -_LARGEST), _LARGEST) for one in values if math.isfinite(one)]


def _round_step(rough: float, steps: Sequence[float] = _STEPS) -> float:
    size = 10.0 ** math.floor(math.log10(rough))
    return next(one for one in steps if one >= rough / size - 1e-9) * size


def _axis(low: float, high: float, step: float, *, signed: bool = False, prefix: str = "") -> Axis:
    decimals = next((d for d in range(12) if abs(step * 10**d - round(step * 10**d)) < 1e-6), 12)  # noqa: PLR2004 - noise
    count = round((high - low) / step)
    values = [round(low + i * step, 12) for i in range(count + 1)]
    return {
        "low": low,
        "high": high,
        "ticks": [[one, _write(one, decimals, signed=signed, prefix=prefix)] for one in values],
    }


def _write(value: float, decimals: int, *, signed: bool, prefix: str) -> str:
    if value == 0:
        return "0"
    sign = MINUS if value < 0 else "+" if signed else ""
    return f"{sign}{prefix}{abs(value):,.{decimals}f}"
