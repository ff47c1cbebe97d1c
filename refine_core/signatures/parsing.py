"""The string form of a signature: "question, context: list[str] -> answer: float".

    text --split--> names and type texts, each with its column --types--> Field

Errors carry the column to blame, so that a form can point at it.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from refine_core.errors import SignatureValueError
from refine_core.hints import HINT_FIELD
from refine_core.signatures.caller_names import is_type
from refine_core.signatures.fields import Field, Role

# Names that a field may not take, and who has taken them.
RESERVED: Mapping[str, str] = {
    HINT_FIELD: "it is the field through which hints reach a predictor",
    "completed": "it marks the end of a reply",
    "signature": "it is a keyword of a predictor's call",
    "demos": "it is a keyword of a predictor's call",
    "config": "it is a keyword of a predictor's call",
    "lm": "it is a keyword of a predictor's call",
    "self": "Python's methods use it",
    "refinement": "a prediction tells there how it was refined",
    "completions": "a prediction keeps there what it was read from",
}

_OPEN, _CLOSE = "([{", ")]}"


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
    names: set[str] = set()
    for field, column in (*inputs, *outputs):
        if field.name in names:
            raise SignatureValueError(
                f"field {field.name!r} stands twice; every name must be its own", text=text, column=column
            )
        names.add(field.name)
    return tuple(field for field, _ in (*inputs, *outputs))


# A name and a type with nothing between them but a blank: "keep bool".
_TYPED = re.compile(
    r"([^\W\d]\w*)\s+((?:str|int|float|bool|list|dict|tuple|set|date|datetime|time|Literal|Optional)\b.*)",
    re.DOTALL,
)


def list_field_texts(text: str) -> list[tuple[str, str, Role]]:
    """(name, type as written, role) of each field of a signature that `parse_fields` reads; a type of "" means text."""
    inputs, _, outputs = _cut_arrow(text.replace("→", "->"))
    sides: tuple[tuple[str, Role], ...] = ((inputs, "input"), (outputs, "output"))
    fields = [
        (*piece.partition(":"), role)
        for side, role in sides
        if side.strip()
        for piece, _ in _split_parts(side, 0)
    ]
    return [(name.strip(), kind.strip(), role) for name, _, kind, role in fields]


def _cut_arrow(text: str) -> tuple[str, str, str]:
    at = next(_top_level(text, "->"), len(text))
    return text[:at], text[at : at + 2], text[at + 2 :]


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
    fields = []
    for piece, start in _split_parts(part, offset):
        if not piece:
            raise SignatureValueError("a field name is missing here", text=text, column=start)
        name, colon, kind = piece.partition(":")
        if not colon and (typed := _TYPED.fullmatch(name.strip())):
            raise SignatureValueError(
                f"a colon is missing: write {typed[1]}: {typed[2]}", text=text, column=start
            )
        check_name(name.strip(), text, start)
        column = start + len(name) + 1 + (len(kind) - len(kind.lstrip()))
        if colon and not kind.strip():
            raise SignatureValueError(
                f"field {name.strip()!r} has a ':' but no type after it", text=text, column=column
            )
        field_type: Any = str
        if colon:
            from refine_core.signatures.type_parsing import parse_type  # fields of text need none of it

            field_type = parse_type(kind.strip(), text, column, custom)
        fields.append((Field(name.strip(), role, field_type), start))
    return fields


def _split_parts(part: str, offset: int) -> Iterator[tuple[str, int]]:
    """The parts between commas, each with the column, 1-based, of its first character that is not a space."""
    cuts = [-1, *_top_level(part, ","), len(part)]
    for start, end in pairwise(cuts):
        raw = part[start + 1 : end]
        yield raw.strip(), offset + start + 1 + (len(raw) - len(raw.lstrip())) + 1


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


def parse_field(name: Any, declaration: Any) -> Field:
    """A field from (type, InputField()), from InputField() alone, or from another signature's field."""
    if not isinstance(name, str):
        raise SignatureValueError(f"field names must be texts, not {name!r}")
    if name != HINT_FIELD:
        check_name(name)
    match declaration:
        case (kind, field) if isinstance(declaration, tuple):
            pass
        case field:
            kind = None
    if not isinstance(field, Field):
        raise SignatureValueError(f"field {name!r} must be given as (type, InputField() or OutputField())")
    return field.with_name(name, check_type(name, kind))


def check_type(name: str, kind: Any) -> Any:
    """`kind`, if it can be the type of field `name`, or is None. Raises SignatureError."""
    if kind is None or is_type(kind):
        return kind
    raise SignatureValueError(f"field {name!r} needs a type, such as list[str], not {kind!r}")
