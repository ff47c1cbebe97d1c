"""How much a name counts in what is returned, so that what it loses is said in points of the score.

    return 0.7 * right + 0.2 * parts["short"] - long / 10      right 0.7, short 0.2, long -0.1

Known where the return is a sum in which the name stands once, alone or times a constant; inside anything else it is not.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

from refine_core.xray.elements import elements_of
from refine_core.xray.source_map import iter_own

_TRANSPARENT: Final = frozenset(("round", "float", "Score"))


def find_weights(returned: Iterable[ast.expr]) -> dict[str, float]:
    """Name -> its weight, of names that count alike in all that is returned. returned: expressions whose value is a score."""
    found: dict[str, float] = {}
    unknown: set[str] = set()
    for whole in returned:
        for one in elements_of(whole):
            weights, others = _read_sum(_open(one))
            unknown |= others | {
                name for name, weight in weights.items() if found.get(name, weight) != weight
            }
            found |= weights
    return {name: weight for name, weight in found.items() if name not in unknown}


def weighted_name(node: ast.expr) -> tuple[str, float] | None:
    """The name and the weight of one addend, such as 0.7 * right; None for any other."""
    name = _name_of(node)
    if name is not None:
        return name, 1.0
    if not isinstance(node, ast.BinOp):
        return None
    left, right = _constant(node.left), _constant(node.right)
    match node.op:
        case ast.Mult() if left is not None and (name := _name_of(node.right)) is not None:
            return name, left
        case ast.Mult() if right is not None and (name := _name_of(node.left)) is not None:
            return name, right
        case ast.Div() if right and (name := _name_of(node.left)) is not None:
            return name, 1 / right
        case _:
            return None


def _open(node: ast.expr) -> ast.expr:
    """What is rounded, or wrapped with a reason."""
    while (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in _TRANSPARENT
        and node.args
    ):
        node = node.args[0]
    return node


def _read_sum(node: ast.expr) -> tuple[dict[str, float], set[str]]:
    """Weights of the names that are added up, and names that stand anywhere else in it."""
    weights: dict[str, float] = {}
    read: Counter[str] = Counter()
    for sign, one in _addends(node, 1.0):
        pair = weighted_name(one)
        if pair is not None:
            read[pair[0]] += 1
            weights[pair[0]] = sign * pair[1]
        else:
            read.update({name: 2 for inner in iter_own(one) if (name := _name_of(inner)) is not None})
    return weights, {name for name, count in read.items() if count > 1}


def _addends(node: ast.expr, sign: float) -> Iterator[tuple[float, ast.expr]]:
    while isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub)):
        yield (sign if isinstance(node.op, ast.Add) else -sign), node.right
        node = node.left
    yield sign, node


def _name_of(node: ast.AST) -> str | None:
    """A name, or the key of parts["short"]."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Subscript(value=ast.Name(), slice=ast.Constant(value=str(key))):
            return key
        case _:
            return None


def _constant(node: ast.expr) -> float | None:
    match node:
        case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
            return float(value)
        case _:
            return None
