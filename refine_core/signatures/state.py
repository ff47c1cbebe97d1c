"""A signature's state as plain data, in the shape of dspy's files.

{"instructions": "…", "fields": [{"prefix": "Question:", "description": "${question}"}, …]}
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from refine_core.errors import StateError
from refine_core.signatures.fields import Field


def dump_signature(instructions: str, fields: Iterable[Field]) -> dict[str, Any]:
    """The state: instructions, and a prefix and a description a field, in order."""
    extras = (field.json_schema_extra for field in fields)
    return {
        "instructions": instructions,
        "fields": [{"prefix": extra["prefix"], "description": extra["desc"]} for extra in extras],
    }


def read_state(state: object, signature: str, fields: Sequence[Field]) -> tuple[str, tuple[Field, ...]]:
    """Instructions and fields as `state` has them. Raises StateError that says what does not fit `signature`."""
    if not isinstance(state, Mapping):
        raise StateError(f"the state of signature {signature!r} must be a mapping, not {_kind(state)}")
    instructions, saved = state.get("instructions"), state.get("fields")
    if not isinstance(instructions, str):
        raise StateError(
            f"the state of signature {signature!r}: 'instructions' must be text, not {_kind(instructions)}"
        )
    if not isinstance(saved, Sequence) or isinstance(saved, (str, bytes)):
        raise StateError(f"the state of signature {signature!r}: 'fields' must be a list, not {_kind(saved)}")
    if len(saved) != len(fields):
        raise StateError(
            f"the state has {len(saved)} fields, but signature {signature!r} has {len(fields)}; "
            "was it saved from another program?"
        )
    return instructions, tuple(map(_load_field, fields, saved))


def _load_field(field: Field, saved: object) -> Field:
    if not isinstance(saved, Mapping):
        raise StateError(f"the state of field {field.name!r} must be a mapping, not {_kind(saved)}")
    prefix, description = (_text(saved, name, field) for name in ("prefix", "description"))
    return replace(field, prefix=prefix, description=description).with_name(field.name)


def _text(saved: Mapping[str, object], name: str, field: Field) -> str:
    value = saved.get(name)
    if not isinstance(value, str):
        raise StateError(f"the state of field {field.name!r}: {name!r} must be text, not {_kind(value)}")
    return value


def _kind(value: object) -> str:
    return "missing" if value is None else type(value).__name__
