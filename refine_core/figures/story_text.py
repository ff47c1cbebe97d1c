"""A field's value in the story: what is new in it against the attempt before, in a few lines.

    value, value before --show_value--> Shown(pieces, note, is_cut, was)

What was removed is shown where nothing was added and there is room for it, else `was` holds it; of long stretches that are the
same, the ends are shown. Text of a model loses its control and direction characters here, and enters the page as text.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Final

from refine_core.differences import Piece, diff_words
from refine_core.figures import text

ALIKE: Final = 0.4  # what two texts have in common at least, if their words are to be marked
_FEW_WORDS: Final = 12  # a text of so few words is marked whatever it has in common with the one before
_LONG_SAME: Final = 120  # characters, beyond which the middle of what is the same is left out
_KEPT: Final = 48  # characters at either end of that
_REMOVED: Final = 120  # characters of removed words that there is room for
_MOST_ITEMS = 200  # of a list, that are looked at
_SHORT_LIST: Final = 48  # characters of a list that is shown whole, item by item
_UNCHANGED: Final = 24  # characters of a value that is shown though it is the same
_JOINERS: Final = "\u200c\u200d"  # they belong to words of some scripts, and to emoji
_WAS: Final = 400


@dataclass(frozen=True, slots=True)
class Shown:
    """pieces: what is shown, "same" or "added", or "removed" where words were only removed. note: in the place of what is not: "unchanged", "2 unchanged", "empty".

    is_cut: whether the value is longer than what is shown. was: the value before, where it was another.
    """

    pieces: tuple[Piece, ...] = ()
    note: str = ""
    is_cut: bool = False
    was: str = ""


_ABSENT: Final = object()


def show_value(value: object, before: object = _ABSENT, *, limit: int, fold: bool) -> Shown:
    """A value against the one `before`; without one, nothing is marked.

    limit: characters. fold: whether one that has not changed is left out, unless it is short.
    """
    if isinstance(value, (list, tuple)) and all(isinstance(item, str | int | float) for item in value):
        return _show_list(value, before, limit, fold=fold)
    return _show_text(clean(text.to_text(value)), _text_before(before), limit, fold=fold)


def clean(raw: str) -> str:
    """Text without control and direction characters, with line feeds and joined emoji as they are."""
    if raw.isascii() and raw.isprintable():
        return raw
    return "".join(
        c if c.isprintable() or c in "\n" + _JOINERS else "\ufffd" if "\ud800" <= c <= "\udfff" else " "
        for c in raw.replace("\r\n", "\n")
    )


def _text_before(before: object) -> str | None:
    if before is _ABSENT:
        return None
    if isinstance(before, (list, tuple)):
        return _join(_items(before))
    return clean(text.to_text(before))


@lru_cache(maxsize=256)  # a run that streams is drawn many times a second, and only its last attempt changes
def _show_text(new: str, old: str | None, limit: int, *, fold: bool) -> Shown:
    if not new.strip():
        return Shown(note="empty", was=_was(old or ""))
    if old is None:
        return _cut([Piece("same", new)], limit)
    if new == old:
        if fold and len(new) > _UNCHANGED:
            return Shown(note="unchanged")
        shown = _cut([Piece("same", new)], limit)
        return shown if fold else Shown(shown.pieces, "unchanged", shown.is_cut)
    if len(new) >= text.MOST and new[: text.MOST] == old[: text.MOST]:
        return Shown(note="unchanged as far as it is compared", is_cut=True)
    difference = diff_words(old, new)
    if difference.common < ALIKE and len(new.split()) > _FEW_WORDS:
        shown = _cut([Piece("same", new)], limit)
        return Shown(shown.pieces, "rewritten", shown.is_cut, _was(old))
    kept = [piece for piece in difference.pieces if piece.kind != "removed"]
    if any(piece.kind == "added" for piece in kept):
        note = ""
    elif difference.common >= ALIKE and _fits(difference.pieces, limit):
        note, kept = "", list(difference.pieces)
    else:
        note = "shortened"
    shown = _cut(_leave_out(kept) if len(new) > limit else kept, limit)
    return Shown(shown.pieces, note, shown.is_cut, _was(old))


def _fits(pieces: Iterable[Piece], limit: int) -> bool:
    """Whether there is room for what was removed, and for all the rest beside it."""
    sizes = [(len(piece.text), piece.kind) for piece in pieces]
    removed = sum(size for size, kind in sizes if kind == "removed")
    return removed <= _REMOVED and sum(size for size, _ in sizes) <= limit


def _show_list(value: Sequence[object], before: object, limit: int, *, fold: bool) -> Shown:
    items = _items(value)
    old = _items(before) if isinstance(before, (list, tuple)) else None
    joined = _join(items)
    if not old or len(joined) <= _SHORT_LIST or not items:
        return _show_text(joined, None if before is _ABSENT else _text_before(before), limit, fold=fold)
    if items == old:
        return Shown(note="unchanged")
    kept = sum(item in old for item in items)
    fresh = [item for item in items if item not in old]
    gone = sum(item not in items for item in old)
    notes = [f"{kept} unchanged"] * bool(kept) + [f"{gone} gone"] * bool(gone and not fresh)
    note = ", ".join(notes) if fresh or gone else "reordered"
    shown = _cut([Piece("added", item) for item in fresh], limit, between=" · ")
    return Shown(shown.pieces, note, shown.is_cut, _was(_join(old)))


def _items(value: Sequence[object]) -> list[str]:
    """The items as text; of very many, the first, and how many more there are."""
    items = [clean(text.to_text(item, 2000)) for item in islice(value, _MOST_ITEMS)]
    rest = len(value) - len(items)
    return [*items, f"{rest:,} more"] if rest else items


def _join(items: Sequence[str]) -> str:
    """Single words with commas; phrases with dots, as they may hold commas."""
    return (" · " if any(" " in item.strip() for item in items) else ", ").join(items)


def _was(old: str) -> str:
    return text.clip(old, _WAS)


def _leave_out(pieces: Iterable[Piece]) -> list[Piece]:
    """The pieces with the middle of long ones that are the same left out."""
    return [
        Piece("same", f"{piece.text[:_KEPT].rpartition(' ')[0]} … {piece.text[-_KEPT:].partition(' ')[2]}")
        if piece.kind == "same" and len(piece.text) > _LONG_SAME
        else piece
        for piece in pieces
    ]


def _cut(pieces: Sequence[Piece], limit: int, between: str = "") -> Shown:
    """At most `limit` characters of the pieces."""
    kept: list[Piece] = []
    room = limit
    for piece in pieces:
        if room <= 0:
            return Shown((*kept, Piece("same", " …")), is_cut=True)
        if between and kept:
            kept.append(Piece("same", between))
        words = text.clip(piece.text, room)
        room -= len(piece.text)
        if kept and kept[-1].kind == piece.kind:  # what stood between them was removed
            kept[-1] = Piece(piece.kind, kept[-1].text + words)
        else:
            kept.append(Piece(piece.kind, words))
    return Shown(tuple(kept), is_cut=room < 0)
