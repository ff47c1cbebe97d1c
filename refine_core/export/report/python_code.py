"""Python source as markup: numbered lines, with keywords, texts, numbers and comments set apart.

It is read by the standard library's tokenizer, which runs nothing; source that it cannot read is shown without colours.
"""

from __future__ import annotations

import io
import keyword
import tokenize
from collections.abc import Collection, Iterator
from typing import Final

from refine_core.export.markup import Markup, element, join

_KINDS: Final = {tokenize.STRING: "st", tokenize.NUMBER: "nu", tokenize.COMMENT: "co"}
_PARTS_OF_TEXTS: Final = ("FSTRING_START", "FSTRING_MIDDLE", "FSTRING_END")  # from Python 3.12 on
_KINDS.update({getattr(tokenize, name): "st" for name in _PARTS_OF_TEXTS if hasattr(tokenize, name)})

Piece = tuple[str, int, int]


def write_python(source: str, failed: Collection[int] = ()) -> Markup:
    """The source. failed: numbers of lines, from 1, at which it raised."""
    source = source.replace("\r\n", "\n")
    lines = source.split("\n")
    try:
        pieces = _find_pieces(source, len(lines))
    except (tokenize.TokenError, SyntaxError, ValueError, RecursionError):
        pieces = {}
    shown = (
        element("span", *_write_line(line, pieces.get(number, [])), cls="l e" if number in failed else "l")
        for number, line in enumerate(lines, 1)
    )
    return element("pre", join(shown), cls="code")


def _find_pieces(source: str, count: int) -> dict[int, list[Piece]]:
    """Line -> what is set apart in it: (kind, from, to) in columns."""
    found: dict[int, list[Piece]] = {}
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        kind = (
            "kw"
            if token.type == tokenize.NAME and keyword.iskeyword(token.string)
            else _KINDS.get(token.type)
        )
        if kind is None:
            continue
        (first, start), (last, end) = token.start, token.end
        for number in range(first, min(last, count) + 1):
            found.setdefault(number, []).append(
                (kind, start if number == first else 0, end if number == last else -1)
            )
    return found


def _write_line(line: str, pieces: list[Piece]) -> Iterator[str]:
    at = 0
    for kind, start, end in pieces:
        stop = len(line) if end < 0 else end
        if start < at or stop <= start:
            continue
        yield line[at:start]
        yield element("i", line[start:stop], cls=kind)
        at = stop
    yield line[at:]
    yield Markup("\n")
