"""Values as text to compare, with what cannot be seen made visible: two texts that differ must look different.

["coffee", "camping"] -> "coffee, camping"        ["a kettle", "a pot"] -> "a kettle · a pot"        a NUL -> "␀"        a bidi override -> "⟨U+202E⟩"
"""

from __future__ import annotations

import re
from typing import Final

from refine_core.figures.text import to_text

_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
# Characters that turn the direction of what follows, or take no room: joiners belong to scripts and emoji, and stay.
_INVISIBLE: Final = re.compile(
    "[\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ud800-\udfff\ufff9-\ufffb]"
)
_PICTURES: Final = 0x2400
_DELETE: Final = 0x7F
MAX_CHARS: Final = 2_000_000


def show_value(value: object) -> str:
    """A field's value as text: a list of words, phrases or numbers in a row, anything else that is no text as JSON."""
    if isinstance(value, (list, tuple)) and value and all(_is_item(item) for item in value):
        items = [to_text(item, MAX_CHARS) for item in value]
        return show_text((" · " if any(" " in item or "," in item for item in items) else ", ").join(items))
    return show_text(to_text(value, MAX_CHARS))


def show_text(text: str) -> str:
    """A text as it is, with control characters as pictures and invisible ones by their number."""
    if text.isascii() and text.isprintable():
        return text
    shown = _CONTROL.sub(_picture, text.replace("\r\n", "\n"))
    return _INVISIBLE.sub(_number, shown)


def _is_item(value: object) -> bool:
    return isinstance(value, (int, float)) or (isinstance(value, str) and not re.search(r"[·\n]", value))


def _picture(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x20:  # noqa: PLR2004
        return chr(_PICTURES + code)
    return "\u2421" if code == _DELETE else _number(match)


def _number(match: re.Match[str]) -> str:
    return f"\u27e8U+{ord(match[0]):04X}\u27e9"
