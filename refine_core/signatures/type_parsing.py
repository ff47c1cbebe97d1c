"""Types as the string form of a signature writes them: `list[str]`, `Literal['a', 'b']`, `Optional[Doc]`.

Nothing is executed: a text becomes a syntax tree, and only names, subscripts, `|` and literals in it are read.
"""

from __future__ import annotations

import ast
import datetime
import decimal
import types
from collections.abc import Mapping
from typing import Any, Literal, Optional, Union

from refine_core.errors import SignatureError, SignatureValueError
from refine_core.python_parser import parse_expression
from refine_core.signatures.caller_names import MISSING, find_type, is_called_from_code, is_type

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
_BRACKETED: Mapping[Any, str] = {
    Literal: "Literal['a', 'b']",
    Optional: "Optional[str]",
    Union: "Union[str, int]",
}
_ARGUMENTS: Mapping[Any, int] = {list: 1, set: 1, dict: 2, Optional: 1}
_MEDIA: Mapping[str, str] = {
    "Image": "images",
    "Audio": "sounds",
    "Video": "videos",
    "File": "files",
    "Document": "files",
}
"""Types of other libraries for what is no text -> what that is."""
_OTHERWISE: Mapping[str, str] = {
    "string": "str",
    "text": "str",
    "integer": "int",
    "number": "float",
    "double": "float",
    "boolean": "bool",
    "array": "list",
    "map": "dict",
}
"""What other languages, in lower case, call a type."""
MAX_SHOWN_CHARS = 60


def parse_type(kind: str, text: str, column: int, custom: Mapping[str, Any]) -> Any:
    """The type that `kind` names. text, column: of the signature, for the error. Raises SignatureError."""
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
        """The complete type at `node`."""
        kind = self._read_name(node)
        if kind in (Literal, Optional, Union):
            raise self._error(
                node, f"{ast.unparse(node)} needs something in brackets, such as {_BRACKETED[kind]}"
            )
        return kind

    def _read_name(self, node: ast.expr) -> Any:
        match node:
            case ast.Constant(value=None):
                return types.NoneType
            case ast.Constant(value=str(inner)):  # a type in quotes, as Python's annotations allow
                return self.read(parse_expression(inner))
            case ast.Attribute(value=ast.Name(id="typing"), attr=name) if name in TYPES:
                return TYPES[name]
            case ast.Name() | ast.Attribute():
                return self._look_up(node)
            case ast.BinOp(left=left, op=ast.BitOr(), right=right):
                return Union[self.read(left), self.read(right)]  # noqa: UP007 - made of values, so that Literal fits
            case ast.Subscript(value=outer, slice=inner):
                return self._read_subscript(node, self._read_name(outer), inner)
            case _:
                raise self._error(node, f"{_brief(ast.unparse(node))} is not a type")

    def _look_up(self, node: ast.expr) -> Any:
        path = ast.unparse(node)
        kind = find_type(path, self.custom, TYPES)
        if kind is MISSING and path.rpartition(".")[2] in _MEDIA:
            what = _MEDIA[path.rpartition(".")[2]]
            raise self._error(
                node,
                f"{path}: {what} cannot be sent yet; use str, and give a description or an address as text",
            )
        if kind is MISSING:
            own = (
                ", and what the calling code can see or gives as custom_types"
                if is_called_from_code()
                else ""
            )
            near = _find_nearest(path, self.custom)
            which = f"did you mean {near}?" if near else f"known are {_list_type_names(self.custom)}{own}"
            raise self._error(node, f"unknown type {path!r}; {which}")
        if not is_type(kind):
            raise self._error(node, f"{_brief(path)} is not a type, but a {type(kind).__name__}")
        return kind

    def _read_subscript(self, node: ast.expr, outer: Any, inner: ast.expr) -> Any:
        parts = inner.elts if isinstance(inner, ast.Tuple) else [inner]
        if outer is Literal:
            return Literal[tuple(self._read_literal(part) for part in parts)]
        args = tuple(... if _is_ellipsis(p) and outer is tuple else self.read(p) for p in parts)
        expected = _ARGUMENTS.get(outer)
        if not args or (expected is not None and len(args) != expected):
            raise self._error(
                node,
                f"{_brief(ast.unparse(node))} is not a type: {expected or 'at least 1'} must stand in the brackets",
            )
        try:
            return outer[args if len(args) > 1 or outer is tuple else args[0]]
        except TypeError as error:
            raise self._error(node, f"{_brief(ast.unparse(node))} is not a type: {error}") from None

    def _read_literal(self, node: ast.expr) -> Any:
        match node:
            case ast.Constant(value=str() | int() | None as value):
                return value
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() as value)):
                return -value
            case _:
                raise self._error(
                    node, f"{_brief(ast.unparse(node))} cannot be a choice; write texts or whole numbers"
                )

    def _error(self, node: ast.expr, message: str) -> SignatureValueError:
        return SignatureValueError(message, text=self.text, column=self.column + node.col_offset)


def _is_ellipsis(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is ...


def _brief(kind: str) -> str:
    """Text of a person in a message: quoted, and not longer than a line."""
    return repr(kind if len(kind) <= MAX_SHOWN_CHARS else f"{kind[:MAX_SHOWN_CHARS]}…")


def _find_nearest(name: str, custom: Mapping[str, Any]) -> str:
    """The type that was probably meant, also where another language calls it so; "" for none."""
    from difflib import get_close_matches  # after a mistake only

    known = {one.lower(): one for one in _list_type_names(custom).split(", ")}
    near = get_close_matches(name.lower(), known, 1, 0.7)
    return _OTHERWISE.get(name.lower(), "") or (known[near[0]] if near else "")


def _list_type_names(custom: Mapping[str, Any]) -> str:
    names = (
        n for n in TYPES if "." not in n and (n.islower() or n in ("Literal", "Optional", "Any", "Decimal"))
    )
    return ", ".join(dict.fromkeys([*names, *custom]))
