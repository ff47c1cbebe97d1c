"""What changed from one text to another, as data: word by word, or line by line.

    diff_words(before, after), diff_lines(before, after) -> Difference(pieces, common)

Nothing is lost: the pieces that are the same or added are `after`, those that are the same or removed are `before`.
"""

from refine_core.differences.difference import Difference, Piece, PieceKind, diff_lines, diff_words

__all__ = ["Difference", "Piece", "PieceKind", "diff_lines", "diff_words"]
