"""The small language of a lesson: what its texts, claims and checks compute of measures. Nothing else can be said in it.

    parse("right[4] - right[1]") -> Expression        evaluate(expression, {"right": {1: 0.4, 4: 0.9}}) -> 0.5

Names, numbers, texts, indexing and fields (`right[4]`, `better.low`), + - * /, comparisons, and, or, not; abs, min, max, round, len.
What is unknown (None) makes whatever is computed of it unknown, and so does a division by zero.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from refine_core.python_parser import parse_expression

MAX_CHARACTERS: Final = 300
MAX_NODES: Final = 80
Values = Mapping[str, Any]
"""Name -> a number, a text, True or False, None where it is unknown, or a mapping of these: a curve is {x: y}."""

_BINARY: Final[Mapping[type[ast.operator], Callable[[Any, Any], Any]]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
_COMPARED: Final[Mapping[type[ast.cmpop], Callable[[Any, Any], bool]]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
FUNCTIONS: Final[Mapping[str, Callable[..., Any]]] = {
    "abs": abs,
    "min": min,
    "max": max,
    "round": round,
    "len": len,
}


class ExpressionError(ValueError):
    """An expression that cannot be read, or not be computed of these values. Its text is a clause."""


@dataclass(frozen=True, slots=True)
class Expression:
    """An expression that was read. names: the measures and settings that it needs."""

    text: str
    names: frozenset[str]
    root: ast.expr


@lru_cache(maxsize=1024)
def parse(text: str) -> Expression:
    """Read an expression. Raises ExpressionError, which says what is not understood."""
    if len(text) > MAX_CHARACTERS:
        raise ExpressionError(f"it has more than {MAX_CHARACTERS} characters")
    try:
        root = parse_expression(text.strip())
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise ExpressionError(
            f"“{text}” cannot be read as an expression, such as right[4] - right[1]"
        ) from None
    nodes = [*ast.walk(root)]
    if len(nodes) > MAX_NODES:
        raise ExpressionError(f"“{text[:40]}…” is too long an expression")
    called = {id(node.func) for node in nodes if isinstance(node, ast.Call)}
    for node in nodes:
        _check(node, text)
    names = {node.id for node in nodes if isinstance(node, ast.Name) and id(node) not in called}
    return Expression(text.strip(), frozenset(names), root)


def evaluate(expression: Expression | str, values: Values) -> Any:
    """What it comes to. Raises ExpressionError for a name, an index or a field that is not there, and for kinds that do not go together."""
    read = parse(expression) if isinstance(expression, str) else expression
    try:
        return _evaluate(read.root, values)
    except TypeError:
        raise ExpressionError(f"“{read.text}” puts things together that do not go together") from None
    except OverflowError:
        return None


def _check(node: ast.AST, text: str) -> None:
    match node:
        case (
            ast.Constant(value=bool() | int() | float() | str())
            | ast.Name()
            | ast.Subscript()
            | ast.Attribute()
        ):
            return
        case ast.UnaryOp(op=ast.USub() | ast.Not()) | ast.BoolOp() | ast.Compare():
            return
        case ast.BinOp(op=one) if type(one) in _BINARY:
            return
        case ast.Call(func=ast.Name(id=name), keywords=[]) if name in FUNCTIONS:
            return
        case ast.operator() | ast.unaryop() | ast.boolop() | ast.expr_context():
            return
        case ast.cmpop() if type(node) in _COMPARED:
            return
    raise ExpressionError(
        f"“{text}” has {ast.unparse(node) if isinstance(node, ast.expr) else type(node).__name__}, which a lesson cannot compute; "
        f"there are + - * /, comparisons, and, or, not, {', '.join(FUNCTIONS)}"
    )


def _evaluate(node: ast.expr, values: Values) -> Any:  # noqa: C901, PLR0912  # a case for each kind of expression
    match node:
        case ast.Constant(value=value):
            return value
        case ast.Name(id=name):
            if name not in values:
                raise ExpressionError(f"there is no {name}; there are {', '.join(sorted(values))}")
            return values[name]
        case ast.Attribute(value=inner, attr=name):
            return _look_up(inner, name, values)
        case ast.Subscript(value=inner, slice=key):
            return _look_up(inner, _evaluate(key, values), values)
        case ast.UnaryOp(op=ast.Not(), operand=inner):
            value = _evaluate(inner, values)
            return None if value is None else not value
        case ast.UnaryOp(operand=inner):
            value = _evaluate(inner, values)
            return None if value is None else -value
        case ast.BinOp(left=left, op=op, right=right):
            a, b = _evaluate(left, values), _evaluate(right, values)
            if None in (a, b) or (isinstance(op, ast.Div) and b == 0):
                return None
            if isinstance(a, str) or isinstance(b, str):
                raise TypeError
            return _BINARY[type(op)](a, b)
        case ast.BoolOp(op=op, values=parts):
            return _combine([_evaluate(part, values) for part in parts], stops=isinstance(op, ast.Or))
        case ast.Compare(left=left, ops=ops, comparators=others):
            sides = [_evaluate(one, values) for one in (left, *others)]
            if None in sides:
                return None
            return all(_COMPARED[type(op)](a, b) for op, a, b in zip(ops, sides, sides[1:], strict=False))
        case ast.Call(func=ast.Name(id=name), args=arguments):
            given = [*_spread(name, [_evaluate(one, values) for one in arguments])]
            return None if None in given else FUNCTIONS[name](*given)
    raise ExpressionError(f"{type(node).__name__} cannot be computed")


def _spread(name: str, given: list[Any]) -> Iterator[Any]:
    """The values of a curve in place of the curve, for its highest and lowest."""
    if name in ("min", "max") and len(given) == 1 and isinstance(given[0], Mapping):
        yield from ([*given[0].values()],) if None not in given[0].values() else (None,)
    else:
        yield from given


def _look_up(inner: ast.expr, key: object, values: Values) -> Any:
    table = _evaluate(inner, values)
    if table is None or key is None:
        return None
    if not isinstance(table, Mapping):
        raise ExpressionError(f"{ast.unparse(inner)} is one value, and has no {key}")
    try:
        return table[key]
    except (KeyError, TypeError):
        there = ", ".join(str(one)[:20] for one in [*table][:12])
        raise ExpressionError(f"{ast.unparse(inner)} has no {key}; it has {there}") from None


def _combine(parts: list[Any], *, stops: bool) -> bool | None:
    """And, or; unknown where an unknown part decides it."""
    if any(part is not None and bool(part) is stops for part in parts):
        return stops
    return None if None in parts else not stops
