"""What differs between two texts, as a page shows it: word by word, or line by line with equal lines folded.

compare_words(name, before, after)     one value: marks where enough is in common
fold_lines(before, after)              blocks: what differs, with two lines around it, and what is equal, folded
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final, Literal

from refine_core.differences import Piece, diff_lines, diff_words
from refine_core.formatting import pluralize

ALIKE: Final = 0.4  # in common; below it, marks at words are noise
_FEW_CHARS: Final = 60  # both texts so short are marked, whatever they have in common
CONTEXT: Final = 2  # equal lines that stay visible beside a change
_MIN_FOLDED: Final = 2


@dataclass(frozen=True, slots=True)
class TextChange:
    """A value in A and in B. name: the field's, or the predictor's. before, after: None where there is no such value.

    pieces: of both, in order; joined without what was added they are `before`, without what was removed `after`.
    is_marked: whether enough is in common for marks at words. absent: what stands in A and in B in the place of a value that is None.
    """

    name: str
    before: str | None
    after: str | None
    pieces: tuple[Piece, ...] = ()
    is_marked: bool = True
    absent: tuple[str, str] = ("none", "none")

    @property
    def is_equal(self) -> bool:
        """Whether there is nothing to see."""
        return self.before == self.after


@dataclass(frozen=True, slots=True)
class LineBlock:
    """Lines that are equal ("same"), or that differ ("changed": before in A, after in B).

    title: of equal lines that are folded, "31 equal lines"; "" for lines that stay visible. pieces: of what differs, where
    enough is in common to mark words. All lines of A joined are its text, and so are those of B.
    """

    kind: Literal["same", "changed"]
    before: tuple[str, ...]
    after: tuple[str, ...]
    title: str = ""
    pieces: tuple[Piece, ...] = ()


def compare_words(
    name: str, before: str | None, after: str | None, absent: tuple[str, str] = ("none", "none")
) -> TextChange:
    """One value in both. absent: what to say of one that is None, in A and in B."""
    if before is None or after is None:
        return TextChange(name, before, after, absent=absent, is_marked=False)
    difference = diff_words(before, after)
    few = len(before) <= _FEW_CHARS and len(after) <= _FEW_CHARS
    shares = any(piece.kind == "same" and re.search(r"\w", piece.text) for piece in difference.pieces)
    alike = before == after or difference.common >= ALIKE or (few and shares)
    return TextChange(name, before, after, difference.pieces, alike, absent)


def fold_lines(before: str, after: str, whole: str = "") -> tuple[LineBlock, ...]:
    """Two texts line by line. whole: how to call the text where all of it is equal: "System message"."""
    if before == after:
        lines = tuple(before.split("\n"))
        return (LineBlock("same", lines, lines, _title(lines, whole)),)
    changes = list(_blocks(diff_lines(f"{before}\n", f"{after}\n").pieces))
    blocks: list[LineBlock] = []
    for i, block in enumerate(changes):
        if block.kind == "changed":
            blocks.append(block)
            continue
        lines = block.before
        head = CONTEXT if i else 0
        tail = len(lines) - (CONTEXT if i < len(changes) - 1 else 0)
        if tail - head < _MIN_FOLDED:
            blocks.append(block)
            continue
        hidden = lines[head:tail]
        parts = ((lines[:head], ""), (hidden, _title(hidden)), (lines[tail:], ""))
        blocks += [LineBlock("same", part, part, title) for part, title in parts if part]
    return tuple(blocks)


def _title(lines: Sequence[str], whole: str = "") -> str:
    return f"{f'{whole}: ' if whole else ''}{pluralize(len(lines), 'equal line')}"


def _blocks(pieces: Sequence[Piece]) -> Iterator[LineBlock]:
    """The pieces, which are whole lines, as blocks; a change is what was removed with what is there instead."""
    for is_same, group in groupby(pieces, key=lambda piece: piece.kind == "same"):
        texts = {"same": "", "removed": "", "added": ""}
        for piece in group:
            texts[piece.kind] += piece.text
        if is_same:
            lines = _lines(texts["same"])
            yield LineBlock("same", lines, lines)
        else:
            yield _change(texts["removed"], texts["added"])


def _lines(text: str) -> tuple[str, ...]:
    return tuple(text.removesuffix("\n").split("\n")) if text else ()


def _change(before: str, after: str) -> LineBlock:
    pieces: tuple[Piece, ...] = ()
    if before and after:
        difference = diff_words(before.removesuffix("\n"), after.removesuffix("\n"))
        pieces = difference.pieces if difference.common >= ALIKE else ()
    return LineBlock("changed", _lines(before), _lines(after), pieces=pieces)
