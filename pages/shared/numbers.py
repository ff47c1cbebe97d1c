"""Numbers for fields that take them only within limits; a document may have others, and a value out of its limits ends the page."""

from __future__ import annotations

from typing import Final, TypeVar

Number = TypeVar("Number", int, float)

MAX_WHOLE: Final = 2**53 - 1
"""The largest whole number that a browser's field keeps as it is."""
MAX_DOLLARS: Final = 1e15


def nearest(value: Number | None, least: Number, most: Number) -> Number | None:
    """The number within these limits that is nearest to the value; None for None, and for what is no number."""
    return None if value is None or value != value else min(max(value, least), most)  # noqa: PLR0124 - NaN is not itself
