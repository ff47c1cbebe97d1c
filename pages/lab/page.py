"""Lab: define a program and its reward, run it, watch, on one screen. The address holds the run; a reload loses nothing of it."""

import streamlit as st

from pages.lab import settings
from pages.lab.draft import keep_draft, open_form, take_typed
from pages.lab.form_state import read_form
from pages.lab.model_fields import use_connection
from pages.lab.picker import draft_line, program_picker
from pages.lab.preview import preview_run
from pages.lab.program import inputs_form, program_form
from pages.lab.reward import reward_form, take_reward_fix
from pages.lab.reward_source import take_run_anyway
from pages.lab.settings import settings_form
from pages.lab.start import run_button, start_run
from pages.lab.verdict import draw_refusal
from pages.shared import address
from pages.shared.run_view import draw_live_run, show_unknown_run
from pages.shared.text import show_error
from refine_core import programs, runs
from refine_core.errors import StoreError

try:
    run_id = address.lab_run_id()
    run = runs.get(run_id) if run_id else None
except StoreError as error:
    show_error(str(error))
    st.stop()

open_form(run)
use_connection()
form = read_form()
if take_reward_fix(form):
    form = read_form()
keep_draft()

left, right = st.columns([39, 61], gap="medium")
with left, st.container(gap="xxsmall"):
    with st.container(horizontal=True, wrap=False, vertical_alignment="center", gap="xsmall"):
        program_picker(form)
        draft_line()
        pressed = run_button(run) or take_run_anyway()
    entered = program_form(form)
    inputs_form(form)
    entered |= reward_form(form, run, below=settings.height_px(form))
    settings_form(form, run)
refusal = None
if pressed or entered:
    refusal = start_run(form)
    if refusal is None:
        st.rerun()
with right, st.container(gap="xsmall"):
    if refusal is not None:
        draw_refusal(refusal)
    if run_id and run is None:
        show_unknown_run(run_id)
    if run:
        edited = programs.describe_changes(run.timeline.spec, form.spec)
        draw_live_run(run, edited=edited, here=form.spec.reward == run.timeline.spec.reward, actions=True)
    else:
        preview_run(form)
take_typed()
