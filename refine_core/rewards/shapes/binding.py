"""From the shape and the parameters of a function to the arguments of one call.

    a parameter is, in this order:
      what a person said that it is           arguments
      the output, where its name says so      a column of the inputs never stands in for it
      the column that bears its name
      what the shape passes under that name   _BY_SHAPE
      the expected value, or the prompt, where it has one of their usual names
      left to its default; without one the row cannot be scored

Standard library only, like everything the worker imports.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from refine_core.rewards.arguments import Columns, Example, Inputs, Prediction, describe_missing_name
from refine_core.rewards.shapes import stand_ins
from refine_core.rewards.shapes.names import EXPECTED, OUTPUT_WORDS, PROMPT_WORDS
from refine_core.rewards.shapes.row_values import MISSING, Row, to_text

Getter = Callable[[Row], Any]
_PLURALS = {
    "prompts": "prompt", "completions": "completion", "answers": "answer", "states": "state", "infos": "info",
    "tasks": "task", "data_sources": "data_source", "solution_strs": "solution_str", "ground_truths": "ground_truth",
    "extra_infos": "extra_info", "queries": "query", "labels": "label",
}  # fmt: skip
_EXPECTED = frozenset(EXPECTED)
_WHOLE = frozenset(("trainer_state", "log_extra", "log_metric", "parser"))
"""Arguments that a batch or a group has one of."""
_POSITIONAL = frozenset(("refine", "dspy", "gepa", "inspect", "deepeval"))


class MissingColumnError(Exception):
    """A row has no value for a parameter; its own name to whoever reads the message: MissingColumn."""


MissingColumnError.__name__ = "MissingColumn"


class Extras:
    """What a TRL reward logs for each row: column -> values."""

    def __init__(self) -> None:
        self.columns: dict[str, list[Any]] = {}

    def log_extra(self, column: str, values: Any) -> None:
        """Keep a column."""
        self.columns[str(column)] = list(values)

    def log_metric(self, name: str, value: Any) -> None:
        """A number of the whole batch: no row has it."""

    def feedback(self, index: int) -> str:
        """What was logged for one row, as text."""
        return "\n".join(
            f"{name}: {to_text(values[index])}"
            for name, values in self.columns.items()
            if index < len(values)
        )


class Binder:
    """Packs rows for one function. plan: as RewardFunction has it; parser: the source's own, for verifiers."""

    def __init__(self, plan: dict[str, Any], parser: Any = None) -> None:
        self._plan, self._shape = plan, plan["shape"]
        self._parser = stand_ins.Parser() if parser is None else parser
        self._known = set[str]()
        positional = _POSITIONAL_ARGUMENTS.get(self._shape)
        if plan["arguments"]:
            positional = None
        elif self._shape == "verifiers" and {"task", "trace"} <= set(plan["parameters"]):
            positional = _task_and_trace
        elif self._shape in _NAMED_PAIRS and not set(_NAMED_PAIRS[self._shape]) <= set(plan["parameters"]):
            positional = _PAIRS[self._shape]  # named otherwise: by position, as the framework calls it
        self._positional = positional
        self._getters = [] if positional else self._list_getters()

    def learn_columns(self, rows: Iterable[Row]) -> None:
        """Know the columns of all rows: one that only some rows have is None in the others, where lists are passed."""
        for row in rows:
            self._known.update(row.columns)

    def bind(self, row: Row) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Arguments by position and by keyword for a call with one row. Raises: MissingColumnError."""
        if self._positional is not None:
            return self._positional(row, self._plan), {}
        named = {}
        for name, getter, is_required in self._getters:
            value = getter(row)
            if value is not MISSING:
                named[name] = value
            elif is_required:
                raise self._missing(name, row)
        if self._plan["takes_any"]:
            for name, value in row.columns.items():
                named.setdefault(name, value)
        return (), named

    def bind_many(self, rows: list[Row], extras: Extras) -> dict[str, Any]:
        """Arguments by keyword for a call with several rows. Raises: MissingColumnError."""
        whole: dict[str, Callable[[], Any]] = {
            "trainer_state": stand_ins.make_trainer_state,
            "log_extra": lambda: extras.log_extra,
            "log_metric": lambda: extras.log_metric,
            "parser": lambda: self._parser,
        }
        named: dict[str, Any] = {}
        for name, getter, is_required in self._getters:
            if name in whole and name not in self._plan["arguments"]:
                named[name] = whole[name]()
                continue
            values = [getter(row) for row in rows]
            if MISSING not in values:
                named[name] = values
            elif name in self._known:
                named[name] = [None if value is MISSING else value for value in values]
            elif is_required:
                raise self._missing(name, rows[0])
        if self._plan["takes_any"]:
            if self._shape == "trl":
                for name in ("trainer_state", "log_extra", "log_metric"):
                    named.setdefault(name, whole[name]())
            for name in self._known:
                if name not in named:
                    named[name] = [row.columns.get(name) for row in rows]
        return named

    def _list_getters(self) -> list[tuple[str, Getter, bool]]:
        names = list(self._plan["parameters"])
        required = set(self._plan["required"])
        if self._plan["takes_any"]:
            names += [
                name for name in _PASSED_TO_ANY.get((self._shape, self._plan["per"]), ()) if name not in names
            ]
        return [(name, self._getter(name), name in required) for name in names]

    def _getter(self, name: str) -> Getter:
        role = self._plan["arguments"].get(name)
        if role is not None:
            return _of_role(role)
        one = _PLURALS.get(name, name) if self._plan["per"] != "row" else name
        as_messages = self._plan["as_messages"]
        if one == "completion":
            return lambda row: stand_ins.completion_of(row, as_messages=as_messages)
        if one == "prompt" and self._shape in {"trl", "verifiers"}:
            return lambda row: stand_ins.prompt_of(row, as_messages=as_messages)
        if self._shape == "verifiers" and one == "parser":
            return lambda _row: self._parser
        if self._shape == "verifiers" and one == "state":
            return lambda row: _make_verifiers_state(row, as_messages=as_messages)
        if self._shape == "mlflow" and one == "outputs" and name not in self._plan["as_dicts"]:
            return lambda row: row.main if len(row.prediction) == 1 else Columns(row.prediction)
        rule = _BY_SHAPE.get(self._shape, {}).get(one) or _usual(one)
        if one in _OUTPUTS:
            return rule if rule is not None and rule is not _main else _named_output(one)
        if rule is None and name in self._plan["required"]:
            rule = _left_over(self._shape, name, self._plan["parameters"])
        return _column_or(one, rule)

    def _missing(self, name: str, row: Row) -> MissingColumnError:
        return MissingColumnError(
            describe_missing_name(
                f"{self._plan['name']} takes {{}}, and the row has no such column",
                name,
                (*row.columns, *row.prediction),
            )
        )


def is_provided(shape: str, parameters: tuple[str, ...], name: str) -> bool:
    """Whether a parameter has a value in every row of a file with outputs and expected values, whatever its columns."""
    if (
        shape in _POSITIONAL
        or name in _WHOLE
        or (shape == "verifiers" and {"task", "trace"} <= set(parameters))
    ):
        return True
    if shape in _NAMED_PAIRS and not set(_NAMED_PAIRS[shape]) <= set(parameters):
        return True
    if shape in {"verl", "braintrust"}:
        return True  # verl: any other name gets the output; Braintrust: the next argument that is left over
    one = _PLURALS.get(name, name)
    provided = one in _BY_SHAPE.get(shape, {}) or one in _OUTPUTS or _usual(one) is not None
    return provided or one in {"completion", "prompt", "state", "parser"}


# --- values


def _main(row: Row) -> Any:
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


def _column_or(name: str, rule: Getter | None) -> Getter:
    def get(row: Row) -> Any:
        value = _column(row, name)
        return rule(row) if value is MISSING and rule is not None else value

    return get


def _named_output(name: str) -> Getter:
    return lambda row: row.prediction[name] if name in row.prediction else row.main  # noqa: SIM401  # else `main` is always sought


def _left_over(shape: str, name: str, parameters: list[str]) -> Getter | None:
    """What a required parameter gets of which nobody knows the name: verl's custom functions, Braintrust's scorers."""
    if shape == "verl":
        return _text
    if shape != "braintrust":
        return None
    known = _BY_SHAPE["braintrust"]
    free = [one for one in ("input", "output", "expected", "metadata") if one not in parameters]
    unknown = [one for one in parameters if one not in known]
    place = unknown.index(name)
    return known[free[place]] if place < len(free) else None


def _usual(name: str) -> Getter | None:
    if name in _EXPECTED:
        return _expected
    if name in PROMPT_WORDS:
        return lambda row: row.prompt
    return None


def _of_role(role: str) -> Getter:
    if role.startswith("column:"):
        name = role.removeprefix("column:")
        return lambda row: _column(row, name)
    return _ROLES[role]


_ROLES: dict[str, Getter] = {
    "output": _main,
    "expected": _expected,
    "input": lambda row: row.prompt,
    "inputs": _everything,
    "outputs": lambda row: Columns(row.prediction),
    "nothing": lambda _row: None,
}


def _make_verifiers_state(row: Row, *, as_messages: bool) -> dict[str, Any]:
    return Columns(
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


def _or_none(value: Any) -> Any:
    return None if value is MISSING else value


def _metadata(row: Row) -> Any:
    return row.columns.get("metadata", {})


_OUTPUTS = OUTPUT_WORDS | {"outputs", "completions", "solution_strs"}
_INPUTS_DICT: Getter = lambda row: Columns(row.inputs)  # noqa: E731  # an entry of the tables
_OUTPUTS_DICT: Getter = lambda row: Columns(row.prediction)  # noqa: E731
_EVALUATOR: dict[str, Getter] = {
    "inputs": _INPUTS_DICT,
    "outputs": _OUTPUTS_DICT,
    "input": lambda row: row.input_value(),
    "output": _main,
    "metadata": _metadata,
}
_BY_SHAPE: dict[str, dict[str, Getter]] = {
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
# What a function with **kwargs is passed beside its own parameters and the columns.
_PASSED_TO_ANY: dict[tuple[str, str], tuple[str, ...]] = {
    ("trl", "batch"): ("prompts", "completions"),
    ("verifiers", "row"): ("prompt", "completion", "answer", "state", "info", "task", "parser"),
    ("verifiers", "group"): ("prompts", "completions", "answers", "states", "infos", "tasks"),
    ("verl", "row"): ("data_source", "solution_str", "ground_truth", "extra_info"),
    ("openrlhf", "batch"): ("queries", "prompts", "labels"),
    ("langfuse", "row"): ("input", "output", "expected_output", "metadata"),
    ("langsmith", "row"): ("inputs", "outputs", "reference_outputs"),
    ("braintrust", "row"): ("input", "output", "expected", "metadata"),
}


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


def _task_and_trace(row: Row, _plan: dict[str, Any]) -> tuple[Any, ...]:
    return (stand_ins.make_task(row), stand_ins.make_trace(row))


def _or_empty(value: Any) -> Any:
    return "" if value is MISSING else value


_POSITIONAL_ARGUMENTS: dict[str, Callable[[Row, dict[str, Any]], tuple[Any, ...]]] = {
    "refine": _refine,
    "dspy": _dspy,
    "gepa": _gepa,
    "inspect": _inspect,
    "deepeval": _deepeval,
}


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


_NAMED_PAIRS = {"openai": ("sample", "item"), "promptfoo": ("output", "context")}
_PAIRS: dict[str, Callable[[Row, dict[str, Any]], tuple[Any, ...]]] = {
    "openai": lambda row, plan: _pad((_make_sample(row), _make_item(row)), plan),
    "promptfoo": lambda row, plan: _pad((_promptfoo_output(row), _make_context(row)), plan),
}
