"""A value as text, as Python writes it, made without running a line of the user's.

    0.25 -> 0.25      "a" * 10**9 -> "'aaa…' (1,000,000,000 characters)"      Point(1, 2) -> "Point(x=1, y=2)"

Only what built-in types do themselves is used, by their own methods: a subclass may have replaced its own. Whatever
is not known is shown by its class's name. Numbers, True, False and None stay themselves; all else is text.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from types import (
    FunctionType,
    GetSetDescriptorType,
    MemberDescriptorType,
    ModuleType,
    WrapperDescriptorType,
)
from typing import Any, Final

TEXT_CHARS: Final = 240
"""Of one value, about."""
_LEAF_CHARS: Final = 160
_INNER_CHARS: Final = 80
_MEMBERS: Final = 12
_DEPTH: Final = 3
_SAFE_INT: Final = 1 << 53
_INT_BITS: Final = 400
_OBJECT_FIELDS: Final = 6
_LEAVES: Final = {"Decimal": "decimal", "date": "datetime", "timedelta": "datetime"}
"""Classes written in C whose own text holds no other value."""

Snapshot = float | int | bool | str | None

_name_of: Any = vars(type)["__name__"].__get__
_mro_of: Any = vars(type)["__mro__"].__get__
_flags_of: Any = vars(type)["__flags__"].__get__
_WRITTEN_IN_PYTHON: Final = 1 << 9  # Py_TPFLAGS_HEAPTYPE
_dict_of: Any = vars(type)["__dict__"].__get__


def take_snapshot(value: object) -> Snapshot:
    """The value, bounded. Never raises an Exception."""
    kind = type(value)
    if value is None or kind is bool:
        return value  # type: ignore[return-value]  # one of these
    if kind is float:
        return value if math.isfinite(value) else float.__repr__(value)  # type: ignore[arg-type,return-value]
    if kind is int:
        return value if -_SAFE_INT < value < _SAFE_INT else _write_int(value)  # type: ignore[operator,return-value,arg-type]
    try:
        text = _write_str(value, _LEAF_CHARS) if kind is str else _write(value, 0)  # type: ignore[arg-type]
    except Exception:  # noqa: BLE001  # whatever it is, the reward goes on
        return "…"
    return text if len(text) <= 2 * TEXT_CHARS else f"{text[: 2 * TEXT_CHARS]}…"


def class_name(value: object) -> str:
    """The name of a value's class, past whatever a class of the user's puts in its place."""
    return str(_name_of(type(value)))[:80]


def describe_exception(error: BaseException) -> str:
    """An exception by its class and its first argument, as its own __str__ may do anything."""
    arguments = vars(BaseException)["args"].__get__(error)
    first = arguments[0] if arguments else None
    text = (
        str.__str__(first[:TEXT_CHARS]) if type(first) is str else "" if first is None else _write(first, 1)
    )
    return f"{class_name(error)}: {text}" if text else class_name(error)


def _write(value: Any, depth: int) -> str:
    kind = type(value)
    if value is None or kind is bool or kind is float or kind is complex:
        return repr(value)
    for base, write_one in _WRITERS:
        if isinstance_of(kind, base):
            return write_one(value, kind, depth)
    return _write_enum(value, kind) or _write_object(value, kind, depth)


def isinstance_of(kind: type, base: type) -> bool:
    """Whether a class is, or derives from, a built-in one; `isinstance` would ask the value's own `__class__`."""
    return kind is base or base in _mro_of(kind)


def _write_str(value: str, chars: int) -> str:
    length = str.__len__(value)
    if length <= chars:
        return str.__repr__(value)
    return f"{str.__repr__(str.__getitem__(value, slice(0, chars)))}… ({length:,} characters)"


def _write_int(value: int) -> str:
    bits = int.bit_length(value)
    return int.__repr__(value) if bits <= _INT_BITS else f"<an integer of {bits:,} bits>"


def _write_bytes(value: Any, base: Any, chars: int) -> str:
    length = base.__len__(value)
    start: str = repr(bytes(base.__getitem__(value, slice(0, chars))))
    return start if length <= chars else f"{start}… ({length:,} bytes)"


def _join(start: str, members: Iterable[str], end: str, count: int) -> str:
    parts: list[str] = []
    size = 0
    for one in members:
        if len(parts) == _MEMBERS or size > TEXT_CHARS:
            break
        parts.append(one)
        size += len(one) + 2
    if len(parts) < count:
        parts.append(f"… {count - len(parts):,} more")
    return f"{start}{', '.join(parts)}{end}"


def _write_set(start: str, members: Any, end: str, count: int, depth: int) -> str:
    """Sorted, as the order of a set says nothing and would make equal ones look different."""
    if not count:
        return "set()" if start == "{" else "frozenset()"
    if depth >= _DEPTH:
        return f"{start}…{end}"
    first = [_write(one, depth + 1) for one, _ in zip(members, range(_MEMBERS), strict=False)]
    return _join(start, sorted(first), end, count)


def _write_tuple(value: Any, kind: type, depth: int) -> str:
    fields = _in_class(kind, "_fields")
    members = [
        _write(one, depth + 1) for one, _ in zip(tuple.__iter__(value), range(_MEMBERS + 1), strict=False)
    ]
    if (
        type(fields) is tuple
        and len(fields) == tuple.__len__(value)
        and all(type(one) is str for one in fields)
    ):
        named = (f"{name}={one}" for name, one in zip(fields, members, strict=False))
        return _join(f"{str(_name_of(kind))[:80]}(", named, ")", tuple.__len__(value))
    if tuple.__len__(value) == 1:
        return f"({members[0]},)"
    return _join("(", members, ")", tuple.__len__(value))


def _write_named(value: Any, kind: type) -> str:
    if isinstance_of(kind, ModuleType):
        name = vars(ModuleType)["__dict__"].__get__(value).get("__name__")
        return f"<module {name[:80]!r}>" if type(name) is str else "<module>"
    name = vars(FunctionType)["__name__"].__get__(value) if kind is FunctionType else _name_of(value)
    return f"<{'function' if kind is FunctionType else 'class'} {str.__str__(name)[:80]}>"


def _write_enum(value: Any, kind: type) -> str:
    if not any(_name_of(base) == "Enum" and _in_own(base, "__module__") == "enum" for base in _mro_of(kind)):
        return ""
    name = (_fields_of(value, kind) or {}).get("_name_")  # a flag without a name has None
    return f"{str(_name_of(kind))[:80]}.{str.__str__(name)[:80]}" if type(name) is str else ""


def _write_object(value: Any, kind: type, depth: int) -> str:
    name = str(_name_of(kind))[:80]
    if kind is re.Match:
        found = re.Match.group(value)
        return f"<match {_write(found, depth + 1)}>"
    if kind is re.Pattern:
        return f"re.compile({_write(vars(re.Pattern)['pattern'].__get__(value), depth + 1)})"
    is_c = not _flags_of(kind) & _WRITTEN_IN_PYTHON or _in_own(kind, "__module__") == _LEAVES.get(name)
    if is_c and name in _LEAVES and type(_in_own(kind, "__repr__")) is WrapperDescriptorType:
        return repr(value)[:_LEAF_CHARS]
    if not _flags_of(kind) & _WRITTEN_IN_PYTHON:
        return f"<{name}>"
    if depth >= _DEPTH:
        return f"{name}(…)"
    return _write_fields(name, _slots_of(value, kind) | (_fields_of(value, kind) or {}), depth)


def _write_fields(name: str, fields: dict[str, Any], depth: int) -> str:
    shown = {key: one for key, one in fields.items() if type(key) is str and not key.startswith("__")}
    parts: list[str] = []
    for key, one in shown.items():
        if len(parts) == _OBJECT_FIELDS:
            break
        parts.append(f"{key[:60]}={_write(one, depth + 1)}")
    return _join(f"{name}(", parts, ")", len(shown)) if shown else f"<{name}>"


def _fields_of(value: Any, kind: type) -> dict[str, Any] | None:
    """Its __dict__, where that is Python's own."""
    found = _in_class(kind, "__dict__")
    if type(found) is not GetSetDescriptorType:
        return None
    fields = found.__get__(value)
    return dict.copy(fields) if type(fields) is dict else None


def _slots_of(value: Any, kind: type) -> dict[str, Any]:
    slots: dict[str, Any] = {}
    for base in reversed(_mro_of(kind)):
        if not _flags_of(base) & _WRITTEN_IN_PYTHON:
            continue
        named = _in_own(base, "__slots__")
        for name in named if type(named) is tuple else ():
            one = _dict_of(base).get(name) if type(name) is str else None
            if type(one) is MemberDescriptorType:
                try:
                    slots[name.lstrip("_")] = one.__get__(value)
                except AttributeError:  # not set
                    continue
    return slots


def _in_class(kind: type, name: str) -> Any:
    for base in _mro_of(kind):
        if name in _dict_of(base):
            return _dict_of(base)[name]
    return None


def _in_own(kind: type, name: str) -> Any:
    return _dict_of(kind).get(name)


def _chars(depth: int) -> int:
    return _LEAF_CHARS if depth == 0 else _INNER_CHARS


def _write_dict(value: Any, _kind: type, depth: int) -> str:
    if depth >= _DEPTH:
        return "{…}"
    pairs = (f"{_write(key, depth + 1)}: {_write(one, depth + 1)}" for key, one in dict.items(value))
    return _join("{", pairs, "}", dict.__len__(value))


def _write_list(value: Any, _kind: type, depth: int) -> str:
    if depth >= _DEPTH:
        return "[…]"
    return _join("[", (_write(one, depth + 1) for one in list.__iter__(value)), "]", list.__len__(value))


_WRITERS: Final[tuple[tuple[type, Callable[[Any, type, int], str]], ...]] = (
    (str, lambda value, kind, depth: _write_enum(value, kind) or _write_str(value, _chars(depth))),
    (int, lambda value, kind, _depth: _write_enum(value, kind) or _write_int(value)),
    (float, lambda value, _kind, _depth: float.__repr__(value)),
    (bytes, lambda value, _kind, depth: _write_bytes(value, bytes, _chars(depth))),
    (bytearray, lambda value, _kind, depth: _write_bytes(value, bytearray, _chars(depth))),
    (dict, _write_dict),
    (list, _write_list),
    (tuple, lambda value, kind, depth: "(…)" if depth >= _DEPTH else _write_tuple(value, kind, depth)),
    (set, lambda value, _kind, depth: _write_set("{", set.__iter__(value), "}", set.__len__(value), depth)),
    (
        frozenset,
        lambda value, _kind, depth: _write_set(
            "frozenset({", frozenset.__iter__(value), "})", frozenset.__len__(value), depth
        ),
    ),
    (range, lambda value, _kind, _depth: range.__repr__(value)[:_LEAF_CHARS]),
    (FunctionType, lambda value, kind, _depth: _write_named(value, kind)),
    (type, lambda value, kind, _depth: _write_named(value, kind)),
    (ModuleType, lambda value, kind, _depth: _write_named(value, kind)),
)
"""A built-in type and how its values are written; the first from which a class derives."""
