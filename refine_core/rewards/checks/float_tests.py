"""`==` between floats: true only if all their digits agree.

score / 3 == 0.1 + 0.2           never
float(pred.x) == float(gold)     3.14 is not 3.1416
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from refine_core.rewards.checks.code import Code, get_called_name
from refine_core.rewards.checks.finding import Finding, Fix
from refine_core.rewards.checks.inference import Kinds

_ROUNDED = frozenset(("round", "int", "floor", "ceil", "trunc", "is_integer"))


def check_float_tests(code: Code, kinds: Kinds) -> Iterator[Finding]:
    """Each `==` and `!=` beside a float, but with a whole number: sums of whole numbers are exact."""
    for node in code.select(ast.Compare):
        match node:
            case ast.Compare(left=left, ops=[ast.Eq() | ast.NotEq()], comparators=[right]):
                sides = (kinds.of(left).type, kinds.of(right).type)
                if "float" in sides and set(sides) <= {"float", "int", ""} and not _is_exact(left, right):
                    yield _report(code, node, left, right)
            case _:
                continue


def _is_exact(left: ast.expr, right: ast.expr) -> bool:
    return any(
        (isinstance(one, ast.Constant) and not (isinstance(one.value, float) and one.value % 1))
        or (isinstance(one, ast.UnaryOp) and isinstance(one.operand, ast.Constant))
        or get_called_name(one) in _ROUNDED
        or (get_called_name(one) == "float" and isinstance(one, ast.Call) and _is_written_out(one))
        for one in (left, right)
    )


def _is_written_out(call: ast.Call) -> bool:
    """`float("inf")`."""
    return all(isinstance(one, ast.Constant) for one in call.args)


def _report(code: Code, node: ast.Compare, left: ast.expr, right: ast.expr) -> Finding:
    line, column, end, text = code.lines.locate_text(node)
    is_equal = isinstance(node.ops[0], ast.Eq)
    fix = None
    if text and column and end:
        one, other = (_in_difference(side) for side in (left, right))
        compared = "<=" if is_equal else ">"
        fix = Fix("Allow a small difference", line, column, end, f"(abs({one} - {other}) {compared} 1e-6)")
    message = (
        f"Floats are {'equal' if is_equal else 'the same'} only if all their digits agree: 0.1 + 0.2 == 0.3 is False, and "
        "3.14 is not 3.1416. Allow a small difference."
    )
    return Finding("float-equality", "note", message, line, column, end, fix, ast.unparse(node)[:80])


def _in_difference(node: ast.expr) -> str:
    simple = isinstance(node, (ast.Name, ast.Attribute, ast.Subscript, ast.Call, ast.Constant))
    return ast.unparse(node) if simple else f"({ast.unparse(node)})"
