"""What stands in place of a value that somebody left out of a run before sharing it."""

from __future__ import annotations

from typing import Final

LEFT_OUT: Final = "[left out]"
"""In place of a text, and of a value of any type."""


def is_left_out(value: object) -> bool:
    """Whether this stands in place of a value that was left out."""
    return value == LEFT_OUT
