"""The keys of the Rewards page in `st.session_state`, and what its address holds.

`?rows=run:ID` (any number of them) where the rows come from, `view=` what is shown of them (scores, xray, doctor, cases),
`only=` which of them the scores list, `row=` the selected one, counted from 1 over all sources, `beside=` the one that it
is compared with, `page=` of the table, `threshold=`, `draft=`.
"""

from __future__ import annotations

from typing import Final

import streamlit as st

from pages.shared.forms import Form
from pages.shared.query import read_number, read_whole, write
from pages.shared.what_if_choice import NO_THRESHOLD

FORM: Final = Form("rewards")
field_key, static_key = FORM.field_key, FORM.static_key
EDITOR: Final = static_key("editor")
VIEWS: Final = {"scores": "Scores", "xray": "X-ray", "doctor": "Doctor", "cases": "Cases"}
ONLY: Final = {
    "all": "All",
    "changed": "Changed",
    "failed": "Failed",
    "unscored": "Unscored",
    "waiting": "Waiting",
}
PAGE_SIZE: Final = 100
_SOURCES: Final = static_key("sources")


def read_sources() -> list[str]:
    """Where the rows come from: as the address says, else as this session had it, which goes back into the address."""
    named = list(dict.fromkeys(one for one in st.query_params.get_all("rows") if one))
    kept: list[str] = st.session_state.get(_SOURCES, [])
    if named:
        st.session_state[_SOURCES] = named
    elif kept:  # a switch of pages leaves the address empty
        st.query_params["rows"] = kept
    return named or kept


def write_sources(sources: list[str]) -> None:
    """Say where the rows come from; what was selected among others is no longer."""
    for name in ("row", "beside", "page", "only"):
        st.query_params.pop(name, None)
    st.session_state[_SOURCES] = list(sources)
    if sources:
        st.query_params["rows"] = sources
    else:
        st.query_params.pop("rows", None)


def read_view() -> str:
    """What is shown: a key of VIEWS."""
    view = st.query_params.get("view", "")
    return view if view in VIEWS else "scores"


def write_view(view: str) -> None:
    """Show this of the rows; which row is selected stays."""
    write("view", None if view == "scores" else view)


def read_only() -> str:
    """Which rows the scores list: a key of ONLY."""
    only = st.query_params.get("only", "")
    return only if only in ONLY else "all"


def write_only(only: str) -> None:
    """List these rows, from their first page on."""
    write("only", None if only == "all" else only)
    write("page", None)


def read_row() -> int | None:
    """The position of the selected row, from 0, among all rows; None for none."""
    number = read_whole("row")
    return None if number is None else number - 1


def write_row(position: int) -> None:
    """Select the row at this position, from 0."""
    write("row", str(position + 1))


def read_beside() -> int | None:
    """The position of the row that the selected one is compared with, from 0; None for none."""
    number = read_whole("beside")
    return None if number is None else number - 1


def write_beside(position: int | None) -> None:
    """Compare with the row at this position, from 0; None: with none."""
    write("beside", None if position is None else str(position + 1))


def read_page() -> int:
    """The page of the table, from 1."""
    return read_whole("page") or 1


def write_page(number: int) -> None:
    """Show this page of the table."""
    write("page", None if number <= 1 else str(number))


def read_threshold(recorded: float | None) -> float | None:
    """The threshold that the address asks for; the recorded one where it asks for none."""
    if st.query_params.get("threshold") == NO_THRESHOLD:
        return None
    value = read_number("threshold")
    return recorded if value is None else value


def forget_threshold() -> None:
    """Ask for none in particular, as for another reward."""
    write("threshold", None)


def write_threshold(value: float | None) -> None:
    """Ask what happens at this threshold; None: without any."""
    write("threshold", NO_THRESHOLD if value is None else f"{value:.10g}")
