"""Fields for numbers that may stay empty, within limits: a document may have others, and a value out of its limits ends the page."""

from __future__ import annotations

from typing import Final, TypeVar

import streamlit as st

Number = TypeVar("Number", int, float)

MAX_WHOLE: Final = 2**53 - 1
"""The largest whole number that a browser's field keeps as it is."""
MAX_DOLLARS: Final = 1e15


def nearest(value: Number | None, least: Number, most: Number) -> Number | None:
    """The number within these limits that is nearest to the value; None for None, and for what is no number."""
    return None if value is None or value != value else min(max(value, least), most)  # noqa: PLR0124 - NaN is not itself


def ask_whole(
    label: str,
    value: int | None,
    limits: tuple[int, int],
    *,
    key: str,
    empty: str,
    step: int = 1,
    about: str | None = None,
) -> int | None:
    """A field for a whole number; None where it is empty. value: to begin with. empty: what is shown then."""
    _set_first(key, nearest(value, *limits))
    typed = st.number_input(label, *limits, None, step=step, key=key, placeholder=empty, help=about)
    return None if typed is None else int(typed)


def ask_dollars(value: float | None, *, key: str, about: str | None = None) -> float | None:
    """The field for a limit in dollars; None where it is empty."""
    _set_first(key, nearest(value, 0.0, MAX_DOLLARS))
    return st.number_input(
        "Stop at, dollars",
        0.0,
        MAX_DOLLARS,
        None,
        step=1.0,
        format="%.15g",  # a limit of 0.004 is not shown as 0.00
        key=key,
        placeholder="no limit",
        help=about,
    )


def _set_first(key: str, value: float | None) -> None:
    """Streamlit puts the default of a field back where somebody empties it; so it has none, and its value stands in the session."""
    if key not in st.session_state:
        st.session_state[key] = value
