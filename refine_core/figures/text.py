"""Text for small places. Whatever a model wrote passes `shorten`, and `escape` if Plotly shows it."""

from __future__ import annotations

import json
import re
import textwrap

MINUS = "\N{MINUS SIGN}"  # as wide as a plus, unlike a hyphen
TIMES = "\N{MULTIPLICATION SIGN}"
MOST = 20_000  # characters of a value that are looked at
_ROOM = 4
_JSON = json.JSONEncoder(ensure_ascii=False, default=str)
_LINE = 64  # characters in a line of hover text


def escape(text: str) -> str:
    """The text as Plotly must be given it: Plotly reads <b>, <a href> and entities as markup."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def to_text(value: object, most: int = MOST) -> str:
    """Any field's value as text: its first `most` characters."""
    if isinstance(value, str):
        return value[:most]
    text = ""
    for chunk in _JSON.iterencode(value):
        text += chunk[: most - len(text)]
        if len(text) >= most:
            break
    return text


def clip(text: str, limit: int) -> str:
    """At most `limit` characters of a text, lines and all."""
    return text if len(text) <= limit else f"{text[: limit - 1].rstrip()}…"


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


def wrap_name(name: str, width: int, lines: int = 2) -> list[str]:
    """A name in at most so many lines of `width` characters, broken after _ - . / or a space if it can be."""
    folded = [""]
    for part in re.findall(r"[^_\-./ ]*[_\-./ ]?", shorten(name, 4 * width * lines)):
        rest = part
        while len(folded[-1]) + len(rest.rstrip()) > width:
            if folded[-1]:
                folded.append("")
            else:
                folded[-1], rest = rest[:width], rest[width:]
                folded.append("")
        folded[-1] += rest
    kept = [line.rstrip() for line in folded if line.strip()]
    if len(kept) > lines:
        kept = [*kept[: lines - 1], shorten(kept[lines - 1] + "…", width)]
    return kept


def hover(*lines: str) -> str:
    """Lines of plain text, wrapped and escaped, as one hover text. Empty lines are left out."""
    wrapped = [part for line in lines if line for part in textwrap.wrap(line, _LINE)]
    return "<br>".join(escape(part) for part in wrapped)
