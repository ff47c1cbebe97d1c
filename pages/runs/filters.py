"""Search and filters above the table. Each is in the address, so a list can be bookmarked and shared."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

import streamlit as st

from pages.shared.forms import Form
from pages.shared.query import parse_whole
from pages.shared.text import escape_markdown
from refine_core import runs
from refine_core.runs import NEWEST_FIRST, NO_FILTERS, OUTCOMES, SORT_KEYS, Choices, Filters, RunPage, Sort

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
_NAMES: Final = ("q", *_SEVERAL, *_SINGLE, "sort", "page")
_LAST: Final = "runs.last-address"
_LISTED: Final = "runs.listed"
_SWITCHES: Final = ("starred", "deleted")
_ASCENDING_FIRST: Final = ("name", "model", "outcome")
_FIELDS: Final = Form(
    "runs"
)  # cleared, they get new keys: a browser goes on sending what stands in a closed menu


def read_address(choices: Choices) -> None:
    """Fill the fields from the address, on arrival; from the list seen last, where it asks for nothing.

    A browser's Back leads to a page without what stood in its address.
    """
    state = st.session_state
    if _key("q") in state:
        return
    asked = {name: values for name in _NAMES if (values := st.query_params.get_all(name))}
    asked = asked or state.get(_LAST, {})
    first = {name: values[0] for name, values in asked.items()}
    state[_key("q")] = first.get("q", "")
    options = {"outcome": OUTCOMES, "model": tuple(choices.models), "tag": tuple(choices.tags)}
    for name in _SEVERAL:
        state[_key(name)] = [value for value in asked.get(name, ()) if value in options[name]]
    for name, known in (("when", DAYS), ("cost", COSTS)):
        value = first.get(name)
        state[_key(name)] = value if value in known else None
    for name, on in (("starred", STARRED), ("deleted", DELETED)):
        state[_key(name)] = on if name in asked else None
    state[_key("sort")] = first.get("sort", "")
    state[_key("page")] = parse_whole(first.get("page", "")) or 1


def write_address() -> None:
    """Have the address say what is listed. What is at its default is left out."""
    state = st.session_state
    asked: dict[str, list[str]] = {}
    for name in _NAMES:
        value = state.get(_key(name))
        if name in _SWITCHES:
            value = "yes" if value else None
        if name == "page" and value == 1:
            value = None
        if value:
            asked[name] = [str(one) for one in value] if isinstance(value, list | tuple) else [str(value)]
    state[_LAST] = asked
    if {name: st.query_params.get_all(name) for name in st.query_params} != asked:
        st.query_params.from_dict(asked)


def read_sort() -> Sort:
    """The order of the list: "cost", or "-cost" for the most expensive first."""
    text = str(st.session_state.get(_key("sort"), ""))
    key = text.removeprefix("-")
    return Sort(key, text.startswith("-")) if key in SORT_KEYS else NEWEST_FIRST


def sort_by(key: str) -> None:
    """Sort by a column; by the one that the list is sorted by, the other way round."""
    if key not in SORT_KEYS:
        return
    now = read_sort()
    down = not now.descending if now.key == key else key not in _ASCENDING_FIRST
    text = f"-{key}" if down else key
    st.session_state[_key("sort")] = "" if text == f"-{NEWEST_FIRST.key}" else text
    to_first_page()


def draw_filters(choices: Choices) -> tuple[str, Filters]:
    """The search field and the filters; what they say."""
    text = st.text_input(
        "Search runs",
        key=_key("q"),
        type="search",
        live=True,
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
    deleted = _switch(DELETED, "deleted") if choices.deleted or _chosen("deleted") else False
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


def remember(text: str, chosen: Filters, sort: Sort) -> None:
    """What the list shows now."""
    st.session_state[_LISTED] = text, chosen, sort


def search_all(limit: int) -> RunPage:
    """All runs that the list shows on its pages, at most `limit`, those that are folded under others too. Raises StoreError."""
    text, chosen, sort = st.session_state.get(_LISTED, ("", NO_FILTERS, NEWEST_FIRST))
    return runs.search(text, replace(chosen, fold=False), sort, size=limit)


def clear() -> None:
    """Take back the search and every filter."""
    sort = st.session_state.get(_key("sort"), "")
    _FIELDS.clear()
    st.session_state.update({_key("q"): "", _key("sort"): sort})
    to_first_page()


def to_first_page() -> None:
    """What is asked for is another list, which begins at its first page."""
    show_page(1)


def start_of_day(days_ago: int) -> float:
    """When that day began in this machine's zone, in seconds since the epoch."""
    today = datetime.datetime.now().astimezone().date()
    day = today - datetime.timedelta(days=days_ago)
    return datetime.datetime.combine(day, datetime.time()).astimezone().timestamp()


def page_number() -> int:
    """The page that is shown; it counts from 1."""
    return int(st.session_state.get(_key("page"), 1))


def show_page(number: int) -> None:
    """Have this page shown."""
    st.session_state[_key("page")] = max(1, number)


def _key(name: str) -> str:
    return _FIELDS.field_key(name)


def _choose(title: str, name: str, options: Sequence[str]) -> tuple[str, ...]:
    """A filter that lets through any of several values."""
    chosen = _chosen(name)
    value = f" **{escape_markdown(chosen[0]) if len(chosen) == 1 else len(chosen)}**" if chosen else ""
    # A value that is gone, such as the tag of a run that was deleted, can still be taken back.
    every = list(dict.fromkeys([*options, *chosen]))
    with st.popover(f"{title}{value}", key=f"{_key(name)}.menu"):
        if not every:
            st.caption("Nothing to choose from yet.")
            return ()
        picked = st.pills(
            title,
            every,
            selection_mode="multi",
            key=_key(name),
            format_func=escape_markdown,
            on_change=to_first_page,
        )
    return tuple(picked)


def _choose_one(title: str, name: str, options: Sequence[str]) -> str | None:
    """A filter that lets through one value."""
    chosen = _chosen(name)
    value = f" **{escape_markdown(chosen[0])}**" if chosen else ""
    with st.popover(f"{title}{value}", key=f"{_key(name)}.menu"):
        return st.pills(title, options, key=_key(name), format_func=escape_markdown, on_change=to_first_page)


def _switch(label: str, name: str) -> bool:
    """A filter that is on or off."""
    on = st.pills(label, [label], key=_key(name), label_visibility="collapsed", on_change=to_first_page)
    return on is not None


def _chosen(name: str) -> list[str]:
    """What is chosen, before its field is drawn."""
    value = st.session_state.get(_key(name))
    return [value] if isinstance(value, str) else list(value or ())
