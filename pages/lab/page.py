"""Lab: define a program and its reward, run it, watch. The address holds the run; a reload loses nothing of it."""

import streamlit as st

from pages.lab import state
from pages.lab.model import model
from pages.lab.program import inputs, program
from pages.lab.reward import refinement, reward
from pages.lab.start import examples, press_run, prompts, start
from pages.shared import address
from pages.shared.run_actions import actions
from pages.shared.run_view import live, unknown
from pages.shared.text import mistake
from pages.shared.timeline import preload
from refine_core import runs
from refine_core.errors import StoreError

try:
    run_id = address.lab_run_id()
    run = runs.get(run_id) if run_id else None
except StoreError as error:
    mistake(str(error))
    st.stop()

if address.change_asked() or not state.begun():
    state.load(run.line.spec if run else state.first_example())
state.use_connection()
typed = state.typed()

st.title("Refine a program of model calls", anchor=False)
examples(typed)
with st.container(horizontal=True, vertical_alignment="center"):
    pressed = press_run(typed) or state.take_run_anyway()
    if run:
        actions(run, here=typed.spec.reward == run.line.spec.reward)
with st.container(key="not-started"):  # there with or without words, so that what follows stays where it is
    said = st.empty()
    if run_id and run is None:
        unknown(run_id)

form, view = st.columns([5, 7], gap="large")
with form:
    program(typed)
    inputs(typed)
    entered = reward(typed, run)
    refinement(typed)
    model(typed, run)
if pressed or entered:
    with said.container():
        start(typed)
with view:
    if run:
        if not state.describes(typed, run.line.spec):
            st.caption("The form has changed since this run; press Run to try it as it is now.")
        live(run)
    else:
        prompts(typed)
        preload(key="preload")
