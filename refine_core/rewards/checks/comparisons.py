"""Comparisons that come out the same whatever the model writes: a field beside a constant of another type.

pred.keep == "True"      where keep is a bool
pred.count != "3"        where count is an int
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final, get_origin

from refine_core.rewards.checks.code import Code
from refine_core.rewards.checks.finding import Finding, Fix

_NUMBERS: Final = (bool, int, float)
WORDS: Final = {str: "text", int: "an int", float: "a float", bool: "a bool", list: "a list", dict: "a dict"}


def check_comparison(code: Code, node: ast.AST, kind: object) -> Iterator[Finding]:
    """Whether the field `node`, of this type, is compared with a constant that it never equals."""
    origin = get_origin(kind) or kind
    around = code.parents.get(node)
    match around:
        case ast.Compare(left=left, ops=[ast.Eq() | ast.NotEq() as op], comparators=[right]):
            other = right if left is node else left
        case _:
            return
    if origin not in WORDS or not isinstance(other, ast.Constant) or not _differ(origin, other.value):
        return
    line, column, end, text = code.lines.locate_text(other)
    never = "is never equal to" if isinstance(op, ast.Eq) else "always differs from"
    message = f"{ast.unparse(node)} is {WORDS[origin]}, so it {never} {_describe(other.value)}."
    meant = _read_as(origin, other.value)
    fix = Fix(f"Use {meant}", line, column, end, meant) if meant and text and column and end else None
    yield Finding("never-equal", "warning", message, line, column, end, fix, ast.unparse(node))


def _differ(kind: object, value: object) -> bool:
    """Whether no value of the type equals this constant. Numbers equal each other, bools too; None may be a default."""
    if value is None or isinstance(value, complex):
        return False
    if kind in _NUMBERS:
        return not isinstance(value, _NUMBERS)
    return type(value) is not kind


def _describe(value: object) -> str:
    if isinstance(value, str):
        return f"the text {value!r}" if len(value) <= 30 else "a text"  # noqa: PLR2004 - of a line
    return repr(value)


def _read_as(kind: object, value: object) -> str:
    """The constant as the type would have it written, where the text says that; else ""."""
    if not isinstance(value, str):
        return repr(str(value)) if kind is str and isinstance(value, _NUMBERS) else ""
    plain = value.strip()
    if kind is bool:
        return plain.title() if plain.lower() in ("true", "false") else ""
    if kind in (int, float):
        try:
            return repr(int(plain) if kind is int else float(plain))
        except (ValueError, OverflowError):
            return ""
    return ""
