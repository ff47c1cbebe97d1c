"""Values as JSON data: what may enter an event, a prompt or a document.

    {"day": date(2026, 1, 2), "doc": Doc(title="A")}  --to_jsonable-->  {"day": "2026-01-02", "doc": {"title": "A"}}

Pydantic writes whatever is not plain data already: models, dataclasses, enums, dates, decimals, sets, bytes.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from functools import cache
from typing import Any

MAX_DEPTH = 60
TOO_DEEP = "<non-serializable: too deep>"
_PLAIN = frozenset((str, int, float, bool, type(None)))

Unknown = Callable[[object], object]


def describe_type(value: object) -> str:
    """What stands for a value that JSON cannot hold: "<non-serializable: Lock>", as in dspy."""
    return f"<non-serializable: {type(value).__name__}>"


def to_jsonable(value: object, unknown: Unknown = describe_type, depth: int = 0) -> Any:
    """A copy of `value` that shares nothing mutable with it and holds only JSON types; floats may be non-finite.

    unknown: what to write for a value that pydantic cannot write. Deeper than MAX_DEPTH nothing is copied. Raises nothing.
    """
    if type(value) in _PLAIN:
        return value
    if isinstance(value, str) and not isinstance(value, Enum):
        return str.__str__(value)
    if isinstance(value, Iterator):  # pydantic would use it up
        return unknown(value)
    if depth > MAX_DEPTH:
        return TOO_DEEP
    if isinstance(value, dict):  # by dict's own method: a prediction may have a field `items`
        items = dict.items(value)
        if all(type(key) is str for key in dict.keys(value)):
            return {key: to_jsonable(one, unknown, depth + 1) for key, one in items}
    elif type(value) in (list, tuple):
        return [to_jsonable(one, unknown, depth + 1) for one in value]  # type: ignore[attr-defined]  # just asked
    try:
        return _pydantic()(value, fallback=lambda other: _fallback(other, unknown, depth))
    except ValueError:  # it holds itself, is too deep, or has bytes that are no text
        return _by_parts(value, unknown, depth)


def _fallback(value: object, unknown: Unknown, depth: int) -> object:
    """What pydantic does not know."""
    if callable(dump := getattr(value, "toDict", None)) and not isinstance(value, type):
        return to_jsonable(dump(), unknown, depth + 1)
    if isinstance(value, Mapping):
        return to_jsonable({key: value[key] for key in value}, unknown, depth + 1)
    return unknown(value)


def _by_parts(value: object, unknown: Unknown, depth: int) -> object:
    """What pydantic fails to write as a whole."""
    if isinstance(value, (bytes, bytearray)):
        return value.decode("utf-8", "backslashreplace")
    if isinstance(value, Mapping):
        return {str(key): to_jsonable(value[key], unknown, depth + 1) for key in value}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [to_jsonable(one, unknown, depth + 1) for one in value]
    if callable(dump := getattr(value, "model_dump", None)) and not isinstance(value, type):
        return to_jsonable(dump(), unknown, depth + 1)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        parts = {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
        return to_jsonable(parts, unknown, depth + 1)
    return unknown(value)


@cache
def _pydantic() -> Callable[..., Any]:
    """What writes values; imported with the first that needs it, and once, as asking again costs too."""
    from pydantic_core import to_jsonable_python

    return to_jsonable_python
