"""Text that every screen and file can show.

A lone surrogate ("half an emoji") is no character: Python and JSON can hold it, UTF-8 cannot, so sending it to a browser
raises. The log keeps it as it is; what is shown has U+FFFD in its place.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import TypeVar, cast

T = TypeVar("T")


def make_well_formed(value: T) -> T:
    """`value` with U+FFFD for every lone surrogate in its text, in dataclasses, mappings and sequences too.

    What holds none is returned itself, not copied.
    """
    return map_text(value, _text)


def map_text(value: T, change: Callable[[str], str]) -> T:
    """`value` with `change` of each text in it; dataclasses, mappings and sequences without a change are not copied."""
    return cast("T", _mapped(value, change))


def _mapped(value: object, change: Callable[[str], str]) -> object:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, Mapping):
        return _mapping(value, change)
    if isinstance(value, (list, tuple)):
        items = [_mapped(item, change) for item in value]
        if all(a is b for a, b in zip(value, items, strict=True)):
            return value
        return items if isinstance(value, list) else tuple(items)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _dataclass(value, change)
    return value


def _mapping(value: Mapping[object, object], change: Callable[[str], str]) -> Mapping[object, object]:
    fresh: dict[object, object] = {}
    alike: dict[object, int] = {}  # how many keys look like this one
    changed = False
    for old_key, old in value.items():
        key = name = _mapped(old_key, change)
        new = _mapped(old, change)
        while key in fresh:  # keys may differ only in what cannot be shown: each is shown, with a number
            alike[name] = alike.get(name, 1) + 1
            key = f"{name} ({alike[name]})"
        fresh[key] = new
        changed = changed or key is not old_key or new is not old
    return fresh if changed else value


def _dataclass(value: object, change: Callable[[str], str]) -> object:
    changed: dict[str, object] = {}
    for field in dataclasses.fields(value):  # type: ignore[arg-type]  # the caller has looked
        old = getattr(value, field.name)
        new = _mapped(old, change)
        if new is not old:
            changed[field.name] = new
    return dataclasses.replace(value, **changed) if changed else value  # type: ignore[type-var]


def _text(text: str) -> str:
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        # By way of UTF-16, so that two halves that stand together become the character that they are.
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text
