"""A run step by step: the address says which run, and which step of it."""

import streamlit as st

from pages.play.player import draw_guess_switch, draw_player
from pages.shared import address
from pages.shared.run.playback import open_playback
from pages.shared.run.program_row import draw_program
from pages.shared.run.view import draw_run
from pages.shared.text import escape_markdown
from pages.shared.title import title_page
from refine_core import runs

run_id, name, playback = open_playback("Choose one from the list, then Play.")


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
        draw_program(playback.timeline(0).spec)
        draw_run(runs.run_at(playback, draw_player(run_id, playback)), beside=True)


title_page(f"Play · {name}")
view(run_id, name, playback)
