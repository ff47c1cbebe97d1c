"""Student's t distribution for any level, to the last digits that matter."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import Final

_ENOUGH: Final = 1e-13
_CLOSE: Final = 1e-5
_MAX_TERMS, _MAX_STEPS = 500, 20
_TINY: Final = 1e-300


def student_p(t: float, freedom: float) -> float:
    """The chance that |T| is at least t, for Student's T: I_x(f/2, 1/2) with x = f/(f + t²), f the degrees of freedom. t: at least 0.

    Source: Abramowitz and Stegun 26.7.1 and 26.5.27.
    """
    if t == 0:
        return 1.0
    return _beta_share(freedom / 2, freedom / (freedom + t * t), t * t / (freedom + t * t))


def student_quantile(share: float, freedom: float) -> float:
    """The t below which Student's T lies with the chance `share`, more than 0.5 and less than 1.

    The expansion of Abramowitz and Stegun 26.7.5, made exact by Newton's method on `student_p`.
    """
    z, v = NormalDist().inv_cdf(share), freedom
    t = z + (z**3 + z) / (4 * v) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * v * v)
    t += (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * v**3)
    wanted = 2 * (1 - share)
    # the density's constant: Γ((f+1)/2) / (√(f π) Γ(f/2))
    log_constant = math.lgamma((v + 1) / 2) - math.lgamma(v / 2) - 0.5 * math.log(v * math.pi)
    for _ in range(_MAX_STEPS):
        density = math.exp(log_constant - (v + 1) / 2 * math.log1p(t * t / v))
        step = (student_p(t, v) - wanted) / (2 * density)
        t = max(t + step, t / 2)
        if abs(step) <= _CLOSE * t:  # the next step would be about the square of it
            break
    return t


def _beta_share(a: float, x: float, rest: float) -> float:
    """The incomplete beta function I_x(a, 1/2), with rest = 1 - x given, as it may be tiny.

    Its continued fraction, on the side where it converges fast. Source: DLMF 8.17.22, evaluated as Lentz does.
    """
    b = 0.5
    log_front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log(rest)
    if x < (a + 1) / (a + b + 2):
        return math.exp(log_front) * _fraction(a, b, x) / a
    return 1 - math.exp(log_front) * _fraction(b, a, rest) / b


def _fraction(a: float, b: float, x: float) -> float:
    c, d = 1.0, 1 - (a + b) * x / (a + 1)
    d = 1 / (d if abs(d) > _TINY else _TINY)
    value = d
    for m in range(1, _MAX_TERMS):
        for top in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1 + top * d
            d = 1 / (d if abs(d) > _TINY else _TINY)
            c = 1 + top / c
            c = c if abs(c) > _TINY else _TINY
            value *= c * d
        if abs(c * d - 1) < _ENOUGH:
            break
    return value
