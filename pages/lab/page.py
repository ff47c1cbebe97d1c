"""Lab: define a program and its reward, run it, watch, on one screen. The address holds the run; a reload loses nothing of it."""

import streamlit as st

from pages.lab.draft import keep_draft, open_form, take_typed
from pages.lab.form_state import read_form
from pages.lab.layout import draw_narrow, draw_wide
from pages.lab.model_fields import use_connection
from pages.lab.reward import take_reward_fix
from pages.lab.start import listen_for_run_keys
from pages.shared import address
from pages.shared.attempt.hint_dialog import open_hint_dialog
from pages.shared.text import show_store_error
from pages.shared.viewport import is_narrow, watch_viewport
from refine_core import runs
from refine_core.errors import StoreError

try:
    run_id = address.lab_run_id()
    run = runs.get(run_id) if run_id else None
except StoreError as error:
    show_store_error(str(error))
    st.stop()

open_form(run)
use_connection()
form = read_form()
if take_reward_fix(form):
    form = read_form()
keep_draft()

draw = draw_narrow if is_narrow() else draw_wide
draw(form, run, run_id)
with st.container(gap=None):  # none of them draws anything
    open_hint_dialog()
    take_typed()
    listen_for_run_keys(run)
    watch_viewport()
