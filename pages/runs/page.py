"""The runs made so far: searched, filtered, sorted, compared, named and tagged. The address holds what is shown."""

from __future__ import annotations

import math
from contextlib import suppress
from dataclasses import replace
from typing import Final

import streamlit as st

from pages.runs import actions, branches, filters, table
from pages.runs.dialogs import open_dialog, take_new
from pages.shared import address
from pages.shared.share.importing import draw_import
from pages.shared.text import escape_markdown, show_error, show_store_error
from pages.shared.updates import follow_list
from refine_core import experiments, runs
from refine_core.errors import StoreError
from refine_core.formatting import pluralize
from refine_core.glossary import GLOSSARY
from refine_core.runs import NO_FILTERS, PAGE_SIZE, RunPage, Sort

LIVE_S: Final = 2.0  # between two looks at runs that are at work
WORKERS_S: Final = 2.0  # between two looks at where runs work
INDEXING_S: Final = 0.2
_PACE: Final = "runs.pace"
_TWO_LINES: Final = """from refine_core.interop import dspy_recorder
dspy.configure(lm=lm, callbacks=[dspy_recorder()])"""


def draw_list() -> None:
    """The list, or why it cannot be read: an error in a fragment reaches nothing outside it."""
    body = st.container()
    foot = st.container()  # so that what follows the list keeps its place, whatever is drawn above it
    try:
        count = runs.run_count()
        with body:
            _draw_list()
        with foot:
            follow_list(count)
    except StoreError as error:
        show_store_error(str(error))


def _draw_list() -> None:
    """Search, filters, the table and its pages."""
    actions.act()
    actions.go_on()
    if take_new():
        st.rerun()
    choices = runs.choices()
    if not choices.models and not choices.deleted and not runs.search(size=1).unindexed:
        _draw_empty()
        return
    filters.read_address(choices)
    sort = filters.read_sort()
    row = st.container(horizontal=True, vertical_alignment="center", gap="small")
    with row:
        text, chosen = filters.draw_filters(choices)
        if text or chosen != NO_FILTERS:
            st.button("Clear", on_click=filters.clear, key="runs.clear")
        st.space("stretch")
        count = st.empty()
    filters.remember(text, chosen, sort)
    page = _search(text, sort, chosen)
    filters.write_address()
    with count:
        st.caption(
            _describe_count(page, chosen, filtered=bool(text) or chosen != NO_FILTERS), width="content"
        )
    actions.show_refusal()
    if page.unindexed and page.index_error:
        _draw_missing(page)
    elif page.unindexed:
        st.caption(f"Reading older runs into the search index: {page.unindexed:,} left.")
    if page.total or chosen.deleted or table.undoable():
        entries = branches.list_rows(page, text, chosen)
        table.draw_table(page, entries, filters.page_number(), sort, deleted=chosen.deleted)
    if not page.rows and not page.unindexed:
        _draw_nothing(page, text, chosen)
    indexing = page.unindexed and not page.index_error
    pace = INDEXING_S if indexing else LIVE_S if _any_at_work(page) else None
    if pace is not None and pace < (st.session_state.get(_PACE) or math.inf):
        st.session_state[_PACE] = (
            pace  # a slower one waits for the next run of the page, which would close a dialog
        )
        st.rerun()
    st.session_state[_PACE] = pace


def _search(text: str, sort: Sort, chosen: runs.Filters) -> RunPage:
    """The page that the address asks for, or the last one if there are not so many."""
    folded = replace(chosen, fold=True)
    page = runs.search(text, folded, sort, filters.page_number())
    if not page.rows and page.row_count:
        filters.show_page(math.ceil(page.row_count / PAGE_SIZE))
        page = runs.search(text, folded, sort, filters.page_number())
    return page


def _describe_count(page: RunPage, chosen: runs.Filters, *, filtered: bool) -> str:
    if chosen.deleted:
        return pluralize(page.matching, "deleted run")
    if filtered:
        return f"{page.matching:,} of {pluralize(page.total, 'run')}"
    return pluralize(page.total, "run") if page.total else ""


def _any_at_work(page: RunPage) -> bool:
    return any(run.outcome in ("running", "paused") for run in page.rows)


def _draw_empty() -> None:
    """What is said while there is no run at all: nothing to search or to filter."""
    st.markdown(
        "**No runs yet.** Start one in the Lab: it opens with an example that is ready to run. "
        "Or import a run that somebody sent you, or a trace of a `dspy.Refine` by MLflow or OpenInference."
    )
    st.page_link(address.LAB, label="Open the Lab", icon=":material/science:")
    st.markdown(
        "**You have a dspy program?** Add two lines to it and run it as before. Each call of a `dspy.Refine` or "
        "`dspy.BestOfN` shows here, live."
    )
    st.code(_TWO_LINES, language="python")


def _draw_missing(page: RunPage) -> None:
    """That runs are kept which the list cannot show, and why."""
    count = page.unindexed
    are = "is" if count == 1 else "are"
    show_error(f"{pluralize(count, 'run')} {are} missing from this list, and kept: {page.index_error}")


def _draw_nothing(page: RunPage, text: str, chosen: runs.Filters) -> None:
    """What is said in place of rows, and what to do."""
    if not page.total and chosen == NO_FILTERS and not text:
        st.markdown("**Every run is deleted.** Press Deleted above to restore runs, within 30 days.")
        return
    words = "Every word must occur in a run; the last one may be incomplete. " if text.strip() else ""
    st.markdown(f"**No run matches.** {words}Clear the search and the filters to see all runs.")


def draw_places() -> None:
    """Where the history is and where runs work, with its workers as far as they are known."""
    workers = None
    with suppress(StoreError):  # the list above says so
        workers = runs.look_at_workers()
    if places := runs.describe_places(workers):
        icon = ":material/warning: " if workers is not None and not workers.count else ""
        st.caption(f"{icon}{escape_markdown(' '.join(places))}")


with st.container(horizontal=True, vertical_alignment="center"):
    st.title(
        "Runs", anchor=False, width="content", help=f"{GLOSSARY['run']}\n\n**Event**: {GLOSSARY['event']}"
    )
    st.space("stretch")
    with suppress(StoreError):  # the list below says so
        if experiments.has_experiments():
            st.page_link(
                address.BATCH,
                label="Runs of experiments",
                icon=":material/table_chart:",
                width="content",
                help="They are left out of this list: each experiment on the page Batch has its own.",
            )
    draw_import()
    st.page_link(address.LAB, label="New run", icon=":material/add:", width="content")
try:
    open_dialog()
    st.fragment(draw_list, run_every=st.session_state.get(_PACE))()
    st.fragment(draw_places, run_every=WORKERS_S if runs.name_executor() else None)()
except StoreError as error:
    show_store_error(str(error))
