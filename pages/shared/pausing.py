"""A run that waits for a person: let it do one step, or go on, and write the hint for the attempt that comes next."""

from __future__ import annotations

import streamlit as st

from pages.shared.text import escape_markdown
from refine_core import runs
from refine_core.hints import is_hint
from refine_core.runs import Run

HINT_PX = 92  # of a field for a hint: three lines
_PRESSED = "pausing"  # the run that was asked to pause, and has not yet
ACTION_PX = 100  # width of Pause, and of what stands in its place once the run has ended


def draw_pause(run: Run) -> None:
    """What can be done while the run waits in this process; nothing for one that does not."""
    pause = run.timeline.pause
    if run.state != "paused" or pause is None or not run.is_local:
        return
    hints = runs.coming_hints(run.timeline) if pause.before == "attempt" else {}
    key = f"pause-{run.run_id}-{run.timeline.seq}"
    with st.form(key, border=False):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            step = st.form_submit_button(
                "Next step", icon=":material/skip_next:", type="primary", key=f"{key}-step"
            )
            go_on = st.form_submit_button("Continue", icon=":material/play_arrow:", key=f"{key}-on")
            st.caption(_next(run), width="stretch")
        typed = _hint_fields(hints, attempt=pause.index, key=key)
    if step or go_on:
        (runs.step if step else runs.go_on)(run.run_id, typed)
        st.rerun(scope="fragment")


def pause_button(run: Run, *, keep_place: bool = False) -> None:
    """Have a run that works here wait before its next step.

    keep_place: whether it stays, disabled, where it can do nothing, and is drawn again with the run: then it says that it was
    pressed; elsewhere a toast does.
    """
    can_pause = run.state == "running" and run.is_local
    if not can_pause:
        st.session_state.pop(_PRESSED, None)
        if not keep_place:
            return
    pressed = keep_place and st.session_state.get(_PRESSED) == run.run_id
    st.button(
        "Pausing" if pressed else "Pause",
        icon=":material/pause:",
        key="pause",
        disabled=pressed or not can_pause,
        width=ACTION_PX,
        on_click=_ask,
        args=(run.run_id, keep_place),
        help="The run waits before its next step. What is under way ends first.",
    )


def _ask(run_id: str, keep_place: bool) -> None:  # Streamlit passes a callback's arguments by position
    runs.pause(run_id)
    if keep_place:
        st.session_state[_PRESSED] = run_id
    else:
        st.toast("The run pauses before its next step.", icon=":material/pause:")


def _next(run: Run) -> str:
    """What the next step is, and that nothing is lost meanwhile."""
    pause = run.timeline.pause
    what = (
        "The next step asks the adviser."
        if pause is not None and pause.before == "advice"
        else "The next step is the attempt."
    )
    return f"{what} A pause takes no time of the run; you may leave this page, and it waits."


def _hint_fields(hints: dict[str, str], *, attempt: int, key: str) -> dict[str, str]:
    """A field for each predictor's hint; what they hold."""
    typed = {}
    for column, (name, hint) in zip(st.columns(len(hints)) if hints else (), hints.items(), strict=True):
        with column:
            typed[name] = st.text_area(
                escape_markdown(f"Hint for {name}, attempt {attempt + 1}"),
                value=hint if is_hint(hint) else "",
                placeholder="No hint. Type one, or leave it empty.",
                key=f"{key}-{name}",
                height=HINT_PX,
            )
    return typed
