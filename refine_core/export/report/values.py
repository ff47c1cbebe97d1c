"""Values and texts in the report: changes marked, long ones folded, all of it text and never markup.

show_text("…")                      a text; a long one opens on a press
show_change("price", 0.8, 1.0)      a value against the one before: marks at words where enough is in common, else what it was
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from refine_core.comparison.changes import compare_words
from refine_core.comparison.texts import show_value
from refine_core.differences import Piece
from refine_core.export.markup import NOTHING, Markup, element, join
from refine_core.formatting import pluralize
from refine_core.left_out import LEFT_OUT

_LONG, _LONG_LINES = 1_200, 18  # characters and lines, beyond which a text is folded
_PREVIEW: Final = 280
_SHORT: Final = 160  # characters of an unchanged value that is shown again
_KINDS: Final = {"added": "ins", "removed": "del"}


def show_text(text: str, *, title: str = "", most: int = _LONG) -> Markup:
    """A text. title: what a folded one is called, in place of its beginning. most: characters that stand open."""
    if not text.strip():
        return element("span", "empty", cls="m")
    return fold(mark_left_out(text), text, title=title, most=most)


def mark_left_out(text: str) -> Markup:
    """A text, with what stands in place of something that was left out before the run was shared set apart."""
    if LEFT_OUT not in text:
        return join((text,))
    parts: list[str] = []
    for i, part in enumerate(text.split(LEFT_OUT)):
        if i:
            parts.append(element("span", "left out", cls="left"))
        parts.append(part)
    return join(parts)


def fold(shown: Markup, text: str, *, title: str = "", most: int = _LONG) -> Markup:
    """What is shown of a text as it is, or, of a long text, behind its beginning."""
    if not is_long(text, most):
        return shown
    size = pluralize(len(text), "character")
    start = "" if title else f"{' '.join(text[:_PREVIEW].split())} … "
    summary = element("summary", title or start, element("span", f"{' ' if title else ''}{size}", cls="m s"))
    return element("details", summary, element("div", shown, cls="t"))


def is_long(text: str, most: int = _LONG) -> bool:
    """Whether a text is folded."""
    return len(text) > most or text.count("\n") > _LONG_LINES


def show_plain(value: object, *, most: int = _LONG) -> Markup:
    """A field's value with nothing to compare it with. most: characters that stand open."""
    return show_text(show_value(value), most=most)


def show_change(name: str, before: object, after: object, *, since: str = "") -> Markup:
    """A value against the one before. since: whose that was, where it is not the attempt before: "attempt 2"."""
    old, new = show_value(before), show_value(after)
    if LEFT_OUT in old or LEFT_OUT in new:
        return show_text(new)  # what was left out may have changed, or not
    if old == new:
        again = show_text(new) if len(new) <= _SHORT else show_text(new, title="Show it")
        return join(
            (element("span", "unchanged ", cls="m s"), again) if len(new) > _SHORT else (again, unchanged())
        )
    change = compare_words(name, old, new)
    if change.is_marked:
        return fold(mark_pieces(change.pieces), f"{old}{new}" if len(old) > len(new) else new)
    was = element("span", "was", f" in {since}" if since else "", ": ", show_text(old), cls="m")
    shown = fold(element("ins", new), new) if new.strip() else show_text(new)
    return join((shown, element("br"), was))


def unchanged() -> Markup:
    """The note behind a value that is what it was."""
    return element("span", " unchanged", cls="m s")


def mark_pieces(pieces: Sequence[Piece]) -> Markup:
    """A text in pieces, with what was added and removed marked."""
    return join(
        element(_KINDS[piece.kind], piece.text) if piece.kind in _KINDS else piece.text
        for piece in pieces
        if piece.text
    )


def list_fields(rows: Sequence[tuple[str, Markup]]) -> Markup:
    """Names and values side by side; nothing for none."""
    if not rows:
        return NOTHING
    return element("dl", *(join((element("dt", name), element("dd", value))) for name, value in rows))
