"""How the attempts of a run are looked at: as a story, or as a table of scores or of costs, which of them, in which order, which page.

The chart is in columns, or on the clock.

    take(state)     what the browser has just asked for goes into the address        read(), view()     what the address says

Only what is not at its default stands in the address, so that a link stays short. It may hold anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, get_args

import streamlit as st

from pages.shared.query import parse_whole, read_whole
from refine_core import figures
from refine_core.runs import Timeline

_VIEW, _PAGE, _SORT, _SHOW, _RANGE, _CLOCK = KEYS = ("view", "page", "sort", "which", "range", "clock")
_DEFAULTS: Final = figures.Choice()
View = Literal["story", "table", "costs"]
VIEWS: Final[tuple[View, ...]] = get_args(View)


def is_long(timeline: Timeline) -> bool:
    """Whether the run has so many attempts that its story is paged, and the table shown first."""
    return timeline.spec.attempt_count > figures.MANY or len(timeline.attempts) > figures.MANY


def view(timeline: Timeline) -> View:
    """What is shown: the address's choice, else the story of a run that is not long."""
    named = st.query_params.get(_VIEW)
    for one in VIEWS:
        if one == named:
            return one
    return "table" if is_long(timeline) else "story"


def read(timeline: Timeline) -> figures.Choice:
    """The address's choice among the attempts of the run, those to come included."""
    count = max(timeline.spec.attempt_count, len(timeline.attempts))
    first, _, last = st.query_params.get(_RANGE, "").partition("-")
    low, high = parse_whole(first), parse_whole(last)
    return figures.Choice(
        show=st.query_params.get(_SHOW, _DEFAULTS.show),
        sort=st.query_params.get(_SORT, _DEFAULTS.sort),
        page=read_whole(_PAGE),
        span=(low - 1, min(high, count) - 1) if low and high and low <= min(high, count) else None,
    )


def on_clock() -> bool:
    """Whether the chart is on the clock, and not in columns of equal width."""
    return st.query_params.get(_CLOCK) == "1"


def last_asked(key: str) -> float | None:
    """When the browser asked for another look last, by its own clock; None before it did."""
    at = st.session_state.get(f"{key}-viewed")
    return at if isinstance(at, int | float) else None


def take(state: object, key: str) -> None:
    """Write into the address what the browser asked for last, once."""
    asked = state.get("viewed") if isinstance(state, Mapping) else None
    if not isinstance(asked, Mapping) or not isinstance(at := asked.get("at"), int | float):
        return
    memory = f"{key}-viewed"
    if st.session_state.get(memory) == at:
        return
    st.session_state[memory] = at
    if isinstance(asked.get("clock"), bool):
        _set(_CLOCK, "1" if asked["clock"] else "")
        return
    if asked.get("view") in VIEWS:
        _set(_VIEW, str(asked["view"]))
    if "range" in asked:
        span = _span(asked["range"])
        _set(_RANGE, span)
        _set(_SHOW, "range" if span else "")
    for name, said, default in (
        (_SORT, asked.get("sort"), _DEFAULTS.sort),
        (_SHOW, asked.get("show"), _DEFAULTS.show),
    ):
        if isinstance(said, str):
            _set(name, "" if said == default else said)
    if isinstance(asked.get("page"), int):
        _set(_PAGE, str(asked["page"]))
    elif "view" not in asked:
        forget_page()  # another order or filter begins where the attempt looked at is


def forget_page() -> None:
    """Have the page be the one that holds the attempt looked at."""
    st.query_params.pop(_PAGE, None)


def clear_choices() -> None:
    """Have the address say nothing of how attempts are looked at: another run begins."""
    for name in KEYS:
        st.query_params.pop(name, None)


def _span(asked: object) -> str:
    """First and last attempt as the address counts them, "41-64"; "" for none."""
    match asked:
        case [int(first), int(last)]:
            return f"{first + 1}-{last + 1}"
        case _:
            return ""


def _set(name: str, value: str) -> None:
    if value:
        st.query_params[name] = value[:20]
    else:
        st.query_params.pop(name, None)
