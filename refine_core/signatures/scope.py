"""Names that a type may use because whoever wrote the signature can see them.

    class Doc(BaseModel): ...
    Predict("doc: Doc -> answer")       Doc is looked up in the functions that led here, innermost first

Only code may name what code can see: a text that comes through another room of this library was typed into a form or
read from a file, and knows the built-in types alone.
"""

from __future__ import annotations

import builtins
import sys
import types
import typing
from collections.abc import Iterator, Mapping
from typing import Any

# Rooms that stand between a caller's text and its reading.
_BETWEEN = ("refine_core.signatures", "refine_core.modules", "refine_core.effects")
MISSING: Any = object()


def visible(name: str) -> Any:
    """What `name` means to the caller; MISSING where it means nothing, or where the text is not from code."""
    if not from_code():
        return MISSING
    for frame in _callers():
        for names in (frame.f_locals, frame.f_globals):
            if name in names and is_type_or_module(names[name]):
                return names[name]
    for names in (vars(builtins), vars(typing), sys.modules):
        if name in names and is_type_or_module(names[name]):
            return names[name]
    return MISSING


def from_code() -> bool:
    """Whether the text that is being read stands in somebody's code."""
    frame = next(_callers(), None)
    return frame is not None and _room(frame).partition(".")[0] != "refine_core"


def locals_of(module: str) -> dict[str, Any]:
    """The local names of all functions of `module` that led here, inner ones over outer ones."""
    seen: dict[str, Any] = {}
    for frame in _callers():
        if _room(frame) == module:
            seen = {**frame.f_locals, **seen}
    return seen


def is_type_or_module(value: object) -> bool:
    """Whether a name may stand in a type: a class, a form of typing, or a module that leads to one."""
    return isinstance(value, types.ModuleType) or is_type(value)


def is_type(value: object) -> bool:
    """Whether `value` can be a field's type, or become one with something in brackets."""
    return (
        value is None
        or isinstance(value, (type, typing.NewType, types.UnionType))
        or typing.get_origin(value) is not None
        or type(value).__module__ == "typing"  # Any, Literal, Optional and the old aliases such as List
        or type(value).__name__ == "TypeAliasType"
    )


def dotted(known: Mapping[str, Any], path: str) -> Any:
    """What `known` or the caller means by `path`, such as `models.Doc`; MISSING if nothing. Runs nothing."""
    head, *rest = path.split(".")
    at = known[head] if head in known else visible(head)
    for name in rest:
        if at is MISSING or not isinstance(at, (type, types.ModuleType)):
            return MISSING
        at = vars(at).get(name, MISSING)
    return at


def _callers() -> Iterator[types.FrameType]:
    """The frames that led to this text, past the rooms that read it."""
    frame: types.FrameType | None = sys._getframe(1)  # noqa: SLF001 - the documented way to a caller's names
    while frame is not None and _room(frame).startswith(_BETWEEN):
        frame = frame.f_back
    while frame is not None:
        yield frame
        frame = frame.f_back


def _room(frame: types.FrameType) -> str:
    return str(frame.f_globals.get("__name__", ""))
