"""Text in GitHub's Markdown that stays text: what a model wrote makes no markup, link, image, mention or reference.

Escaping is not enough: GitHub looks for @names, #numbers and commit hashes in the finished page, but not in code. So text of
others stands in a code span or a block of code, and prose only where it is plain words.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from refine_core.unseen import show_unseen

# Plain words: no @, #, /, <, [, *, _, ` or | in them, nothing that begins a list, and no bare address, hash, emoji or GH-1.
_PLAIN: Final = re.compile(r"[A-Z(“][\w ,.;:%$≥≤→·()'\u2019“”\"?!+…\u2013-]*", re.DOTALL)
_NOT_PLAIN: Final = re.compile(
    r"_|www\.|\bgh-\d|\b[0-9a-f]{7,}\b|:\w[\w+-]*:|\$.*\$|  $", re.IGNORECASE | re.DOTALL
)
_TICKS: Final = re.compile(r"`+")
_SPACES: Final = re.compile(r"\s+")


def prose(text: str) -> str:
    """A sentence as such where it is plain words, else as code."""
    flat = one_line(text)
    return flat if _PLAIN.fullmatch(flat) and not _NOT_PLAIN.search(flat) else code(flat)


def code(text: str) -> str:
    """Any text, on one line, as a code span; it may stand in a table."""
    flat = one_line(text).replace("|", "\\|")
    if not flat:
        return ""
    ticks = "`" * (1 + max((len(match) for match in _TICKS.findall(flat)), default=0))
    space = " " if flat[0] in "` " or flat[-1] in "` \\" else ""
    return f"{ticks}{space}{flat}{space}{ticks}"


def block(text: str, language: str = "") -> str:
    """Any text as a block of code, whose fence is longer than any in it."""
    shown = show_unseen(text).rstrip("\n")
    fence = "`" * max(3, 1 + max((len(match) for match in _TICKS.findall(shown)), default=0))
    return f"{fence}{language}\n{shown}\n{fence}"


def details(summary: str, body: str) -> str:
    """A part that opens with a press. summary: words of our own; body: Markdown."""
    return f"<details>\n<summary>{summary}</summary>\n\n{body}\n\n</details>"


def table(header: Sequence[str], rows: Sequence[Sequence[str]], *, numbers: range) -> str:
    """A table of cells in Markdown, each on one line. numbers: the columns that are numbers."""
    rule = ["--:" if place in numbers else "---" for place in range(len(header))]
    return "\n".join(f"| {' | '.join(row)} |" for row in (header, rule, *rows))


def one_line(text: str) -> str:
    """Text on one line, with what is invisible in it made visible."""
    return _SPACES.sub(" ", show_unseen(text)).strip()
