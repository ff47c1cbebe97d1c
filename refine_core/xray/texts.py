"""Values of a trace as text: as Python writes them, with floats cut to what one reads."""

from __future__ import annotations

import ast
import math
from collections.abc import Sequence
from typing import Final, TypeGuard

from refine_core.formatting import format_score
from refine_core.rewards.xray_replies import TraceEvent, Value

OPERATORS: Final = {
    ast.Lt: "<", ast.LtE: "≤", ast.Gt: ">", ast.GtE: "≥", ast.Eq: "==", ast.NotEq: "≠", ast.Is: "is", ast.IsNot: "is not",
    ast.In: "in", ast.NotIn: "not in", ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//",
    ast.Mod: "%", ast.Pow: "**",
}  # fmt: skip
_EMPTY: Final = frozenset(("''", '""', "[]", "{}", "()", "set()", "b''", "frozenset()"))
_HALF: Final = 0.5  # beside what is no count, a number is none either
_TINY, _SMALL, _HUGE = 1e-4, 0.01, 1e7


def write_value(value: Value, digits: int = 3) -> str:
    """One value. digits: significant ones of a float that is not whole."""
    if not isinstance(value, float):
        return value if isinstance(value, str) else repr(value)
    if value == round(value) and abs(value) < _HUGE:
        return f"{value:.1f}"
    if value and not _TINY <= abs(value) < _HUGE:
        return f"{value:.{digits}g}"
    decimals = max(digits - 1 - math.floor(math.log10(abs(value))), 1)
    most = digits if abs(value) >= _SMALL else 6
    text = f"{value:.{min(decimals, most)}f}".rstrip("0")
    return f"{text}0" if text.endswith(".") else text


def write_brief(value: Value) -> str:
    """The same for the column beside the code: a float to two decimals."""
    if isinstance(value, float) and (value == 0 or _SMALL <= abs(value) < _HUGE):
        return f"{value:.2f}"
    return write_value(value, 2)


def write_operand(value: Value) -> str:
    """The same for what is compared and calculated with: a whole float as Python writes it, 3.0."""
    return write_value(value, 2) if isinstance(value, float) and value == round(value) else write_brief(value)


def write_score(value: float | None, *beside: float | None) -> str:
    """A score, which has its decimals always: 2.00. beside: numbers that it is not to look like."""
    return format_score(value, (*beside, _HALF))


def is_number(value: object) -> TypeGuard[float]:
    """Whether a value counts as a number: True and False do."""
    return isinstance(value, (bool, int, float))


def truth_of(value: Value) -> bool | None:
    """Whether Python takes a value for true; None for one that is not known."""
    if isinstance(value, str):  # as Python writes it
        return None if value == "…" else value not in _EMPTY
    return bool(value)


def last_value(event: TraceEvent | None) -> Value | tuple[Value, ...]:
    """The value that a site reported last; the text "…" where it has none."""
    if event is None:
        return "…"
    values = event.last or event.first
    return values[-1] if values else "…"


def list_values(event: TraceEvent) -> list[Value | tuple[Value, ...] | None]:
    """The values that are known, in order; None stands where some are left out."""
    kept: list[Value | tuple[Value, ...] | None] = [*event.first]
    if event.last:
        if len(event.first) + len(event.last) < event.count:
            kept.append(Gap)
        kept += event.last
    return kept


class _Gap(str):
    """Stands for values that were left out."""

    __slots__ = ()


Gap: Final = _Gap("…")


def write_several(
    values: Sequence[Value | tuple[Value, ...] | None], limit: int, *, brief: bool = True
) -> str:
    """Values of one site, one after the other: the first, and the last."""
    write = write_brief if brief else write_value
    texts = []
    for one in values:
        if one is Gap:
            texts.append("…")
        elif isinstance(one, tuple):
            text = ", ".join(map(write, one))
            texts.append(text if len(one) == 1 else f"({text})")
        else:
            texts.append(write(one))
    if len(texts) > limit:
        texts = [*texts[: limit - 2], "…", texts[-1]]
    joined = ", ".join(texts)
    return joined.replace("…, …", "…")


def clip_text(text: str, chars: int) -> str:
    """A text of at most so many characters."""
    return text if len(text) <= chars else f"{text[: chars - 1]}…"
