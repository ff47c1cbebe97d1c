"""What replies hold as values.

text --FieldReader.read_text--> value        data of a JSON object --FieldReader.read_data--> value
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from enum import Enum
from typing import Any

from refine_core.adapters.choices import get_choice_table, is_none_text, match_choice
from refine_core.adapters.field_values import to_text
from refine_core.adapters.json_repairs import repair_json
from refine_core.adapters.lenient_values import is_percent_field, normalize_value
from refine_core.adapters.template_echo import strip_type_note
from refine_core.python_parser import parse_expression
from refine_core.signatures.fields import Field
from refine_core.signatures.types import TypeValidator, is_optional, strip_optional

_SHOWN = 80


class FieldReader:
    """Reads values of one field.

    Text that is not of the type is repaired as JSON: "3.0" for an int, fenced JSON, "no" for a bool. Where
    that does not help either, it is read as people write values: see refine_core.adapters.lenient_values.
    """

    __slots__ = (
        "_choices",
        "_first",
        "_in_percent",
        "_json_first",
        "_kind",
        "_optional",
        "_texts",
        "_validate",
    )

    def __init__(self, field: Field) -> None:
        kind = strip_optional(field.type)
        self._validate = TypeValidator(field)
        self._optional = is_optional(field.type)
        self._choices = get_choice_table(kind)
        self._kind, self._in_percent = field.type, is_percent_field(field)
        self._texts = kind is str
        # A number or a date may be read wrongly as JSON, a container or a union wrongly as bare text.
        self._json_first = not isinstance(kind, type) or kind in (Any, object, list, dict) or _is_object(kind)
        self._first = self._validate.from_json if self._json_first else self._validate

    def read_text(self, text: str) -> Any:
        """The value of a text. Raises ValueError that says what does not fit."""
        bare = text.strip() if self._texts else strip_type_note(text.strip())
        if self._optional and (bare.lower() in ("", "none", "null") if self._texts else is_none_text(bare)):
            return None
        if self._choices is not None:
            return _match_choice(self._choices, bare)
        if self._texts:
            return self._validate(text)
        try:
            return self._first(bare)
        except ValueError:
            return self._read_leniently(bare)

    def read_data(self, value: object) -> Any:
        """The value that a JSON object holds. Raises ValueError that says what does not fit."""
        if isinstance(value, str):
            return self._validate(value) if self._texts else self.read_text(value)
        if value is None and self._optional:
            return None
        if self._choices is not None:
            whole = isinstance(value, float) and value.is_integer()
            return _match_choice(self._choices, f"{value:.0f}" if whole else str(value))
        if self._texts:
            return self._validate(to_text(value))
        try:
            return self._validate(value)
        except ValueError as fault:
            return self._normalize(value, fault)

    def _read_leniently(self, bare: str) -> Any:
        """The value of a text that is not of the type: as repaired JSON, as the text itself, then normalized."""
        looks = bare.startswith(("{", "[", "```"))
        faults: list[ValueError] = []
        readings: list[object] = []
        for read in (_parse_data, str) if looks else (str, _parse_data):
            try:
                readings.append(read(bare))
                return self._validate(readings[-1])
            except ValueError as fault:
                faults.append(fault)
        for reading in readings:
            try:
                return self._normalize(reading, faults[0])
            except ValueError as fault:
                faults[0] = fault
        raise ValueError(f"{faults[0]}, not {bare[:_SHOWN]!r}")

    def _normalize(self, data: object, fault: ValueError) -> Any:
        """The value of data that did not fit, as people write values. fault: what to raise where it fits in no other way."""
        try:
            normalized = normalize_value(self._kind, data, in_percent=self._in_percent)
        except RecursionError:
            raise fault from None
        if normalized is data or (type(normalized) is type(data) and normalized == data):
            raise fault
        return self._validate(normalized)


def _parse_data(bare: str) -> object:
    """The data in a text: JSON, repaired if need be, or Python."""
    data = repair_json(bare)
    if data == "" and bare:  # nothing there that looks like JSON; Python, perhaps
        try:
            data = ast.literal_eval(parse_expression(bare))
        except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
            raise ValueError("must be JSON or a Python value") from None
    return data


def _match_choice(table: Mapping[str, object], text: str) -> object:
    """The choice that a text names. Raises ValueError that says which there are."""
    try:
        return match_choice(table, text)
    except KeyError:
        values = dict.fromkeys(one.value if isinstance(one, Enum) else one for one in table.values())
        raise ValueError(
            f"must be one of {', '.join(map(repr, values))}, not {text.strip()[:_SHOWN]!r}"
        ) from None


def _is_object(kind: type) -> bool:
    """Whether JSON writes values of this class as an object: pydantic models, dataclasses, typed dicts."""
    return any(hasattr(kind, mark) for mark in ("model_fields", "__dataclass_fields__", "__required_keys__"))
