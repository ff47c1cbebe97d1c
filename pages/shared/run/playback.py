"""The run that a page plays: the one that its address names, with its name; or why there is none, and the way on."""

from __future__ import annotations

import streamlit as st

from pages.shared import address
from pages.shared.run.view import show_unknown_run
from pages.shared.text import show_store_error
from refine_core import runs
from refine_core.errors import StoreError


def open_playback(way: str) -> tuple[str, str, runs.Playback]:
    """The run's id, its name and its playback; without one the page says so and stops here.

    way: what to do where the address names no run, as a sentence.
    """
    run_id = address.run_id()
    if run_id is None:
        st.info(f"No run is named in the address. {way}", icon=":material/info:")
        st.page_link(address.RUNS, label="All runs", icon=":material/history:")
        st.stop()
    try:
        playback, annotation = runs.playback(run_id), runs.annotation(run_id)
    except StoreError as error:
        show_store_error(str(error))
        st.stop()
    if playback is None:
        show_unknown_run(run_id)
        st.stop()
    return run_id, annotation.name or runs.title(playback.timeline(0).spec), playback
