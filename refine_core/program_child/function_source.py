"""A function out of a Python file, with the imports, functions and constants of the file that it uses.

It is what is recorded of a reward, and what runs in the sandbox when that is tried again. The rest of the file stays where it is,
and so does a constant that looks like a key.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from refine_core.spec.secrets import SECRET_LIKE, is_secret


def collect_source(source: str, name: str) -> str:
    """The source of the function `name`, after what it uses, in the file's own order. Raises SyntaxError; ValueError if it is not there."""
    tree = ast.parse(source)
    by_name: dict[str, list[ast.stmt]] = {}
    for statement in tree.body:
        for bound in _bound_names(statement):
            by_name.setdefault(bound, []).append(statement)
    if name not in by_name:
        raise ValueError(f"the file binds no {name}")
    needed: list[ast.stmt] = []
    waiting = [*by_name[name]]
    while waiting:
        statement = waiting.pop()
        if statement in needed or _is_secret(statement, source):
            continue
        needed.append(statement)
        for used in _used_names(statement):
            waiting += by_name.get(used, [])
    lines = source.splitlines()
    parts = [(_first_line(one), one.end_lineno or one.lineno) for one in needed]
    return "\n".join("\n".join(lines[first - 1 : last]) for first, last in sorted(set(parts))) + "\n"


def _is_secret(statement: ast.stmt, source: str) -> bool:
    """Whether it is a constant that is named like a key, or looks like one."""
    if not isinstance(statement, ast.Assign | ast.AnnAssign | ast.AugAssign):
        return False
    text = ast.get_source_segment(source, statement) or ""
    return any(map(is_secret, _bound_names(statement))) or SECRET_LIKE.search(text) is not None


def _first_line(statement: ast.stmt) -> int:
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return min([statement.lineno, *(one.lineno for one in statement.decorator_list)])
    return statement.lineno


def _bound_names(statement: ast.stmt) -> Iterator[str]:
    """The names that a statement at the top level of a file binds."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield statement.name
    elif isinstance(statement, ast.Import | ast.ImportFrom):
        yield from (one.asname or one.name.partition(".")[0] for one in statement.names)
    elif isinstance(statement, ast.Assign | ast.AnnAssign | ast.AugAssign):
        yield from (
            one.id
            for one in ast.walk(statement)
            if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)
        )


def _used_names(statement: ast.stmt) -> set[str]:
    return {
        one.id for one in ast.walk(statement) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Load)
    }
