"""What can be done with an experiment that has not come to its end: pause, cancel, resume, more budget; failed runs again.

To stand outside what is polled, so that no click is lost to a redraw.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import streamlit as st

from pages.batch.keys import ask_for_keys, collect_keys, forget_asked, list_keys, note_missing_key
from pages.batch.live.limits import ask_for_budget, ask_for_rates
from pages.shared import address
from pages.shared.text import escape_markdown, show_error
from refine_core import experiments
from refine_core.errors import LMError, LMKeyError, SpecError, StoreError
from refine_core.experiments import Budget, Cell, RateLimit, Snapshot
from refine_core.formatting import pluralize

_RETRY: Final = "batch.retry"
_REFUSED: Final = "batch.refused"  # why it was not resumed
_ELSEWHERE: Final = "This experiment belongs to another Refinescope process. Pause or cancel it there."


def draw_actions(snapshot: Snapshot) -> None:
    """The buttons that fit its state. Cancel, and Resume after it, stand in the same place."""
    experiment_id = snapshot.experiment.id
    if snapshot.is_live:
        if not snapshot.is_local:
            return  # the sentence below says where
        if snapshot.state != "cancelling":
            waits = snapshot.state == "pausing"
            words = "No further run is begun; those under way end first, so that nothing is paid for twice."
            label = "Pausing …" if waits else "Pause"
            if st.button(label, icon=":material/pause:", key="batch.pause", help=words, disabled=waits):
                _stop(experiments.pause, experiment_id)
        stopping = snapshot.state == "cancelling"
        label = "Cancelling …" if stopping else "Cancel"
        if st.button(label, icon=":material/stop_circle:", key="batch.cancel", disabled=stopping):
            _stop(experiments.cancel, experiment_id)
        return
    has_result = (
        snapshot.outcomes and snapshot.state == "stopped"
    )  # a paused one shows no figures until it ends
    if has_result and st.button("Result so far", key="batch.result-so-far"):
        address.show_result(on=True)
        st.rerun()
    if why := st.session_state.pop(_REFUSED, ""):
        st.toast(escape_markdown(f"Not resumed: {why}"), icon=":material/error:")
    _draw_go_on(snapshot)


def draw_way_back() -> None:
    """From the result of what there is so far, back to how far it is."""
    if st.button(":blue[◂ Progress]", type="tertiary", key="batch.progress"):
        address.show_result(on=False)
        st.rerun()


def _stop(act: Callable[[str], bool], experiment_id: str) -> None:
    """Pause or cancel it. It may have ended before the click was taken: then there is nothing to say."""
    if not act(experiment_id):
        latest = experiments.get(experiment_id)
        if latest is not None and latest.is_live and not latest.is_local:
            st.toast(_ELSEWHERE)
    st.rerun()


def _draw_go_on(snapshot: Snapshot) -> None:
    fields = list_keys(snapshot)
    if not fields and snapshot.stopped_by not in ("budget", "arms"):
        if st.button("Resume", icon=":material/play_circle:", type="primary", key="batch.resume"):
            _go_on(snapshot)
        return
    with st.popover("Resume", icon=":material/play_circle:", type="primary"):
        left = len(snapshot.cells) - snapshot.done
        st.markdown(
            f"{pluralize(left, 'run')} are left. Nothing that finished is paid for again."
            if left != 1
            else "1 run is left."
        )
        budget = ask_for_budget(snapshot) if snapshot.stopped_by == "budget" else None
        ask_for_keys(fields)
        rates = ask_for_rates(snapshot) if snapshot.stopped_by == "arms" else None
        if st.button(f"Run {pluralize(left, 'run')}", type="primary", key="batch.resume"):
            _go_on(snapshot, budget, rates)


def _go_on(
    snapshot: Snapshot, budget: Budget | None = None, rates: Mapping[str, RateLimit] | None = None
) -> None:
    experiment = snapshot.experiment
    try:
        if budget is not None and budget != experiment.budget:
            experiments.set_budget(experiment.id, budget)
        if rates:
            experiments.set_rate_limits(experiment.id, {**experiment.rate_limits, **rates})
        experiments.resume(experiment.id, collect_keys(experiment.arms))
    except LMKeyError as error:
        note_missing_key(snapshot)
        st.session_state[_REFUSED] = str(error)
        st.rerun()
    except (SpecError, LMError, StoreError) as error:
        show_error(f"Not resumed: {error}")
    else:
        forget_asked(snapshot)
        st.rerun()


def retry(snapshot: Snapshot, cells: Sequence[Cell]) -> None:
    """Run these failed cells again, or have a dialog ask for the keys first, once the page is drawn anew."""
    if list_keys(snapshot):
        st.session_state[_RETRY] = (snapshot.experiment.id, tuple(cells))
    elif why := _retry(snapshot, cells):
        st.toast(escape_markdown(why), icon=":material/error:")
        return
    st.rerun()


def open_retry_dialog(snapshot: Snapshot) -> None:
    """The dialog, where one is wanted."""
    experiment_id, cells = st.session_state.pop(_RETRY, ("", ()))
    if experiment_id == snapshot.experiment.id:
        st.dialog("Run failed runs again")(_draw_retry)(snapshot, cells)


def _draw_retry(snapshot: Snapshot, cells: Sequence[Cell]) -> None:
    st.markdown("Each gets a new run; the failed one is kept.")
    ask_for_keys(list_keys(snapshot))
    if st.button(f"Retry {pluralize(len(cells), 'run')}", type="primary", key="batch.retry"):
        if why := _retry(snapshot, cells):
            show_error(why)
        else:
            st.rerun()


def _retry(snapshot: Snapshot, cells: Sequence[Cell]) -> str:
    """Why not; "" where it is done."""
    experiment = snapshot.experiment
    try:
        experiments.retry_failed(experiment.id, cells, collect_keys(experiment.arms))
    except (SpecError, LMError, StoreError) as error:
        return f"Not run again: {error}"
    forget_asked(snapshot)
    return ""
