"""What each framework passes to a function of its shape, by the name of a parameter or by position.

    BY_SHAPE["trl"]["completion_ids"]        POSITIONAL["dspy"](row, plan) -> (example, prediction)

Standard library only, like everything the worker imports.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from refine_core.rewards.arguments import Columns, Example, Inputs, Prediction
from refine_core.rewards.shapes import stand_ins
from refine_core.rewards.shapes.names import EXPECTED, OUTPUT_WORDS, PROMPT_WORDS
from refine_core.rewards.shapes.row_values import MISSING, Row

Getter = Callable[[Row], Any]
"""From a row to the value of one argument; MISSING where the row has none."""
Positional = Callable[[Row, dict[str, Any]], tuple[Any, ...]]
"""(row, plan of the function) -> its arguments by position."""
_EXPECTED = frozenset(EXPECTED)


def get_main(row: Row) -> Any:
    """The main output as it was recorded."""
    return row.main


def _text(row: Row) -> Any:
    return row.text


def _expected(row: Row) -> Any:
    return row.expected_value()


def _everything(row: Row) -> Columns:
    return Columns(row.columns)


def _column(row: Row, name: str) -> Any:
    value = row.columns.get(name, MISSING)
    return row.prediction.get(name, MISSING) if value is MISSING else value


def get_column_or(name: str, rule: Getter | None) -> Getter:
    """The column of that name, or a recorded output; else what `rule` gives."""

    def get(row: Row) -> Any:
        value = _column(row, name)
        return rule(row) if value is MISSING and rule is not None else value

    return get


def get_output(name: str) -> Getter:
    """The output of that name, else the main one."""
    return lambda row: row.prediction[name] if name in row.prediction else row.main  # noqa: SIM401  # else `main` is always sought


def get_left_over(shape: str, name: str, parameters: list[str]) -> Getter | None:
    """What a required parameter gets of which nobody knows the name: verl's custom functions, Braintrust's scorers."""
    if shape == "verl":
        return _text
    if shape != "braintrust":
        return None
    known = BY_SHAPE["braintrust"]
    free = [one for one in ("input", "output", "expected", "metadata") if one not in parameters]
    unknown = [one for one in parameters if one not in known]
    place = unknown.index(name)
    return known[free[place]] if place < len(free) else None


def get_by_usual_name(name: str) -> Getter | None:
    """The expected value, or the prompt, for one of their usual names; None for any other."""
    if name in _EXPECTED:
        return _expected
    if name in PROMPT_WORDS:
        return lambda row: row.prompt
    return None


def get_by_role(role: str) -> Getter:
    """What a person has said that an argument is: a role, or "column:NAME"."""
    if role.startswith("column:"):
        name = role.removeprefix("column:")
        return lambda row: _column(row, name)
    return _ROLES[role]


_ROLES: dict[str, Getter] = {
    "output": get_main,
    "expected": _expected,
    "input": lambda row: row.prompt,
    "inputs": _everything,
    "outputs": lambda row: Columns(row.prediction),
    "nothing": lambda _row: None,
}


def make_verifiers_state(row: Row, *, as_messages: bool) -> dict[str, Any]:
    """The state of a verifiers rollout, with the row's columns in it: one for all functions that score the row."""
    if row.shared is not None and "state" in row.shared:
        return row.shared["state"]  # type: ignore[no-any-return]  # it was put there below
    state = Columns(
        {
            "prompt": stand_ins.prompt_of(row, as_messages=as_messages),
            "completion": stand_ins.completion_of(row, as_messages=as_messages),
            "answer": _or_none(row.columns.get("answer", row.expected_value())),
            "info": row.columns.get("info", {}),
            "task": row.columns.get("task", "default"),
            "turn": 1,
            "responses": [],
            **row.columns,
        }
    )
    if row.shared is not None:
        row.shared["state"] = state
    return state


def _or_none(value: Any) -> Any:
    return None if value is MISSING else value


def _metadata(row: Row) -> Any:
    return row.columns.get("metadata", {})


OUTPUTS = OUTPUT_WORDS | {"outputs", "completions", "solution_strs"}
"""Parameters that get the output, one or many."""
_INPUTS_DICT: Getter = lambda row: Columns(row.inputs)  # noqa: E731  # an entry of the tables
_OUTPUTS_DICT: Getter = lambda row: Columns(row.prediction)  # noqa: E731
_EVALUATOR: dict[str, Getter] = {
    "inputs": _INPUTS_DICT,
    "outputs": _OUTPUTS_DICT,
    "input": lambda row: row.input_value(),
    "output": get_main,
    "metadata": _metadata,
}
BY_SHAPE: dict[str, dict[str, Getter]] = {
    "verl": {
        "data_source": lambda _row: "",
        "solution_str": _text,
        "ground_truth": _expected,
        "extra_info": _everything,
    },
    "verifiers": {
        "answer": _expected,
        "info": _everything,
        "task": lambda _row: "default",
        "trace": stand_ins.make_trace,
    },
    "trl": {"completion_ids": lambda _row: MISSING, "trainer_state": lambda _row: None},
    "openrlhf": {
        "query": lambda row: stand_ins.prompt_text(row.prompt) + row.text,
        "prompt": lambda row: stand_ins.prompt_text(row.prompt),
        "label": _expected,
    },
    "openai": {
        "sample": lambda row: _make_sample(row),  # noqa: PLW0108  # defined below, as the others
        "item": lambda row: _make_item(row),  # noqa: PLW0108
    },
    "promptfoo": {
        "output": lambda row: _promptfoo_output(row),  # noqa: PLW0108
        "context": lambda row: _make_context(row),  # noqa: PLW0108
    },
    "langsmith": {
        **_EVALUATOR,
        "reference_outputs": lambda row: Columns(row.expected),
        "run": stand_ins.make_run,
        "example": stand_ins.make_example,
        "attachments": lambda _row: {},
    },
    "langfuse": {**_EVALUATOR, "expected_output": _expected},
    "mlflow": {
        **_EVALUATOR,
        "expectations": lambda row: Columns(row.expected),
        "trace": lambda _row: None,
    },
    "braintrust": {**_EVALUATOR, "expected": _expected, "trace": lambda _row: None},
    "by_name": {
        **_EVALUATOR,
        "reference_outputs": lambda row: Columns(row.expected),
        "expectations": lambda row: Columns(row.expected),
    },
}
"""Shape -> name of a parameter -> its value."""
PASSED_TO_ANY: dict[tuple[str, str], tuple[str, ...]] = {
    ("trl", "batch"): ("prompts", "completions"),
    ("verifiers", "row"): ("prompt", "completion", "answer", "state", "info", "task", "parser"),
    ("verifiers", "group"): ("prompts", "completions", "answers", "states", "infos", "tasks"),
    ("verl", "row"): ("data_source", "solution_str", "ground_truth", "extra_info"),
    ("openrlhf", "batch"): ("queries", "prompts", "labels"),
    ("langfuse", "row"): ("input", "output", "expected_output", "metadata"),
    ("langsmith", "row"): ("inputs", "outputs", "reference_outputs"),
    ("braintrust", "row"): ("input", "output", "expected", "metadata"),
}
"""What a function with **kwargs is passed beside its own parameters and the columns."""


# --- by position


def _example(row: Row) -> Example:
    return Example(row.columns)


def _pad(values: tuple[Any, ...], plan: dict[str, Any]) -> tuple[Any, ...]:
    """Two values, and None for every further parameter that has no default."""
    further = [name for name in plan["parameters"][2:] if name in plan["required"]]
    return values + (None,) * len(further)


def _refine(row: Row, plan: dict[str, Any]) -> tuple[Any, ...]:
    return _pad((Inputs(row.columns), Prediction(row.prediction)), plan)


def _dspy(row: Row, plan: dict[str, Any]) -> tuple[Any, ...]:
    return _pad((_example(row), Prediction(row.prediction)), plan)


def _gepa(row: Row, _plan: dict[str, Any]) -> tuple[Any, ...]:
    return (_example(row), Prediction(row.prediction), None, None, None)


def _inspect(row: Row, _plan: dict[str, Any]) -> tuple[Any, ...]:
    return (stand_ins.make_state(row), stand_ins.make_target(_or_empty(row.expected_value())))


def _deepeval(row: Row, _plan: dict[str, Any]) -> tuple[Any, ...]:
    return (stand_ins.make_test_case(row, _or_none(row.expected_value())),)


def pass_task_and_trace(row: Row, _plan: dict[str, Any]) -> tuple[Any, ...]:
    """What verifiers 0.4 passes."""
    return (stand_ins.make_task(row), stand_ins.make_trace(row))


def _or_empty(value: Any) -> Any:
    return "" if value is MISSING else value


POSITIONAL: dict[str, Positional] = {
    "refine": _refine,
    "dspy": _dspy,
    "gepa": _gepa,
    "inspect": _inspect,
    "deepeval": _deepeval,
}
"""Shapes whose functions are always called by position."""


# --- OpenAI and promptfoo


def _make_sample(row: Row) -> dict[str, Any]:
    text = row.text
    parsed = row.main
    if isinstance(parsed, str) and parsed.lstrip()[:1] in {"{", "["}:
        try:
            parsed = json.loads(parsed)
        except (ValueError, RecursionError):
            parsed = None
    return Columns(
        output_text=text,
        output_json=parsed if isinstance(parsed, (dict, list)) else None,
        choices=[{"message": {"role": "assistant", "content": text}}],
        output_tools=[],
    )


def _make_item(row: Row) -> dict[str, Any]:
    return Columns({"response": row.text, **row.columns})


def _promptfoo_output(row: Row) -> Any:
    """Text stays text, also where it is JSON; an output that was recorded as an object arrives as one."""
    return row.main if isinstance(row.main, (dict, list)) else row.text


def _make_context(row: Row) -> dict[str, Any]:
    columns = Columns(row.columns)
    return Columns(
        vars=columns,
        prompt=stand_ins.prompt_text(row.prompt),
        test={"vars": columns, "assert": [], "options": {}, "metadata": {}},
        config={},
        provider=None,
        providerResponse={"output": _promptfoo_output(row)},
        metadata={},
    )


NAMED_PAIRS = {"openai": ("sample", "item"), "promptfoo": ("output", "context")}
"""Shapes whose functions are called by these names, or else by position: see PAIRS."""
PAIRS: dict[str, Positional] = {
    "openai": lambda row, plan: _pad((_make_sample(row), _make_item(row)), plan),
    "promptfoo": lambda row, plan: _pad((_promptfoo_output(row), _make_context(row)), plan),
}
