"""Run, and Cancel in the same place while a run is under way."""

from __future__ import annotations

import time

import streamlit as st

from pages.program.fields import static_key
from pages.program.form import note_refusal, read_form
from pages.shared import address, keys
from pages.shared.hotkeys import listen_for_keys, take_hotkey
from pages.shared.isolation import why_code_is_refused
from pages.shared.text import show_error
from pages.shared.viewport import is_narrow
from refine_core.errors import SpecError
from refine_core.program_files import ProgramProcess, Snapshot

_KEYS = static_key("keys")
DOUBLE_CLICK_S = (
    0.6  # after Run, a press in the same place is the second of a double click, and cancels nothing
)


def draw_run_button(process: ProgramProcess, shown: Snapshot) -> bool:
    """One button with two names, so that nothing below it moves. Returns whether Run was pressed, or its key."""
    stopping = shown.state == "cancelling"
    name, hint = ("Cancel", "Esc") if shown.busy else ("Run", "Ctrl+Enter")
    defines = shown.description is not None and bool(shown.description.programs)
    clicked = st.button(
        "Cancelling …" if stopping else name if is_narrow() else f"{name} :small[{hint}]",
        type="secondary" if shown.busy else "primary",
        icon=":material/stop_circle:" if shown.busy else ":material/play_arrow:",
        disabled=stopping or shown.state in ("starting", "failed") or not defines,
        key=static_key("run"),
        width="stretch",
    )
    pressed = take_hotkey(_KEYS)
    if not shown.busy:
        return clicked or pressed == "run"
    second_click = time.time() - shown.since < DOUBLE_CLICK_S
    if pressed == "cancel" or (clicked and not second_click):
        process.cancel()
        st.rerun()
    return False


def start_run(process: ProgramProcess, shown: Snapshot) -> None:
    """Begin the run that the form asks for, and have the page drawn with it; or say why it cannot begin."""
    filled = read_form(shown.description) if shown.description is not None else None
    if filled is None or shown.busy:
        return
    if filled.request is None:
        note_refusal(filled)
        st.rerun()
    if filled.request.source and (refused := why_code_is_refused()):
        show_error(f"Not run: {refused}")
        return
    key = keys.connection_key(filled.model) if filled.model is not None and filled.model.connection else None
    try:
        process.run(filled.request, key or None)
    except SpecError as error:
        show_error(f"Not run: {error}")
        return
    address.clear_run()
    st.rerun()


def listen_for_run_keys(shown: Snapshot) -> None:
    """Ctrl-Enter for Run, Escape for Cancel, whichever is there."""
    listen_for_keys({"Escape": "cancel"} if shown.busy else {"Ctrl+Enter": "run"}, key=_KEYS)
