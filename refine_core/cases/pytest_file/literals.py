"""Values as Python code that makes them again, exactly."""

from __future__ import annotations

import math
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, Final

from refine_core.rewards.arguments import Columns, Example, Inputs
from refine_core.rewards.shapes.stand_ins import Parser, Target

WIDTH: Final = 100
_INDENT: Final = "    "
Use = Callable[[str], str]
"""From a helper or a module that the code needs to the name that it has in the file."""


class SourceName:
    """In place of a value: a name that the source binds."""

    def __init__(self, name: str) -> None:
        self.name = name


def write_literal(value: object, use: Use, depth: int = 0, *, room: int = WIDTH) -> str:
    """Code for a value, over several lines where it is long. depth: of the line that it begins on. room: characters left on it."""
    flat = _write_flat(value, use)
    if len(flat) <= room or "\n" in flat:
        return flat
    parts = _parts_of(value, use)
    if parts is None:
        return flat
    head, members, tail = parts
    inner = _INDENT * (depth + 1)
    lines = []
    for name, member in members:
        text = write_literal(member, use, depth + 1, room=WIDTH - len(inner) - len(name) - 1)
        lines.append(f"{inner}{name}{text},\n")
    return f"{head}\n{''.join(lines)}{_INDENT * depth}{tail}"


def _write_flat(value: object, use: Use) -> str:
    parts = _parts_of(value, use)
    if parts is None:
        return _write_scalar(value, use)
    head, members, tail = parts
    inside = ", ".join(f"{name}{_write_flat(member, use)}" for name, member in members)
    return (
        f"{head}{inside},{tail}" if isinstance(value, tuple) and len(value) == 1 else f"{head}{inside}{tail}"
    )


def _parts_of(value: object, use: Use) -> tuple[str, list[tuple[str, object]], str] | None:
    """Begin, members with what stands before each, and end of a value that holds others; None for any other."""
    kind = type(value)
    if isinstance(value, Example):
        return f"{use('Fields')}({{", _pairs(value, use), "})"
    if kind is dict or isinstance(value, Inputs | Columns):
        return "{", _pairs(value, use), "}"  # type: ignore[arg-type]  # a dict
    if isinstance(value, Target):
        return f"{use('Target')}([", [("", one) for one in value], "])"
    if kind is list or kind is tuple:
        head, tail = ("[", "]") if kind is list else ("(", ")")
        return head, [("", one) for one in value], tail  # type: ignore[attr-defined]  # just asked
    if kind in (set, frozenset) and value:
        head, tail = ("{", "}") if kind is set else ("frozenset({", "})")
        return head, [("", one) for one in sorted(value, key=repr)], tail  # type: ignore[call-overload]
    if isinstance(value, SimpleNamespace):
        return f"{use('SimpleNamespace')}(", [(f"{name}=", one) for name, one in vars(value).items()], ")"
    return None


def _pairs(value: dict[Any, Any], use: Use) -> list[tuple[str, object]]:
    return [(f"{_write_flat(key, use)}: ", member) for key, member in dict.items(value)]


def _write_scalar(value: object, use: Use) -> str:
    kind = type(value)
    if isinstance(value, SourceName):
        return value.name
    if isinstance(value, Parser):
        return f"{use('Parser')}()"
    if kind is float:
        return repr(value) if math.isfinite(value) else f'float("{value!r}")'  # type: ignore[arg-type]
    if kind is complex:
        return f"complex({_write_flat(value.real, use)}, {_write_flat(value.imag, use)})"  # type: ignore[attr-defined]
    if callable(value):
        return use("ignore")
    if kind.__module__ in ("datetime", "zoneinfo"):
        module = "datetime" if kind.__module__ == "datetime" else "zoneinfo"
        return repr(value).replace(f"{module}.", f"{use(module)}.")
    if kind.__module__ in ("decimal", "fractions", "uuid"):
        return repr(value).replace(kind.__name__, use(kind.__name__), 1)
    return repr(value)
