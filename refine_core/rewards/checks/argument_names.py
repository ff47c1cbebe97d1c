"""The names under which a reward knows its two arguments: plain aliases (`p = pred`), and parameters of helpers."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field

from refine_core.rewards.checks.code import Code, Function, iter_own_nodes, list_positional

_CHANGES = {"update", "setdefault", "__setitem__", "__setattr__", "pop", "popitem", "clear"}


@dataclass(slots=True)
class Argument:
    """One of the two arguments of a reward. names: what it is called, as (function, name) pairs."""

    word: str
    fields: Mapping[str, object]
    by_attribute: bool
    names: set[tuple[ast.AST, str]] = field(default_factory=set)
    added: set[str] = field(default_factory=set)


def follow_aliases(code: Code, argument: Argument, function: Function, name: str) -> bool:
    """Collect every name of an argument in `argument.names`; False if one of them may be something else, or changed."""
    pending = [(function, name)]
    while pending:
        scope, alias = pending.pop()
        if (scope, alias) in argument.names:
            continue
        if _is_rebound(scope, alias):
            return False
        argument.names.add((scope, alias))
        for node in ast.walk(scope):
            if isinstance(node, ast.Assign) and is_one_of(code, node.value, {(scope, alias)}):
                for target in node.targets:
                    if not isinstance(target, ast.Name):
                        continue
                    if _times_bound(scope, target.id) > 1:
                        return False
                    pending.append((scope, target.id))
            elif isinstance(node, ast.Call):
                pending.extend(_helper_parameters(code, node, scope, alias))
    return not _is_changed(code, argument)


def _helper_parameters(code: Code, call: ast.Call, scope: Function, name: str) -> list[tuple[Function, str]]:
    """The parameters of a helper of this source to which the call passes the name."""
    if not isinstance(call.func, ast.Name) or any(isinstance(a, ast.Starred) for a in call.args):
        return []
    helper = code.helpers.get(call.func.id)
    if helper is None:
        return []
    names = list_positional(helper)
    return [
        (helper, names[i])
        for i, argument in enumerate(call.args)
        if i < len(names) and is_one_of(code, argument, {(scope, name)})
    ]


def is_one_of(code: Code, node: ast.AST | None, names: set[tuple[ast.AST, str]]) -> bool:
    """Whether a node is one of these names, and no name of an inner scope that only looks the same."""
    if not isinstance(node, ast.Name):
        return False
    if not any(name == node.id for _, name in names):
        return False
    inner = node
    for scope in code.around(inner):
        if (scope, node.id) in names:
            return True
        if isinstance(scope, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            bound = {a.arg for a in ast.walk(scope.args) if isinstance(a, ast.arg)}
            if node.id in bound or _times_bound(scope, node.id):
                return False
        elif isinstance(scope, (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)) and any(
            isinstance(n, ast.Name) and n.id == node.id
            for generator in scope.generators
            for n in ast.walk(generator.target)
        ):
            return False
    return False


def _times_bound(scope: ast.AST, name: str) -> int:
    return sum(
        (isinstance(n, ast.Name) and n.id == name and not isinstance(n.ctx, ast.Load))
        or (isinstance(n, (ast.MatchAs, ast.MatchStar, ast.ExceptHandler)) and n.name == name)
        or (isinstance(n, (ast.FunctionDef, ast.ClassDef)) and n.name == name)
        or (isinstance(n, ast.alias) and (n.asname or n.name) == name)
        for n in iter_own_nodes(scope)
    )


def _is_rebound(scope: Function, name: str) -> bool:
    parameters = {a.arg for a in ast.walk(scope.args) if isinstance(a, ast.arg)}
    return _times_bound(scope, name) > (0 if name in parameters else 1)


def _is_changed(code: Code, argument: Argument) -> bool:
    """Record the fields that the reward adds by name. True if it changes the argument in a way that cannot be followed."""
    for node in code.nodes:
        match node:
            case ast.Attribute(value=value, attr=attr, ctx=ast.Store()) if is_one_of(
                code, value, argument.names
            ):
                argument.added.add(attr)
            case ast.Subscript(value=value, slice=key, ctx=ast.Store()) if is_one_of(
                code, value, argument.names
            ):
                if not (isinstance(key, ast.Constant) and isinstance(key.value, str)):
                    return True
                argument.added.add(key.value)
            case ast.Attribute(value=value, attr=attr) if attr in _CHANGES and is_one_of(
                code, value, argument.names
            ):
                return True
            case ast.AugAssign(target=target) if is_one_of(code, target, argument.names):
                return True
            case ast.Call(func=ast.Name(id="setattr" | "vars"), args=[first, *_]) if is_one_of(
                code, first, argument.names
            ):
                return True
            case _:
                pass
    return False
