"""A line's value beside how it came about: 0.25 * (len(words) <= 8) as "4 ≤ 8 → 0.25".

Comparisons, calculations, min and max are written with the values of their parts; a constant factor is left out, and so is
whatever has no operator: there the value says it all.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Final

from refine_core.rewards.xray_replies import Value
from refine_core.xray.texts import OPERATORS, clip_text, is_number, truth_of, write_brief, write_operand
from refine_core.xray.types import Segment

ValueOf = Callable[[ast.AST], Value | None]
"""The last value of an expression; the constant `ABSENT` for one that has none."""
ABSENT: Final = "\0absent"
_CHARS: Final = 72
_VALUE_CHARS: Final = 240
_PARTS: Final = 9
_TEST_CHARS: Final = 28
_CONSTANT_CHARS: Final = 24
_BOUNDED: Final = frozenset(("min", "max"))
_TRANSPARENT: Final = frozenset(("float", "int", "round", "bool"))


def write_formula(node: ast.expr, value: Value, value_of: ValueOf) -> tuple[Segment, ...]:
    """The cell of an expression with this value."""
    result = Segment(clip_text(write_brief(value), _VALUE_CHARS), is_value=True)
    if not is_number(value):
        return (result,)
    if isinstance(node, ast.IfExp):
        parts = _write_test(node.test, value_of)
    else:
        parts = _write(_without_weight(node), value_of, outermost=True)
    if parts is None or len(parts) > _PARTS or sum(len(one.text) for one in parts) > _CHARS:
        return (result,)
    if len(parts) == 1 and parts[0].text in (result.text, write_operand(value)):
        return (result,)
    return (*parts, Segment(" → "), result)


def _write_test(node: ast.expr, value_of: ValueOf) -> list[Segment] | None:
    """What a conditional asks, and the answer: '1954' in '1945' → False. Of several conditions, the one that decided."""
    if isinstance(node, ast.BoolOp):
        asked = [one for one in node.values if value_of(_inner(one)) != ABSENT]
        if not asked:
            return None
        last = truth_of(value_of(_inner(asked[-1]))) == (_inner(asked[-1]) is asked[-1])
        decides = last == isinstance(node.op, ast.Or)
        return _write_test(asked[-1 if decides else 0], value_of)
    if _inner(node) is not node:
        inner = value_of(_inner(node))
        return None if inner == ABSENT else [Segment("not "), _shorten(inner)]
    value = value_of(node)
    if value == ABSENT:
        return None
    if isinstance(value, bool) and (compared := _write_compared(node, value_of)):
        return [*compared, Segment(" → "), Segment(str(value), is_value=True)]
    return [_shorten(value)]


def _write_compared(node: ast.expr, value_of: ValueOf) -> list[Segment]:
    """What is compared, of any kind: '1954' in '1945'."""
    if not isinstance(node, ast.Compare) or len(node.ops) != 1:
        return []
    left, right = _compared(node.left, value_of), _compared(node.comparators[0], value_of)
    if left is None or right is None:
        return []
    return [left, Segment(f" {OPERATORS[type(node.ops[0])]} "), right]


def _inner(node: ast.expr) -> ast.expr:
    return node.operand if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not) else node


def _shorten(value: Value) -> Segment:
    return Segment(clip_text(write_operand(value), _TEST_CHARS), is_value=True)


def _compared(node: ast.expr, value_of: ValueOf) -> Segment | None:
    if isinstance(node, ast.Constant):
        return Segment(clip_text(repr(node.value), _TEST_CHARS))
    value = value_of(node)
    return None if value == ABSENT else _shorten(value)


def write_condition(node: ast.expr, value_of: ValueOf) -> tuple[Segment, ...]:
    """The same for what is tested, whose outcome is said in a word: "4 ≤ 8"; () where there is nothing to write."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        node = node.operand
    parts = _write(node, value_of, outermost=True) if isinstance(node, (ast.Compare, ast.BinOp)) else None
    if parts is None or len(parts) == 1:
        parts = _write_compared(node, value_of)
    short = len(parts) <= _PARTS and sum(len(one.text) for one in parts) <= _CHARS
    return tuple(parts) if short else ()


def _without_weight(node: ast.expr) -> ast.expr:
    """0.25 * x and 0.25 * x / 3 without the 0.25."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        if isinstance(node.left, ast.Constant):
            return node.right
        if isinstance(node.right, ast.Constant):
            return node.left
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div) and isinstance(node.right, ast.Constant):
        left = _without_weight(node.left)
        if left is not node.left:
            return ast.copy_location(ast.BinOp(left, node.op, node.right), node)
    return node


def _write(node: ast.expr, value_of: ValueOf, *, outermost: bool = False) -> list[Segment] | None:
    """None where a value that it needs is not known."""
    if isinstance(node, ast.Constant):
        return [Segment(clip_text(repr(node.value), _CONSTANT_CHARS))]
    if (
        isinstance(node, ast.UnaryOp)
        and isinstance(node.op, ast.USub)
        and isinstance(node.operand, ast.Constant)
    ):
        return [Segment(f"-{node.operand.value!r}")]
    if (
        isinstance(node, ast.Compare)
        and len(node.ops) == 1
        and not isinstance(node.ops[0], (ast.In, ast.NotIn))
    ):
        return _write_compare(node, value_of)
    if isinstance(node, ast.BinOp) and type(node.op) in OPERATORS:
        left, right = _operand(node.left, value_of), _operand(node.right, value_of)
        if left is None or right is None:
            return _write_value(node, value_of)
        return [*left, Segment(f" {OPERATORS[type(node.op)]} "), *right]
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.keywords:
        if node.func.id in _BOUNDED and len(node.args) > 1:
            return _write_call(node, node.func.id, value_of)
        if node.func.id in _TRANSPARENT and len(node.args) == 1 and outermost:
            return _write(node.args[0], value_of)
    if isinstance(node, ast.IfExp) and outermost:
        return None
    return _write_value(node, value_of)


def _write_compare(node: ast.Compare, value_of: ValueOf) -> list[Segment] | None:
    left, right = _operand(node.left, value_of), _operand(node.comparators[0], value_of)
    if left is None or right is None:
        return _write_value(node, value_of)
    return [*left, Segment(f" {OPERATORS[type(node.ops[0])]} "), *right]


def _write_call(node: ast.Call, name: str, value_of: ValueOf) -> list[Segment] | None:
    written = [Segment(f"{name}(")]
    for i, argument in enumerate(node.args):
        part = _operand(argument, value_of)
        if part is None:
            return _write_value(node, value_of)
        written += [Segment(", ")] * bool(i) + part
    return [*written, Segment(")")]


def _operand(node: ast.expr, value_of: ValueOf) -> list[Segment] | None:
    """One number, or a short calculation; None for what is no number."""
    if isinstance(node, ast.Constant):
        return [Segment(repr(node.value))] if is_number(node.value) else None
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _BOUNDED:
        return _write(node, value_of)
    return _write_value(node, value_of)


def _write_value(node: ast.expr, value_of: ValueOf) -> list[Segment] | None:
    value = value_of(node)
    if value == ABSENT or not is_number(value):
        return None
    return [Segment(write_operand(value), is_value=True)]
