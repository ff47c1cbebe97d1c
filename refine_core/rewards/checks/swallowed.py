"""Handlers that catch everything and say nothing: a misspelt name then looks like a bad output."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from refine_core.rewards.checks.code import Code, get_called_name
from refine_core.rewards.checks.finding import Finding, Fix

_ALL = frozenset(("Exception", "BaseException"))
_MISTAKES = frozenset(("NameError", "AttributeError", "UnboundLocalError", "ImportError"))
_RAISES: Mapping[str, str] = {
    "float": "ValueError",
    "int": "ValueError",
    "loads": "ValueError",
    "strptime": "ValueError",
}
"""What can be caught instead, where a `try` does nothing else that fails."""
_SAFE = frozenset(("strip", "lower", "replace", "split", "str", "len", "group"))


def check_swallowed(code: Code) -> Iterator[Finding]:
    """Each handler that catches every error, and neither raises, prints nor uses it."""
    for node in code.select(ast.Try, ast.TryStar, ast.With):
        if isinstance(node, (ast.Try, ast.TryStar)):
            for handler in node.handlers:
                caught = _list_caught(handler)
                if (caught & _ALL or handler.type is None) and not _is_used(handler):
                    yield _report(code, node, handler)
        elif isinstance(node, ast.With):
            for item in node.items:
                call = item.context_expr
                if isinstance(call, ast.Call) and get_called_name(call) == "suppress":
                    names = {one.id for one in call.args if isinstance(one, ast.Name)}
                    if names & _ALL:
                        line, column, end, _ = code.lines.locate_text(call)
                        yield Finding("swallowed", "note", _describe(), line, column, end, subject="suppress")


def _list_caught(handler: ast.ExceptHandler) -> set[str]:
    return {one.id for one in ast.walk(handler.type) if isinstance(one, ast.Name)} if handler.type else set()


def _is_used(handler: ast.ExceptHandler) -> bool:
    """Whether the error is raised again, named, or written somewhere."""
    for statement in handler.body:
        for node in ast.walk(statement):
            if isinstance(node, ast.Raise) or (isinstance(node, ast.Name) and node.id == handler.name):
                return True
            if get_called_name(node) in {"print", "exception", "print_exc", "format_exc", "exc_info"}:
                return True
            if isinstance(node, ast.Attribute) and node.attr in {
                "error",
                "warning",
                "info",
                "debug",
                "exception",
            }:
                return True
    return False


def _describe() -> str:
    return "This catches every error, a misspelt name too, so a bug scores like a bad output. Catch only the errors that you expect."


def _report(code: Code, node: ast.Try | ast.TryStar, handler: ast.ExceptHandler) -> Finding:
    line = handler.lineno
    column = code.lines.column(line, handler.col_offset)
    text = code.lines.lines[line - 1]
    header = text[column - 1 :]
    end = column + len(header.partition(":")[0])
    instead = _find_expected(node)
    fix = None
    if instead and handler.type is None and header.startswith("except:"):
        fix = Fix(f"Catch {instead}", line, column, column + len("except"), f"except {instead}")
    elif instead and isinstance(handler.type, ast.Name):
        start = code.lines.column(line, handler.type.col_offset)
        fix = Fix(f"Catch {instead}", line, start, start + len(handler.type.id), instead)
    return Finding("swallowed", "note", _describe(), line, column, end, fix, "except")


def _find_expected(node: ast.Try | ast.TryStar) -> str:
    """The error to expect, where one call can raise it and all the others are harmless; else ""."""
    calls = [one for statement in node.body for one in ast.walk(statement) if isinstance(one, ast.Call)]
    names = {get_called_name(one) for one in calls}
    expected = {_RAISES[name] for name in names if name in _RAISES}
    risky = any(
        isinstance(one, (ast.Subscript, ast.BinOp, ast.Await))
        for statement in node.body
        for one in ast.walk(statement)
    )
    return expected.pop() if len(expected) == 1 and names <= _RAISES.keys() | _SAFE and not risky else ""
