"""Python values as strict JSON and back: each arrives as itself, with its type, or is refused by name.

    encode(value) -> JSON -> decode(JSON) == value, and of the same type, at every depth

None, bool, float, text, lists, small integers, and dicts whose keys are text are written as they are. Everything else is an
object with one key that begins with "~" and names the type: {"~tuple": [1, "a"]}. A dict with other keys, or with a
key that begins with "~", travels as {"~dict": [[key, value], ...]}, so no value can be taken for such an object.

The worker starts with this module, so it imports what a type needs only when a value of that type comes.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Mapping
from typing import Any

MAX_DEPTH = 100
_JSON_INTEGER = 1 << 63  # longer ones meet the limits of text-to-integer conversion
_DIGITS = 4_300  # of a number: Python's own limit for reading and writing one; more takes quadratic time
_BITS = 14_284  # as many digits


class NotTransferable(TypeError):  # noqa: N818  # it says what the value is, and becomes a RewardError
    """A value of a type that cannot be passed from one process to the other."""


UNORDERED = frozenset(("~set", "~frozenset", "~dict"))
"""Tags of values whose members are hashed: a hostile sender may choose members whose hashes are all alike."""


def encode(value: object) -> object:
    """The value as JSON. Raises: NotTransferable for a type that is not in the table below, or too deep nesting."""
    return _encode(value, 0)


def encode_fields(fields: Mapping[Any, object]) -> dict[str, object]:
    """`encode` for a mapping of named values. Raises: NotTransferable, which names the field."""
    named = {name: fields[name] for name in fields}
    try:
        return _encode_dict(named, 0)
    except NotTransferable:
        for name, value in named.items():
            try:
                _encode(value, 1)
            except NotTransferable as error:
                raise NotTransferable(f"{name!r} {error}") from None
        raise


def decode(value: object) -> Any:
    """The inverse of `encode`. Raises: ValueError for what `encode` never returns."""
    try:
        return _decode(value)
    except (TypeError, LookupError, ArithmeticError, AttributeError, OSError, RecursionError) as error:
        raise ValueError(f"not an encoded value: {error}") from None


def _encode(value: object, depth: int) -> object:
    kind = type(value)
    if kind is str or value is None or kind is bool:
        return value
    if kind is float:
        return value if math.isfinite(value) else {"~float": repr(value)}  # type: ignore[arg-type]
    if kind is int:
        return value if -_JSON_INTEGER <= value < _JSON_INTEGER else _encode_long(value)  # type: ignore[operator, arg-type]
    if depth > MAX_DEPTH:
        raise NotTransferable(f"is nested more than {MAX_DEPTH} deep")
    if kind is list:
        return [_encode(member, depth + 1) for member in value]  # type: ignore[attr-defined]
    if kind is dict or isinstance(value, _own_dicts()):
        return _encode_dict(value, depth)  # type: ignore[arg-type]
    how = _ENCODERS.get((kind.__module__, kind.__qualname__))
    if how is None:
        raise NotTransferable(_describe(value))
    return {f"~{kind.__qualname__}": how(value, depth + 1)}


def _encode_long(value: int) -> object:
    if value.bit_length() > _BITS:
        raise NotTransferable(f"is an integer of more than {_DIGITS} digits")
    return {"~int": hex(value)}


def _encode_dict(value: dict[Any, object], depth: int) -> dict[str, object]:
    # By dict's own method: a prediction may have a field called "items".
    pairs = dict.items(value)
    if all(type(key) is str and not key.startswith("~") for key, _ in pairs):
        return {key: _encode(member, depth + 1) for key, member in pairs}
    return {"~dict": [[_encode(key, depth + 1), _encode(member, depth + 1)] for key, member in pairs]}


def _own_dicts() -> tuple[type, ...]:
    """The worker's own kinds of dict, in which inputs and predictions come, where they are loaded."""
    fields = sys.modules.get("refine_core.rewards.arguments")
    return (fields.Inputs, fields.Example) if fields is not None else ()


def _members(value: Any, depth: int) -> object:
    return [_encode(member, depth) for member in value]


def _unordered_members(value: Any, depth: int) -> object:
    """In an order that is the same in every process."""
    return [_encode(member, depth) for member in sorted(value, key=repr)]


def _time_fields(value: Any, depth: int) -> object:
    zone = _encode(_transferable_zone(value), depth)
    return [value.hour, value.minute, value.second, value.microsecond, value.fold, zone]


def _datetime_fields(value: Any, depth: int) -> object:
    return [value.year, value.month, value.day, *_time_fields(value, depth)]  # type: ignore[misc]


def _transferable_zone(value: Any) -> object:
    """The time zone: itself where it can travel, else its offset at that time."""
    zone = value.tzinfo
    if zone is None or (type(zone).__module__, type(zone).__qualname__) in _ENCODERS:
        return zone
    import datetime

    offset = value.utcoffset()
    if offset is None:
        raise NotTransferable(f"has a time zone of type {type(zone).__qualname__}; use datetime.timezone")
    return datetime.timezone(offset)


def _zone_key(value: Any) -> object:
    if value.key is None:
        raise NotTransferable("has a ZoneInfo that was read from a file; use ZoneInfo(name)")
    return value.key


def _decimal_text(value: Any) -> object:
    if abs(value.adjusted()) > _DIGITS or len(text := str(value)) > 2 * _DIGITS:
        raise NotTransferable(f"is a Decimal of more than {_DIGITS} digits")
    return text


# (module, name) of a type -> how a value of it is taken apart. Types by name, so that none has to be imported.
_ENCODERS: dict[tuple[str, str], Callable[[Any, int], object]] = {
    ("builtins", "tuple"): _members,
    ("builtins", "set"): _unordered_members,
    ("builtins", "frozenset"): _unordered_members,
    ("builtins", "bytes"): lambda v, _: v.hex(),
    ("builtins", "bytearray"): lambda v, _: v.hex(),
    ("builtins", "complex"): lambda v, depth: [_encode(v.real, depth), _encode(v.imag, depth)],
    ("datetime", "date"): lambda v, _: [v.year, v.month, v.day],
    ("datetime", "time"): _time_fields,
    ("datetime", "datetime"): _datetime_fields,
    ("datetime", "timedelta"): lambda v, _: [v.days, v.seconds, v.microseconds],
    ("datetime", "timezone"): lambda v, depth: _members(v.__getinitargs__(), depth),
    ("zoneinfo", "ZoneInfo"): lambda v, _: _zone_key(v),
    ("decimal", "Decimal"): lambda v, _: _decimal_text(v),
    ("fractions", "Fraction"): lambda v, depth: _members((v.numerator, v.denominator), depth),
    ("uuid", "UUID"): lambda v, _: v.hex,
}


def _decode(value: object) -> Any:
    if isinstance(value, list):
        return [_decode(member) for member in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        [(tag, inner)] = value.items()
        if tag.startswith("~"):
            return _DECODERS[tag](inner)
    return {key: _decode(member) for key, member in value.items()}


def _constructor(module: str, name: str) -> Callable[[Any], Any]:
    """Makes a value of a type from its arguments."""

    def make(inner: Any) -> Any:
        from importlib import import_module

        return getattr(import_module(module), name)(*_decode(inner))

    return make


def _decode_time(inner: Any) -> Any:
    import datetime

    hour, minute, second, microsecond, fold, zone = inner
    return datetime.time(hour, minute, second, microsecond, _decode(zone), fold=fold)


def _decode_datetime(inner: Any) -> Any:
    import datetime

    *moment, fold, zone = inner
    return datetime.datetime(*moment, tzinfo=_decode(zone), fold=fold)  # type: ignore[misc]


def _decode_zone(inner: Any) -> Any:
    from zoneinfo import ZoneInfo

    return ZoneInfo(inner)


def _decode_decimal(inner: Any) -> Any:
    from decimal import Decimal

    number = Decimal(inner[: 2 * _DIGITS])
    if abs(number.adjusted()) > _DIGITS:  # int(…) of it would not end
        raise ValueError("too many digits")
    return number


def _decode_fraction(inner: Any) -> Any:
    from fractions import Fraction

    numerator, denominator = _decode(inner)
    if (
        type(numerator) is not int or type(denominator) is not int
    ):  # of "1e999999999" it would make that many digits
        raise ValueError("a fraction whose parts are not integers")
    return Fraction(numerator, denominator)


def _decode_uuid(inner: Any) -> Any:
    from uuid import UUID

    return UUID(hex=inner)


_DECODERS: dict[str, Callable[[Any], Any]] = {
    "~float": lambda v: float(v[:30]),
    "~int": lambda v: int(v[: _BITS // 4 + 4], 16),
    "~dict": lambda v: {_decode(key): _decode(member) for key, member in v},
    "~tuple": lambda v: tuple(map(_decode, v)),
    "~set": lambda v: set(map(_decode, v)),
    "~frozenset": lambda v: frozenset(map(_decode, v)),
    "~bytes": bytes.fromhex,
    "~bytearray": bytearray.fromhex,
    "~complex": lambda v: complex(*map(_decode, v)),
    "~date": _constructor("datetime", "date"),
    "~time": _decode_time,
    "~datetime": _decode_datetime,
    "~timedelta": _constructor("datetime", "timedelta"),
    "~timezone": _constructor("datetime", "timezone"),
    "~ZoneInfo": _decode_zone,
    "~Decimal": _decode_decimal,
    "~Fraction": _decode_fraction,
    "~UUID": _decode_uuid,
}


def _describe(value: object) -> str:
    """What the value is, and what to use instead."""
    kind = value if isinstance(value, type) else type(value)
    name = kind.__qualname__[:100]
    if isinstance(value, type):
        what, instead = f"the class {name}", "its name"
    elif any(base.__module__ == "enum" for base in kind.__mro__):
        what, instead = f"a member of the Enum {name}", "its .value"
    elif hasattr(kind, "model_dump"):
        what, instead = f"a model of type {name}", "its model_dump()"
    elif hasattr(kind, "__dataclass_fields__"):
        what, instead = f"a dataclass of type {name}", "dataclasses.asdict(…) of it"
    elif hasattr(kind, "tolist"):
        what, instead = f"a value of type {kind.__module__}.{name}", "its tolist()"
    elif isinstance(value, (str, int, float, dict, list, tuple, set, frozenset)):
        base = next(b for b in kind.__mro__ if b.__module__ == "builtins").__name__
        what, instead = f"a value of type {name}", f"{base}(…) of it"
    else:
        what, instead = f"a value of type {name}", "its text or its parts"
    return (
        f"holds {what}, which cannot be handed to another process as itself. Use {instead}; built-in types, dates and "
        "decimals can"
    )
