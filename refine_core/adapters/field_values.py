"""Values as a prompt writes them, and what replies hold as values.

value --format_value--> text --FieldReader.read_text--> value        data of a JSON object --FieldReader.read_data--> value
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator, Mapping
from enum import Enum
from functools import lru_cache
from typing import Any

import ujson

from refine_core.adapters.choices import get_choice_table, is_none_text, match_choice
from refine_core.adapters.lenient_values import is_percent_field, normalize_value
from refine_core.adapters.template_echo import strip_type_note
from refine_core.jsonable import to_jsonable
from refine_core.python_parser import parse_expression
from refine_core.signatures.fields import Field
from refine_core.signatures.signature import Signature
from refine_core.signatures.types import TypeValidator, is_optional, is_text, strip_optional

_SHOWN = 80
# Values that are no JSON, and of which the repair would drop what matters: {"a": \u22125, "b": 85%, "c": {c}}
_MINUS = r"[\u2212\ufe63\uff0d][$€£]?"
_BARE = re.compile(
    rf"(\":\s{{0,9}})((?:(?:{_MINUS}|[-+]?)\d[\d.,]{{0,30}}\s?%|{_MINUS}\d[\d.,]{{0,30}}(?<![,.]))(?=\s*[,}}\n])"
    r"|\{\s?\w{1,80}\s?\})"
)


def format_value(field: Field, value: object) -> str:
    """A value in a prompt: text as it is, a list in a str field numbered, other containers as JSON, the rest by `str`."""
    if isinstance(value, str):
        return str(value.value) if isinstance(value, Enum) else str(value)
    if isinstance(value, list) and field.type is str:
        return _format_numbered(value)
    if value is None or (isinstance(value, (bool, int, float)) and not isinstance(value, Enum)):
        return str(value)
    data = prompt_data(value)
    return to_json_text(data) if isinstance(data, (dict, list)) else str(data)


MAX_UNCLOSED, MAX_BROKEN_CHARS = 64, 200_000
"""Broken JSON with more brackets left open, or with more characters, each time a bracket is open, is not repaired."""


def prompt_data(value: object) -> Any:
    """A value as JSON data for a prompt; what pydantic cannot write becomes its text."""
    return to_jsonable([*value] if isinstance(value, Iterator) else value, str)


def repair_json(text: str) -> object:
    """The data in broken JSON, "" for none. Raises ValueError if it is broken too badly.

    A model that has lost its way repeats an opening bracket a thousand times, and repairing that would take minutes.
    """
    import json_repair

    unclosed = max(text.count("{") - text.count("}"), text.count("[") - text.count("]"))
    if unclosed > MAX_UNCLOSED or max(unclosed, 1) * len(text) > MAX_BROKEN_CHARS:
        raise ValueError("is JSON broken beyond repair")
    try:
        data: object = json_repair.loads(_BARE.sub(r'\1"\2"', text))
    except RecursionError:
        raise ValueError("is JSON nested too deeply") from None
    except Exception as error:  # the repair has assertions that some texts fail
        raise ValueError("is JSON broken beyond repair") from error
    return data


def to_json_text(value: object, indent: int = 0) -> str:
    """Plain data as JSON text with non-ASCII and slashes kept; NaN and infinities as their names in quotes."""
    try:
        return ujson.dumps(value, escape_forward_slashes=False, ensure_ascii=False, indent=indent)
    except (OverflowError, UnicodeEncodeError):
        return json.dumps(_tame(value), ensure_ascii=False, indent=indent or None)


def parse_value(field: Field, text: str) -> object:
    """The value of a reply's text. Raises ValueError that says what does not fit."""
    return FieldReader(field).read_text(text)


@lru_cache(maxsize=512)  # a signature's fields never change, and every attempt reads the same fields
def fields_by_role(signature: type[Signature]) -> tuple[Mapping[str, Field], Mapping[str, Field]]:
    """The inputs and the outputs, name -> field, in order; must not be changed."""
    return signature.input_fields, signature.output_fields


@lru_cache(maxsize=512)
def output_readers(signature: type[Signature]) -> tuple[tuple[str, FieldReader | None], ...]:
    """Name and reader of each output, in order; None for text that is used as it is."""
    return tuple((n, None if is_text(f) else FieldReader(f)) for n, f in signature.output_fields.items())


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


def to_text(value: object) -> str:
    """A JSON value as text, for a str field. Raises ValueError for null."""
    if value is None:
        raise ValueError("must be text, not null")
    return to_json_text(value, indent=2) if isinstance(value, (dict, list)) else str(value)


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


def _format_numbered(items: list[object]) -> str:
    if not items:
        return "N/A"
    if len(items) == 1:
        return _quote(str(items[0]))
    return "\n".join(f"[{i}] {_quote(str(item))}" for i, item in enumerate(items, 1))


def _quote(text: str) -> str:
    """Text between marks; on lines of its own if it has several, or a mark."""
    block = any(mark in text for mark in "\n«»")
    return "«««\n    " + text.replace("\n", "\n    ") + "\n»»»" if block else f"«{text}»"


def _tame(value: object) -> object:
    """Replace what JSON cannot hold by text: non-finite floats and lone surrogates."""
    match value:
        case dict():
            return {_tame(k): _tame(v) for k, v in value.items()}
        case list():
            return [_tame(v) for v in value]
        case float():
            return value if value - value == 0 else str(value)
        case str():
            return value.encode("utf-8", "replace").decode()
        case _:
            return value
