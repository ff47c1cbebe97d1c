"""The Python file that the app was started for: what it defines, run and watched, with its output. `refinescope open PROGRAM.py`.

form left: program, inputs, reward, settings      result right: the run, live
below the form: what the process printed, and the runs of this file
"""

import streamlit as st

from pages.program import form, history, output, result, status
from pages.program.draft import keep_draft, open_form
from pages.program.start import draw_run_button, listen_for_run_keys, start_run
from pages.program.typed import take_typed
from pages.shared import address
from pages.shared.text import show_store_error
from pages.shared.title import title_page
from pages.shared.viewport import is_narrow, watch_viewport
from refine_core import program_files
from refine_core.errors import StoreError

_LEFT_AND_RIGHT = [39, 61]

process = program_files.opened()
if process is None:
    st.info(
        "The app was started without a program. Start it with: refinescope open PROGRAM.py",
        icon=":material/info:",
    )
    st.page_link(address.LAB, label="To the Lab", icon=":material/science:")
    st.stop()

shown = process.snapshot()
title_page(shown.path.name)
open_form(shown)
try:
    run = result.find_run(shown)
except StoreError as error:
    show_store_error(str(error))
    st.stop()
status.draw_header(process, shown)
if is_narrow():
    status.draw_problem(process, shown)
    pressed = draw_run_button(process, shown)
    entered = form.draw_form(shown)
    if pressed or entered:
        start_run(process, shown)
    result.draw_result(shown, run)
    output.draw_output(process, shown)
    history.draw_history(shown)
else:
    left, right = st.columns(_LEFT_AND_RIGHT, gap="medium")
    with left, st.container(gap="xsmall"):
        status.draw_problem(process, shown)
        entered = form.draw_form(shown)
        pressed = draw_run_button(process, shown)
        if pressed or entered:
            start_run(process, shown)
        output.draw_output(process, shown)
        history.draw_history(shown)
    with right, st.container(gap="xsmall"):
        result.draw_result(shown, run)
keep_draft()
with st.container(gap=None):  # none of them draws anything
    take_typed()
    listen_for_run_keys(shown)
    watch_viewport()
