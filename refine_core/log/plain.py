"""Copies of values as plain JSON data: what may enter an event.

str, int, float, bool, None stay; tuples, sets -> lists; mappings -> dicts with str keys;
pydantic models and dataclasses -> dicts; dates -> ISO text; decimals -> their digits; bytes -> text; anything else -> "<non-serializable: TypeName>"
"""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import enum
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import cast

DEEPEST = 60


def plain(value: object, depth: int = 0) -> object:
    """A copy of `value` that shares nothing mutable with it and holds only JSON types (floats may be non-finite)."""
    kind = type(value)
    if value is None or kind in (str, int, float, bool):
        return value
    if depth > DEEPEST:
        return "<non-serializable: too deep>"
    if isinstance(value, enum.Enum):
        return plain(value.value, depth + 1)
    if isinstance(value, (str, int, float)):  # a subclass of a plain type: keep the value, drop the class
        return (
            str.__str__(value)
            if isinstance(value, str)
            else int(value)
            if isinstance(value, int)
            else float(value)
        )
    if isinstance(value, Mapping):
        return {str(k): plain(value[k], depth + 1) for k in value}  # a prediction's `items` may be a field
    if isinstance(value, (list, tuple, AbstractSet)):
        return [plain(v, depth + 1) for v in value]
    if callable(dump := getattr(value, "model_dump", None)) and not isinstance(value, type):
        return plain(dump(), depth + 1)
    if callable(dump := getattr(value, "toDict", None)) and not isinstance(value, type):
        return plain(dump(), depth + 1)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name), depth + 1) for f in dataclasses.fields(value)}
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, decimal.Decimal):
        return str(value)  # every digit, and its type reads it back
    if isinstance(value, (bytes, bytearray)):
        return value.decode("utf-8", "backslashreplace")
    return f"<non-serializable: {kind.__name__}>"


def plain_dict(value: Mapping[str, object]) -> dict[str, object]:
    """`plain` of a mapping."""
    return cast("dict[str, object]", plain(value))
