"""Fields of lesson.json as the dataclasses of the contract have them. What is wrong is noted, and the rest is read on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields
from types import NoneType
from typing import Any, Final, TypeVar, get_args, get_type_hints

from refine_core.experiments.json_document.notes import Notes, kind_of

T = TypeVar("T")

FILE: Final = "lesson.json"
_NAMES: Final = {str: "a text", int: "a whole number", float: "a number", dict: "an object", tuple: "a list"}


def build(
    notes: Notes, cls: type[T], where: str, data: object, given: Mapping[str, object] | None = None
) -> T | None:
    """A dataclass out of a JSON object; None where a field of it is missing or wrong. given: fields that are read elsewhere."""
    place = f"{FILE} {where}"
    if not isinstance(data, dict):
        notes.add(place, f"write an object, not {kind_of(data)}")
        return None
    values: dict[str, Any] = dict(given or {})
    hints = get_type_hints(cls)
    own = {one.name: one for one in fields(cls) if one.name not in values}  # type: ignore[arg-type]  # a dataclass
    notes.check_names(f"{place}.", data, tuple(own))
    before = len(notes.problems)
    for name, one in own.items():
        if name in data:
            values[name] = read_value(notes, f"{place}.{name}", hints[name], data[name])
        elif one.default is MISSING and one.default_factory is MISSING:
            notes.add(f"{place}.{name}", "it is missing")
    return cls(**values) if len(notes.problems) == before else None


def read_field(
    notes: Notes, data: Mapping[str, Any], name: str, kind: type[T], default: T | None = None
) -> T:
    """A field of the whole lesson; an empty one where it is wrong. Without a default it must be there."""
    if name not in data and default is not None:
        return default
    value: T | None = read_value(notes, f"{FILE} {name}", kind, data.get(name))
    return kind() if value is None else value


def read_list(notes: Notes, data: Mapping[str, Any], name: str, kind: type[T]) -> list[T]:
    """A field of the whole lesson that is a list, or not there."""
    value = data.get(name, [])
    if not isinstance(value, list):
        notes.add(f"{FILE} {name}", f"write a list, not {kind_of(value)}")
        return []
    return [read_value(notes, f"{FILE} {name}[{i}]", kind, one) for i, one in enumerate(value)]


def read_value(notes: Notes, where: str, hint: Any, value: object) -> Any:
    """A JSON value as its field has it; None where it is of another kind."""
    if NoneType in get_args(hint):
        hint = next(one for one in get_args(hint) if one is not NoneType)
    options = get_args(hint)
    if options and all(isinstance(one, str) for one in options):
        if value not in options:
            shown = value if isinstance(value, str) else kind_of(value)
            notes.add(where, f"write one of {', '.join(options)}, not {shown}")
        return value
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if hint is str and is_number:
        return str(value)  # an expression that is a number
    if options and isinstance(value, list):
        return _read_items(notes, where, options[0], value)
    kinds = _kinds_of(hint)
    if isinstance(value, kinds) and isinstance(value, bool) is (hint is bool):
        return value
    notes.add(where, f"write {_NAMES.get(kinds[0], 'true or false')}, not {kind_of(value)}")
    return None


def _read_items(notes: Notes, where: str, hint: Any, values: Sequence[object]) -> tuple[Any, ...]:
    length = len(get_args(hint))
    if not length:
        return tuple(read_value(notes, f"{where}[{i}]", hint, one) for i, one in enumerate(values))
    pairs = [
        one for one in values if isinstance(one, list) and [type(text) for text in one] == [str] * length
    ]
    if len(pairs) < len(values):
        notes.add(where, 'write a list of pairs of texts: [["answer < 3", "Too few."]]')
    return tuple(tuple(pair) for pair in pairs)


def _kinds_of(hint: Any) -> tuple[type, ...]:
    if hint in (str, int, bool):
        return (hint,)
    if hint is float:
        return (float, int)
    return (dict,) if "Mapping" in str(hint) else (tuple,)
