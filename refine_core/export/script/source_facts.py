"""What has to be known of a reward's source to put it into a script: the names that it binds, its imports, whether linters like it."""

from __future__ import annotations

import ast
import builtins
import itertools
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from refine_core.errors import Problem, SpecError
from refine_core.python_parser import parse_quietly

_KNOWN: Final = frozenset((*dir(builtins), "__name__", "__file__", "Score", "judge"))


@dataclass(frozen=True, slots=True)
class SourceFacts:
    """imports: the import statements at its top, a line each, in the order in which they come. body: the source without these.

    names: what it binds at its top level. used: every name that it reads. is_plain: whether a linter will find nothing in it.
    begins_with_definition: whether a function or a class is the first thing in `body`.
    """

    imports: tuple[str, ...]
    body: str
    names: frozenset[str]
    used: frozenset[str]
    is_plain: bool
    tree: ast.Module
    begins_with_definition: bool


def read_source(source: str) -> SourceFacts:
    """Raises SpecError for a source that is no Python."""
    source = source.replace("\r\n", "\n").replace("\r", "\n")
    try:
        tree = parse_quietly(source, "reward.py")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise SpecError([Problem("reward", f"the reward is no Python that can be read: {error}")]) from None
    leading = _leading_imports(tree)
    lines = source.split("\n")
    for node in leading:
        for number in range(node.lineno - 1, (node.end_lineno or node.lineno)):
            lines[number] = ""
    body = "\n".join(lines).strip("\n")
    imports = tuple(ast.unparse(node) for node in leading)
    rest = ast.Module([node for node in tree.body if node not in leading], [])
    first = rest.body[0] if rest.body else None
    return SourceFacts(
        imports,
        body,
        frozenset(_bound(tree)),
        frozenset(_loaded(tree)),
        _is_plain(tree, rest, leading, source),
        tree,
        isinstance(first, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef),
    )


def _leading_imports(tree: ast.Module) -> list[ast.stmt]:
    """Imports at the top, each on lines of its own; those of __future__ must be at the top of the script, too."""
    found: list[ast.stmt] = []
    taken = 0
    for node in tree.body:
        is_import = isinstance(node, ast.Import | ast.ImportFrom)
        if not is_import or node.lineno <= taken or any(a.name == "*" for a in node.names):  # type: ignore[attr-defined]
            break
        taken = node.end_lineno or node.lineno
        found.append(node)
    after = tree.body[len(found)].lineno if len(found) < len(tree.body) else taken + 1
    if found and after <= taken:
        found.pop()
    return found


def _bound(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.Name(id=name, ctx=ast.Store()):
                yield name
            case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                yield from ((alias.asname or alias.name).partition(".")[0] for alias in aliases)


def _loaded(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            yield node.id


def _is_simple_import(node: ast.stmt) -> bool:
    """Whether it stays as it is, and where it is, when imports are sorted."""
    match node:
        case (
            ast.Import(names=[ast.alias(name=name, asname=None)])
            | ast.ImportFrom(names=[ast.alias()], module=str(name), level=0)
        ):
            return name.partition(".")[0] in sys.stdlib_module_names
    return False


def _is_plain(tree: ast.Module, rest: ast.Module, leading: Sequence[ast.stmt], source: str) -> bool:
    """Whether nothing in it breaks a default rule of ruff; where in doubt, False."""
    loaded = set(_loaded(tree))
    stored = [
        node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    ]
    imported = [
        (alias.asname or alias.name).partition(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    ]
    arguments = {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    defined = [
        n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    ]
    bound = {*stored, *imported, *arguments, *defined}
    return (
        ";" not in source
        and "\t" not in source
        and loaded <= bound | _KNOWN
        and set(stored) | set(imported) <= loaded
        and len({*imported, *defined}) == len([*imported, *defined])
        and not bound & {"l", "O", "I"}
        and not any(isinstance(node, ast.Import | ast.ImportFrom) for node in rest.body)
        and all(map(_is_simple_import, leading))
        and _each_on_its_line(tree)
        and not any(map(_is_doubtful, ast.walk(tree)))
    )


def _each_on_its_line(tree: ast.Module) -> bool:
    for node in ast.walk(tree):
        for name in ("body", "orelse", "finalbody"):
            block = getattr(node, name, None)
            if not isinstance(block, list):
                continue
            lines = [getattr(node, "lineno", 0), *(one.lineno for one in block)]
            if any(a >= b for a, b in itertools.pairwise(lines)):
                return False
    return True


def _is_doubtful(node: ast.AST) -> bool:
    match node:
        case (
            ast.Assign(value=ast.Lambda()) | ast.AnnAssign(value=ast.Lambda()) | ast.ExceptHandler(type=None)
        ):
            return True
        case (
            ast.ExceptHandler(name=str())
            | ast.Global()
            | ast.Nonlocal()
            | ast.Raise(exc=ast.Name(id="NotImplemented"))
        ):
            return True
        case (
            ast.UnaryOp(op=ast.Not(), operand=ast.Compare())
            | ast.BinOp(op=ast.Mod(), left=ast.Constant(value=str()))
        ):
            return True
        case ast.Compare():
            return _is_doubtful_comparison(node)
        case ast.JoinedStr(values=values):
            return not any(isinstance(one, ast.FormattedValue) for one in values)
        case ast.Assert(test=ast.Tuple()) | ast.If(test=ast.Tuple()) | ast.ImportFrom(module="__future__"):
            return True
        case ast.Call(func=ast.Attribute(value=ast.Constant(), attr="format")):
            return True
        case ast.Dict(keys=keys):
            texts = [ast.dump(key) for key in keys if key is not None]
            return len(set(texts)) < len(texts)
    return False


def _is_doubtful_comparison(node: ast.Compare) -> bool:
    """`== None`, `is "text"`, `type(x) == …`."""
    sides = (node.left, *node.comparators)
    equal = any(isinstance(op, ast.Eq | ast.NotEq) for op in node.ops)
    same = any(isinstance(op, ast.Is | ast.IsNot) for op in node.ops)
    constants = [one.value for one in sides if isinstance(one, ast.Constant)]
    singles = [value for value in constants if value is None or isinstance(value, bool)]
    types = [one for one in sides if isinstance(one, ast.Call) and ast.unparse(one.func) == "type"]
    return bool((equal and singles) or (same and len(singles) < len(constants)) or types)
