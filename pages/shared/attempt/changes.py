"""What is new in a text since the attempt before, as marked pieces."""

from __future__ import annotations

from typing import Final

from pages.shared.attempt.blocks import PieceKind
from refine_core.differences import diff_words

MIN_COMMON: Final = 0.4  # below it, marks on what has changed are noise
MAX_COMPARED: Final = 40_000  # characters


def mark_changes(before: str | None, text: str) -> list[tuple[PieceKind, str]] | None:
    """`text` with what is new since `before` marked; None where that would mark nothing, or too much."""
    if not before or len(before) + len(text) > MAX_COMPARED:
        return None
    difference = diff_words(before, text)
    if difference.common < MIN_COMMON:
        return None
    kept: list[tuple[PieceKind, str]] = [
        ("added" if piece.kind == "added" else "same", piece.text)
        for piece in difference.pieces
        if piece.kind != "removed"
    ]
    return kept if "".join(piece for _, piece in kept) == text else None
