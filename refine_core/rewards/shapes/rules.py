"""From the names of a callable's parameters, and its decorators, to its shape. The first rule that matches wins.

Never by the number of parameters. A function called `grade` or `get_assert` is an OpenAI grader, or a promptfoo assertion,
if no rule knows its parameters.
"""

from __future__ import annotations

import ast
from collections.abc import Callable as Rule
from dataclasses import dataclass

from refine_core.rewards.shapes.callables import Callable
from refine_core.rewards.shapes.types import Per, Shape

INPUT_WORDS = frozenset(("args", "arg", "inputs", "kwargs", "inp", "in_"))
_VERIFIERS = frozenset(("state", "task", "info", "parser", "trace"))
_VERIFIERS_GROUP = frozenset(("states", "answers", "infos"))
_VERIFIERS_PLURALS = _VERIFIERS_GROUP | {"completions", "prompts", "tasks"}
_VERL_LISTS = frozenset(("solution_strs", "ground_truths", "data_sources"))
_TWO = 2


@dataclass(frozen=True, slots=True)
class Match:
    """A shape, and what one call of it scores."""

    shape: Shape
    per: Per = "row"


def find_shape(one: Callable) -> Match | None:
    """The shape of a callable by its parameters and decorators; None where they tell none."""
    for rule in _RULES:
        if match := rule(one, frozenset(one.parameters)):
            return match
    return None


def find_listed(one: Callable) -> Match:
    """The shape of a function that the source hands to a rubric of verifiers, whatever its parameters: plurals take a group."""
    return Match("verifiers", "group" if frozenset(one.parameters) & _VERIFIERS_PLURALS else "row")


def _gepa(_one: Callable, names: frozenset[str]) -> Match | None:
    return Match("gepa") if {"pred_name", "pred_trace"} <= names else None


def _verl(_one: Callable, names: frozenset[str]) -> Match | None:
    if len(_VERL_LISTS & names) >= _TWO:
        return Match("verl", "batch")
    known = "ground_truth" in names and bool(names & {"solution_str", "data_source"})
    return Match("verl") if known or {"data_source", "solution_str"} <= names else None


def _openai(_one: Callable, names: frozenset[str]) -> Match | None:
    return Match("openai") if {"sample", "item"} <= names else None


def _promptfoo(one: Callable, names: frozenset[str]) -> Match | None:
    only = {"output", "context"} <= names and one.required <= {"output", "context"}
    return Match("promptfoo") if only else None


def _lists(_one: Callable, names: frozenset[str]) -> Match | None:
    if names & {"completions", "completion_ids", "completions_ids"}:
        return Match("verifiers", "group") if names & _VERIFIERS_GROUP else Match("trl", "batch")
    queries = "queries" in names and names & {"labels", "prompts"}
    return Match("openrlhf", "batch") if queries else None


def _verifiers(one: Callable, names: frozenset[str]) -> Match | None:
    if "completion" in names:
        return Match("verifiers")
    if _is_inspect(one):
        return None
    return Match("verifiers") if len(names & _VERIFIERS) >= _TWO else None


def _evaluators(one: Callable, names: frozenset[str]) -> Match | None:
    if "reference_outputs" in names or {"run", "example"} <= names:
        return Match("langsmith")
    if "expected_output" in names and "actual_output" not in names:
        return Match("langfuse")
    if "expectations" in names or ("scorer" in one.decorators and names & {"inputs", "outputs", "trace"}):
        return Match("mlflow")
    if {"output", "expected"} <= names:
        return Match("braintrust")
    return Match("by_name") if names & {"output", "outputs"} else None


def _with_prediction(one: Callable, _names: frozenset[str]) -> Match | None:
    if len(one.parameters) < _TWO:
        return None
    first, second = one.parameters[0].lower(), one.parameters[1].lower()
    if not second.startswith("pred"):
        return None
    return (
        Match("dspy") if first in {"example", "gold"} else Match("refine") if first in INPUT_WORDS else None
    )


def _classes(one: Callable, names: frozenset[str]) -> Match | None:
    if _is_inspect(one):
        return Match("inspect")
    measures = isinstance(one.node, (ast.FunctionDef, ast.AsyncFunctionDef)) and one.node.name == "measure"
    return Match("deepeval") if measures and "test_case" in names else None


def _by_function_name(one: Callable, _names: frozenset[str]) -> Match | None:
    return (
        Match("openai") if one.name == "grade" else Match("promptfoo") if one.name == "get_assert" else None
    )


def _is_inspect(one: Callable) -> bool:
    return {"state", "target"} <= set(one.parameters) or (
        "scorer" in one.decorators and one.access[1:] == ("()",)
    )


_RULES: tuple[Rule[[Callable, frozenset[str]], Match | None], ...] = (
    _gepa,
    _verl,
    _openai,
    _promptfoo,
    _lists,
    _verifiers,
    _evaluators,
    _with_prediction,
    _classes,
    _by_function_name,
)
