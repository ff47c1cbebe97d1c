"""The check of a validator as typed: an expression, or a function, of the arguments that the reward gets. Nothing here runs it.

    "len(pred.answer) < 20"                     an expression over args and pred, or a lambda
    "def check(args, pred): return …"           a function

It runs where the reward runs, and may use whatever the reward's source binds at its top level.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass

from refine_core.errors import RewardError
from refine_core.python_parser import parse_quietly

EXPRESSION = "rule_"  # the function that an expression becomes
_EXAMPLE = "len(pred.answer) < 20"


@dataclass(frozen=True, slots=True)
class Rule:
    """A check as it is run. name: the validator's. source: Python text. function: which of its names is called with (args, pred)."""

    name: str
    source: str
    function: str

    @property
    def first_line(self) -> int:
        """The line of `source`, from 1, on which the typed text begins."""
        return 2 if self.function == EXPRESSION else 1


def read_rule(name: str, check: str) -> Rule:
    """The check of the validator `name`. Raises RewardError, with line and column where they are known, for text that is none."""
    text = check.strip()
    if not text:
        raise RewardError(f"write a check, such as {_EXAMPLE}", type_name="NoReward")
    try:
        if (expression := _as_expression(text)) is not None:
            return Rule(name, expression, EXPRESSION)
        tree = parse_quietly(check, "rule.py")
    except SyntaxError as error:
        raise RewardError(
            f"SyntaxError: {error.msg}", type_name="SyntaxError", line=error.lineno, column=error.offset
        ) from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise RewardError(f"SyntaxError: {error or 'too deeply nested'}", type_name="SyntaxError") from None
    return Rule(name, check, _find_function(tree))


def _as_expression(text: str) -> str | None:
    """The source of a function that returns what the expression says; None for other text."""
    try:
        tree = parse_quietly(f"(\n{text}\n)", "rule.py").body  # as it is run: it may span lines
    except SyntaxError:
        return None
    match tree:
        case [ast.Expr(value=ast.Lambda())]:
            opening = ""
        case [ast.Expr()]:
            opening = "lambda args, pred: "
        case _:
            return None
    return f"{EXPRESSION} = {opening}(\n{text}\n)\n"


def _find_function(tree: ast.Module) -> str:
    functions = [one.name for one in tree.body if isinstance(one, ast.FunctionDef)]
    if "check" in functions or len(functions) == 1:
        return "check" if "check" in functions else functions[0]
    what = (
        "several functions; call the one that checks: check"
        if functions
        else "neither an expression nor a function"
    )
    raise RewardError(
        f"this is {what}. Write, for example, {_EXAMPLE}, or def check(args, pred): return True",
        type_name="ManyRewards" if functions else "NoReward",
    )
