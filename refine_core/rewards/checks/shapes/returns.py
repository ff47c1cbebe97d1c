"""What functions for other frameworks return: a branch without a return, one number where a list is wanted, a list where none is."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from refine_core.rewards.checks.block_ends import EndFinder, list_always_raising
from refine_core.rewards.checks.code import Code, Function, get_called_name, iter_own_nodes
from refine_core.rewards.checks.finding import Finding, Severity
from refine_core.rewards.checks.returns import describe_fall, describe_non_number, locate_statement
from refine_core.rewards.shapes.types import SHAPES

_SET_THEIR_SCORE = frozenset(("deepeval", "inspect"))
"""Shapes that keep the score on an object, so that a return tells nothing."""
_TAKE_ONE = frozenset(("dspy", "gepa", "openai", "promptfoo", "verl", "verifiers"))
_NUMBERS = frozenset(("float", "int", "sum", "len", "round", "max", "min", "bool"))
_WITHOUT: Mapping[str, str] = {
    "row": "the row gets no score",
    "batch": "the whole batch fails",
    "group": "the whole group fails",
}
_NEVER = ("a set", "a function", "bytes", "a complex number")


def check_shape_returns(code: Code) -> Iterator[Finding]:
    """The returns of a function of any shape but `refine`, whose own are in returns.py."""
    function, reward = code.function, code.reward
    if function is None or reward is None or code.shape in {"refine", *_SET_THEIR_SCORE}:
        return
    is_row = reward.per == "row"
    if isinstance(function, ast.Lambda):
        return
    nodes = list(iter_own_nodes(function))
    if any(isinstance(node, (ast.Yield, ast.YieldFrom)) for node in nodes):
        if is_row:
            yield _report(
                code,
                function,
                "generator",
                "This has a yield, so it returns a generator. Use return instead.",
            )
        return
    returns = [node for node in nodes if isinstance(node, ast.Return)]
    falls = EndFinder(list_always_raising(code)).block(function.body, function).falls
    if not any(node.value is not None for node in returns):
        if (falls or returns) and not _is_stub(function):
            message = (
                f"{reward.name} returns nothing, so {_WITHOUT[reward.per]}. End it with return and a score."
            )
            yield _report(code, function, "no-return", message)
        return
    for node in returns:
        what = _describe_wrong(node.value, code.shape, is_row=is_row)
        if what:
            yield _report(code, node, "wrong-return", what)
    for last in dict.fromkeys(falls):
        message = f"{describe_fall(last)} the function ends without a return, and {_WITHOUT[reward.per]}."
        yield _report(code, last, "missing-return", message, "warning")


def _describe_wrong(value: ast.expr | None, shape: str, *, is_row: bool) -> str:
    """What is wrong with returning this; "" if nothing is, as far as reading can tell."""
    if not is_row:
        one = isinstance(value, (ast.Compare, ast.Constant)) or (
            isinstance(value, ast.Call)
            and isinstance(value.func, ast.Name)
            and get_called_name(value) in _NUMBERS
        )
        return (
            f"This returns one value; {_name(shape)} returns a list, a score for each completion."
            if one
            else ""
        )
    what = describe_non_number(value) or ""
    if what in _NEVER or (what in {"a list", "a generator"} and shape in _TAKE_ONE):
        return f"This returns {what}; {_name(shape)} returns one score."
    return ""


def _name(shape: str) -> str:
    return SHAPES[shape]  # type: ignore[index]  # of a recognised function


def _is_stub(function: Function) -> bool:
    return isinstance(function.body, list) and all(
        isinstance(one, ast.Pass) or (isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant))
        for one in function.body
    )


def _report(code: Code, node: ast.AST, kind: str, message: str, severity: Severity = "error") -> Finding:
    return Finding(kind, severity, message, *locate_statement(code, node))
