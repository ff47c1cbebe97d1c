"""The shape of a value: from a type as written in a prompt, or from the JSON schema beside it."""

from __future__ import annotations

import ast
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from refine_core.python_parser import parse_expression

Kind = Literal["str", "int", "float", "bool", "none", "choice", "list", "dict", "object", "union"]


@dataclass(frozen=True, slots=True)
class Shape:
    """kind: see above. options: of a choice. parts: of a list or dict (one: the item's), of a union (several).

    fields: of an object, name -> shape. low, high: bounds of a number, if known.
    """

    kind: Kind
    options: tuple[object, ...] = ()
    parts: tuple[Shape, ...] = ()
    fields: tuple[tuple[str, Shape], ...] = ()
    low: float | None = None
    high: float | None = None

    def fits(self, value: object) -> bool:
        """Whether `value` is one of this shape."""
        match self.kind:
            case "str":
                return isinstance(value, str)
            case "bool":
                return isinstance(value, bool)
            case "int" | "float":
                is_number = isinstance(value, (int,) if self.kind == "int" else (int, float))
                return is_number and not isinstance(value, bool) and self._is_within(value)
            case "none":
                return value is None
            case "choice":
                return value in self.options
            case "list":
                return isinstance(value, list) and all(map(self.parts[0].fits, value))
            case "dict":
                return isinstance(value, dict) and all(map(self.parts[0].fits, value.values()))
            case "object":
                return isinstance(value, dict) and all(
                    part.fits(value.get(name)) for name, part in self.fields
                )
            case "union":
                return any(part.fits(value) for part in self.parts)

    def is_like(self, other: Shape) -> bool:
        """Whether they are the same, bounds aside; a choice is like one that offers at least its options."""
        if self.kind == other.kind == "choice":
            return set(self.options) <= set(other.options)
        return replace(self, low=None, high=None) == replace(other, low=None, high=None)

    def _is_within(self, value: object) -> bool:
        low, high = -math.inf if self.low is None else self.low, math.inf if self.high is None else self.high
        return isinstance(value, (int, float)) and low <= value <= high


TEXT = Shape("str")
_SIMPLE: Mapping[str, Kind] = {
    "str": "str", "int": "int", "float": "float", "bool": "bool", "None": "none", "NoneType": "none",
    "string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "none",
}  # fmt: skip
_BARE = {"list": Shape("list", parts=(TEXT,)), "dict": Shape("dict", parts=(TEXT,)), "Any": TEXT}
_LISTS = {"list", "List", "tuple", "set", "frozenset", "Sequence", "Iterable"}
MAX_DEPTH = 12


def read_shape(type_text: str, note: str = "") -> Shape:
    """The shape of a field's value; text if its type cannot be read."""
    try:
        shape = _from_type(parse_expression(type_text.strip()))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        shape = None
    return shape or _from_note(note) or TEXT


def _from_type(node: ast.expr) -> Shape | None:
    match node:
        case ast.Constant(value=None):
            return Shape("none")
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return Shape(_SIMPLE[name]) if name in _SIMPLE else _BARE.get(name)
        case ast.BinOp(op=ast.BitOr(), left=left, right=right):
            return _union(_from_type(left), _from_type(right))
        case ast.Subscript(value=ast.Name(id=name) | ast.Attribute(attr=name), slice=inside):
            args = inside.elts if isinstance(inside, ast.Tuple) else [inside]
            return _generic(name, args)
    return None


def _generic(name: str, args: list[ast.expr]) -> Shape | None:
    if name == "Literal":
        return Shape("choice", options=tuple(ast.literal_eval(arg) for arg in args))
    if name == "Annotated":
        return _from_type(args[0])
    inner = [_from_type(arg) for arg in args]
    if name == "Optional":
        return _union(inner[0], Shape("none"))
    if name == "Union":
        return _union(*inner)
    item = inner[-1] if name in {"dict", "Dict", "Mapping"} else inner[0]
    if item is None:
        return None
    return Shape("list" if name in _LISTS else "dict", parts=(item,))


def _union(*parts: Shape | None) -> Shape | None:
    complete = tuple(part for part in parts if part is not None)
    return Shape("union", parts=complete) if len(complete) == len(parts) else None


def _from_note(note: str) -> Shape | None:
    """From a JSON schema, plain or escaped, else from a list of values such as `one of: a; b`."""
    for text in (note, note.replace('\\"', '"')):
        if (start := text.find("{")) >= 0:
            try:
                schema, _ = json.JSONDecoder().raw_decode(text[start:])
            except (ValueError, RecursionError):
                continue
            return _from_schema(schema, schema.get("$defs", {}), 0)
    if listed := re.search(r"one of[^:]*:\s*(.+)$", note, re.IGNORECASE | re.MULTILINE):
        values = [value.strip(" '\"`") for value in re.split(r"[;,]", listed[1])]
        return Shape("choice", options=tuple(value for value in values if value))
    return None


def _from_schema(schema: object, defs: Mapping[str, object], depth: int) -> Shape:
    if not isinstance(schema, dict) or depth > MAX_DEPTH:
        return TEXT
    if ref := schema.get("$ref"):
        return _from_schema(defs.get(str(ref).rsplit("/", 1)[-1]), defs, depth + 1)
    if options := schema.get("enum", [schema["const"]] if "const" in schema else None):
        return Shape("choice", options=tuple(options))
    if several := schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf"):
        return Shape("union", parts=tuple(_from_schema(one, defs, depth + 1) for one in several))
    match schema.get("type"):
        case "array":
            return Shape("list", parts=(_from_schema(schema.get("items"), defs, depth + 1),))
        case "object" if properties := schema.get("properties"):
            fields = ((str(name), _from_schema(one, defs, depth + 1)) for name, one in properties.items())
            return Shape("object", fields=tuple(fields))
        case "object":
            return Shape("dict", parts=(_from_schema(schema.get("additionalProperties"), defs, depth + 1),))
        case str(name) if name in _SIMPLE:
            return Shape(_SIMPLE[name], low=schema.get("minimum"), high=schema.get("maximum"))
    return TEXT
