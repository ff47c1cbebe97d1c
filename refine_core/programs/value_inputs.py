"""The values of a program's inputs as a form asks for them: which there are, and what a person typed as JSON data.

    list_form_inputs    what to ask for, each with the kind of its widget
    read_value          from a widget's own value to JSON data of the input's type      write_value   the inverse
    read_text           from text alone, as a cell of a table holds it                   write_text    the inverse

A number, a choice and a yes or no have widgets of their own; whatever else is typed is text, so that a draft can keep it.
"""

from __future__ import annotations

import datetime
import decimal
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args, get_origin

import ujson

from refine_core.adapters.field_values import to_json_text
from refine_core.errors import Problem, SignatureError
from refine_core.jsonable import to_jsonable
from refine_core.refine.build import list_program_inputs
from refine_core.signatures import Field
from refine_core.signatures.types import format_type, is_optional, list_choices, strip_optional, validate
from refine_core.spec import ProgramSpec, StageSpec

Kind = Literal[
    "text", "lines", "int", "float", "bool", "choice", "date", "datetime", "time", "decimal", "json"
]

_KINDS: Final[Mapping[object, Kind]] = {
    str: "text",
    int: "int",
    float: "float",
    bool: "bool",
    datetime.date: "date",
    datetime.datetime: "datetime",
    datetime.time: "time",
    decimal.Decimal: "decimal",
}
SAMPLES: Final[Mapping[Kind, str]] = {
    "lines": "One item a line",
    "date": "2026-03-14",
    "datetime": "2026-03-14 09:30",
    "time": "09:30",
    "decimal": "39.90",
}
"""Kind -> what a value looks like, where its text has a form of its own."""
_WHAT: Final[Mapping[Kind, str]] = {
    "int": "a whole number such as 3",
    "float": "a number such as 0.5",
    "bool": "true or false",
    "date": f"a date such as {SAMPLES['date']}",
    "datetime": f"a date and time such as {SAMPLES['datetime']}",
    "time": f"a time such as {SAMPLES['time']}",
    "decimal": f"a decimal number such as {SAMPLES['decimal']}",
}


@dataclass(frozen=True, slots=True)
class FormInput:
    """One input that a form must ask for. type: as a signature writes it. choices: for kind "choice"."""

    name: str
    kind: Kind
    type: str
    description: str
    choices: tuple[object, ...]
    optional: bool
    field: Field

    @property
    def sample(self) -> str:
        """What a value looks like; "" where the widget shows that by itself."""
        return _sample_json(self.type) if self.kind == "json" else SAMPLES.get(self.kind, "")


def list_form_inputs(stages: Sequence[StageSpec]) -> list[FormInput]:
    """The program's inputs, in order; [] as long as a signature does not parse."""
    try:
        fields = list_program_inputs(ProgramSpec(tuple(stages), ""))
    except SignatureError:
        return []
    return [as_form_input(field) for field in fields.values()]


def as_form_input(field: Field) -> FormInput:
    """How a form asks for a value of this field."""
    inner, optional = strip_optional(field.type), is_optional(field.type)
    choices = list_choices(inner) or ((True, False) if inner is bool and optional else ())
    kind: Kind = "choice" if choices else "lines" if _is_lines(inner) else _KINDS.get(inner, "json")
    return FormInput(field.name, kind, format_type(field.type), field.description, choices, optional, field)


def read_value(form_input: FormInput, entry: object) -> tuple[object, Problem | None]:
    """The value that a person gave, as JSON data, and what is wrong with it. entry: the widget's value; text where it has text."""
    where = f"inputs.{form_input.name}"
    if isinstance(entry, str) and form_input.kind != "choice":
        return read_text(form_input, entry, where)
    if entry is None and not form_input.optional:
        return None, Problem(where, _ask(form_input))
    try:
        return to_jsonable(validate(form_input.field, entry)), None
    except ValueError as why:
        return entry, Problem(where, f"must be {form_input.type}: {why}")


def read_text(form_input: FormInput, text: str, where: str) -> tuple[object, Problem | None]:
    """The value that a text stands for, as JSON data, and what is wrong with it."""
    if form_input.optional and not text.strip():
        return None, None
    if form_input.kind == "text":
        return _validated(form_input, text, where)
    if not text.strip():
        return None, Problem(where, _ask(form_input))
    match form_input.kind:
        case "json":
            return _read_json(form_input, text, where)
        case "lines":
            items = _json_list(text)
            return _validated(form_input, text.strip("\n").split("\n") if items is None else items, where)
        case "choice":
            value = next(
                (one for one in form_input.choices if write_text(form_input, one) == text.strip()), text
            )
            return _validated(form_input, value, where)
        case _:
            return _validated(form_input, text.strip(), where)


def _ask(form_input: FormInput) -> str:
    """What to do about an input that nobody has filled in yet."""
    match form_input.kind:
        case "choice":
            return "choose one of the values"
        case "lines":
            return "enter at least one item, one a line"
        case "json":
            return f"enter {form_input.type} as JSON, such as {form_input.sample}"
        case kind if kind in _WHAT:
            return f"enter {_WHAT[kind]}"
        case _:
            return f"enter a value of type {form_input.type}"


def write_value(form_input: FormInput, value: object) -> Any:
    """A recorded value for the form's widget: text, unless the widget is a number's, a choice's or a checkbox."""
    return value if form_input.kind in ("int", "float", "bool", "choice") else write_text(form_input, value)


def write_text(form_input: FormInput, value: object) -> str:
    """A recorded value as text that `read_text` reads back."""
    if value is None:
        return ""
    if form_input.kind == "lines" and isinstance(value, Sequence) and not isinstance(value, str):
        lines = [
            item for item in value if isinstance(item, str) and item.strip() and len(item.splitlines()) == 1
        ]
        if lines and len(lines) == len(value) and not lines[0].lstrip().startswith("["):
            return "\n".join(lines)
    elif isinstance(value, str) and form_input.kind != "json":
        return value
    return to_json_text(value, indent=2 if form_input.kind == "json" else 0)


def read_json(text: str, where: str, expected: str) -> tuple[object, Problem | None]:
    """The JSON value in `text`, or what is wrong with it, with line and column. expected: what to say that it should look like."""
    try:
        return json.loads(text, parse_constant=_refuse_constant), None
    except json.JSONDecodeError as why:
        message = f"not valid JSON: {why.msg[:1].lower()}{why.msg[1:]}; {expected}"
        return text, Problem(where, message, line=why.lineno, column=why.colno)
    except ValueError as why:
        return text, Problem(where, f"not valid JSON: {why}; {expected}")
    except RecursionError:
        return text, Problem(where, f"this JSON is nested too deeply; {expected}")


def read_json_object(text: str, where: str) -> tuple[dict[str, object], Problem | None]:
    """The JSON object in `text`; {} for blank text."""
    if not text.strip():
        return {}, None
    try:
        value = ujson.loads(text)
    except ValueError as why:
        return {}, Problem(
            where, f'this is not valid JSON ({why}); write an object such as {{"answer": "Paris"}}'
        )
    if not isinstance(value, dict):
        return {}, Problem(where, 'write a JSON object, such as {"answer": "Paris"}')
    return value, None


def write_object(values: Mapping[str, object]) -> str:
    """The inverse of `read_json_object`: "" for nothing."""
    return to_json_text(dict(values), indent=2) if values else ""


def _read_json(form_input: FormInput, text: str, where: str) -> tuple[object, Problem | None]:
    value, problem = read_json(text, where, f"{form_input.type} looks like {form_input.sample}")
    return (value, problem) if problem else _validated(form_input, value, where)


def _validated(form_input: FormInput, value: object, where: str) -> tuple[object, Problem | None]:
    try:
        return to_jsonable(validate(form_input.field, value)), None
    except ValueError as why:
        what = _WHAT.get(form_input.kind)
        typed = f"write {what}, not {value!r:.60}" if what else f"must be {form_input.type}: {why}"
        return value, Problem(where, typed)


def _refuse_constant(name: str) -> object:
    raise ValueError(f"it has no {name}")


def _json_list(text: str) -> list[object] | None:
    """The items, where somebody wrote a list as JSON."""
    if not text.lstrip().startswith("["):
        return None
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return value if isinstance(value, list) else None


def _is_lines(kind: object) -> bool:
    """Whether it is a collection of texts, of any length."""
    args = get_args(kind)
    return get_origin(kind) in (list, set, frozenset, tuple) and args in ((str,), (str, ...))


def _sample_json(kind: str) -> str:
    if kind.startswith(("dict", "Mapping")):
        return '{"name": 1}'
    if kind in ("list", "set", "tuple"):
        return '["one", "two"]'
    if kind.startswith(("list", "set", "tuple")):
        return "[1, 2]"
    return '"text", 1 or null'
