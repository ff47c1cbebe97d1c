"""A run for a room to see: the address says which run, and which step of it."""

import streamlit as st

from pages.present.presenter import draw_presenter
from pages.shared.run.playback import open_playback
from pages.shared.title import title_page

run_id, name, playback = open_playback("Open a run, then Play, then Present.")
title_page(f"Presenter · {name}")
st.fragment(draw_presenter)(run_id, name, playback)
