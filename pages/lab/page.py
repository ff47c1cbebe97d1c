"""Lab: define a program and its reward, run it, watch. The address holds the run; a reload loses nothing of it."""

import streamlit as st

from pages.lab.draft import keep_draft, open_form, take_typed
from pages.lab.form_state import is_same_program, read_form
from pages.lab.model import model_form
from pages.lab.model_fields import use_connection
from pages.lab.program import inputs_form, program_form
from pages.lab.reward import refinement_form, reward_form
from pages.lab.reward_source import take_run_anyway
from pages.lab.start import example_buttons, preview_run, run_button, start_run
from pages.shared import address
from pages.shared.run_actions import draw_actions
from pages.shared.run_view import draw_live_run, show_unknown_run
from pages.shared.text import show_error
from pages.shared.timeline import preload
from refine_core import runs
from refine_core.errors import StoreError

try:
    run_id = address.lab_run_id()
    run = runs.get(run_id) if run_id else None
except StoreError as error:
    show_error(str(error))
    st.stop()

open_form(run)
use_connection()
keep_draft()
form = read_form()

st.title("Refine a program of model calls", anchor=False)
example_buttons(form)
with st.container(horizontal=True, vertical_alignment="center"):
    pressed = run_button(form) or take_run_anyway()
    if run:
        draw_actions(run, here=form.spec.reward == run.timeline.spec.reward)
with st.container(key="not-started"):  # there with or without words, so that what follows stays where it is
    notice = st.empty()
    if run_id and run is None:
        show_unknown_run(run_id)

left, right = st.columns([5, 7], gap="large")
with left:
    program_form(form)
    inputs_form(form)
    entered = reward_form(form, run)
    refinement_form(form)
    model_form(form, run)
if pressed or entered:
    with notice.container():
        start_run(form)
with right:
    if run:
        if not is_same_program(form, run.timeline.spec):
            st.caption("The form has changed since this run. Press Run to use the new values.")
        draw_live_run(run)
    else:
        preview_run(form)
        preload(key="preload")
take_typed()
