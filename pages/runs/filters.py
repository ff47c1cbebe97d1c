"""Search and filters above the table. Each is in the address, so a list can be bookmarked and shared."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import Final

import streamlit as st

from pages.shared.text import escape_markdown
from refine_core.runs import OUTCOMES, Choices, Filters

DAYS: Final[Mapping[str, int]] = {"today": 0, "7 days": 6, "30 days": 29, "365 days": 364}
COSTS: Final[Mapping[str, tuple[float | None, float | None]]] = {
    "free": (None, 0.0),
    "over 1 cent": (0.01, None),
    "over 10 cents": (0.1, None),
    "over $1": (1.0, None),
}
STARRED: Final = "★ Starred"
DELETED: Final = "Deleted"
_SEVERAL: Final = ("outcome", "model", "tag")
_SINGLE: Final = ("when", "cost", "starred", "deleted")
PAGE: Final = "page"


def draw_filters(choices: Choices) -> tuple[str, Filters]:
    """The search field and the filters; what they say."""
    text = st.text_input(
        "Search runs",
        key="q",
        type="search",
        live=True,
        bind="query-params",
        placeholder="Search names, inputs, outputs, hints",
        label_visibility="collapsed",
        width=320,
        on_change=to_first_page,
    )
    outcomes = _choose("Outcome", "outcome", OUTCOMES)
    models = _choose("Model", "model", list(choices.models))
    day = _choose_one("Date", "when", list(DAYS))
    cost = _choose_one("Cost", "cost", list(COSTS))
    tags = _choose("Tag", "tag", list(choices.tags)) if choices.tags else ()
    starred = _switch(STARRED, "starred")
    deleted = _switch(DELETED, "deleted") if choices.deleted or _current("deleted") else False
    low, high = COSTS[cost] if cost else (None, None)
    return text or "", Filters(
        outcomes=outcomes,
        models=models,
        tags=tags,
        since=start_of_day(DAYS[day]) if day else None,
        min_cost_usd=low,
        max_cost_usd=high,
        starred=starred,
        deleted=deleted,
    )


def clear() -> None:
    """Take back the search and every filter."""
    st.session_state["q"] = ""
    for key in _SEVERAL:
        st.session_state[key] = []
    for key in _SINGLE:
        st.session_state[key] = None
    to_first_page()


def to_first_page() -> None:
    """What is asked for is another list, which begins at its first page."""
    st.session_state[PAGE] = 1


def start_of_day(days_ago: int) -> float:
    """When that day began in this machine's zone, in seconds since the epoch."""
    today = datetime.datetime.now().astimezone().date()
    day = today - datetime.timedelta(days=days_ago)
    return datetime.datetime.combine(day, datetime.time()).astimezone().timestamp()


def _choose(title: str, key: str, options: Sequence[str]) -> tuple[str, ...]:
    chosen = _current(key)
    value = f" **{escape_markdown(chosen[0]) if len(chosen) == 1 else len(chosen)}**" if chosen else ""
    with st.popover(f"{title}{value}", key=f"runs.{key}"):
        if not options:
            st.caption("Nothing to choose from yet.")
            return ()
        picked = st.pills(
            title,
            options,
            selection_mode="multi",
            key=key,
            bind="query-params",
            format_func=escape_markdown,
            on_change=to_first_page,
        )
    return tuple(picked)


def _choose_one(title: str, key: str, options: Sequence[str]) -> str | None:
    chosen = _current(key)
    value = f" **{escape_markdown(chosen[0])}**" if chosen else ""
    with st.popover(f"{title}{value}", key=f"runs.{key}"):
        return st.pills(
            title, options, key=key, bind="query-params", format_func=escape_markdown, on_change=to_first_page
        )


def _switch(label: str, key: str) -> bool:
    on = st.pills(
        label, [label], key=key, bind="query-params", label_visibility="collapsed", on_change=to_first_page
    )
    return on is not None


def _current(key: str) -> list[str]:
    """What is chosen, before its field is drawn."""
    value = st.session_state[key] if key in st.session_state else st.query_params.get_all(key)
    return [value] if isinstance(value, str) else list(value or ())
