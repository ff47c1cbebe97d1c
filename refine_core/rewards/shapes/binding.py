"""From the shape and the parameters of a function to the arguments of one call.

    a parameter is, in this order:
      what a person said that it is           arguments
      the output, where its name says so      a column of the inputs never stands in for it
      the column that bears its name
      what the shape passes under that name   BY_SHAPE
      the expected value, or the prompt, where it has one of their usual names
      left to its default; without one the row cannot be scored

Standard library only, like everything the worker imports.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from refine_core.rewards.arguments import Columns, describe_missing_name
from refine_core.rewards.shapes import stand_ins
from refine_core.rewards.shapes.row_values import MISSING, Row, to_text
from refine_core.rewards.shapes.shape_values import (
    BY_SHAPE,
    NAMED_PAIRS,
    OUTPUTS,
    PAIRS,
    PASSED_TO_ANY,
    POSITIONAL,
    Getter,
    get_by_role,
    get_by_usual_name,
    get_column_or,
    get_left_over,
    get_main,
    get_output,
    make_verifiers_state,
    pass_task_and_trace,
)

_PLURALS = {
    "prompts": "prompt", "completions": "completion", "answers": "answer", "states": "state", "infos": "info",
    "tasks": "task", "data_sources": "data_source", "solution_strs": "solution_str", "ground_truths": "ground_truth",
    "extra_infos": "extra_info", "queries": "query", "labels": "label",
}  # fmt: skip
_WHOLE = frozenset(("trainer_state", "log_extra", "log_metric", "parser"))
"""Arguments that a batch or a group has one of."""


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
        positional = POSITIONAL.get(self._shape)
        if plan["arguments"]:
            positional = None
        elif self._shape == "verifiers" and {"task", "trace"} <= set(plan["parameters"]):
            positional = pass_task_and_trace
        elif self._shape in NAMED_PAIRS and not set(NAMED_PAIRS[self._shape]) <= set(plan["parameters"]):
            positional = PAIRS[self._shape]  # named otherwise: by position, as the framework calls it
        self._positional = positional
        self._getters = [] if positional else self._list_getters()

    def learn_columns(self, rows: Iterable[Row]) -> None:
        """Know the columns of all rows: one that only some rows have is None in the others, where lists are passed."""
        for row in rows:
            self._known.update(row.columns)

    def learn_names(self, columns: Iterable[str]) -> None:
        """The same, by their names."""
        self._known.update(columns)

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
                name for name in PASSED_TO_ANY.get((self._shape, self._plan["per"]), ()) if name not in names
            ]
        return [(name, self._getter(name), name in required) for name in names]

    def _getter(self, name: str) -> Getter:
        role = self._plan["arguments"].get(name)
        if role is not None:
            return get_by_role(role)
        one = _PLURALS.get(name, name) if self._plan["per"] != "row" else name
        as_messages = self._plan["as_messages"]
        if one == "completion":
            return lambda row: stand_ins.completion_of(row, as_messages=as_messages)
        if one == "prompt" and self._shape in {"trl", "verifiers"}:
            return lambda row: stand_ins.prompt_of(row, as_messages=as_messages)
        if self._shape == "verifiers" and one == "parser":
            return lambda _row: self._parser
        if self._shape == "verifiers" and one == "state":
            return lambda row: make_verifiers_state(row, as_messages=as_messages)
        if self._shape == "mlflow" and one == "outputs" and name not in self._plan["as_dicts"]:
            return lambda row: row.main if len(row.prediction) == 1 else Columns(row.prediction)
        rule = BY_SHAPE.get(self._shape, {}).get(one) or get_by_usual_name(one)
        if one in OUTPUTS:
            return rule if rule is not None and rule is not get_main else get_output(one)
        if rule is None and name in self._plan["required"]:
            rule = get_left_over(self._shape, name, self._plan["parameters"])
        return get_column_or(one, rule)

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
        shape in POSITIONAL
        or name in _WHOLE
        or (shape == "verifiers" and {"task", "trace"} <= set(parameters))
    ):
        return True
    if shape in NAMED_PAIRS and not set(NAMED_PAIRS[shape]) <= set(parameters):
        return True
    if shape in {"verl", "braintrust"}:
        return True  # verl: any other name gets the output; Braintrust: the next argument that is left over
    one = _PLURALS.get(name, name)
    provided = one in BY_SHAPE.get(shape, {}) or one in OUTPUTS or get_by_usual_name(one) is not None
    return provided or one in {"completion", "prompt", "state", "parser"}
