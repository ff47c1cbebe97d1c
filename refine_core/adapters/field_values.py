"""Values as a prompt writes them. What replies hold as values is read by refine_core.adapters.field_reader."""

from __future__ import annotations

import json
from collections.abc import Iterator
from enum import Enum
from typing import Any

from refine_core.jsonable import to_jsonable
from refine_core.signatures.fields import Field


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


def prompt_data(value: object) -> Any:
    """A value as JSON data for a prompt; what pydantic cannot write becomes its text."""
    return to_jsonable([*value] if isinstance(value, Iterator) else value, str)


def to_json_text(value: object, indent: int = 0) -> str:
    """Plain data as JSON text with non-ASCII and slashes kept; NaN and infinities as their names in quotes."""
    import ujson  # it loads decimal

    try:
        return ujson.dumps(value, escape_forward_slashes=False, ensure_ascii=False, indent=indent)
    except (OverflowError, UnicodeEncodeError):
        return json.dumps(_tame(value), ensure_ascii=False, indent=indent or None)


def to_text(value: object) -> str:
    """A JSON value as text, for a str field. Raises ValueError for null."""
    if value is None:
        raise ValueError("must be text, not null")
    return to_json_text(value, indent=2) if isinstance(value, (dict, list)) else str(value)


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
