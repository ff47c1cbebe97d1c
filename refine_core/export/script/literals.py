"""Plain values and calls as Python source, laid out as `ruff format` lays them out.

What fits on the line stays there; all else has one item a line with a comma behind each, which every formatter keeps. A text has
double quotes unless that needs more escapes; what a screen would hide or obey is escaped.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

WIDTH: Final = 88
_INDENT: Final = 4
_SHORT: Final = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_PLAIN: Final = re.compile(r"[ -~]*")


def write_value(value: object, indent: int = 0, before: int = 0, after: int = 1) -> str:
    """JSON data as a literal. indent: of the line that it stands on. before, after: characters around it on that line."""
    short = _on_one_line(value)
    if "\n" not in short and indent + before + _width(short) + after <= WIDTH:
        return short
    inner = indent + _INDENT
    if isinstance(value, Mapping) and value:
        rows = []
        for name, one in value.items():
            key = _on_one_line(name)
            rows.append(f"{key}: {write_value(one, inner, _width(key) + 2)}")
        return _explode("{", rows, "}", indent)
    if isinstance(value, list | tuple) and value:
        opening, closing = "[]" if isinstance(value, list) else "()"
        return _explode(opening, [write_value(one, inner) for one in value], closing, indent)
    return short


def write_call(function: str, arguments: Sequence[tuple[str, str]], indent: int = 0, before: int = 0) -> str:
    """A call. arguments: name ("" for a positional one) and source, written for a line of `indent` + 4."""
    parts = [f"{name}={source}" if name else source for name, source in arguments]
    short = f"{function}({', '.join(parts)})"
    if "\n" not in short and indent + before + _width(short) <= WIDTH:
        return short
    return _explode(f"{function}(", parts, ")", indent)


def write_text(text: str) -> str:
    """A text as a literal on one line."""
    body = "".join(map(_escape, text))
    if text.count('"') > text.count("'"):
        return "'" + body.replace("'", "\\'") + "'"
    return '"' + body.replace('"', '\\"') + '"'


def write_comment(text: str, first: str = "#", further: str = "#") -> list[str]:
    """Words as comment lines of at most WIDTH characters. first, further: how the first line begins, and the others."""
    lines, line, is_empty = [], first, True
    for word in text.split():
        if len(line) + 1 + len(word) > WIDTH and not is_empty:
            lines.append(line)
            line = further
        line, is_empty = f"{line} {word}", False
    return [*lines, line]


def _explode(opening: str, rows: Iterable[str], closing: str, indent: int) -> str:
    pad = " " * (indent + _INDENT)
    return "\n".join([opening, *(f"{pad}{row}," for row in rows), f"{' ' * indent}{closing}"])


def _on_one_line(value: object) -> str:
    match value:
        case str():
            return write_text(value)
        case float() if not math.isfinite(value):
            return f'float("{value}")'
        case float():
            return repr(value).replace("e+", "e")
        case Mapping():
            return f"{{{', '.join(f'{_on_one_line(k)}: {_on_one_line(v)}' for k, v in value.items())}}}"
        case tuple() if len(value) == 1:
            return f"({_on_one_line(value[0])},)"
        case list() | tuple():
            inner = ", ".join(map(_on_one_line, value))
            return f"[{inner}]" if isinstance(value, list) else f"({inner})"
        case _:
            return repr(value)


def _escape(character: str) -> str:
    if _PLAIN.fullmatch(character) and character != "\\":
        return character
    if character in _SHORT:
        return _SHORT[character]
    code = ord(character)
    if character.isprintable() and unicodedata.category(character) not in ("Cf", "Mn", "Me"):
        return character
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"  # noqa: PLR2004


def _width(text: str) -> int:
    """Columns that a text takes, at least: what may be wider counts double, so that it is rather put on lines of its own."""
    return len(text) + sum(not c.isascii() for c in text)
