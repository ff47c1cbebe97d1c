"""The source of a reward as the browser draws it: line by line, in pieces that each have a kind.

colour_lines(source) -> [[("keyword", "def"), ("", " "), ("name", "reward"), …], …]
"""

from __future__ import annotations

import io
import keyword
import tokenize
from functools import lru_cache
from itertools import pairwise
from typing import Final

Piece = tuple[str, str]
"""Kind and text. Kinds: keyword, string, number, comment, name (of what is defined), "" for the rest."""
_KINDS: Final = {tokenize.STRING: "string", tokenize.NUMBER: "number", tokenize.COMMENT: "comment"}
_DEFINES: Final = frozenset(("def", "class"))
_FSTRING: Final = frozenset(("FSTRING_START", "FSTRING_MIDDLE", "FSTRING_END"))
_REMEMBERED: Final = 8


@lru_cache(maxsize=_REMEMBERED)
def colour_lines(source: str) -> tuple[tuple[Piece, ...], ...]:
    """The lines of a source in pieces, without the spaces that they begin with; what cannot be read stays plain."""
    lines = source.splitlines()
    marks: list[list[tuple[int, int, str]]] = [[] for _ in lines]
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    except (tokenize.TokenError, SyntaxError, ValueError):
        tokens = []
    for before, token in pairwise([None, *tokens]):
        kind = _kind_of(token, before.string if before is not None else "") if token is not None else ""
        if token is None or not kind:
            continue
        (line, start), (last, end) = token.start, token.end
        for number in range(line, min(last, len(lines)) + 1):
            left = start if number == line else 0
            right = end if number == last else len(lines[number - 1])
            marks[number - 1].append((left, right, kind))
    return tuple(_cut(text, found) for text, found in zip(lines, marks, strict=True))


def _kind_of(token: tokenize.TokenInfo, before: str) -> str:
    if token.type == tokenize.NAME:
        if keyword.iskeyword(token.string):
            return "keyword"
        return "name" if before in _DEFINES else ""
    if tokenize.tok_name[token.type] in _FSTRING:  # since Python 3.12
        return "string"
    return _KINDS.get(token.type, "")


def _cut(text: str, marks: list[tuple[int, int, str]]) -> tuple[Piece, ...]:
    pieces: list[Piece] = []
    at = len(text) - len(text.lstrip(" "))
    for left, right, kind in sorted(marks):
        if left > at:
            pieces.append(("", text[at:left]))
        if right > max(left, at):
            pieces.append((kind, text[max(left, at) : right]))
        at = max(at, right)
    if at < len(text):
        pieces.append(("", text[at:]))
    return tuple(pieces)
