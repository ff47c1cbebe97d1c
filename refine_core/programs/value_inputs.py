"""The values of a program's inputs as a form asks for them: which there are, and what a person typed as JSON data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import ujson

from refine_core.adapters.field_values import to_json_text
from refine_core.errors import Problem, SignatureError
from refine_core.jsonable import to_jsonable
from refine_core.refine.build import list_program_inputs
from refine_core.signatures import Field
from refine_core.signatures.types import format_type, is_optional, list_choices, strip_optional, validate
from refine_core.spec import ProgramSpec, StageSpec

Kind = Literal["text", "int", "float", "bool", "choice", "json"]


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


def list_form_inputs(stages: Sequence[StageSpec]) -> list[FormInput]:
    """The program's inputs, in order; [] as long as a signature does not parse."""
    try:
        fields = list_program_inputs(ProgramSpec(tuple(stages), ""))
    except SignatureError:
        return []
    return [
        FormInput(
            n,
            _widget_kind(f),
            format_type(f.type),
            f.description,
            list_choices(strip_optional(f.type)) or (),
            is_optional(f.type),
            f,
        )
        for n, f in fields.items()
    ]


def read_value(form_input: FormInput, entry: object) -> tuple[object, Problem | None]:
    """The value that a person typed, as JSON data, and what is wrong with it. Text is read as JSON unless the type is a plain one."""
    where, value = f"inputs.{form_input.name}", entry
    if form_input.optional and isinstance(entry, str) and not entry.strip():
        return None, None
    if form_input.kind == "json" and isinstance(entry, str):
        if not entry.strip():
            return None, Problem(
                where, f"give a value of type {form_input.type}, as JSON: {_sample_json(form_input.type)}"
            )
        try:
            value = ujson.loads(entry)
        except ValueError:
            return entry, Problem(
                where, f"this is not valid JSON; {form_input.type} looks like {_sample_json(form_input.type)}"
            )
    if value is None and not form_input.optional:
        return None, Problem(where, f"give a value of type {form_input.type}")
    try:
        return to_jsonable(validate(form_input.field, value)), None
    except ValueError as why:
        return value, Problem(where, f"must be {form_input.type}: {why}")


def write_value(form_input: FormInput, value: object) -> Any:
    """A recorded value for the form's widget: JSON text unless the type is a plain one."""
    if form_input.kind != "json":
        return value
    return "" if value is None else to_json_text(value, indent=2)


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


def _widget_kind(field: Field) -> Kind:
    kind = strip_optional(field.type)
    if list_choices(kind) is not None:
        return "choice"
    by_type: dict[object, Kind] = {str: "text", int: "int", float: "float", bool: "bool"}
    return by_type.get(kind, "json")


def _sample_json(kind: str) -> str:
    if kind.startswith(("dict", "Mapping")):
        return '{"name": 1}'
    if kind.startswith("list[str]") or kind in ("list", "set", "tuple"):
        return '["one", "two"]'
    if kind.startswith(("list", "set", "tuple")):
        return "[1, 2]"
    return '"text", 1 or null'
