"""Values as text to compare, with what cannot be seen made visible.

["coffee", "camping"] -> "coffee, camping"        ["a kettle", "a pot"] -> "a kettle · a pot"
"""

from __future__ import annotations

import re
from typing import Final

from refine_core.figures.text import to_text
from refine_core.unseen import show_unseen

MAX_CHARS: Final = 2_000_000


def show_value(value: object) -> str:
    """A field's value as text: a list of words, phrases or numbers in a row, anything else that is no text as JSON."""
    if isinstance(value, (list, tuple)) and value and all(_is_item(item) for item in value):
        items = [to_text(item, MAX_CHARS) for item in value]
        return show_unseen((" · " if any(" " in item or "," in item for item in items) else ", ").join(items))
    return show_unseen(to_text(value, MAX_CHARS))


def _is_item(value: object) -> bool:
    return isinstance(value, (int, float)) or (isinstance(value, str) and not re.search(r"[·\n]", value))
