"""Values of any depth as people write them, as data that their type takes: "1,234" for an int, "**Positive.**" for a choice.

    data that does not fit --normalize_value--> data that may, to be validated again, so that bounds still hold

Rule 1: only a value that its type refuses is normalized.
Rule 2: an ambiguous value is left alone, and refused: "1,23" for a number, "positive or negative" for a choice.
Rule 3: a percentage is that many hundredths for a float ("85%" is 0.85), unless its field says that it is in percent, by its
        name, its description or a bound above 1; for an int it is the number itself.
"""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from decimal import Decimal
from typing import Annotated, Any, NotRequired, Required, Union, get_args, get_origin, get_type_hints

from refine_core.adapters.choices import get_choice_table, is_none_text, match_choice
from refine_core.adapters.number_text import is_percent, normalize_number
from refine_core.signatures.fields import Field

_BOOLS = {"true": True, "yes": True, "false": False, "no": False}


def normalize_value(kind: Any, data: object, *, in_percent: bool = False) -> object:
    """`data` in the form that `kind` takes, where it can be meant in one way only; else `data`. in_percent: see rule 3."""
    origin, args = get_origin(kind), get_args(kind)
    if origin in (Annotated, Required, NotRequired):
        return normalize_value(args[0], data, in_percent=in_percent or is_percent("", "", _bounds(args[1:])))
    if getattr(kind, "__pydantic_root_model__", False):
        return normalize_value(kind.model_fields["root"].annotation, data, in_percent=in_percent)
    if (table := get_choice_table(kind)) is not None:
        return _normalize_choice(table, data)
    if origin in (Union, types.UnionType):
        return _normalize_union(args, data, in_percent=in_percent)
    if isinstance(data, str):
        if kind is bool:
            return _normalize_choice(_BOOLS, data)
        return normalize_number(kind, data, in_percent=in_percent) if kind in (int, float, Decimal) else data

    def part(of: Any, value: object) -> object:
        return normalize_value(of, value, in_percent=in_percent)

    if isinstance(data, Mapping):
        return _normalize_mapping(kind, data, part)
    if isinstance(data, (list, tuple)) and args:
        return _normalize_items(origin, args, data, part)
    return data


Part = Callable[[Any, object], object]


def _normalize_choice(table: Mapping[str, object], data: object) -> object:
    if isinstance(data, float) and data.is_integer():
        data = int(data)
    if not isinstance(data, (str, int)):
        return data
    try:
        return match_choice(table, str(data))
    except KeyError:
        return data


def _normalize_union(kinds: Sequence[Any], data: object, *, in_percent: bool) -> object:
    """For a union: the value on which all members that fit agree, else `data`."""
    if types.NoneType in kinds and isinstance(data, str) and is_none_text(data):
        return None
    normalized = [normalize_value(kind, data, in_percent=in_percent) for kind in kinds]
    changed = [one for one in normalized if one is not data and one != data]
    return changed[0] if changed and all(one == changed[0] for one in changed) else data


def _normalize_items(origin: Any, args: Sequence[Any], data: Sequence[object], part: Part) -> object:
    if origin is tuple and not (len(args) == 2 and args[1] is ...):  # noqa: PLR2004  # as in tuple[int, ...]
        return [part(*one) for one in zip(args, data, strict=True)] if len(args) == len(data) else data
    if isinstance(origin, type) and issubclass(origin, (Sequence, AbstractSet)):
        return [part(args[0], item) for item in data]
    return data


def _normalize_mapping(kind: Any, data: Mapping[Any, object], part: Part) -> object:
    origin, args = get_origin(kind), get_args(kind)
    if isinstance(origin, type) and issubclass(origin, Mapping) and len(args) == 2:  # noqa: PLR2004  # keys, values
        normalized = {part(args[0], key): part(args[1], value) for key, value in data.items()}
        return normalized if len(normalized) == len(data) else data
    parts = _member_types(origin or kind)
    return {
        name: normalize_value(parts[name][0], value, in_percent=parts[name][1]) if name in parts else value
        for name, value in data.items()
    }


def _member_types(kind: Any) -> Mapping[str, tuple[Any, bool]]:
    """Name, or alias -> type of each part of a pydantic model, a dataclass or a typed dict, and whether it is in percent."""
    parts: dict[str, tuple[Any, bool]] = {}
    if isinstance(fields := getattr(kind, "model_fields", None), Mapping):
        for name, field in fields.items():
            kind_and_percent = (
                field.annotation,
                is_percent(name, field.description or "", _bounds(field.metadata)),
            )
            parts |= dict.fromkeys(filter(None, (name, field.alias)), kind_and_percent)
    elif dataclasses.is_dataclass(kind) or hasattr(kind, "__required_keys__"):  # a typed dict
        try:
            hints = get_type_hints(kind, include_extras=True)
        except (NameError, TypeError):
            return {}
        parts = {name: (hint, is_percent(name, "", ())) for name, hint in hints.items()}
    return parts


def _bounds(metadata: Iterable[Any]) -> Iterator[object]:
    """The bounds of a number in the metadata of its annotation."""
    for one in metadata:
        for part in (one, *(getattr(one, "metadata", None) or ())):
            yield from (getattr(part, name, None) for name in ("ge", "gt", "le", "lt"))


def is_percent_field(field: Field) -> bool:
    """Whether the numbers of a field are in percent."""
    bounds = [field.constraints.get(name) for name in ("ge", "gt", "le", "lt")]
    return is_percent(field.name, field.description, bounds)
