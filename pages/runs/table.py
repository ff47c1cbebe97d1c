"""The table of runs with the bar of actions above it, as one component.

    draw_table(page, selected) --data--> assets/runs --selection, actions--> take_action

The browser ticks, moves and shows the bar by itself; a press of an action comes here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import streamlit as st

from pages.runs.branches import Entry
from pages.runs.rows import entry_row, table_columns
from pages.shared.web import RUNS_TABLE, import_script, read_styles
from refine_core import runs
from refine_core.formatting import pluralize
from refine_core.runs import PAGE_SIZE, RunPage, Sort, describe_pair

KEY: Final = "runs.table"
_CLEARED: Final = "runs.cleared"
_UNDO: Final = "runs.undo"
_LAST: Final = "runs.last-action"
_KEPT: Final = "runs.kept"
_component = st.components.v2.component(
    "refinescope.runs",
    js=import_script(RUNS_TABLE),
    css=read_styles(RUNS_TABLE),
)


def draw_table(page: RunPage, entries: Sequence[Entry], number: int, sort: Sort, *, deleted: bool) -> None:
    """Draw a page of runs, which is that of this number. entries: its rows. deleted: whether these are the deleted ones.

    In an AppTest, act with `at.session_state[KEY] = {"action": {"name": "star", "ids": [...], "at": 1}}`.
    """
    chosen = selected()
    pair = list(runs.listed(chosen).values()) if len(chosen) == 2 else []  # noqa: PLR2004  # a pair
    undo: Sequence[str] = st.session_state.get(_UNDO, ())
    data = {
        "columns": table_columns(),
        "rows": [entry_row(entry) for entry in entries],
        "sort": {"key": sort.key, "descending": sort.descending},
        "page": {"number": number, "size": PAGE_SIZE, "matching": page.row_count},
        "pair": describe_pair(*pair) if len(pair) == 2 else "",  # noqa: PLR2004
        "cleared": st.session_state.get(_CLEARED, 0),
        "chosen": chosen,
        "deleted": deleted,
        "undo": f"{pluralize(len(undo), 'run')} deleted." if undo else "",
    }
    _component(
        key=KEY,
        data=data,
        height="content",
        on_selected_change=lambda: None,
        on_action_change=lambda: None,
    )


def selected() -> list[str]:
    """The ids of the runs that are ticked, in the order in which they were; after another page, those that were ticked before."""
    state = _state().get("selected") or st.session_state.get(_KEPT)
    if not isinstance(state, Mapping) or state.get("cleared") != st.session_state.get(_CLEARED, 0):
        return []
    st.session_state[_KEPT] = state  # Streamlit forgets what a table held that is no longer drawn
    ids = state.get("ids")
    return [str(one) for one in ids] if isinstance(ids, Sequence) and not isinstance(ids, str) else []


def take_action() -> tuple[str, list[str], str]:
    """The action that was pressed, the runs that it is about, and a detail of it; ("", [], "") for none. A browser can send anything."""
    action = _state().get("action")
    if not isinstance(action, Mapping) or action.get("at") == st.session_state.get(_LAST):
        return "", [], ""
    st.session_state[_LAST] = action.get("at")
    ids = action.get("ids")
    names = [str(one) for one in ids] if isinstance(ids, Sequence) and not isinstance(ids, str) else []
    return str(action.get("name", "")), names, str(action.get("detail", ""))


def clear_selection() -> None:
    """Tick nothing."""
    st.session_state[_CLEARED] = st.session_state.get(_CLEARED, 0) + 1


def offer_undo(run_ids: Sequence[str]) -> None:
    """Offer to bring back these runs, which were just deleted; none takes the offer back."""
    st.session_state[_UNDO] = tuple(run_ids)


def undoable() -> Sequence[str]:
    """The runs that were deleted last, and may be brought back."""
    return tuple(st.session_state.get(_UNDO, ()))


def _state() -> Mapping[str, Any]:
    state = st.session_state.get(KEY)
    return state if isinstance(state, Mapping) else {}
