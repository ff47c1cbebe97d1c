"""Numbers in the address, which anybody can type: what is no such number is as if it were not there."""

from __future__ import annotations

import math
from typing import Final

import streamlit as st

_MAX_DIGITS: Final = 6  # of an attempt's number, a row's, an N
_MAX_CHARS: Final = 24  # of any other number


def parse_whole(text: str, minimum: int = 1) -> int | None:
    """A whole number of at least `minimum`, as people write one; None for any other text."""
    readable = text.isascii() and text.isdecimal() and len(text) <= _MAX_DIGITS
    return int(text) if readable and int(text) >= minimum else None


def read_whole(name: str, minimum: int = 1) -> int | None:
    """A whole number of at least `minimum` that the address says under this name, or None."""
    return parse_whole(st.query_params.get(name, ""), minimum)


def read_number(name: str) -> float | None:
    """A finite number that the address says under this name, or None."""
    text = st.query_params.get(name, "")
    try:
        value = float(text) if len(text) <= _MAX_CHARS else math.nan
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def write(name: str, text: str | None) -> None:
    """Have the address say this under the name; None: say nothing."""
    if text is None:
        st.query_params.pop(name, None)
    elif st.query_params.get(name) != text:
        st.query_params[name] = text
