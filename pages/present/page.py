"""A run for a room to see: the address says which run, and which step of it."""

import streamlit as st

from pages.present.presenter import draw_presenter
from pages.shared import address
from pages.shared.run_view import show_unknown_run
from pages.shared.text import show_error
from pages.shared.title import title_page
from refine_core import runs
from refine_core.errors import StoreError

run_id = address.run_id()
if run_id is None:
    st.info("No run is named in the address. Open a run, then Play, then Present.", icon=":material/info:")
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
name = annotation.name or runs.title(playback.timeline(0).spec)
title_page(f"Presenter · {name}")
st.fragment(draw_presenter)(run_id, name, playback)
