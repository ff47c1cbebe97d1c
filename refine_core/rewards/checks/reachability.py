"""Whether every call of a function reaches a node of it, whatever the program returned.

Conditions that depend on the inputs alone do not matter: the inputs are the same in every attempt of a run.
"""

from __future__ import annotations

import ast
import builtins
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from refine_core.rewards.checks.code import Code, Function, Scope, iter_own_nodes

_COMPREHENSION = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
# Evaluating one of these raises nothing that depends on a value, but for a name or a field that is missing.
_HARMLESS = (ast.Name, ast.Attribute, ast.Constant, ast.expr_context, ast.Assign, ast.AnnAssign, ast.Pass)
_BUILTINS = frozenset(dir(builtins)) - {
    "__import__", "compile", "eval", "exec", "globals", "id", "input", "locals", "vars",
}  # fmt: skip
_MOST_NODES = 4_000  # of a function whose own names are followed
_CHANCE = {"choice", "now", "random", "sample", "secrets", "shuffle", "time", "today", "uuid", "uuid4"}


@dataclass(frozen=True, slots=True)
class ControlFlow:
    """One function of a reward. steady: the names in it whose value is the same in every attempt."""

    code: Code
    function: Function
    steady: frozenset[str]

    @classmethod
    def of(
        cls, code: Code, function: Function, steady_parameters: frozenset[str] = frozenset()
    ) -> ControlFlow:
        """steady_parameters: the parameters that are the same in every attempt."""
        stored, changed = _count_bindings(function), _changed_names(function)
        parameters = {one.arg for one in ast.walk(function) if isinstance(one, ast.arg)}
        names = set((_BUILTINS | _constant_names(code.tree)) - parameters - stored.keys())
        names |= {name for name in steady_parameters if name not in changed and name not in stored}
        if sum(1 for _ in ast.walk(function)) > _MOST_NODES:
            return cls(code, function, frozenset(names))
        for node in iter_own_nodes(function):  # in their order, so that one may be made of those before it
            match node:
                case ast.Import() | ast.ImportFrom():
                    names |= {name for name in _imported_names([node]) if stored[name] == 0}
                case ast.Assign(targets=[ast.Name(id=name)], value=value) if (
                    stored[name] == 1
                    and name not in changed
                    and name not in parameters
                    and (so_far := cls(code, function, frozenset(names))).is_steady(value)
                    and so_far.reaches(node)
                ):
                    names.add(name)
                case _:
                    pass
        return cls(code, function, frozenset(names))

    def is_steady(self, node: ast.AST) -> bool:
        """Whether a node has the same value in every attempt: it reads only inputs, constants and what is imported."""
        for one in ast.walk(node):
            if isinstance(one, ast.Name) and (one.id not in self.steady or one.id in _CHANCE):
                return False
            if isinstance(one, ast.Attribute) and one.attr in _CHANCE:
                return False
            if isinstance(one, (ast.Lambda, _COMPREHENSION, ast.NamedExpr, ast.Yield, ast.Await)):
                return False
        return True

    def reaches(self, node: ast.AST) -> bool:
        """Whether every call reaches `node`, unless it fails before."""
        inside = node
        for around in self.code.around(node):
            if isinstance(inside, ast.stmt) and any(map(self._may_leave, _statements_before(around, inside))):
                return False
            if around is self.function:
                return True
            if not self._always_enters(around, inside, node):
                return False
            inside = around
        return False

    def is_rebound(self, name: str, field: str) -> bool:
        """Whether the function assigns to a name, or to this field of any object."""
        return any(
            (isinstance(one, ast.Name) and one.id == name and not isinstance(one.ctx, ast.Load))
            or (isinstance(one, ast.Attribute) and one.attr == field and not isinstance(one.ctx, ast.Load))
            for one in ast.walk(self.function)
        )

    def _always_enters(self, around: ast.AST, inside: ast.AST, node: ast.AST) -> bool:
        """Whether `around`, once it has begun, always evaluates its part `inside`."""
        match around:
            case ast.If(test=test) | ast.IfExp(test=test):
                return inside is test or self.is_steady(test)
            case ast.While(test=begun) | ast.For(iter=begun):
                return inside is begun or self.is_steady(begun)
            case ast.BoolOp(values=values):
                return all(map(self.is_steady, values[: values.index(inside)]))  # type: ignore[arg-type]
            case ast.Compare(left=left, comparators=[second, *_]):
                return inside in (left, second)
            case ast.Try(handlers=[_, *_]):
                return inside in around.finalbody or (
                    inside in around.body and _comes_first(around.body, node)
                )
            case ast.With(items=items, body=body):
                return inside in items or (inside in body and "suppress" not in ast.unparse(items[0]))
            case ast.Match(subject=subject, cases=cases):
                return inside is subject or (
                    self.is_steady(subject) and all(case.guard is None for case in cases)
                )
            case ast.Assert(test=test):
                return inside is test
            case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                first = around.generators[0]
                return inside is first or (
                    len(around.generators) == 1 and not first.ifs and self.is_steady(first.iter)
                )
            case ast.comprehension(iter=begun):
                return inside is begun
            case ast.TryStar() | ast.ExceptHandler() | ast.AsyncFor() | ast.AsyncWith():
                return False
            case _:
                return not isinstance(around, Scope)

    def _may_leave(self, statement: ast.AST) -> bool:
        """Whether a statement that was passed may return, or leave the loop around it, in another attempt."""
        match statement:
            case ast.Return() | ast.Break() | ast.Continue():
                return False
            case ast.If(test=test, body=body, orelse=orelse) if self.is_steady(test):
                return any(map(self._may_leave, (*body, *orelse)))
            case _:
                return _leaves(statement)


def _statements_before(around: ast.AST, statement: ast.stmt) -> list[ast.stmt]:
    """The statements of its block that come before it."""
    for _, block in ast.iter_fields(around):
        if isinstance(block, list) and statement in block:
            return block[: block.index(statement)]
    return []


def _own_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """A node and those in it, without what is inside a function or a class."""
    pending = [node]
    while pending:
        one = pending.pop()
        if not isinstance(one, Scope):
            yield one
            pending.extend(ast.iter_child_nodes(one))


def _leaves(node: ast.AST) -> bool:
    """Whether it contains a `return`, or a `break` or `continue` of a loop outside it."""
    if any(isinstance(one, ast.Return) for one in _own_nodes(node)):
        return True
    inner = {
        one for loop in _own_nodes(node) if isinstance(loop, (ast.For, ast.While)) for one in _own_nodes(loop)
    }
    return any(isinstance(one, (ast.Break, ast.Continue)) and one not in inner for one in _own_nodes(node))


def _comes_first(body: list[ast.stmt], node: ast.AST) -> bool:
    """Whether nothing that a handler may catch is evaluated before `node`."""
    for one in (one for statement in body for one in _in_order(statement)):
        if one is node:
            return True
        if not isinstance(one, _HARMLESS):
            return False
    return False


def _in_order(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes as they are evaluated: the parts of one before itself."""
    for child in ast.iter_child_nodes(node):
        yield from _in_order(child)
    yield node


def _count_bindings(function: Function) -> Counter[str]:
    """How often the function binds each name, parameters excluded."""
    counts: Counter[str] = Counter()
    for one in ast.walk(function):
        match one:
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
                counts[name] += 1
            case (
                ast.MatchAs(name=str(name))
                | ast.MatchStar(name=str(name))
                | ast.ExceptHandler(name=str(name))
            ):
                counts[name] += 1
            case _:
                pass
    return counts


def _changed_names(function: Function) -> set[str]:
    """The names of what may be changed in place."""
    names: set[str] = set()
    for one in ast.walk(function):
        match one:
            case ast.Subscript(value=ast.Name(id=owner), ctx=ast.Store() | ast.Del()):
                names.add(owner)
            case ast.Attribute(value=ast.Name(id=owner), attr=method) if method in _CHANGES:
                names.add(owner)
            case _:
                pass
    return names


_CHANGES = {
    "add", "append", "clear", "discard", "extend", "insert", "pop", "popitem", "remove", "setdefault", "sort", "update",
}  # fmt: skip


def _constant_names(tree: ast.Module) -> frozenset[str]:
    """Names of modules, of what is imported from them, and of plain constants at the top level."""
    names = _imported_names(tree.body)
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant()):
                names.add(name)
            case _:
                pass
    stored = Counter(n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store))
    return frozenset(name for name in names if stored[name] <= 1)


def _imported_names(nodes: Sequence[ast.AST]) -> set[str]:
    """The names that imports among these bind, sources of randomness excluded."""
    imported: set[str] = set()
    for node in nodes:
        match node:
            case ast.Import(names=names):
                imported |= {
                    one.asname or one.name.partition(".")[0] for one in names if one.name not in _CHANCE
                }
            case ast.ImportFrom(module=module, names=names) if module not in _CHANCE:
                imported |= {one.asname or one.name for one in names if one.name not in _CHANCE}
            case _:
                pass
    return imported
