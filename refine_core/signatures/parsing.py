"""The string form of a signature: "question, context: list[str] -> answer: float".

    text --split--> names and type texts, each with its column --types--> Field

Errors carry the column to blame, so that a form can point at it.
"""

from __future__ import annotations

import ast
import keyword
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal, Optional, Union

from refine_core.errors import SignatureError
from refine_core.signatures.fields import Field, Role

# Names that a field may not take, and who has taken them.
RESERVED: Mapping[str, str] = {
    "hint_": "it is the field through which hints reach a predictor",
    "completed": "it marks the end of a reply",
    "signature": "it is a keyword of a predictor's call",
    "demos": "it is a keyword of a predictor's call",
    "config": "it is a keyword of a predictor's call",
    "lm": "it is a keyword of a predictor's call",
}

TYPES: Mapping[str, Any] = {
    "str": str,
    "int": int,
    "float": float,
    "bool": bool,
    "list": list,
    "dict": dict,
    "tuple": tuple,
    "set": set,
    "object": object,
    "Any": Any,
    "None": None,
    "List": list,
    "Dict": dict,
    "Tuple": tuple,
    "Set": set,
    "Literal": Literal,
    "Optional": Optional,
    "Union": Union,
}
_OPEN, _CLOSE = "([{", ")]}"


@dataclass(frozen=True, slots=True)
class _Piece:
    """A stretch of the text. column: 1-based, of its first character that is not a space."""

    text: str
    column: int


def parse_fields(text: str, custom_types: Mapping[str, Any] | None = None) -> tuple[Field, ...]:
    """The fields of a signature's string form, inputs first.

    custom_types: names that type texts may use beside the built-in ones. Raises SignatureError with the column.
    """
    arrows = list(_top_level(text, "->"))
    if not arrows:
        raise SignatureError(
            "no '->' between inputs and outputs; write, for example, question -> answer",
            text=text,
            column=len(text.rstrip()) + 1,
        )
    if len(arrows) > 1:
        raise SignatureError("more than one '->'", text=text, column=arrows[1] + 1)
    known = {**TYPES, **(custom_types or {})}
    inputs = _fields(text[: arrows[0]], 0, "input", text, known)
    outputs = _fields(text[arrows[0] + 2 :], arrows[0] + 2, "output", text, known)
    if not outputs:
        raise SignatureError(
            "no output field after '->'; write, for example, question -> answer",
            text=text,
            column=arrows[0] + 3,
        )
    seen: set[str] = set()
    for made, column in (*inputs, *outputs):
        if made.name in seen:
            raise SignatureError(
                f"field {made.name!r} stands twice; every name must be its own", text=text, column=column
            )
        seen.add(made.name)
    return tuple(made for made, _ in (*inputs, *outputs))


def check_name(name: str, text: str = "", column: int | None = None) -> None:
    """Raise SignatureError if `name` cannot name a field."""
    if not name.isidentifier() or keyword.iskeyword(name):
        raise SignatureError(
            f"{name!r} cannot name a field; use letters, digits and underscores, such as short_answer",
            text=text,
            column=column,
        )
    if name in RESERVED:
        raise SignatureError(
            f"{name!r} is reserved: {RESERVED[name]}; choose another name", text=text, column=column
        )
    if name.startswith("_"):
        raise SignatureError(
            f"{name!r} starts with an underscore; choose another name", text=text, column=column
        )


def _fields(
    part: str, offset: int, role: Role, text: str, known: Mapping[str, Any]
) -> list[tuple[Field, int]]:
    if not part.strip():
        return []
    made = []
    for piece in _pieces(part, offset):
        if not piece.text:
            raise SignatureError("a field name is missing here", text=text, column=piece.column)
        name, colon, kind = piece.text.partition(":")
        check_name(name.strip(), text, piece.column)
        column = piece.column + len(name) + 1 + (len(kind) - len(kind.lstrip()))
        if colon and not kind.strip():
            raise SignatureError(
                f"field {name.strip()!r} has a ':' but no type after it", text=text, column=column
            )
        made.append(
            (
                Field(name.strip(), role, _type(kind.strip(), text, column, known) if colon else str),
                piece.column,
            )
        )
    return made


def _pieces(part: str, offset: int) -> Iterator[_Piece]:
    cuts = [-1, *_top_level(part, ","), len(part)]
    for start, end in pairwise(cuts):
        raw = part[start + 1 : end]
        yield _Piece(raw.strip(), offset + start + 1 + (len(raw) - len(raw.lstrip())) + 1)


def _top_level(text: str, mark: str) -> Iterator[int]:
    """Positions of `mark` outside brackets and quotes."""
    depth, quote = 0, ""
    for i, char in enumerate(text):
        if quote:
            quote = "" if char == quote and text[i - 1] != "\\" else quote
        elif char in "'\"":
            quote = char
        elif char in _OPEN:
            depth += 1
        elif char in _CLOSE:
            depth -= 1
        elif depth == 0 and text.startswith(mark, i):
            yield i


def _type(kind: str, text: str, column: int, known: Mapping[str, Any]) -> Any:
    """The type that `kind` names. Only names, subscripts, `|`, literals and dots are read; nothing is executed."""
    try:
        tree = ast.parse(kind, mode="eval").body
    except SyntaxError:
        raise SignatureError(
            f"{kind!r} is not a type; write, for example, list[str]", text=text, column=column
        ) from None

    def build(node: ast.expr, *, literal: bool = False) -> Any:
        here = column + node.col_offset
        match node:
            case ast.Constant(value=value) if literal or value is None:
                return value
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int(value))) if literal:
                return -value
            case ast.Name(id=name) if name in known:
                return known[name]
            case ast.Name(id=name):
                raise SignatureError(
                    f"unknown type {name!r}; known are {_known(known)}", text=text, column=here
                )
            case ast.Attribute(value=ast.Name(id="typing"), attr=name) if name in known:
                return known[name]
            case ast.Attribute() if (dotted := ast.unparse(node)) in known:
                return known[dotted]
            case ast.BinOp(left=left, op=ast.BitOr(), right=right):
                return Union[build(left), build(right)]  # noqa: UP007 - made of values, so that None and Literal fit
            case ast.Subscript(value=outer, slice=inner):
                return _subscript(build(outer), inner, build, here)
            case ast.Tuple(elts=parts) if literal:
                return tuple(build(p, literal=True) for p in parts)
            case _:
                raise SignatureError(f"{ast.unparse(node)!r} is not a type", text=text, column=here)

    def _subscript(outer: Any, inner: ast.expr, build: Any, here: int) -> Any:
        parts = inner.elts if isinstance(inner, ast.Tuple) else [inner]
        args = tuple(
            ... if isinstance(p, ast.Constant) and p.value is ... else build(p, literal=outer is Literal)
            for p in parts
        )
        try:
            return outer[args if len(args) > 1 or outer in (tuple, Literal) else args[0]]
        except TypeError as error:
            raise SignatureError(f"{kind!r} is not a type: {error}", text=text, column=here) from None

    return build(tree)


def _known(known: Mapping[str, Any]) -> str:
    return ", ".join(n for n in known if n.islower() or n in ("Literal", "Optional", "Any") or n not in TYPES)
