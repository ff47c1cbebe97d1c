"""Values as text to compare, with what cannot be seen made visible.

["coffee", "camping"] -> "coffee, camping"        ["a kettle", "a pot"] -> "a kettle · a pot"
"""

from __future__ import annotations

import re
from typing import Final

from refine_core.figures.text import to_text
from refine_core.unseen import show_unseen

MAX_CHARS: Final = 200_000  # of a value; a browser takes half a minute to lay out a megabyte
_CUT: Final = "\n… (what follows is left out: the comparison shows the first {:,} characters, the run's own page all of them)"


def show_value(value: object, most: int = MAX_CHARS) -> str:
    """A field's value as text: a list of words, phrases or numbers in a row, anything else that is no text as JSON.

    Of a longer one its first `most` characters, and a note.
    """
    if isinstance(value, (list, tuple)) and value and all(_is_item(item) for item in value):
        items = [to_text(item, most + 1) for item in value]
        text = (" · " if any(" " in item or "," in item for item in items) else ", ").join(items)
    else:
        text = to_text(value, most + 1)
    if len(text) <= most:
        return show_unseen(text)
    return show_unseen(text[:most]) + _CUT.format(most)


def _is_item(value: object) -> bool:
    return isinstance(value, (int, float)) or (isinstance(value, str) and not re.search(r"[·\n]", value))
