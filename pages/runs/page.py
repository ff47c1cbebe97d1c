"""The runs made so far: searched, filtered, sorted, compared, named and tagged. The address holds what is shown."""

from __future__ import annotations

import math
from typing import Final

import streamlit as st

from pages.runs import filters, table
from pages.runs.dialogs import ask_to_open, is_asked, open_dialog
from pages.shared import address
from pages.shared.text import show_error
from refine_core import runs
from refine_core.errors import StoreError
from refine_core.formatting import pluralize
from refine_core.glossary import GLOSSARY
from refine_core.runs import NEWEST_FIRST, NO_FILTERS, PAGE_SIZE, SORT_KEYS, RunPage, Sort, SortKey

LIVE_S: Final = 2.0  # between two looks at runs that are at work
INDEXING_S: Final = 0.2
SORT: Final = "sort"
COMPARE: Final = "../compare/page.py"
_GO: Final = "runs.go"
_ERROR: Final = "runs.error"
_PACE: Final = "runs.pace"
_ASCENDING_FIRST: Final = ("name", "model", "outcome")


def read_sort() -> Sort:
    """The order that the address asks for: "cost", or "-cost" for the most expensive first."""
    text = st.query_params.get(SORT, "")
    key = text.removeprefix("-")
    return Sort(key, text.startswith("-")) if key in SORT_KEYS else NEWEST_FIRST


def sort_by(key: str) -> None:
    """Sort by a column; by the one that the list is sorted by, the other way round."""
    if key not in SORT_KEYS:
        return
    now = read_sort()
    down = not now.descending if now.key == key else key not in _ASCENDING_FIRST
    if Sort(_key(key), down) == NEWEST_FIRST:
        st.query_params.pop(SORT, None)
    else:
        st.query_params[SORT] = f"-{key}" if down else key
    filters.to_first_page()


def _key(key: str) -> SortKey:
    return next(one for one in SORT_KEYS if one == key)


def act() -> None:
    """Do what was pressed in the table or in its bar."""
    name, ids, detail = table.take_action()
    if name != "undo":
        table.offer_undo(())
    try:
        match name:
            case "sort":
                sort_by(detail)
            case "open" if ids:
                st.session_state[_GO] = (address.RUN, {"run": ids[0]})
            case "compare" if len(ids) == 2:  # noqa: PLR2004  # a pair
                st.session_state[_GO] = (COMPARE, {"a": ids[0], "b": ids[1]})
            case "star" | "unstar":
                for run_id in ids:
                    runs.star(run_id, starred=name == "star")
            case "rename" | "tag" | "note":
                ask_to_open(name, ids)
            case "delete":
                working = [
                    one.name for one in runs.listed(ids).values() if one.outcome in ("running", "paused")
                ]
                if working:
                    st.session_state[_ERROR] = f"“{working[0]}” is at work. Cancel it before you delete it."
                    return
                runs.delete(ids)
                table.offer_undo(ids)
                table.clear_selection()
            case "undo":
                runs.undelete(table.undoable())
                table.offer_undo(())
            case "restore":
                runs.undelete(ids)
                table.clear_selection()
    except StoreError as error:
        st.session_state[_ERROR] = str(error)


def draw_list() -> None:
    """Search, filters, the table and its pages."""
    go = st.session_state.pop(_GO, None)
    if go is not None:
        st.switch_page(go[0], query_params=go[1])
    if is_asked():
        st.rerun()
    sort = read_sort()
    row = st.container(horizontal=True, vertical_alignment="center", gap="small")
    with row:
        text, chosen = filters.draw_filters(runs.choices())
        if text or chosen != NO_FILTERS:
            st.button("Clear", type="tertiary", on_click=filters.clear, key="runs.clear")
        st.space("stretch")
        count = st.empty()
    page = _search(text, sort, chosen)
    with count:
        st.caption(_count(page, chosen, filtered=bool(text) or chosen != NO_FILTERS), width="content")
    if error := st.session_state.pop(_ERROR, None):
        show_error(error)
    if page.unindexed:
        st.caption(f"Reading older runs into the search index: {page.unindexed:,} left.")
    if page.total or chosen.deleted or table.undoable():
        table.draw_table(page, sort, deleted=chosen.deleted, act=act)
    if not page.rows:
        _draw_nothing(page, text, chosen)
    pages = math.ceil(page.matching / PAGE_SIZE)
    if pages > 1:
        if int(st.session_state.get(filters.PAGE) or 1) > pages:
            st.session_state[filters.PAGE] = pages
        with st.container(horizontal_alignment="center"):
            st.pagination(pages, key=filters.PAGE, bind="query-params", width="stretch")
    pace = INDEXING_S if page.unindexed else LIVE_S if _any_at_work(page) else None
    if st.session_state.get(_PACE) != pace:
        st.session_state[_PACE] = pace
        st.rerun()


def _search(text: str, sort: Sort, chosen: runs.Filters) -> RunPage:
    """The page that the address asks for, or the last one if there are not so many."""
    asked = st.session_state.get(filters.PAGE) or st.query_params.get(filters.PAGE, "1")
    number = int(asked) if str(asked).isdecimal() and len(str(asked)) <= address.MAX_DIGITS else 1
    page = runs.search(text, chosen, sort, number)
    if not page.rows and page.matching:
        page = runs.search(text, chosen, sort, math.ceil(page.matching / PAGE_SIZE))
    return page


def _count(page: RunPage, chosen: runs.Filters, *, filtered: bool) -> str:
    if chosen.deleted:
        return pluralize(page.matching, "deleted run")
    if filtered:
        return f"{page.matching:,} of {pluralize(page.total, 'run')}"
    return pluralize(page.total, "run") if page.total else ""


def _any_at_work(page: RunPage) -> bool:
    return any(run.outcome in ("running", "paused") for run in page.rows)


def _draw_nothing(page: RunPage, text: str, chosen: runs.Filters) -> None:
    """What is said in place of rows, and what to do."""
    if not page.total and not chosen.deleted and not runs.choices().deleted:
        st.info(
            "No runs yet. Start one in the Lab: it opens with an example that is ready to run.",
            icon=":material/info:",
        )
        st.page_link(address.LAB, label="Open the Lab", icon=":material/science:")
        return
    words = "Every word must occur in a run; the last one may be incomplete. " if text.strip() else ""
    st.markdown(f"**No run matches.** {words}Clear the search and the filters to see all runs.")


with st.container(horizontal=True, vertical_alignment="center"):
    st.title(
        "Runs", anchor=False, width="content", help=f"{GLOSSARY['run']}\n\n**Event**: {GLOSSARY['event']}"
    )
    st.space("stretch")
    st.page_link(address.LAB, label="New run", icon=":material/add:", width="content")
try:
    open_dialog()
    st.fragment(draw_list, run_every=st.session_state.get(_PACE))()
except StoreError as error:
    show_error(str(error))
