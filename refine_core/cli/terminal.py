"""A terminal, or a file in its place: lines that stay, below them one that is written over, colours where they are wanted.

Whatever a model, a reward or a person wrote passes `one_line` or `lines_of` first: what would control the terminal, or turn the
direction of the words after it, is made visible (refine_core.unseen).
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterable
from typing import Final, TextIO

import click

from refine_core.unseen import show_unseen

PLAIN_COLUMNS: Final = 200
"""Of a file or a pipe, whose lines nobody's window breaks."""
_MIN_COLUMNS: Final = 20
_USUAL_COLUMNS: Final = 80
_ERASE: Final = "\r\x1b[2K"


class Terminal:
    """Where a command writes for people. stream: standard output or standard error."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        understands = (
            os.name != "nt" or "WT_SESSION" in os.environ
        )  # an old console of Windows shows sequences as text
        self.watched = stream.isatty() and understands and os.environ.get("TERM") != "dumb"
        self.coloured = self.watched and not os.environ.get("NO_COLOR")
        self._status = ""

    @property
    def columns(self) -> int:
        """How many characters a line has room for; asked anew each time, as a window may be resized."""
        if not self.watched:
            return PLAIN_COLUMNS
        try:
            columns = os.get_terminal_size(self._stream.fileno()).columns
        except (OSError, ValueError):
            columns = 0
        return max(columns or _USUAL_COLUMNS, _MIN_COLUMNS)

    def write(self, *lines: str) -> None:
        """Write lines that stay."""
        self._erase()
        for line in lines:
            self._stream.write(f"{line}\n")
        self._stream.flush()

    def show_status(self, line: str) -> None:
        """Show a line below all others until something else is written; nothing where nobody watches."""
        if not self.watched:
            return
        line = cut(line, self.columns - 1)
        if line != self._status:
            self._erase()
            self._stream.write(self.paint(line, dim=True))
            self._stream.flush()
            self._status = line

    def clear_status(self) -> None:
        """Take the line below all others away."""
        self._erase()
        self._stream.flush()

    def paint(self, text: str, *, colour: str | None = None, bold: bool = False, dim: bool = False) -> str:
        """Text in a colour, bold or dim; as it is where no colours are wanted."""
        if not self.coloured:
            return text
        return click.style(text, fg=colour, bold=bold or None, dim=dim or None)

    def _erase(self) -> None:
        if self._status:
            self._stream.write(_ERASE)
            self._status = ""


def one_line(text: str) -> str:
    """A text on one line, with what a terminal would hide or obey made visible."""
    return _printable(" ".join(show_unseen(text).split()))


def lines_of(text: str) -> list[str]:
    """The lines of a text, each with what a terminal would hide or obey made visible."""
    return [_printable(line.expandtabs(4)) for line in show_unseen(text).split("\n")]


def _printable(line: str) -> str:
    return "".join(one if one.isprintable() else " " for one in line)


def columns_of(text: str) -> int:
    """How many columns of a terminal a printable text takes: none for a combining mark, two for a wide character."""
    return len(text) if text.isascii() else sum(map(_columns_of_one, text))


def _columns_of_one(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1


def cut(text: str, columns: int) -> str:
    """At most so many columns of a printable text; "…" stands for what is left out."""
    if columns_of(text) <= columns:
        return text
    taken, used = [], 0
    for one in text:
        used += _columns_of_one(one)
        if used > columns - 1:
            break
        taken.append(one)
    return f"{''.join(taken).rstrip()}…"


def pad(text: str, columns: int, *, right: bool = False) -> str:
    """A printable text in exactly so many columns, at the left or the right of them."""
    text = cut(text, columns)
    blanks = " " * (columns - columns_of(text))
    return f"{blanks}{text}" if right else f"{text}{blanks}"


def write_table(
    rows: Iterable[tuple[str, ...]], columns: int, *, right: frozenset[int] = frozenset()
) -> list[str]:
    """Rows of printable cells as lines. The last cell is cut to fit; the others are as wide as the widest of each.

    right: places of the columns that are aligned at the right.
    """
    cells = list(rows)
    if not cells:
        return []
    widths = [max(columns_of(row[i]) for row in cells) for i in range(len(cells[0]) - 1)]
    lines = []
    for row in cells:
        start = "  ".join(
            pad(one, width, right=i in right)
            for i, (one, width) in enumerate(zip(row[:-1], widths, strict=True))
        )
        lines.append(cut(f"{start}  {row[-1]}" if start else row[-1], columns).rstrip())
    return lines
