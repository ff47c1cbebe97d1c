"""One run: the address says which."""

import streamlit as st

from pages.shared import address
from pages.shared.run_actions import draw_actions
from pages.shared.run_view import draw_live_run, show_unknown_run
from pages.shared.text import escape_markdown, show_error
from refine_core import runs
from refine_core.errors import StoreError

run_id = address.run_id()
if run_id is None:
    st.info("No run is named in the address. Choose one from the list.", icon=":material/info:")
    st.page_link(address.RUNS, label="All runs", icon=":material/history:")
    st.stop()
try:
    run = runs.get(run_id)
except StoreError as error:
    show_error(str(error))
    st.stop()
if run is None:
    show_unknown_run(run_id)
else:
    st.title(escape_markdown(runs.title(run.timeline.spec)), anchor=False)
    with st.container(horizontal=True, vertical_alignment="center"):
        if not run.awaits_decision:  # else "Fix the reward" leads there
            st.page_link(
                address.LAB,
                label="Edit in the Lab",
                icon=":material/science:",
                query_params=address.change_query(run_id),
            )
        draw_actions(run)
        st.page_link(
            address.PLAY, label="Play", icon=":material/slow_motion_video:", query_params={"run": run_id}
        )
    draw_live_run(run)
