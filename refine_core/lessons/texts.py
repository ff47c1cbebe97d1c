"""The texts of a lesson: Markdown in which every number is an expression in braces, so that none can be out of date.

    fill_places("{right[4]:percent} at {rows} inputs", values) -> "87 % at 50 inputs"        {{ and }} are braces

What a model wrote is in no danger of being markup: a text among the values is escaped.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from refine_core.formatting import MINUS, format_cost, format_difference, format_number
from refine_core.lessons.expressions import Expression, ExpressionError, Values, evaluate, parse
from refine_core.markdown import prose

UNKNOWN: Final = "unknown"
_PLACE: Final = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_DIGITS: Final = re.compile(r"\d")
_NO_TEXT: Final = re.compile(r"`[^`\n]*`|\]\([^)\n]*\)")
"""Where a digit states nothing: names in code, and addresses of links."""


@dataclass(frozen=True, slots=True)
class Place:
    """An expression in a text. how: its format, or ""."""

    expression: Expression
    how: str


def fill_places(text: str, values: Values) -> str:
    """The text with its numbers. Raises ExpressionError."""
    parts: list[str] = []
    for piece in _split(text):
        if isinstance(piece, str):
            parts.append(piece)
        else:
            parts.append(format_value(evaluate(piece.expression, values), piece.how))
    return "".join(parts)


def list_places(text: str) -> list[Place]:
    """The expressions of a text. Raises ExpressionError for one that cannot be read."""
    return [piece for piece in _split(text) if isinstance(piece, Place)]


def find_literal_digits(text: str) -> list[str]:
    """The lines that state a number themselves, which no test would find out of date."""
    bare = "".join(piece for piece in _split(text) if isinstance(piece, str))
    return [line.strip() for line in bare.splitlines() if _DIGITS.search(_NO_TEXT.sub("", line))]


def count_words(text: str) -> int:
    """Words as a reader counts them: an expression is one."""
    plain = "".join(piece if isinstance(piece, str) else "0" for piece in _split(text))
    return len([word for word in plain.split() if any(char.isalnum() for char in word)])


def format_value(value: Any, how: str = "") -> str:
    """A value as a reader sees it. how: one of FORMATS, a number of decimals, or ""."""
    if value is None:
        return UNKNOWN
    if isinstance(value, Mapping):
        raise ExpressionError(
            f"it has several values ({', '.join(map(str, [*value][:6]))}); name one of them"
        )
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return prose(value)
    if how.isdigit():
        text = f"{abs(value):,.{int(how)}f}"
        return f"{MINUS}{text}" if value < 0 and float(text.replace(",", "")) else text
    return FORMATS[how](value)


def _percent(value: float) -> str:
    return f"{format_value(100 * value, '0')}\N{NO-BREAK SPACE}%"


def _points(value: float) -> str:
    size = f"{abs(100 * value):.0f}"
    sign = "" if size == "0" else "+" if value > 0 else MINUS
    return f"{sign}{size}\N{NO-BREAK SPACE}{'point' if size == '1' else 'points'}"


FORMATS: Final[Mapping[str, Callable[[float], str]]] = {
    "": format_number,
    "percent": _percent,
    "points": _points,
    "signed": format_difference,
    "usd": format_cost,
}
"""How a number is written: "58 %", "+19 points", "+0.19", "$0.0042"; a digit is a number of decimals."""


def _split(text: str) -> Iterator[str | Place]:
    """The pieces between expressions, and these. Raises ExpressionError."""
    at = 0
    for match in _PLACE.finditer(text):
        yield text[at : match.start()]
        at = match.end()
        whole = match[0]
        if whole in ("{{", "}}"):
            yield whole[0]
        elif match[1] is None:
            raise ExpressionError(
                f"a single {whole} stands near “{text[max(0, at - 20) : at + 20]}”; write {whole * 2} for a brace"
            )
        else:
            yield _read_place(match[1])
    yield text[at:]


def _read_place(inside: str) -> Place:
    expression, colon, how = inside.rpartition(":")
    if not colon:
        expression, how = inside, ""
    how = how.strip()
    if how not in FORMATS and not (how.isdigit() and len(how) == 1):
        names = ", ".join(name for name in FORMATS if name)
        raise ExpressionError(
            f"{{{inside}}}: there is no format {how}; there are {names} and a number of decimals"
        )
    read = parse(expression)
    if not read.names:
        raise ExpressionError(f"{{{inside}}} names no measure and no setting")
    return Place(read, how)
