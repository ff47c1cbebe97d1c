"""What the detail of an attempt is built of, as plain data for assets/run: texts, rows, parts and notes.

    View.text(id, text) -> Block        a page of a long text, with the place that a search found marked

All text enters the page by textContent, so nothing here is escaped.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from pages.shared.text import page_ends
from refine_core.formatting import pluralize
from refine_core.runs import Hit, make_well_formed

PieceKind = Literal["same", "added", "hint", "hit"]
Tone = Literal["", "error", "warning", "good", "quiet", "hint"]
Pieces = Sequence[tuple[PieceKind, str]]
PREVIEW_CHARACTERS = 120


@dataclass(frozen=True, slots=True)
class Block:
    """One thing to read. id: keeps its place from one drawing to the next, and names it for a search.

    kind: "text" as a model reads it, "prose" as a person does, "rows" of name and value, "parts" of a reward,
    a "hint" beside the name of whoever gets it, or a "note".
    aside: at the right of the title. term: what the title means. folded: only its title and beginning are shown at first.
    page, pages, characters: of a long text, of which one page is sent. actions: buttons at the right of the title, each as what it
    asks for and its label.
    """

    id: str
    kind: Literal["text", "prose", "rows", "parts", "note", "hint"]
    title: str = ""
    aside: str = ""
    term: str = ""
    tone: Tone = ""
    pieces: Pieces = ()
    rows: Sequence[Mapping[str, object]] = ()
    folded: bool = False
    preview: str = ""
    page: int = 1
    pages: int = 1
    characters: int = 0
    actions: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """Blocks that belong together: on a wide page in two columns, else left above right."""

    left: Sequence[Block]
    right: Sequence[Block] = ()
    title: str = ""


@dataclass(frozen=True, slots=True)
class View:
    """How an attempt is looked at. pages: block -> the page that was turned to. hit: the place that a search led to, if any.

    whole: a block that is wanted in one piece, to be saved.
    """

    pages: Mapping[str, int] = field(default_factory=dict)
    hit: Hit | None = None
    whole: str = ""

    def text(
        self,
        block_id: str,
        text: str,
        *,
        kind: Literal["text", "prose", "note", "hint"] = "text",
        pieces: Pieces | None = None,
        title: str = "",
        aside: str = "",
        term: str = "",
        tone: Tone = "",
        folded: bool = False,
    ) -> Block:
        """A text, or a page of it. pieces: the same text with some of it marked; they must join to it."""
        text = make_well_formed(text)
        marked: Pieces = pieces if pieces is not None else (("same", text),)
        hit = self.hit if self.hit is not None and self.hit.block == block_id else None
        if hit is not None:
            marked = _mark(marked, hit.start, hit.end)
        ends = [len(text)] if block_id == self.whole else page_ends(text)
        page = self._page(block_id, ends, hit)
        start, end = [0, *ends][page - 1 : page + 1]
        return Block(
            block_id,
            kind,
            title,
            aside,
            term,
            tone,
            tuple(_cut(marked, start, end)),
            folded=folded and hit is None,
            preview=text[:PREVIEW_CHARACTERS] if folded else "",
            page=page,
            pages=len(ends),
            characters=len(text),
        )

    def note(self, block_id: str, text: str, tone: Tone) -> Block:
        """A sentence that may be long, as those are that hold an error of somebody else's."""
        return self.text(block_id, text, kind="note", tone=tone)

    def _page(self, block_id: str, ends: list[int], hit: Hit | None) -> int:
        turned = self.pages.get(block_id)
        if turned is None and hit is not None:
            turned = 1 + sum(end <= hit.start for end in ends)
        return min(max(turned or 1, 1), len(ends))


def note(text: str, tone: Tone = "quiet", *, block_id: str = "") -> Block:
    """A sentence of ours about what is shown."""
    return Block(block_id or f"note-{text}", "note", tone=tone, pieces=(("same", make_well_formed(text)),))


def count_characters(text: str) -> str:
    """How long a text is: "1,204 characters"."""
    return pluralize(len(text), "character")


def _mark(pieces: Iterable[tuple[PieceKind, str]], start: int, end: int) -> list[tuple[PieceKind, str]]:
    """The pieces with the characters from start to end as one piece, which was found."""
    whole = list(pieces)
    text = "".join(words for _, words in whole)
    before, after = _cut(whole, 0, start), _cut(whole, end, len(text))
    return [*before, ("hit", text[start:end]), *after]


def _cut(pieces: Iterable[tuple[PieceKind, str]], start: int, end: int) -> Iterable[tuple[PieceKind, str]]:
    """The characters from start to end."""
    at = 0
    for kind, text in pieces:
        low, high = (min(max(place - at, 0), len(text)) for place in (start, end))
        if low < high:
            yield kind, text[low:high]
        at += len(text)
