"""Names that a type may use because whoever wrote the signature can see them.

    class Doc(BaseModel): ...
    Predict("doc: Doc -> answer")       Doc is a name of the code that called the library

`caller_names` alone looks at stack frames, and at one of them: that of the direct caller. Only code may name what code can
see: a text that comes through another package of this library was typed into a form or read from a file, and may use
only the built-in types.
"""

from __future__ import annotations

import builtins
import sys
import types
import typing
from collections.abc import Mapping
from typing import Any

# Packages that a caller's text passes through before it is parsed.
_INTERNAL_PACKAGES = ("refine_core.signatures", "refine_core.modules", "refine_core.concurrency")
MISSING: Any = object()


def find_caller_names(module: str | None = None) -> Mapping[str, Any] | None:
    """The names that the direct caller of this library can see, local ones first; None where that is the library itself.

    module: whose code the caller must be, or None for any.
    """
    frame: types.FrameType | None = sys._getframe(1)  # noqa: SLF001 - the documented way to a caller's names
    while frame is not None and _module_name(frame).startswith(_INTERNAL_PACKAGES):
        frame = frame.f_back
    if (
        frame is None
        or _module_name(frame).partition(".")[0] == "refine_core"
        or module not in (None, _module_name(frame))
    ):
        return None
    return {**frame.f_globals, **frame.f_locals}


def is_called_from_code() -> bool:
    """Whether the text that is being parsed comes from the caller's code."""
    return find_caller_names() is not None


def is_type(value: object) -> bool:
    """Whether `value` can be a field's type, or become one with something in brackets."""
    return (
        value is None
        or isinstance(value, (type, typing.NewType, types.UnionType))
        or typing.get_origin(value) is not None
        or type(value).__module__ == "typing"  # Any, Literal, Optional and the old aliases such as List
        or type(value).__name__ == "TypeAliasType"
    )


def find_type(path: str, custom: Mapping[str, Any], builtin: Mapping[str, Any]) -> Any:
    """What `path`, such as `Doc` or `models.Doc`, means as a type; MISSING if nothing, what else it means if no type.

    custom: names that the caller gave for this signature, which win; then come the caller's own, then `known`, then the
    built-in types, `typing` and, for a path with dots, modules that are loaded. Runs nothing.
    """
    from_caller = find_caller_names()
    places: list[Mapping[str, Any]] = [custom, builtin]
    if from_caller is not None:
        places = [custom, from_caller, builtin, vars(builtins), vars(typing), sys.modules]
    kinds = [kind for names in places if (kind := _follow(names, path)) is not MISSING]
    return next(
        (kind for kind in kinds if kind is not None and is_type(kind)),
        (kinds or [MISSING])[0],
    )


def _follow(names: Mapping[str, Any], path: str) -> Any:
    """The value of `path` among `names`; MISSING if there is none."""
    if path in names:
        return names[path]
    head, *rest = path.split(".")
    at = names.get(head, MISSING)
    for name in rest:
        if at is MISSING or not isinstance(at, (type, types.ModuleType)):
            return MISSING
        at = vars(at).get(name, MISSING)
    return at


def _module_name(frame: types.FrameType) -> str:
    return str(frame.f_globals.get("__name__", ""))
