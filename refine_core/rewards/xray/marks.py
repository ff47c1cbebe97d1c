"""What stands in the code for the recorder: unusual numbers while it is compiled, objects afterwards."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from types import CodeType
from typing import Any, Final, TypeVar

from refine_core.rewards.xray.sites import Plan

HELPERS: Final = ("enter", "line", "value", "names", "caught", "loop", "first-turns", "first-calls")
_COUNTERS: Final = ("lambda", "turns", "kept")
_MARK: Final = 1.7320508075688772e300
_Node = TypeVar("_Node", bound=ast.AST)


def install(code: CodeType, objects: dict[complex, object]) -> CodeType:
    """The code with objects in place of their numbers."""
    constants: list[Any] = []
    for one in code.co_consts:
        if type(one) is complex and one.real == _MARK:
            constants.append(objects[one])
        else:
            constants.append(install(one, objects) if isinstance(one, CodeType) else one)
    return code.replace(co_consts=tuple(constants))


def list_marks(plan: Plan) -> dict[tuple[str, int], complex]:
    """What has to be installed: helpers, cells, counts and limits, each with its number."""
    counts = {"call": len(plan.functions), "turn": len(plan.loops)}
    for kind in _COUNTERS:
        count = len(plan.functions) if kind == "lambda" else len(plan.comps)
        counts |= {f"next-{kind}": count, f"limit-{kind}": count}
    names = [(name, 0) for name in HELPERS]
    names += [(kind, i) for kind, count in counts.items() for i in range(count)]
    return {name: mark(*name) for name in names}


_KINDS: Final = {
    name: place
    for place, name in enumerate(
        (*HELPERS, "call", "turn", *(f"{what}-{kind}" for what in ("next", "limit") for kind in _COUNTERS))
    )
}


def mark(kind: str, index: int = 0) -> complex:
    """The number that stands for a helper, or for a cell, count or limit by its index."""
    return complex(_MARK, _KINDS[kind] * 1_000_000.0 + index)


def at(node: _Node, where: ast.AST) -> _Node:
    """A new node, at the position of an old one."""
    # As ast.copy_location does it, in a fifth of the time.
    node.lineno, node.col_offset = where.lineno, where.col_offset  # type: ignore[attr-defined]  # both have a position
    node.end_lineno, node.end_col_offset = where.end_lineno, where.end_col_offset  # type: ignore[attr-defined]
    return node


def integer(number: int, where: ast.AST) -> ast.expr:
    """A whole number, as code."""
    return at(ast.Constant(number), where)


def loads(names: Sequence[str], where: ast.AST) -> list[ast.expr]:
    """The values of names, as code."""
    return [at(ast.Name(name, ast.Load()), where) for name in names]
