"""What recognition finds: functions with their shapes, or a question."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

Shape = Literal[
    "refine", "dspy", "gepa", "trl", "verifiers", "verl", "openrlhf", "openai", "promptfoo", "langsmith", "langfuse",
    "mlflow", "braintrust", "inspect", "deepeval", "by_name",
]  # fmt: skip
Per = Literal["row", "batch", "group"]

SHAPES: Final[Mapping[Shape, str]] = {
    "refine": "a dspy.Refine reward",
    "dspy": "a dspy metric",
    "gepa": "a GEPA metric",
    "trl": "a TRL reward",
    "verifiers": "a verifiers reward",
    "verl": "a verl reward",
    "openrlhf": "an OpenRLHF reward",
    "openai": "an OpenAI grader",
    "promptfoo": "a promptfoo assertion",
    "langsmith": "a LangSmith evaluator",
    "langfuse": "a Langfuse evaluator",
    "mlflow": "an MLflow scorer",
    "braintrust": "a Braintrust scorer",
    "inspect": "an Inspect scorer",
    "deepeval": "a DeepEval metric",
    "by_name": "an evaluator that takes its arguments by name",
}
"""Name of a shape -> what a function of it is, for sentences."""

ROLES: Final[Mapping[str, str]] = {
    "output": "output",
    "expected": "expected",
    "input": "input",
    "inputs": "all inputs, a dict",
    "outputs": "all outputs, a dict",
    "nothing": "nothing (None)",
}
"""What an argument can be told to be -> how a select shows it. A column is told as "column:NAME"."""


@dataclass(frozen=True, slots=True)
class RewardFunction:
    """A function of a source, and how it is called.

    name: as the source binds it; "Taskset.exact" for a method. line: 1-based, of its definition.
    parameters: their names in order, without `self`. required: those without a default. takes_any: whether it has **kwargs.
    by_keyword: those that can be given by keyword only. per: what one call scores.
    access: how the worker reaches it: a name of the module, then "()" for a call and ".name" for an attribute.
    arguments: parameter -> role (ROLES, or "column:NAME") where a person has said it.
    as_messages: whether the source reads outputs as chat messages. as_dicts: parameters that it reads as dicts.
    """

    name: str
    shape: Shape
    line: int
    parameters: tuple[str, ...]
    per: Per = "row"
    is_async: bool = False
    weight: float = 1.0
    required: frozenset[str] = frozenset()
    by_keyword: frozenset[str] = frozenset()
    takes_any: bool = False
    access: tuple[str, ...] = ()
    arguments: Mapping[str, str] = field(default_factory=dict)
    as_messages: bool = False
    as_dicts: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Recognized:
    """A source whose reward functions are known. functions: at least one; several are parts of one value, with weights.

    expected_names: under which further names the source seems to look for an expected value that has no name of its own.
    """

    source: str
    functions: tuple[RewardFunction, ...]
    expected_names: tuple[str, ...] = ()

    @property
    def shape(self) -> Shape:
        """The shape of all functions, of which some may take general names; "by_name" where they differ."""
        shapes = {one.shape for one in self.functions} - {"by_name"}
        return shapes.pop() if len(shapes) == 1 else "by_name"

    @property
    def per(self) -> Per:
        """What one call scores, for the function that needs most rows at once."""
        pers = [one.per for one in self.functions]
        return "group" if "group" in pers else "batch" if "batch" in pers else "row"

    @property
    def is_single(self) -> bool:
        """Whether rows are scored one by one by one function, and its value is theirs."""
        only = self.functions[0]
        return len(self.functions) == 1 and only.per == "row" and only.weight == 1.0

    def to_plan(self) -> dict[str, object]:
        """What the worker must know, as JSON data."""
        return {
            "expected_names": list(self.expected_names),
            "functions": [
                {
                    "name": one.name,
                    "shape": one.shape,
                    "parameters": list(one.parameters),
                    "required": sorted(one.required),
                    "by_keyword": sorted(one.by_keyword),
                    "takes_any": one.takes_any,
                    "per": one.per,
                    "weight": one.weight,
                    "access": list(one.access),
                    "arguments": dict(one.arguments),
                    "as_messages": one.as_messages,
                    "as_dicts": sorted(one.as_dicts),
                }
                for one in self.functions
            ],
        }


@dataclass(frozen=True, slots=True)
class ArgumentQuestion:
    """What recognition does not guess: which argument of a function is what, or which function is meant.

    function: its name. line: of its definition. parameters: those that must be told, in order.
    choices: role -> how it is shown; columns of the rows, where they are known, are among them.
    suggestions: parameter -> role that its name suggests; to be shown, never applied. candidates: other functions of the source.
    message: the question as a sentence.
    """

    function: str
    line: int
    parameters: tuple[str, ...]
    choices: Mapping[str, str]
    message: str
    suggestions: Mapping[str, str] = field(default_factory=dict)
    candidates: tuple[str, ...] = ()
