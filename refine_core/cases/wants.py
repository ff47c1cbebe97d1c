"""What a case wants of the score of its output.

    GOOD, BAD          compared with the threshold, or without one with each other
    exactly(2.5)       that score, but for the noise of binary fractions
    between(0.2, 0.5)  both ends included; minimum(2), maximum(0.5)
    UNSCORED           no score: None or NaN

As text, and in documents: "good", "bad", "unscored", "= 2.5", "0.2 to 0.5", ">= 2", "<= 0.5".
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from refine_core.formatting import format_number

Kind = Literal["good", "bad", "unscored", "range"]
RELATIVE, ABSOLUTE = 1e-6, 1e-9
"""How far a score may be from the one that is wanted exactly."""
HOW_TO_WRITE: Final = (
    'write good, bad, unscored, a number, or a range such as "0.2 to 0.5", ">= 2" or "<= 0.5"'
)

_NUMBER = r"([-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)"
_FORMS: Final = (
    (re.compile(rf"=?\s*{_NUMBER}"), lambda x: (x, x)),
    (re.compile(rf"(?:>=|≥|at least)\s*{_NUMBER}"), lambda x: (x, None)),
    (re.compile(rf"(?:<=|≤|at most)\s*{_NUMBER}"), lambda x: (None, x)),
    (re.compile(rf"{_NUMBER}\s*(?:to|\.\.)\s*{_NUMBER}"), lambda x, y: (x, y)),
)


@dataclass(frozen=True, slots=True)
class Want:
    """What is wanted. kind "range": low <= score <= high, None for no bound; both equal for one exact score."""

    kind: Kind
    low: float | None = None
    high: float | None = None

    def __post_init__(self) -> None:
        bounds = [bound for bound in (self.low, self.high) if bound is not None]
        if not all(map(math.isfinite, bounds)):
            raise ValueError("a wanted score must be finite")
        if (self.kind == "range") is not bool(bounds):
            raise ValueError(
                "a range needs a bound" if self.kind == "range" else f"{self.kind} has no bounds"
            )
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ValueError(f"the range begins at {self.low:g}, above its end {self.high:g}")

    @property
    def is_exact(self) -> bool:
        """Whether one score is wanted."""
        return self.kind == "range" and self.low == self.high

    def holds(self, value: float) -> bool:
        """Whether a score lies in the range, for a want that is one."""
        low = self.low is None or value >= self.low or is_close(value, self.low)
        return low and (self.high is None or value <= self.high or is_close(value, self.high))

    @property
    def text(self) -> str:
        """As people read it: "good", "= 2.5", "≤ 0.5", "0.2 to 0.5"."""
        return _write(self, "≥", "≤", format_number)

    def to_json(self) -> object:
        """As it stands in documents: "good", 2.5, ">= 2", "0.2 to 0.5". A number keeps all its digits."""
        return self.low if self.is_exact else _write(self, ">=", "<=", repr)


GOOD: Final = Want("good")
BAD: Final = Want("bad")
UNSCORED: Final = Want("unscored")


def exactly(score: float) -> Want:
    """That score. Raises ValueError for one that is not finite."""
    return Want("range", float(score), float(score))


def between(low: float, high: float) -> Want:
    """A score from low to high, both included. Raises ValueError."""
    return Want("range", float(low), float(high))


def minimum(low: float) -> Want:
    """A score of low or more. Raises ValueError."""
    return Want("range", float(low))


def maximum(high: float) -> Want:
    """A score of high or less. Raises ValueError."""
    return Want("range", None, float(high))


def is_close(one: float, other: float) -> bool:
    """Whether two scores are equal, but for the noise of binary fractions."""
    return math.isclose(one, other, rel_tol=RELATIVE, abs_tol=ABSOLUTE)


def read_want(value: object) -> Want:
    """The want that a text, a number or an object {"min", "max"} stands for. Raises ValueError, which says how to write one."""
    if isinstance(value, bool) or value is None:
        raise ValueError(HOW_TO_WRITE)
    if isinstance(value, int | float):
        return exactly(_to_float(value))
    if isinstance(value, Mapping):
        return _read_bounds(value)
    if not isinstance(value, str):
        raise ValueError(HOW_TO_WRITE)  # noqa: TRY004  # like every other form that is none
    text = " ".join(value.split()).lower().replace("\N{MINUS SIGN}", "-").replace("\N{EN DASH}", " to ")
    if text in ("good", "bad", "unscored"):
        return Want(text)  # type: ignore[arg-type]  # looked up
    for form, read in _FORMS:
        if found := form.fullmatch(text):
            return Want("range", *read(*map(float, found.groups())))
    raise ValueError(HOW_TO_WRITE)


def _read_bounds(value: Mapping[object, object]) -> Want:
    bounds = {name: value.get(name) for name in ("min", "max")}
    for name, bound in bounds.items():
        if bound is not None and (isinstance(bound, bool) or not isinstance(bound, int | float)):
            raise ValueError(f'"{name}" must be a number')
    low, high = (None if one is None else _to_float(one) for one in bounds.values())  # type: ignore[arg-type]  # just asked
    if set(value) - {"min", "max"} or (low is None and high is None):
        raise ValueError(HOW_TO_WRITE)
    return Want("range", low, high)


def _to_float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        raise ValueError("a wanted score must be finite") from None


def _write(want: Want, above: str, below: str, write: Callable[[float], str]) -> str:
    match want:
        case Want("range", float() as low, float() as high):
            return f"= {write(low)}" if low == high else f"{write(low)} to {write(high)}"
        case Want("range", float() as low, None):
            return f"{above} {write(low)}"
        case Want("range", None, float() as high):
            return f"{below} {write(high)}"
    return want.kind
