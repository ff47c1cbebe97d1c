"""Events as text and back: versioned JSON, one object an event.

    encode(event) -> (kind, version, text)        decode(kind, version, text) -> Event

The text is valid JSON whatever the values: what JSON cannot express is tagged, {"$float": "nan"}, {"$int": "…"},
{"$dict": [[key, value], …]} for a mapping that would look like a tag, {"$text": "…"} for text with lone surrogates.
A kind or version that this code does not know decodes to `Unknown`, with its payload kept.
Kinds and field names on disk never change: where a field has another name in the code, STORED_NAMES says which.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from operator import attrgetter
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

import ujson

from refine_core import events
from refine_core.events import AttemptStarted, Event, RunStarted, Unknown
from refine_core.spec.program import ModelSpec

T = TypeVar("T")
STORED_NAMES: Mapping[type, Mapping[str, str]] = {
    AttemptStarted: {"fixed_temperature": "untempered"},
    RunStarted: {"typed_key_roles": "keyed"},
    ModelSpec: {"recording_id": "cassette"},
}
"""Class -> its field in the code -> the field's name on disk, where the two differ."""

_BY_KIND = {cls.kind: cls for cls in events.ALL}
_BIGGEST = 2**63 - 1
_NAMES = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}


def dumps(value: object) -> str:
    """Plain data as JSON text; tags what JSON cannot express. Raises nothing for values from refine_core.jsonable."""
    return ujson.dumps(_pack(value), escape_forward_slashes=False, ensure_ascii=False)


def loads(text: str) -> object:
    """The inverse of `dumps`."""
    return _unpack(ujson.loads(text))


def encode(event: Event) -> tuple[str, int, str]:
    """Kind, version and payload (JSON text) of an event. Raises TypeError for a value that is no plain data."""
    if isinstance(event, Unknown):
        return event.name, event.of_version, dumps(event.data)
    return event.kind, event.version, dumps(event)


def decode(kind: str, version: int, text: str) -> Event:
    """The event behind what `encode` gave, or `Unknown` if it is of a newer version than this code.

    Raises ValueError for text that is no JSON, TypeError or KeyError for a payload that its kind cannot have.
    """
    return from_data(kind, version, cast("dict[str, object]", loads(text)))


def from_data(kind: str, version: int, data: Mapping[str, object]) -> Event:
    """The same for a payload that `loads` has read already."""
    cls = _BY_KIND.get(kind)
    if cls is None or version > cls.version:
        return Unknown(kind, version, data)
    return build(cls, data)


def build(cls: type[T], data: Mapping[str, object]) -> T:
    """A dataclass rebuilt from what `loads` gave. Fields that it does not have are left out.

    Raises TypeError or KeyError for data that it cannot have.
    """
    return cast("T", _build(cls, data))


@cache
def _shape(cls: type) -> tuple[tuple[str, str, object], ...]:
    """(field, its name on disk, type) of each field of a dataclass."""
    hints = get_type_hints(cls)
    return tuple((name, stored, hints[name]) for name, stored in _names(cls))


def _build(kind: object, value: object) -> object:
    """`value` as `kind`: dataclasses, tuples and floats are rebuilt, all else stays. Unknown fields are left out."""
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        data = cast("dict[str, object]", value)
        return kind(
            **{name: _build(hint, data[stored]) for name, stored, hint in _shape(kind) if stored in data}
        )
    if kind is float:
        return float(cast("float", value))
    if get_origin(kind) is tuple:
        return tuple(_build(get_args(kind)[0], item) for item in cast("list[object]", value))
    if get_origin(kind) in (Union, UnionType) and value is not None:
        return _build(next(k for k in get_args(kind) if k is not NoneType), value)
    if get_origin(kind) is Mapping:
        return {k: _build(get_args(kind)[1], v) for k, v in cast("dict[str, object]", value).items()}
    return value


@cache
def _names(cls: type) -> tuple[tuple[str, str], ...]:
    """(field, its name on disk) of each field of a dataclass; () for other types."""
    if not dataclasses.is_dataclass(cls):
        return ()
    stored = STORED_NAMES.get(cls, {})
    return tuple((f.name, stored.get(f.name, f.name)) for f in dataclasses.fields(cls))


def _pack(value: object) -> object:
    cls = type(value)
    if cls is str:  # most values are text, and most text is plain: these are looked at first
        return value if cast("str", value).isascii() else _pack_text(cast("str", value))
    if value is None or cls is bool:
        return value
    return _packer(cls)(value)  # type: ignore[arg-type]  # every class can be hashed


@cache
def _packer(cls: type) -> Callable[[Any], object]:
    """What packs the values of a class. It is chosen once for each class: asking every value what it is costs more."""
    if names := _names(cls):
        return _fields_packer(names)
    return next((packer for base, packer in _PACKERS if issubclass(cls, base)), _refuse)


def _fields_packer(names: tuple[tuple[str, str], ...]) -> Callable[[Any], object]:
    """What packs a dataclass with these fields. Values that need no packing are told apart in place: a call for each costs more."""
    stored_names = tuple(stored for _, stored in names)
    own = tuple(name for name, _ in names)
    read: Callable[[Any], tuple[Any, ...]] = (
        attrgetter(*own) if len(own) > 1 else lambda value: (getattr(value, own[0]),)
    )

    def pack_fields(value: object) -> object:
        packed = {}
        for stored, one in zip(stored_names, read(value), strict=True):
            cls = type(one)
            is_plain = (
                one is None
                or cls is bool
                or (cls is str and one.isascii())
                or (cls is int and -_BIGGEST <= one <= _BIGGEST)
                or (cls is float and math.isfinite(one))
            )
            packed[stored] = one if is_plain else _pack(one)
        return packed

    return pack_fields


def _pack_text(value: str) -> object:
    return value if _clean(value) else {"$text": value.encode("utf-16-le", "surrogatepass").hex()}


def _pack_int(value: int) -> object:
    return value if -_BIGGEST <= value <= _BIGGEST else {"$int": hex(value)}


def _pack_float(value: float) -> object:
    return value if math.isfinite(value) else {"$float": repr(value)}


def _pack_items(value: Sequence[object]) -> object:
    return [_pack(item) for item in value]


def _pack_mapping(value: Mapping[object, object]) -> object:
    for key in value:
        if not isinstance(key, str) or key[:1] == "$" or not _clean(key):
            return {"$dict": [[_pack(k), _pack(v)] for k, v in value.items()]}
    return {k: _pack(v) for k, v in value.items()}


def _keep(value: object) -> object:
    return value


def _refuse(value: object) -> object:
    raise TypeError(f"{type(value).__name__} is not plain data; pass it through refine_core.jsonable first")


_PACKERS: tuple[tuple[type, Callable[[Any], object]], ...] = (
    (str, _pack_text),
    (NoneType, _keep),
    (bool, _keep),  # before int, which it is, too
    (int, _pack_int),
    (float, _pack_float),
    (Mapping, _pack_mapping),
    (list, _pack_items),
    (tuple, _pack_items),
)


def _unpack(value: object) -> object:
    match value:
        case {"$float": str(name)}:
            return _NAMES[name]
        case {"$int": str(digits)}:
            return int(digits, 16)
        case {"$text": str(units)}:
            return bytes.fromhex(units).decode("utf-16-le", "surrogatepass")
        case {"$dict": list(pairs)}:
            return {cast("str", _unpack(k)): _unpack(v) for k, v in pairs}
        case dict():
            return {k: _unpack(v) for k, v in value.items()}
        case list():
            return [_unpack(v) for v in value]
        case _:
            return value


def _clean(text: str) -> bool:
    """Whether UTF-8 can encode it."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:  # lone surrogates are all that it refuses
        return False
    return True
