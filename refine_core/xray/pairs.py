"""Two rows under X-ray as a pair: which calls of theirs correspond, and by how much they differ in all.

find_partner(first, second, call)     the call of the second row that is the same one in turn
find_function(first, second)          of a reward of several functions, the call that gave them different numbers
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from refine_core.xray.row_xray import Xray
from refine_core.xray.types import CallView

SAME: Final = 1e-9
"""Numbers that differ by less are equal."""


@dataclass(frozen=True, slots=True)
class Pair:
    """view, other: calls of one function, of the first row and of the second."""

    first: Xray
    second: Xray
    view: CallView
    other: CallView


def find_function(first: Xray, second: Xray) -> int | None:
    """Of a reward of several functions, the call of the first one that gave the two rows different numbers."""
    for root in first.roots if len(first.recognized.functions) > 1 else ():
        by = part_difference(first, second, first.function_of(root))
        if by is not None and abs(by) > SAME:
            return root
    return None


def find_partner(first: Xray, second: Xray, call: int) -> int | None:
    """The call of the second that corresponds to one of the first: the same one in turn, of the same function, from the same line."""
    if first.trace is None or second.trace is None:
        return None
    path: list[tuple[int, int, int]] = []
    number: int | None = call
    while number is not None:
        one = first.trace.calls[number]
        alike = _list_alike(first, one.parent, one.function, one.line)
        path.append((one.function, one.line, alike.index(number)))
        number = one.parent if number not in first.roots else None
    at: int | None = None
    for function, line, place in reversed(path):
        alike = _list_alike(second, at, function, line)
        if place >= len(alike):
            return None
        at = alike[place]
    return at


def _list_alike(xray: Xray, parent: int | None, function: int, line: int) -> list[int]:
    if xray.trace is None:
        return []
    inside = xray.roots if parent is None else None
    return [
        one.number
        for one in xray.trace.calls
        if one.function == function
        and ((one.number in inside) if inside is not None else (one.parent == parent and one.line == line))
    ]


def find_unscored(pair: Pair) -> Xray | None:
    """The one row that got no score, without an error, while the other got one."""
    none = [one for one in (pair.first, pair.second) if one.result.value is None and one.result.error is None]
    scored = [one for one in (pair.first, pair.second) if one.result.value is not None]
    return none[0] if len(none) == len(scored) == 1 else None


def returned_difference(a: CallView, b: CallView) -> float | None:
    """By how much two calls returned other numbers; None where one of them is no number."""
    one, other = a.returned, b.returned
    if isinstance(one, (bool, int, float)) and isinstance(other, (bool, int, float)):
        return float(other) - float(one)
    return None


def part_difference(first: Xray, second: Xray, name: str) -> float | None:
    """By how much a part of the score differs; None where one has it not."""
    a, b = first.result.parts.get(name), second.result.parts.get(name)
    return None if a is None or b is None else b - a
