"""Operations that fail whatever the values are, since the signature and the source settle their types.

Not one of CHECKS: after an error, repeating_errors.py asks it whether the error is bound to repeat.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from typing import Any

from refine_core.rewards.checks.reachability import ControlFlow

_SAMPLES: Mapping[object, Any] = {str: "a", int: 1, float: 1.0, bool: True}
_OPERATORS: Mapping[type[ast.AST], Callable[..., object]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv, ast.Pow: operator.pow, ast.Lt: operator.lt, ast.LtE: operator.le,
    ast.Gt: operator.gt, ast.GtE: operator.ge, ast.USub: operator.neg, ast.UAdd: operator.pos, ast.Invert: operator.invert,
}  # fmt: skip
_TEXT_METHODS = frozenset({"casefold", "lower", "lstrip", "replace", "rstrip", "strip", "title", "upper"})
_CALLS: Mapping[str, type] = {"len": int, "str": str, "int": int, "float": float, "bool": bool}


def always_fails_on_types(flow: ControlFlow, node: ast.AST, line: int) -> bool:
    """Whether an operation that begins on this line is a TypeError for any values of the types that it works on."""
    if isinstance(node, ast.For):
        return _begins(node.iter, line) and _fails(iter, _type_of(flow, node.iter))
    if not _begins(node, line):
        return False
    match node:
        case ast.BinOp(left=left, op=op, right=right) | ast.Compare(left=left, ops=[op], comparators=[right]):
            return type(op) in _OPERATORS and _fails(
                _OPERATORS[type(op)], _type_of(flow, left), _type_of(flow, right)
            )
        case ast.UnaryOp(op=op, operand=operand):
            return type(op) in _OPERATORS and _fails(_OPERATORS[type(op)], _type_of(flow, operand))
        case ast.Call(func=ast.Name(id="len" | "abs" as name), args=[operand], keywords=[]):
            return _fails(len if name == "len" else abs, _type_of(flow, operand))
        case _:
            return False


def _fails(operation: Callable[..., object], *types: object) -> bool:
    """Whether it is a TypeError for a sample of each type; None is a type that is not known."""
    if not all(one in _SAMPLES for one in types):
        return False
    try:
        operation(*(_SAMPLES[one] for one in types))
    except TypeError:
        return True
    return False


def _type_of(flow: ControlFlow, node: ast.AST) -> object:
    """The type of an expression, where it is text or a number in every attempt; else None."""
    code = flow.code
    first, second = [*code.parameters, "", ""][:2] if flow.function is code.function else ("", "")
    match node:
        case ast.Constant(value=value):
            return type(value)
        case ast.Attribute(value=ast.Name(id=owner), attr=name) if owner == second:
            return None if flow.is_rebound(owner, name) else (code.fields.outputs or {}).get(name)
        case ast.Subscript(value=ast.Name(id=owner), slice=ast.Constant(value=str(name))) if owner == first:
            return (code.fields.inputs or {}).get(name) if owner in flow.steady else None
        case ast.Call(func=ast.Attribute(value=value, attr=method)) if method in _TEXT_METHODS:
            return str if _type_of(flow, value) is str else None
        case ast.Call(func=ast.Name(id=name)) if name in flow.steady:
            return _CALLS.get(name)
        case _:
            return None


def _begins(node: ast.AST, line: int) -> bool:
    return isinstance(node, ast.expr) and node.lineno <= line <= (node.end_lineno or node.lineno)
