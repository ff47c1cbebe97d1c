"""A run step by step: the address says which run, and which step of it."""

import streamlit as st

from pages.play.player import draw_guess_switch, draw_player
from pages.shared import address
from pages.shared.run_view import draw_run, show_unknown_run
from pages.shared.text import escape_markdown, show_error
from pages.shared.title import title_page
from refine_core import runs
from refine_core.errors import StoreError

run_id = address.run_id()
if run_id is None:
    st.info("No run is named in the address. Choose one from the list, then Play.", icon=":material/info:")
    st.page_link(address.RUNS, label="All runs", icon=":material/history:")
    st.stop()
try:
    playback, annotation = runs.playback(run_id), runs.annotation(run_id)
except StoreError as error:
    show_error(str(error))
    st.stop()
if playback is None:
    show_unknown_run(run_id)
    st.stop()


@st.fragment
def view(run_id: str, name: str, playback: runs.Playback) -> None:
    """The player, and below it the run as it stood at that step."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.title(escape_markdown(name), anchor=False)
        st.page_link(
            address.RUN, label="The whole run", icon=":material/timeline:", query_params={"run": run_id}
        )
        st.page_link(
            address.PRESENT,
            label="Present",
            icon=":material/co_present:",
            query_params=address.step_query(run_id, address.step() or 0),
        )
        draw_guess_switch(run_id, playback)
    with st.container(gap="xsmall"):
        draw_run(runs.run_at(playback, draw_player(run_id, playback)), beside=True)


name = annotation.name or runs.title(playback.timeline(0).spec)
title_page(f"Play · {name}")
view(run_id, name, playback)
