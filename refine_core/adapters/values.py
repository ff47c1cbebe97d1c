"""Values as a prompt writes them, and the replies' texts as values."""

from __future__ import annotations

import ujson

from refine_core.log.plain import plain
from refine_core.signatures.fields import Field
from refine_core.signatures.types import choices, is_optional, validate


def format_value(made: Field, value: object) -> str:
    """A value in a prompt: text as it is, a list in a str field numbered, all else as JSON with non-ASCII kept."""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and made.type is str:
        return _numbered(value)
    copied = plain(value)
    return copied if isinstance(copied, str) else as_json(copied)


def as_json(value: object, indent: int = 0) -> str:
    """Plain data as JSON text with non-ASCII and slashes kept; NaN and infinities as their names in quotes."""
    try:
        return ujson.dumps(value, escape_forward_slashes=False, ensure_ascii=False, indent=indent)
    except (OverflowError, UnicodeEncodeError):
        return ujson.dumps(_tame(value), escape_forward_slashes=False, ensure_ascii=False, indent=indent)


def parse_value(made: Field, text: str) -> object:
    """The value that a reply's text stands for. Raises ValueError that says what does not fit.

    Text is repaired as JSON where it is not of the type as it stands: "3.0" for an int, fenced JSON, "no" for a bool.
    """
    if made.type is str:
        return validate(made, text)
    if (allowed := choices(made.type)) is not None:
        bare = text.strip().strip("'\"`").strip()
        for one in allowed:
            if bare == str(one):
                return validate(made, one)
        raise ValueError(f"must be one of {', '.join(map(repr, allowed))}, not {bare[:80]!r}")
    bare = text.strip()
    if is_optional(made.type) and bare.lower() in ("", "none", "null"):
        return None
    try:
        return validate(made, bare)
    except ValueError as plain_fault:
        import json_repair

        repaired = json_repair.loads(bare)
        if repaired == "" and bare:  # nothing there that looks like JSON
            raise ValueError(f"{plain_fault}, not {bare[:80]!r}") from None
        try:
            return validate(made, repaired)
        except ValueError as fault:
            raise ValueError(f"{fault}, not {bare[:80]!r}") from None


def _numbered(items: list[object]) -> str:
    if not items:
        return "N/A"
    return "\n".join(f"[{i}] {_quoted(str(item))}" for i, item in enumerate(items, 1))


def _quoted(text: str) -> str:
    return "«««\n    " + text.replace("\n", "\n    ") + "\n»»»" if "\n" in text else f"«{text}»"


def _tame(value: object) -> object:
    """What ujson refuses, as text: non-finite floats and lone surrogates."""
    match value:
        case dict():
            return {_tame(k): _tame(v) for k, v in value.items()}
        case list():
            return [_tame(v) for v in value]
        case float():
            return value if value - value == 0 else str(value)
        case str():
            return value.encode("utf-8", "replace").decode()
        case _:
            return value
