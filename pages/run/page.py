"""One run: the address says which."""

import streamlit as st

from pages.shared import address
from pages.shared.run_actions import actions
from pages.shared.run_view import live, unknown
from pages.shared.text import mistake, plain
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
    mistake(str(error))
    st.stop()
if run is None:
    unknown(run_id)
else:
    st.title(plain(runs.title(run.timeline.spec)), anchor=False)
    with st.container(horizontal=True, vertical_alignment="center"):
        if not run.awaits_decision:  # else "Fix the reward" leads there
            st.page_link(
                address.LAB,
                label="Open in the Lab, to change it and run again",
                icon=":material/science:",
                query_params=address.to_change(run_id),
            )
        actions(run)
    live(run)
