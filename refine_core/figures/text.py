"""Text for small places. Whatever a model wrote passes `shorten`; it stays text, and is never read as markup."""

from __future__ import annotations

import json

from refine_core import formatting
from refine_core.unseen import show_unseen

TIMES = "\N{MULTIPLICATION SIGN}"
MOST = 20_000  # characters of a value that are looked at
_ROOM = 4
_JSON = json.JSONEncoder(ensure_ascii=False, default=str)


def to_text(value: object, most: int = MOST) -> str:
    """Any field's value as text: its first `most` characters. A bare value as Python writes it, "True"; one of several as JSON."""
    if isinstance(value, str):
        return value[:most]
    if value is None or isinstance(value, bool):
        return str(value)
    text = ""
    for chunk in _JSON.iterencode(value):
        text += chunk[: most - len(text)]
        if len(text) >= most:
            break
    return text


def clip(text: str, limit: int) -> str:
    """At most `limit` characters of a text, lines and all, with what cannot be seen made visible."""
    return show_unseen(formatting.clip(text, limit))


def shorten(value: object, limit: int) -> str:
    """A value on one line of at most `limit` characters, without control or direction characters."""
    most = _ROOM * (limit + 1)  # of which runs of spaces become one
    text = to_text(value, most)
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    whole = len(line) <= limit and len(text) < most
    return line if whole else line[: limit - 1].rstrip() + "…"


def shorten_middle(value: str, limit: int) -> str:
    """A text on one line of at most `limit` characters; of a longer one its beginning and its end, where advice stands."""
    line = shorten(value[:MOST], MOST)
    if len(line) <= limit and len(value) <= MOST:
        return line
    tail = limit // 3
    return f"{line[: limit - tail - 3].rstrip()} … {shorten(value[-MOST:], MOST)[-tail:].lstrip()}"


def hover(*lines: str) -> str:
    """Lines of plain text, with what cannot be seen made visible. Empty ones are left out."""
    return show_unseen("\n".join(line for line in lines if line))
