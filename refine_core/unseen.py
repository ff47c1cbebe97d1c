"""What a screen would hide or obey is made visible: two texts that differ must look different, and none turns the words after it.

    a NUL -> "\u2400"        a bidi override -> "\u27e8U+202E\u27e9"        half an emoji -> "\u27e8U+D83D\u27e9"

Line feeds and tabs stay, and so do the joiners that belong to scripts and emoji.
"""

from __future__ import annotations

import re
from typing import Final, TypeVar

from refine_core.log.well_formed import map_text

T = TypeVar("T")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
# Characters that turn the direction of what follows, end a line, or take no room.
_INVISIBLE: Final = re.compile(
    "[\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ud800-\udfff\ufff9-\ufffb]"
)
_PICTURES: Final = 0x2400
_DELETE: Final = 0x7F


def show_unseen(text: str) -> str:
    """A text with control characters as pictures and invisible ones by their number."""
    if text.isascii() and text.isprintable():
        return text
    shown = _CONTROL.sub(_picture, text.replace("\r\n", "\n"))
    return _INVISIBLE.sub(_number, shown)


def show_unseen_in(value: T) -> T:
    """`value` with `show_unseen` of all its text, in dataclasses, mappings and sequences too."""
    return map_text(value, show_unseen)


def _picture(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x20:  # noqa: PLR2004
        return chr(_PICTURES + code)
    return "\u2421" if code == _DELETE else _number(match)


def _number(match: re.Match[str]) -> str:
    return f"\u27e8U+{ord(match[0]):04X}\u27e9"
