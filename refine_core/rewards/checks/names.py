"""Names that nothing in the source binds: a NameError wherever they are reached."""

from __future__ import annotations

import ast
import builtins
import sys
from collections.abc import Iterator

from refine_core.rewards.checks.code import Code
from refine_core.rewards.checks.finding import Finding, Fix, find_nearest
from refine_core.rewards.shapes.absent_frameworks import list_supplied

_PREDEFINED = frozenset(dir(builtins)) | {
    "judge", "Score", "__name__", "__file__", "__doc__", "__loader__", "__package__", "__spec__", "__class__",
    "__annotations__", "__builtins__",
}  # fmt: skip
_BINDING = (
    ast.Name, ast.arg, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.alias, ast.ExceptHandler, ast.MatchAs,
    ast.MatchStar, ast.MatchMapping, ast.Global, ast.Nonlocal,
)  # fmt: skip
_HIDDEN = {"exec", "eval", "globals", "locals", "vars"}  # what binds names where reading does not see it


def check_names(code: Code) -> Iterator[Finding]:
    """Each unknown name once, at its first use."""
    nodes = code.nodes
    if any(one.name == "*" for one in code.select(ast.alias)):
        return
    loaded = [n for n in code.select(ast.Name) if isinstance(n.ctx, ast.Load)]
    bound = set().union(*map(bound_names, code.select(*_BINDING))) | list_supplied(code.shape)
    if any(n.id in _HIDDEN for n in loaded) or _catches_name_errors(nodes):
        return
    skipped = _annotations(code, nodes)
    known = bound | _PREDEFINED
    for node in sorted(loaded, key=lambda n: (n.lineno, n.col_offset)):
        if node.id not in known and node not in skipped:
            known.add(node.id)
            yield _report_unknown(code, node, bound)


def _report_unknown(code: Code, node: ast.Name, bound: set[str]) -> Finding:
    name = node.id
    line, column, end = code.lines.locate_name(node, name)
    fix = None
    if name in sys.stdlib_module_names:
        message = f"{name} is not imported."
        at = _first_line(code.tree)
        fix = Fix(f"Add import {name}", at, 1, 1, f"import {name}\n")
    else:
        close = find_nearest(name, bound, 0.75) or find_nearest(name, _PREDEFINED, 0.75)
        message = f"Nothing here is called {name!r}." + (f" Did you mean {close!r}?" if close else "")
        if close and column and end:
            fix = Fix(f"Use {close}", line, column, end, close)
    return Finding("unknown-name", "error", message, line, column, end, fix, name)


def _first_line(tree: ast.Module) -> int:
    """The line of the first statement that is neither the docstring nor a `from __future__`."""
    for node in tree.body:
        doc = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if not doc and not (isinstance(node, ast.ImportFrom) and node.module == "__future__"):
            decorators: list[ast.expr] = getattr(node, "decorator_list", [])
            return min([node.lineno, *(one.lineno for one in decorators)])
    return 1


def bound_names(node: ast.AST) -> set[str]:
    """The names that a node gives a meaning to."""
    if not isinstance(node, _BINDING):
        return set()
    match node:
        case ast.Name(id=name, ctx=ast.Store() | ast.Del()) | ast.arg(arg=name):
            return {name}
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return {name}
        case ast.alias(name=name, asname=asname):
            return {asname or name.partition(".")[0]}
        case ast.ExceptHandler(name=str() as name) | ast.MatchAs(name=str() as name):
            return {name}
        case ast.MatchStar(name=str() as name) | ast.MatchMapping(rest=str() as name):
            return {name}
        case ast.Global(names=names) | ast.Nonlocal(names=names):
            return set(names)
        case _:
            return set()


def _catches_name_errors(nodes: list[ast.AST]) -> bool:
    return any(
        isinstance(n, ast.ExceptHandler) and n.type is not None and "NameError" in ast.unparse(n.type)
        for n in nodes
    )


def _annotations(code: Code, nodes: list[ast.AST]) -> set[ast.AST]:
    """Names in annotations that are never looked up: of local variables, or all of them with the __future__ import."""
    future = any(
        isinstance(n, ast.ImportFrom)
        and n.module == "__future__"
        and any(a.name == "annotations" for a in n.names)
        for n in nodes
    )
    names: set[ast.AST] = set()
    for node in nodes:
        parts: list[ast.expr | None] = []
        if isinstance(node, ast.AnnAssign):
            local = any(isinstance(a, (ast.FunctionDef, ast.AsyncFunctionDef)) for a in code.around(node))
            parts = [node.annotation] if future or local else []
        elif future and isinstance(node, ast.arg):
            parts = [node.annotation]
        elif future and isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            parts = [node.returns]
        names.update(inner for part in parts if part is not None for inner in ast.walk(part))
    return names
