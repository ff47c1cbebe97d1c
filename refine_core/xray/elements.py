"""What a list of scores is made of: the number of one row, where a function gives a list.

    return [2.0 if said in gold else 0.0 for …]      the element
    scores.append(0.5 * ok)      rewards.extend(…)   the argument
    rewards[i] += 0.5                                 the value

And which names go into a number: those of what is added and multiplied, not those of what is compared or counted.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from refine_core.xray.source_map import iter_statements

_ADDERS: Final = frozenset(("append", "extend", "add", "insert", "update"))
_LISTS: Final = frozenset(("list", "tuple"))


def elements_of(node: ast.expr) -> tuple[ast.expr, ...]:
    """The expressions that the members of a list are made by; of anything else, the expression itself."""
    if isinstance(node, (ast.ListComp, ast.GeneratorExp)):
        return elements_of(node.elt)
    if isinstance(node, (ast.List, ast.Tuple)):
        return tuple(node.elts)
    if (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in _LISTS
        and node.args
    ):
        return elements_of(node.args[0])
    return (node,)


def added_to(node: ast.stmt) -> tuple[str, tuple[ast.expr, ...]] | None:
    """The name of a list or dict that a statement adds to, and what it adds."""
    if not isinstance(node, ast.Expr) or not isinstance(node.value, ast.Call):
        return None
    call = node.value
    function = call.func
    if (
        not isinstance(function, ast.Attribute)
        or function.attr not in _ADDERS
        or not isinstance(function.value, ast.Name)
        or not (call.args or call.keywords)
    ):
        return None
    added: tuple[ast.expr, ...] = tuple(call.args[-1:])
    if function.attr == "extend":
        added = tuple(one for argument in added for one in elements_of(argument))
    return function.value.id, added


def carried_names(node: ast.AST) -> Iterator[str]:
    """The names whose numbers go into an expression."""
    if isinstance(node, ast.Name):
        yield node.id
    elif isinstance(node, ast.IfExp):
        yield from carried_names(node.body)
        yield from carried_names(node.orelse)
    elif isinstance(node, (ast.ListComp, ast.GeneratorExp)):
        yield from carried_names(node.elt)
        for one in node.generators:
            yield from carried_names(one.iter)
    elif isinstance(node, ast.Call):
        if isinstance(node.func, ast.Attribute) and not isinstance(node.func.value, ast.Constant):
            yield from carried_names(node.func.value)  # parts.values()
        for argument in (*node.args, *(one.value for one in node.keywords)):
            yield from carried_names(argument)
    elif not isinstance(node, (ast.Compare, ast.Lambda, ast.JoinedStr)):
        for child in ast.iter_child_nodes(node):
            yield from carried_names(child)


def score_names(body: list[ast.stmt], returns: list[ast.Return]) -> tuple[set[str], set[str]]:
    """The names that go into what is returned; and of them, those that are returned as they are."""
    names = {name for one in returns if one.value is not None for name in carried_names(one.value)}
    whole = {one.value.id for one in returns if isinstance(one.value, ast.Name)}
    statements = list(iter_statements(body))
    while True:
        more = {
            name
            for one in statements
            if (found := added_to(one)) is not None and found[0] in names
            for added in found[1]
            if not isinstance(added, ast.Call)
            for name in carried_names(added)
        }
        if more <= names:
            return names, whole
        names |= more
