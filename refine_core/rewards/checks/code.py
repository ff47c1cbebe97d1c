"""A reward's syntax tree, and which function of it is called. Nothing here runs any of it."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeVar

from refine_core.rewards.checks.finding import Fields, Lines
from refine_core.rewards.shapes.callables import list_callables
from refine_core.rewards.shapes.types import RewardFunction, Shape

_Node = TypeVar("_Node", bound=ast.AST)
Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
Scope = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)
# Decorators that leave a function's parameters and its result as they are.
_HARMLESS = {"cache", "lru_cache", "staticmethod", "wraps"}


@dataclass(frozen=True)
class Code:
    """A reward as the checks read it.

    tree: the module. name: what is called. function: the function behind that name, or None if it cannot be determined.
    bound: whether it is a method, whose first parameter is `self`. fields: what the reward is given.
    reward: how it is called, where it was recognised; None stands for the shape `refine`.
    """

    source: str
    tree: ast.Module
    name: str
    function: Function | None
    bound: bool
    fields: Fields
    reward: RewardFunction | None = None

    @property
    def shape(self) -> Shape:
        """How it is called."""
        return self.reward.shape if self.reward is not None else "refine"

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """Every node of the source."""
        return list(ast.walk(self.tree))

    @cached_property
    def _by_type(self) -> dict[type[ast.AST], list[ast.AST]]:
        found: dict[type[ast.AST], list[ast.AST]] = {}
        for node in self.nodes:
            found.setdefault(type(node), []).append(node)
        return found

    def select(self, *types: type[_Node]) -> list[_Node]:
        """The nodes of these types, which have no subtypes."""
        return [node for one in types for node in self._by_type.get(one, ())]  # type: ignore[misc]  # by their type

    @cached_property
    def lines(self) -> Lines:
        """The source by lines."""
        return Lines(self.source)

    @cached_property
    def parents(self) -> dict[ast.AST, ast.AST]:
        """Node -> the node around it."""
        return {child: node for node in self.nodes for child in ast.iter_child_nodes(node)}

    @cached_property
    def parameters(self) -> list[str]:
        """Names of the positional parameters, without `self`."""
        return list_positional(self.function)[1 if self.bound else 0 :] if self.function else []

    @cached_property
    def helpers(self) -> dict[str, ast.FunctionDef]:
        """Name -> function, of those that the source defines once, decorates with nothing and calls in one place."""
        nodes = self.nodes
        definitions = Counter(
            n.name for n in nodes if isinstance(n, ast.FunctionDef) and not n.decorator_list
        )
        uses = Counter(n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load))
        return {
            n.name: n
            for n in nodes
            if isinstance(n, ast.FunctionDef)
            and not n.decorator_list
            and definitions[n.name] == uses[n.name] == 1
        }

    def share(self, other: Code) -> None:
        """Take what another function of the same tree has worked out about the tree."""
        shared = ("_by_type", "helpers", "lines", "nodes", "parents")
        vars(self).update({name: getattr(other, name) for name in shared})

    def around(self, node: ast.AST) -> Iterator[ast.AST]:
        """The nodes around a node, from the inside outwards."""
        parent = self.parents.get(node)
        while parent is not None:
            yield parent
            parent = self.parents.get(parent)


def list_positional(function: Function | None) -> list[str]:
    """Names of the parameters that can be given by position."""
    if function is None:
        return []
    return [one.arg for one in (*function.args.posonlyargs, *function.args.args)]


def resolve_code(source: str, tree: ast.Module, name: str, fields: Fields) -> Code:
    """Find the function that `name` is: a def, a lambda, another name of one, an instance with `__call__`."""
    function, bound = _resolve(tree, name, depth=3)
    return Code(source, tree, name, function, bound, fields)


def resolve_function(source: str, tree: ast.Module, reward: RewardFunction, fields: Fields) -> Code:
    """The same for a function that was recognised. What is called in the end counts: a factory's product, a method."""
    if reward.shape == "refine":
        return replace(resolve_code(source, tree, reward.name, fields), reward=reward)
    found = next((one for one in list_callables(tree) if one.name == reward.name), None)
    function = found.node if found is not None else None
    bound = found is not None and bool(found.owner) and list_positional(found.node)[:1] == ["self"]
    return Code(source, tree, reward.name, function, bound, fields, reward)


def iter_own_nodes(function: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a function's body, without those of functions and classes inside it."""
    body = getattr(function, "body", [])
    pending: list[ast.AST] = list(body) if isinstance(body, list) else [body]
    while pending:
        node = pending.pop(0)
        yield node
        if not isinstance(node, Scope):
            pending[:0] = ast.iter_child_nodes(node)


def _resolve(tree: ast.Module, name: str, depth: int) -> tuple[Function | None, bool]:
    bindings = list(_bindings(tree, name))
    if len(bindings) != 1 or depth == 0:
        return None, False  # bound twice, by a condition say: which of them counts is known only when it runs
    match bindings[0]:
        case ast.FunctionDef() | ast.AsyncFunctionDef() as function:
            return (function if _is_plain(function) else None), False
        case ast.Assign(value=ast.Lambda() as function) | ast.AnnAssign(value=ast.Lambda() as function):
            return function, False
        case ast.Assign(value=ast.Name(id=other)):
            return _resolve(tree, other, depth - 1)
        case ast.Assign(value=ast.Call(func=ast.Name(id=other))):
            return _find_call_method(tree, other), True
        case _:
            return None, False


def _find_call_method(tree: ast.Module, name: str) -> Function | None:
    """The `__call__` of a class of this source."""
    bindings = list(_bindings(tree, name))
    if len(bindings) != 1 or not isinstance(bindings[0], ast.ClassDef) or bindings[0].decorator_list:
        return None
    methods = [n for n in bindings[0].body if isinstance(n, ast.FunctionDef) and n.name == "__call__"]
    return methods[0] if len(methods) == 1 and not methods[0].decorator_list else None


def _is_plain(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return all(get_called_name(one) in _HARMLESS for one in function.decorator_list)


def get_called_name(node: ast.AST) -> str:
    """The last part of what a decorator or a call names: "lru_cache" of `@functools.lru_cache(maxsize=None)`."""
    if isinstance(node, ast.Call):
        node = node.func
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _bindings(tree: ast.Module, name: str) -> Iterator[ast.AST]:
    """What binds a name of the module's top level, conditions included."""
    pending: list[ast.AST] = list(tree.body)
    while pending:
        node = pending.pop(0)
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                if node.name == name:
                    yield node
                continue
            case ast.Assign(targets=targets):
                if any(isinstance(n, ast.Name) and n.id == name for t in targets for n in ast.walk(t)):
                    yield node
            case ast.AnnAssign(target=ast.Name(id=target)) if target == name:
                yield node
            case ast.AugAssign(target=ast.Name(id=target)) if target == name:
                yield node
            case ast.Import(names=names) | ast.ImportFrom(names=names):
                if any((one.asname or one.name.partition(".")[0]) == name for one in names):
                    yield node
            case _:
                pass
        if isinstance(node, ast.stmt | ast.ExceptHandler | ast.match_case):
            pending[:0] = ast.iter_child_nodes(node)
