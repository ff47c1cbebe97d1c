"""Markup as text: whatever a model wrote enters through `escape`, and stays text.

    element("td", "a < b", cls="n")  ->  <td class="n">a &lt; b</td>         a child that is `Markup` is taken as it is

Characters that a page would hide or obey are made visible first (refine_core.unseen), and those that XML forbids are replaced.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from refine_core.unseen import show_unseen

_FORBIDDEN: Final = re.compile("[\ufdd0-\ufdef\ufffe\uffff]")
_ENTITIES: Final = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;", "`": "&#96;"}
)
_SHAPES: Final = frozenset(("circle", "path", "rect"))
_EMPTY: Final = frozenset(("br", "hr", "input", "meta", "wbr", *_SHAPES))
_HALF_A_TENTH: Final = 0.05


class Markup(str):
    """Text that is markup already, and is not escaped again."""

    __slots__ = ()


NOTHING: Final = Markup("")


def escape(text: str) -> Markup:
    """Text as markup that shows it."""
    if text.isascii() and text.isalnum():
        return Markup(text)
    return Markup(_FORBIDDEN.sub("\ufffd", show_unseen(text)).translate(_ENTITIES))


def join(parts: Iterable[str]) -> Markup:
    """Parts in a row: `Markup` as it is, all else escaped."""
    return Markup("".join([part if isinstance(part, Markup) else escape(part) for part in parts]))


def element(tag: str, *children: str, cls: str = "", **attributes: str | float | bool | None) -> Markup:
    """One element. None and False leave an attribute out, True writes its name; "_" in a name is written "-"."""
    opening = [tag]
    if cls:
        opening.append(f'class="{escape(cls)}"')
    for name, value in attributes.items():
        if value is None or value is False:
            continue
        written = name.replace("_", "-")
        opening.append(written if value is True else f'{written}="{_value(value)}"')
    if tag in _EMPTY:
        return Markup(f"<{' '.join(opening)}{'/' if tag in _SHAPES else ''}>")
    return Markup(f"<{' '.join(opening)}>{join(children)}</{tag}>")


def _value(value: str | float) -> str:
    return escape(value) if isinstance(value, str) else format_pixels(value)


def format_pixels(value: float) -> str:
    """A length to a tenth: "12", "12.5"."""
    return "0" if abs(value) < _HALF_A_TENTH else f"{value:.1f}".removesuffix(".0")
