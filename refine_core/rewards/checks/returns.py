"""Whether every way through the reward returns a number.

Each statement is asked how it can end: by going on, returning, raising, or leaving or repeating a loop. Where reading
cannot tell, it is assumed to return: a wrong warning costs more than a missing one.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from refine_core.rewards.checks.block_ends import EndFinder, list_always_raising
from refine_core.rewards.checks.code import Code, Function, iter_own_nodes
from refine_core.rewards.checks.finding import Finding, Fix, Severity

_LITERALS: dict[type[ast.expr], str] = {
    ast.Dict: "a dict",
    ast.List: "a list",
    ast.Set: "a set",
    ast.Tuple: "a tuple",
    ast.JoinedStr: "text",
    ast.ListComp: "a list",
    ast.SetComp: "a set",
    ast.DictComp: "a dict",
    ast.GeneratorExp: "a generator",
    ast.Lambda: "a function",
}


def check_returns(code: Code) -> Iterator[Finding]:
    """A branch without a return, a reward that returns nothing, or something that is no number."""
    function = code.function
    if function is None or isinstance(function, ast.Lambda) or code.shape != "refine":
        return
    nodes = list(iter_own_nodes(function))
    if any(isinstance(node, (ast.Yield, ast.YieldFrom)) for node in nodes):
        yield _report(
            code,
            function,
            "generator",
            "the reward has a yield, so it returns a generator. Use return instead",
        )
        return
    returns = [node for node in nodes if isinstance(node, ast.Return)]
    valued = [node for node in returns if not _is_none(node.value)]
    falls = EndFinder(list_always_raising(code)).block(function.body, function).falls
    if not valued:
        if falls or returns:
            yield _report(
                code,
                function,
                "no-return",
                "the reward returns nothing. Every attempt would fail. End it with return and a number",
            )
        elif not _is_stub(function):
            yield _report(
                code,
                function,
                "no-return",
                "the reward always raises. Every attempt would fail. Return a number",
            )
        return
    for node in returns:
        if _is_none(node.value):
            yield _report(
                code,
                node,
                "missing-return",
                "this returns nothing, and an attempt that comes here fails. Return a number.",
                "warning",
            )
        elif (what := describe_non_number(node.value)) is not None:
            yield _report(
                code,
                node,
                "wrong-return",
                f"this returns {what}, not a number. Return a number or Score(value, feedback='…').",
            )
    for last in dict.fromkeys(falls):
        yield _report(
            code,
            last,
            "missing-return",
            f"{describe_fall(last)} the reward ends without a return, and the attempt fails.",
            "warning",
            _end_with_zero(code, function),
        )


def describe_fall(node: ast.AST) -> str:
    """The start of a sentence about a way out of a function that has no return."""
    match node:
        case ast.If():
            return "If this condition is false,"
        case ast.For() | ast.While() | ast.AsyncFor():
            return "After this loop"
        case ast.Match():
            return "If no case fits,"
        case ast.Break():
            return "After this break"
        case _:
            return "After this line"


def _end_with_zero(code: Code, function: ast.FunctionDef | ast.AsyncFunctionDef) -> Fix | None:
    """A last line for the function; None where its end shares a line with something else."""
    first, line = function.body[0], function.end_lineno or 0
    if first.lineno == function.lineno or not 0 < line <= len(code.lines.lines):
        return None
    end = len(code.lines.lines[line - 1]) + 1
    return Fix("Add return 0.0", line, end, end, f"\n{' ' * first.col_offset}return 0.0")


def _report(  # noqa: PLR0917  # what a finding is made of
    code: Code,
    node: ast.AST,
    kind: str,
    message: str,
    severity: Severity = "error",
    fix: Fix | None = None,
) -> Finding:
    return Finding(kind, severity, message[:1].upper() + message[1:], *locate_statement(code, node), fix)


def locate_statement(code: Code, node: ast.AST) -> tuple[int, int, int]:
    """(line, column, end) of the first line of a statement."""
    line = getattr(node, "lineno", 1)
    text = code.lines.lines[line - 1] if line <= len(code.lines.lines) else ""
    column = code.lines.column(line, getattr(node, "col_offset", 0))
    return line, column, max(len(text.rstrip()) + 1, column + 1)


def _is_stub(function: Function) -> bool:
    """Whether it neither returns nor raises: an endless loop."""
    return not any(isinstance(node, ast.Raise) for node in iter_own_nodes(function))


def _is_none(value: ast.expr | None) -> bool:
    return value is None or (isinstance(value, ast.Constant) and value.value is None)


def describe_non_number(value: ast.expr | None) -> str | None:
    """What a value is, if it is clearly no score; None if it may be one."""
    if isinstance(value, ast.Constant):
        if isinstance(value.value, str):
            return "text"
        return {bytes: "bytes", complex: "a complex number", type(...): "an ellipsis"}.get(type(value.value))
    if isinstance(value, ast.IfExp):
        return describe_non_number(value.body) or describe_non_number(value.orelse)
    return next((what for kind, what in _LITERALS.items() if isinstance(value, kind)), None)


def is_never_number(value: ast.expr | None) -> bool:
    """Whether a `return` of this is no score in any case."""
    if isinstance(value, ast.IfExp):
        return is_never_number(value.body) and is_never_number(value.orelse)
    return _is_none(value) or describe_non_number(value) is not None
