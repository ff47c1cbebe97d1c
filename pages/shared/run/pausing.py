"""A run that waits for a person: let it do one step, or go on, and write the hint for the attempt that comes next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import streamlit as st

from pages.shared.editor import text_field
from pages.shared.text import escape_markdown
from pages.shared.viewport import is_narrow
from refine_core import runs
from refine_core.hints import is_hint
from refine_core.runs import Run

PLACE_PX: Final = (
    152  # height of what can be done with a run that pauses: two rows of it, a hint of three lines
)
NARROW_PX: Final = 84, 94  # on a narrow page: of the buttons and a line of text, and of each hint below them
ACTION_PX: Final = 100  # width of Pause, and of what stands in its place once the run has ended
_HINT_LINES: Final = 3
_ABOUT: Final = "A pause takes no time of the run. You may leave this page: the run waits."
_PRESSED: Final = "pausing"  # the run that was asked to pause, and has not yet
_SHOWN: Final = "pausing-shown"  # the pause that this window shows
_UNUSED: Final = "pausing-unused"


@dataclass(frozen=True, slots=True)
class _Hints:
    """Hints for the attempt of that index, at the pause that is event `seq` of the run: predictor name -> text."""

    run_id: str
    seq: int
    attempt: int
    texts: Mapping[str, str]

    def key(self, name: str) -> str:
        """Where the text of the field for that predictor's hint is in the session."""
        return f"pause-{self.run_id}-{self.seq}-{name}"


def draw_pause(run: Run) -> None:
    """What can be done while the run waits in this process; nothing for one that does not pause before its steps.

    From step to step the place is the same, and is kept while the run works, so that nothing below it moves.
    """
    _keep_unused(run)
    _draw_unused(run)
    if not run.is_stepwise:
        return
    pause = run.timeline.pause if run.state == "paused" else None
    key = f"pause-{run.run_id}-{run.timeline.seq if pause else 'working'}"
    with (
        st.container(height=_place_px(run), border=False, key="pause-place"),
        st.container(gap="xsmall"),
    ):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            step = st.button(
                "Next step",
                icon=":material/skip_next:",
                type="primary",
                key=f"{key}-step",
                disabled=pause is None,
            )
            go_on = st.button(
                "Continue", icon=":material/play_arrow:", key=f"{key}-on", disabled=pause is None
            )
            st.caption(_next(run), width="content", help=_ABOUT)
        typed = _hint_fields(run)
    if step or go_on:
        st.session_state.pop(_SHOWN, None)
        if not (runs.step if step else runs.go_on)(run.run_id, typed.texts):
            st.session_state[_UNUSED] = typed  # another window was faster by a moment
        st.rerun(scope="fragment")


def pause_button(run: Run, *, keep_place: bool = False) -> None:
    """Have a run that works here wait before its next step.

    keep_place: whether it stays, disabled, where it can do nothing, and is drawn again with the run: then it says that it was
    pressed; elsewhere a toast does. There it stands while the run waits, too: it would not come back once the run goes on.
    """
    states = ("running",) if keep_place else ("running", "paused")
    can_pause = run.state in states and run.is_local
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
    if not runs.pause(run_id):
        st.toast("The run is not at work.", icon=":material/pause:")
    elif keep_place:
        st.session_state[_PRESSED] = run_id
    else:
        st.toast("The run pauses before its next step.", icon=":material/pause:")


def _place_px(run: Run) -> int:
    buttons, hint = NARROW_PX
    return buttons + hint * len(run.timeline.spec.stages) if is_narrow() else PLACE_PX


def _next(run: Run) -> str:
    """What the next step is."""
    pause = run.timeline.pause if run.state == "paused" else None
    if pause is None:
        return "The run works, then it waits."
    return "The next step asks the adviser." if pause.before == "advice" else "The next step is the attempt."


def _hint_fields(run: Run) -> _Hints:
    """A field for each predictor's hint, before an attempt; what they hold."""
    state, pause = st.session_state, run.timeline.pause if run.state == "paused" else None
    before = pause is not None and pause.before == "attempt"
    coming = runs.coming_hints(run.timeline) if before else {}
    offered = {name: hint if is_hint(hint) else "" for name, hint in coming.items()}
    shown = _Hints(run.run_id, run.timeline.seq, pause.index if pause else 0, offered)
    columns = st.columns(len(offered)) if offered else ()
    for column, name in zip(columns, offered, strict=True):
        state.setdefault(shown.key(name), offered[name])
        with column:
            _hint_field(shown, name)
    if pause is not None:
        state[_SHOWN] = shown
    return _read_form(shown)


def _hint_field(hints: _Hints, name: str) -> None:
    label = f"Hint for {name}, attempt {hints.attempt + 1}"
    with st.container(gap=None):
        st.caption(escape_markdown(label))
        text_field(
            label,
            key=hints.key(name),
            placeholder="No hint. Type one, or leave it empty.",
            max_lines=_HINT_LINES,
            eager=True,  # another window may do the step
        )


def _read_form(shown: _Hints) -> _Hints:
    return replace(
        shown, texts={name: str(st.session_state.get(shown.key(name), "")) for name in shown.texts}
    )


def _keep_unused(run: Run) -> None:
    """Keep what was typed at a pause that has ended from elsewhere, unless the run was cancelled."""
    shown = st.session_state.get(_SHOWN)
    if not isinstance(shown, _Hints) or (
        run.run_id == shown.run_id and run.state == "paused" and run.timeline.seq == shown.seq
    ):
        return
    del st.session_state[_SHOWN]
    changed = {name: text for name, text in _read_form(shown).texts.items() if text != shown.texts[name]}
    if run.run_id == shown.run_id and changed and run.state != "cancelling" and not run.was_cancelled:
        st.session_state[_UNUSED] = replace(shown, texts=changed)


def _draw_unused(run: Run) -> None:
    """Say that a hint came too late, with its text, until somebody closes it."""
    unused = st.session_state.get(_UNUSED)
    if not isinstance(unused, _Hints) or unused.run_id != run.run_id or not any(unused.texts.values()):
        return
    with st.container(gap="xsmall", key="pause-unused"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small", wrap=False):
            st.warning(
                f"Attempt {unused.attempt + 1} was started from another window, without the hint that you "
                "typed here. This is your text:",
                icon=":material/info:",
                width="stretch",
            )
            st.button("Close", key="pause-unused-close", on_click=_forget_unused)
        for name in unused.texts:  # the same field: what the browser has not sent yet is in it, too
            _hint_field(unused, name)


def _forget_unused() -> None:
    st.session_state.pop(_UNUSED, None)
