"""A source as an X-ray reads it: its plan, its lines, and the text of each expression."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from refine_core.python_parser import parse_module
from refine_core.rewards.xray.rewrite import rewrite_tree
from refine_core.rewards.xray.sites import Plan, Site

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
_SPACE: Final = re.compile(r"\s+")
_NESTED: Final = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@dataclass(frozen=True, eq=False)
class SourceMap:
    """plan: the sites of the source, as the worker numbers them. lines: its text, line by line; line 1 is lines[0]."""

    plan: Plan
    lines: tuple[str, ...]

    def text_of(self, node: ast.AST) -> str:
        """The source of an expression, on one line."""
        line, end = getattr(node, "lineno", 0), getattr(node, "end_lineno", 0)
        if not 1 <= line <= end <= len(self.lines):
            return ""
        start_at, end_at = node.col_offset, node.end_col_offset  # type: ignore[attr-defined]  # it has lines
        parts = [one.encode() for one in self.lines[line - 1 : end]]
        parts[-1] = parts[-1][:end_at]
        parts[0] = parts[0][start_at:]
        return _SPACE.sub(" ", b"\n".join(parts).decode("utf-8", "replace")).strip()

    def sites_of(self, function: int) -> list[Site]:
        """The sites of one function."""
        return [site for site in self.plan.sites if site.function == function]


def map_source(source: str) -> SourceMap | None:
    """The map of a source; None for one that is nested too deeply, or is no Python."""
    try:
        _, plan = rewrite_tree(parse_module(source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return SourceMap(plan, tuple(source.splitlines()) or ("",))


def iter_statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Every statement of a function, in the order of the source, without those of functions and classes in it."""
    for node in body:
        yield node
        if isinstance(node, _NESTED):
            continue
        for name in ("body", "orelse", "finalbody"):
            part = getattr(node, name, None)
            if name == "orelse":
                for handler in getattr(node, "handlers", []):
                    yield from iter_statements(handler.body)
            if isinstance(part, list):
                yield from iter_statements(part)
        for case in getattr(node, "cases", []):
            yield from iter_statements(case.body)


def iter_own(node: ast.AST) -> Iterator[ast.AST]:
    """A node and what is in it, without functions and classes in it."""
    pending = [node]
    while pending:
        one = pending.pop()
        yield one
        children = reversed(list(ast.iter_child_nodes(one)))
        pending += [child for child in children if not isinstance(child, (*_NESTED, ast.Lambda))]


def body_of(function: Function) -> list[ast.stmt]:
    """The statements of a function; a lambda has none."""
    return [] if isinstance(function, ast.Lambda) else function.body


def header_end(node: ast.stmt) -> int:
    """The last line of a statement's own: of one with a body, that before it begins."""
    inner = [one for name in ("body", "cases") for one in getattr(node, name, [])]
    if isinstance(node, ast.Match):
        return node.subject.end_lineno or node.lineno
    if not inner or not isinstance(
        node,
        (ast.If, ast.For, ast.AsyncFor, ast.While, ast.Try, ast.TryStar, ast.With, ast.AsyncWith, *_NESTED),
    ):
        return node.end_lineno or node.lineno
    first: int = inner[0].lineno
    return max(node.lineno, first - 1)
