"""The run under way, or the one that is looked at, as it is shown everywhere; or what there will be."""

from __future__ import annotations

from typing import Final

import streamlit as st

from pages.program.status import show_run_problem
from pages.shared import address
from pages.shared.run.timeline import ROOM_PX
from pages.shared.run.view import draw_live_run, show_unknown_run
from pages.shared.share.menu import draw_share
from pages.shared.updates import follow
from refine_core import runs
from refine_core.program_files import Snapshot
from refine_core.runs import Run

HEADER_PX: Final = 56  # of the screen's height, which the Lab has for the story


def find_run(shown: Snapshot) -> Run | None:
    """The run that the address names, else the newest of this process. Raises StoreError."""
    if address.run_id() is None and shown.run_id is not None:
        address.show_run(shown.run_id)
    run_id = address.run_id()
    return runs.get(run_id) if run_id else None


def draw_result(shown: Snapshot, run: Run | None) -> None:
    """The run, with why it failed, if the program itself did."""
    if shown.run_problem is not None and address.run_id() in (None, shown.run_id):
        show_run_problem(shown.run_problem)
    if run is not None:
        draw_live_run(run, actions=None if run.live else _draw_actions, room_px=ROOM_PX + HEADER_PX)
    elif shown.busy:
        st.caption("The run begins …")
        if shown.run_id is not None:
            _wait_for(shown.run_id)
    elif run_id := address.run_id():
        show_unknown_run(run_id)
    elif shown.state == "ready":
        st.header("No run yet", anchor=False)
        st.caption(
            "Press Run: each attempt appears here as it happens, with its reward, its hints and its prompts. "
            "Change the file in your editor whenever you like; it is run anew by itself."
        )


def _draw_actions(run: Run) -> None:
    st.page_link(address.RUN, label="Open the run", query_params={"run": run.run_id}, width="content")
    draw_share(run)


@st.fragment
def _wait_for(run_id: str) -> None:
    """Until the run is on record: dspy's recorder writes it a moment after it began."""
    if runs.get(run_id) is not None:
        st.rerun()
    follow(run_id, "")
