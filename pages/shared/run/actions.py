"""What can be done with a run: cancel, resume or replay it.

To stand outside what is polled, so that a click is never lost to a redraw.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import streamlit as st

from pages.shared import address
from pages.shared.credentials import ask_for_keys, collect_credentials
from pages.shared.run.opened import find_process
from pages.shared.run.pausing import ACTION_PX, pause_button
from pages.shared.text import show_error
from refine_core import runs
from refine_core.errors import LMError, SpecError, StoreError
from refine_core.formatting import pluralize
from refine_core.runs import Run

REPLAY_DELAYS: Final = {None: "as recorded", 1.0: "1 s", 0.0: "none"}


def draw_actions(run: Run, *, menu: Callable[[], None]) -> None:
    """The buttons that fit the state of the run. menu: draws what stands in the place of Replay."""
    if run.live:
        _cancel(run)
        pause_button(run)
        return
    _draw_ended(run)
    menu()


def draw_lab_actions(run: Run, *, here: bool, to_reward: Callable[[], None] | None) -> None:
    """Those of the Lab, where Cancel takes the place of Run; Pause stands where Replay will be.

    here: the run's reward is in the form, together with what was typed since, which no loading may replace.
    to_reward: leads there, where it is not on the screen anyway.
    """
    if run.live:
        pause_button(run, keep_place=True)
    else:
        _draw_ended(run, here=here, to_reward=to_reward)
        if run.timeline.calls:
            with st.popover("Replay", icon=":material/replay:", width=ACTION_PX):
                draw_replay(run)


def _draw_ended(run: Run, *, here: bool = False, to_reward: Callable[[], None] | None = None) -> None:
    if run.resumable:
        _resume(run)
    if run.awaits_decision:
        _decide(run, here=here, to_reward=to_reward)


def draw_idle_actions() -> None:
    """What will be there once a run has ended, so that its place is kept."""
    st.popover("Replay", icon=":material/replay:", disabled=True, width=ACTION_PX)


def _cancel(run: Run) -> None:
    process = find_process(run)
    if not run.is_local and process is None:
        st.caption(
            "Its own script runs it. Stop it there."
            if run.timeline.recorded_from
            else "This run belongs to another Refinescope process on the same history. Cancel it there.",
            width="content",
        )
        return
    stopping = run.state == "cancelling" if process is None else process.snapshot().state == "cancelling"
    label = "Cancelling …" if stopping else "Cancel"
    if st.button(label, icon=":material/stop_circle:", disabled=stopping, key="cancel"):
        if process is not None:
            process.cancel()
        else:
            runs.cancel(run.run_id)
        st.rerun()


def _resume(run: Run) -> None:
    with st.popover("Resume", icon=":material/play_circle:"):
        done = sum(a.has_ended for a in run.timeline.attempts)
        st.markdown(
            ("It was cancelled, and nothing is lost. " if run.was_cancelled else "")
            + "The run goes on from its last complete attempt"
            + (
                f", number {done}; what was cut off is restarted."
                if done
                else ": there is none, so it starts from the beginning."
            )
        )
        ask_for_keys(run.timeline.spec, run.timeline.typed_key_roles)
        if st.button("Resume now", type="primary", key="go-on"):
            _continue(run, "Not resumed", anyway=False)


def _decide(run: Run, *, here: bool, to_reward: Callable[[], None] | None) -> None:
    """What to do with a run that stopped for an error of its reward that is bound to repeat."""
    if not here:
        st.page_link(
            address.LAB,
            label="Fix the reward",
            icon=":material/build:",
            query_params=address.change_query(run.run_id),
        )
    elif to_reward is not None:
        st.button("Fix the reward", icon=":material/build:", key="fix-reward", on_click=to_reward)
    with st.popover("Continue anyway", icon=":material/play_circle:"):
        left = len(run.timeline.temperatures) - len(run.timeline.attempts)
        st.markdown(
            f"The run goes on with the same reward: up to {pluralize(left, 'more attempt')}, "
            "whatever errors the reward raises."
        )
        ask_for_keys(run.timeline.spec, run.timeline.typed_key_roles)
        if st.button("Continue", type="primary", key="continue-anyway"):
            _continue(run, "Not continued", anyway=True)


def _continue(run: Run, refused: str, *, anyway: bool) -> None:
    """Resume a run, and show it; or say why not. refused: how that sentence begins."""
    try:
        runs.resume(run.run_id, collect_credentials(run.timeline.spec), anyway=anyway)
    except (SpecError, LMError, StoreError) as error:
        show_error(f"{refused}: {error}")
    else:
        st.rerun()


def draw_replay(run: Run) -> None:
    """What a replay is, how fast it goes, and the button that starts it."""
    st.markdown(
        "The same program runs again on the replies that this run recorded: no network, no key, no cost. "
        "Every screen marks it as a replay."
    )
    pace = st.radio("Reply delay", list(REPLAY_DELAYS), format_func=REPLAY_DELAYS.__getitem__, key="pace")
    if st.button("Start the replay", type="primary", key="start-replay"):
        try:
            again = runs.replay(run.run_id, delay_s=pace)
        except (SpecError, LMError, StoreError) as error:
            show_error(f"Not replayed: {error}")
        else:
            address.show_run(again)
            st.rerun()
