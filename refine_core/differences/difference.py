"""Two texts, aligned by their longest common sequence of words or lines.

    text -> [Token] -> ids -> what is inserted and deleted -> pieces, joined where one kind follows itself

Tokens are equal if their cores are. What stands around a core (the spaces before a word, the end of a line) is compared
apart, so that a new line break alone removes no word. rapidfuzz aligns in C: 20 KB in some milliseconds, in the worst case
too, where Python's own difflib takes a second for texts of few different words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from rapidfuzz.distance import Indel

PieceKind = Literal["same", "added", "removed"]

# Spaces, then a number, a word, a sign of a script without spaces, or any other character. A word is all that is neither
# space nor punctuation, so that combining characters and joined emoji stay whole.
_PUNCTUATION: Final = r"!-/:-@\[-^`{-~\u00a1\u00a7\u00ab\u00b6\u00b7\u00bb\u00bf\u2010-\u205e\u3001-\u3020\uff01-\uff0f\uff1a-\uff20"
_CJK: Final = r"\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_LETTER: Final = rf"[^\s{_PUNCTUATION}{_CJK}]"
_WORD: Final = re.compile(
    rf"(\s*)(\d+(?:[.,]\d+)+|{_LETTER}+(?:['\u2019]{_LETTER}+)*|[{_CJK}][\u3099\u309a\ufe00-\ufe0f]*|\S|\Z)"
)
_HOLDS_A_WORD: Final = re.compile(rf"[^\s{_PUNCTUATION}]|\n")
_LINE: Final = re.compile(r"([^\n]*)(\n|\Z)")
_MAX_CELLS: Final = 400_000_000  # bits that the alignment may take: 50 MB


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text, never empty. kind: "same" in both, "added" in the later, "removed" from the earlier."""

    kind: PieceKind
    text: str


@dataclass(frozen=True, slots=True)
class Difference:
    """pieces: of both texts, in order; what was removed stands before what was added in its place.

    common: the share of both texts that is the same, by characters, from 0 to 1; 1 for two empty texts.
    """

    pieces: tuple[Piece, ...]
    common: float


class _Token(NamedTuple):
    before: str
    core: str
    after: str


def diff_words(before: str, after: str) -> Difference:
    """Compare word by word. A number is one word; of a script without spaces, each character is one.

    Beyond some 10,000 words that differ, texts are compared line by line, as `diff_lines` does.
    """
    if before == after:
        return _difference(before, after, [Piece("same", after)])
    head, tail = _shared_ends(before, after)
    old, new = before[head : len(before) - tail], after[head : len(after) - tail]
    pieces = _compare(_words(old), _words(new)) or _compare(_lines(old), _lines(new)) or _replace(old, new)
    whole = [Piece("same", after[:head]), *pieces, Piece("same", after[len(after) - tail :])]
    return _difference(before, after, _join(_bridge(_join(whole))))


def diff_lines(before: str, after: str) -> Difference:
    """Compare line by line. Lines end at a line feed, which belongs to the line."""
    if before == after:
        return _difference(before, after, [Piece("same", after)])
    pieces = _compare(_lines(before), _lines(after)) or _replace(before, after)
    return _difference(before, after, _join(pieces))


def _difference(before: str, after: str, pieces: Iterable[Piece]) -> Difference:
    shown = tuple(piece for piece in pieces if piece.text)
    same = sum(len(piece.text) for piece in shown if piece.kind == "same")
    size = len(before) + len(after)
    return Difference(shown, 2 * same / size if size else 1.0)


def _words(text: str) -> list[_Token]:
    return [_Token(m[1], m[2], "") for m in _WORD.finditer(text) if m[0]]


def _lines(text: str) -> list[_Token]:
    return [_Token("", m[1], m[2]) for m in _LINE.finditer(text) if m[0]]


def _shared_ends(before: str, after: str) -> tuple[int, int]:
    """How many characters at the beginning and at the end are the same, up to a line end: most texts differ in few lines."""
    most = min(len(before), len(after))
    head = _shared(before, after, most)
    head = before.rfind("\n", 0, head) + 1
    tail = _shared(before[head:][::-1], after[head:][::-1], most - head)
    line_end = before.find("\n", len(before) - tail)
    return head, 0 if line_end < 0 else len(before) - line_end


def _shared(a: str, b: str, most: int) -> int:
    """The length of the common beginning, found by halving: slices compare in C."""
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        if a[low:middle] == b[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _compare(old: Sequence[_Token], new: Sequence[_Token]) -> list[Piece]:
    """The pieces of both; none where there is too much to align."""
    if len(old) * len(new) > _MAX_CELLS:
        return []
    ids: dict[str, int] = {}
    a, b = ([ids.setdefault(token.core, len(ids)) for token in tokens] for tokens in (old, new))
    pieces: list[Piece] = []
    for step in Indel.opcodes(a, b):
        here, there = old[step.src_start : step.src_end], new[step.dest_start : step.dest_end]
        if step.tag == "equal":
            for x, y in zip(here, there, strict=True):
                pieces += _same(x, y)
        else:
            pieces += _replace(_text(here), _text(there))
    return pieces


def _same(old: _Token, new: _Token) -> Iterator[Piece]:
    if old == new:
        yield Piece("same", "".join(new))
        return
    for before, after in zip(old, new, strict=True):
        yield from [Piece("same", after)] if before == after else _replace(before, after)


def _text(tokens: Iterable[_Token]) -> str:
    return "".join(part for token in tokens for part in token)


def _replace(old: str, new: str) -> list[Piece]:
    return [Piece("removed", old), Piece("added", new)]


def _bridge(pieces: Sequence[Piece]) -> Iterator[Piece]:
    """Make one change of two that only spaces or signs part: "Camp coffee" for "Tea kettle" is one, not two."""
    changes: list[Piece] = []
    between: list[Piece] = []
    for piece in pieces:
        if piece.kind != "same":
            for kept in between:
                changes += _replace(kept.text, kept.text)
            changes.append(piece)
            between = []
        elif changes and not between and not _HOLDS_A_WORD.search(piece.text):
            between = [piece]
        else:
            yield from [*_change(changes), *between, piece]
            changes, between = [], []
    yield from [*_change(changes), *between]


def _change(pieces: Sequence[Piece]) -> Iterator[Piece]:
    """One change; spaces that begin what was removed and what was added are the same."""
    old, new = ("".join(p.text for p in pieces if p.kind == kind) for kind in ("removed", "added"))
    spaces = _shared(old, new, min(len(old), len(new)))
    spaces -= len(new[:spaces].lstrip())
    yield from (Piece("same", new[:spaces]), *_replace(old[spaces:], new[spaces:]))


def _join(pieces: Iterable[Piece]) -> list[Piece]:
    """The pieces with one of each kind between two that are the same."""
    joined: list[Piece] = []
    texts: dict[PieceKind, list[str]] = {"same": [], "removed": [], "added": []}

    def flush(*kinds: PieceKind) -> None:
        for kind in kinds:
            if text := "".join(texts[kind]):
                joined.append(Piece(kind, text))
            texts[kind].clear()

    for piece in pieces:
        if not piece.text:
            continue
        if piece.kind == "same":
            flush("removed", "added")
        else:
            flush("same")
        texts[piece.kind].append(piece.text)
    flush("same", "removed", "added")
    return joined
