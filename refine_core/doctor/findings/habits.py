"""What a reward's source does with texts, as far as it tells what its author means: reading it, never running it."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import Final

from refine_core.errors import RewardError
from refine_core.rewards.source import parse_reward

_NUMBER_TYPES: Final = frozenset(("int", "float", "Decimal", "Fraction"))
_DIGITS: Final = re.compile(r"\\d|\[[^\]]*0-9")
_COUNTS: Final = frozenset(("len", "sum", "any", "all", "bool", "min", "max"))


@dataclass(frozen=True, slots=True)
class Habits:
    """reads_numbers: a text is turned into a number, or searched for digits."""

    reads_numbers: bool = False


def read_habits(source: str) -> Habits:
    """The habits of a source; none of one that does not parse."""
    try:
        nodes = list(ast.walk(parse_reward(source)))
    except RewardError:
        return Habits()
    return Habits(
        any(_reads_number(node) if isinstance(node, ast.Call) else _seeks_digits(node) for node in nodes)
    )


def _seeks_digits(node: ast.AST) -> bool:
    """Whether this is the text of a pattern with digits in it."""
    return (
        isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and _DIGITS.search(node.value) is not None
    )


def _reads_number(call: ast.Call) -> bool:
    """Whether this makes a number of something that is neither a comparison nor a count."""
    function = call.func
    name = function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")
    if name not in _NUMBER_TYPES or not call.args:
        return False
    of = call.args[0]
    if isinstance(of, ast.Compare | ast.BoolOp | ast.Constant | ast.BinOp):
        return False
    if isinstance(of, ast.UnaryOp) and isinstance(of.op, ast.Not):
        return False
    return not (isinstance(of, ast.Call) and isinstance(of.func, ast.Name) and of.func.id in _COUNTS)
