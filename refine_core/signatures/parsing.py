"""The string form of a signature: "question, context: list[str] -> answer: float".

    text --split--> names and type texts, each with its column --types--> Field

Errors carry the column to blame, so that a form can point at it.
"""

from __future__ import annotations

import ast
import datetime
import decimal
import keyword
import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal, Optional, Union

from refine_core.errors import SignatureError, SignatureValueError
from refine_core.reading import parse_expression
from refine_core.signatures.caller_names import MISSING, find_type, is_called_from_code, is_type
from refine_core.signatures.fields import Field, Role

# Names that a field may not take, and who has taken them.
RESERVED: Mapping[str, str] = {
    "hint_": "it is the field through which hints reach a predictor",
    "completed": "it marks the end of a reply",
    "signature": "it is a keyword of a predictor's call",
    "demos": "it is a keyword of a predictor's call",
    "config": "it is a keyword of a predictor's call",
    "lm": "it is a keyword of a predictor's call",
    "self": "Python's methods use it",
    "refinement": "a prediction tells there how it was refined",
    "completions": "a prediction keeps there what it was read from",
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
    "frozenset": frozenset,
    "bytes": bytes,
    "date": datetime.date,
    "datetime": datetime.datetime,
    "time": datetime.time,
    "Decimal": decimal.Decimal,
    "object": object,
    "Any": Any,
    "None": types.NoneType,
    "NoneType": types.NoneType,
    "List": list,
    "Dict": dict,
    "Tuple": tuple,
    "Set": set,
    "Literal": Literal,
    "Optional": Optional,
    "Union": Union,
    "datetime.date": datetime.date,
    "datetime.datetime": datetime.datetime,
    "datetime.time": datetime.time,
    "decimal.Decimal": decimal.Decimal,
}
_OPEN, _CLOSE = "([{", ")]}"


@dataclass(frozen=True, slots=True)
class _Part:
    """A stretch of the text. column: 1-based, of its first character that is not a space."""

    text: str
    column: int


def parse_fields(text: str, custom_types: Mapping[str, Any] | None = None) -> tuple[Field, ...]:
    """The fields of a signature's string form, inputs first.

    custom_types: names that type texts may use; they win over those that the caller's code can see, and these over TYPES.
    Raises SignatureError with the column.
    """
    text = text.replace("→", "->")  # as people, and this app's own messages, write the arrow
    arrows = list(_top_level(text, "->"))
    if not arrows:
        raise SignatureValueError(
            "no '->' between inputs and outputs; write, for example, question -> answer",
            text=text,
            column=len(text.rstrip()) + 1,
        )
    if len(arrows) > 1:
        raise SignatureValueError("more than one '->'", text=text, column=arrows[1] + 1)
    custom = custom_types or {}
    inputs = _parse_side(text[: arrows[0]], 0, "input", text, custom)
    outputs = _parse_side(text[arrows[0] + 2 :], arrows[0] + 2, "output", text, custom)
    if not outputs:
        raise SignatureValueError(
            "no output field after '->'; write, for example, question -> answer",
            text=text,
            column=arrows[0] + 3,
        )
    seen: set[str] = set()
    for field, column in (*inputs, *outputs):
        if field.name in seen:
            raise SignatureValueError(
                f"field {field.name!r} stands twice; every name must be its own", text=text, column=column
            )
        seen.add(field.name)
    return tuple(field for field, _ in (*inputs, *outputs))


def check_name(name: str, text: str = "", column: int | None = None) -> None:
    """Raise SignatureError if `name` cannot name a field."""
    if not name.isidentifier() or keyword.iskeyword(name):
        raise SignatureValueError(
            f"{name!r} cannot name a field; use letters, digits and underscores, such as short_answer",
            text=text,
            column=column,
        )
    if name in RESERVED:
        raise SignatureValueError(
            f"{name!r} is reserved: {RESERVED[name]}; choose another name", text=text, column=column
        )
    if name.startswith("_"):
        raise SignatureValueError(
            f"{name!r} starts with an underscore; choose another name", text=text, column=column
        )


def _parse_side(
    part: str, offset: int, role: Role, text: str, custom: Mapping[str, Any]
) -> list[tuple[Field, int]]:
    if not part.strip():
        return []
    field = []
    for piece in _split_parts(part, offset):
        if not piece.text:
            raise SignatureValueError("a field name is missing here", text=text, column=piece.column)
        name, colon, kind = piece.text.partition(":")
        check_name(name.strip(), text, piece.column)
        column = piece.column + len(name) + 1 + (len(kind) - len(kind.lstrip()))
        if colon and not kind.strip():
            raise SignatureValueError(
                f"field {name.strip()!r} has a ':' but no type after it", text=text, column=column
            )
        field.append(
            (
                Field(name.strip(), role, _parse_type(kind.strip(), text, column, custom) if colon else str),
                piece.column,
            )
        )
    return field


def _split_parts(part: str, offset: int) -> Iterator[_Part]:
    cuts = [-1, *_top_level(part, ","), len(part)]
    for start, end in pairwise(cuts):
        raw = part[start + 1 : end]
        yield _Part(raw.strip(), offset + start + 1 + (len(raw) - len(raw.lstrip())) + 1)


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


def _parse_type(kind: str, text: str, column: int, custom: Mapping[str, Any]) -> Any:
    """The type that `kind` names."""
    try:
        tree = parse_expression(kind)
        return _TypeReader(text, column, custom).read(tree)
    except SignatureError:
        raise
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise SignatureValueError(
            f"{_brief(kind)} is not a type; write, for example, list[str]", text=text, column=column
        ) from None


class _TypeReader:
    """Reads names, subscripts, `|`, literals and dots; nothing is executed."""

    def __init__(self, text: str, column: int, custom: Mapping[str, Any]) -> None:
        self.text, self.column, self.custom = text, column, custom

    def read(self, node: ast.expr) -> Any:
        """The type that stands alone at `node`."""
        field = self._named(node)
        if field in (Literal, Optional, Union):
            raise self._fault(
                node, f"{ast.unparse(node)} needs something in brackets, such as {_BRACKETED[field]}"
            )
        return field

    def _named(self, node: ast.expr) -> Any:
        match node:
            case ast.Constant(value=None):
                return types.NoneType
            case ast.Constant(value=str(inner)):  # a type in quotes, as Python's annotations allow
                return self.read(parse_expression(inner))
            case ast.Attribute(value=ast.Name(id="typing"), attr=name) if name in TYPES:
                return TYPES[name]
            case ast.Name() | ast.Attribute():
                return self._looked_up(node)
            case ast.BinOp(left=left, op=ast.BitOr(), right=right):
                return Union[self.read(left), self.read(right)]  # noqa: UP007 - made of values, so that Literal fits
            case ast.Subscript(value=outer, slice=inner):
                return self._subscript(node, self._named(outer), inner)
            case _:
                raise self._fault(node, f"{_brief(ast.unparse(node))} is not a type")

    def _looked_up(self, node: ast.expr) -> Any:
        path = ast.unparse(node)
        field = find_type(path, self.custom, TYPES)
        if field is MISSING:
            own = (
                ", and what the calling code can see or gives as custom_types"
                if is_called_from_code()
                else ""
            )
            raise self._fault(node, f"unknown type {path!r}; known are {_list_type_names(self.custom)}{own}")
        if not is_type(field):
            raise self._fault(node, f"{_brief(path)} is not a type, but a {type(field).__name__}")
        return field

    def _subscript(self, node: ast.expr, outer: Any, inner: ast.expr) -> Any:
        parts = inner.elts if isinstance(inner, ast.Tuple) else [inner]
        if outer is Literal:
            return Literal[tuple(self._literal(part) for part in parts)]
        args = tuple(... if _dots(p) and outer is tuple else self.read(p) for p in parts)
        wanted = _ARGUMENTS.get(outer)
        if not args or (wanted is not None and len(args) != wanted):
            raise self._fault(
                node,
                f"{_brief(ast.unparse(node))} is not a type: {wanted or 'at least 1'} must stand in the brackets",
            )
        try:
            return outer[args if len(args) > 1 or outer is tuple else args[0]]
        except TypeError as error:
            raise self._fault(node, f"{_brief(ast.unparse(node))} is not a type: {error}") from None

    def _literal(self, node: ast.expr) -> Any:
        match node:
            case ast.Constant(value=str() | int() | None as value):
                return value
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() as value)):
                return -value
            case _:
                raise self._fault(
                    node, f"{_brief(ast.unparse(node))} cannot be a choice; write texts or whole numbers"
                )

    def _fault(self, node: ast.expr, message: str) -> SignatureValueError:
        return SignatureValueError(message, text=self.text, column=self.column + node.col_offset)


_BRACKETED: Mapping[Any, str] = {
    Literal: "Literal['a', 'b']",
    Optional: "Optional[str]",
    Union: "Union[str, int]",
}
_ARGUMENTS: Mapping[Any, int] = {list: 1, set: 1, dict: 2, Optional: 1}
LONGEST = 60


def _dots(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is ...


def _brief(kind: str) -> str:
    """Text of a person in a message: quoted, and not longer than a line."""
    return repr(kind if len(kind) <= LONGEST else f"{kind[:LONGEST]}…")


def _list_type_names(custom: Mapping[str, Any]) -> str:
    shown = (
        n for n in TYPES if "." not in n and (n.islower() or n in ("Literal", "Optional", "Any", "Decimal"))
    )
    return ", ".join(dict.fromkeys([*shown, *custom]))
