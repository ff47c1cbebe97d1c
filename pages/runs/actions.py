"""What a press in the table or in its bar does. The browser only says what was pressed, and for which runs."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Final

import streamlit as st

from pages.runs import branches, filters, table
from pages.runs.dialogs import DIALOGS, ask_to_open
from pages.shared import address
from pages.shared.leave import leave_for
from pages.shared.query import parse_whole
from pages.shared.text import show_error
from refine_core import runs
from refine_core.errors import StoreError
from refine_core.formatting import pluralize

_GO: Final = "runs.go"
_REFUSAL: Final = "runs.refusal"
REFUSAL_S: Final = 20.0


def act() -> None:
    """Do what was pressed, if anything. Call it before the list is drawn."""
    name, ids, detail = table.take_action()
    if not name:
        return
    st.session_state.pop(_REFUSAL, None)
    if name != "undo":
        table.offer_undo(())
    try:
        if not _move(name, ids, detail):
            _change(name, ids)
    except StoreError as error:
        _refuse(str(error))


def go_on() -> None:
    """Leave for the page that was asked for, if any."""
    go = st.session_state.pop(_GO, None)
    if go is not None:
        leave_for(*go)


def show_refusal() -> None:
    """Why the last press did nothing, if so. It stays for a while: a list with a run at work is drawn every two seconds."""
    refusal, until = st.session_state.get(_REFUSAL, ("", 0.0))
    if refusal and time.monotonic() < until:
        show_error(refusal)


def _refuse(why: str) -> None:
    st.session_state[_REFUSAL] = why, time.monotonic() + REFUSAL_S


def _move(name: str, ids: Sequence[str], detail: str) -> bool:
    """Show another part of the list, or another page of the app; whether that was asked for."""
    if name == "sort":
        filters.sort_by(detail)
    elif name == "page" and (page := parse_whole(detail)) is not None:
        filters.show_page(page)
    elif name == "unfold" and ids:
        branches.toggle(ids[0])
    elif name == "open" and ids:
        st.session_state[_GO] = (address.RUN, {"run": ids[0]})
    elif name == "compare" and len(ids) == 2:  # noqa: PLR2004  # a pair
        st.session_state[_GO] = (address.COMPARE, {"a": ids[0], "b": ids[1]})
    elif name == "what-if" and ids:
        if len(ids) > address.RUNS_AT_ONCE:
            _refuse(f"What if takes up to {address.RUNS_AT_ONCE} runs at once; {len(ids):,} are selected.")
        else:
            st.session_state[_GO] = (address.REWARDS, address.rewards_query(*ids))
    else:
        return False
    return True


def _change(name: str, ids: Sequence[str]) -> None:
    """Change what is noted about runs, at once or by a dialog."""
    if name in DIALOGS:
        ask_to_open(name, ids)
    elif name in ("star", "unstar"):
        for run_id in ids:
            runs.star(run_id, starred=name == "star")
    elif name == "delete":
        _delete(ids)
    elif name == "undo":
        runs.undelete(table.undoable())
        table.offer_undo(())
    elif name == "restore":
        runs.undelete(ids)
        table.clear_selection()


def _delete(ids: Sequence[str]) -> None:
    working = [one.name for one in runs.listed(ids).values() if one.outcome in ("running", "paused")]
    if working:
        what = pluralize(len(working), "selected run")
        _refuse(f"{what} still running: cancel first, then delete. Nothing was deleted.")
        return
    runs.delete(ids)
    table.offer_undo(ids)
    table.clear_selection()
