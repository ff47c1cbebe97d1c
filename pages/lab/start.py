"""Run, and Cancel in the same place while a run works."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field, replace

import streamlit as st

from pages.lab.fields import static_key
from pages.lab.form_state import FormState, is_same_program, note_refusal
from pages.lab.pausing import is_stepwise
from pages.lab.problem_words import describe_problems
from pages.lab.reward_source import may_run_anyway
from pages.shared import address
from pages.shared.hotkeys import listen_for_keys, take_hotkey
from pages.shared.isolation import why_code_is_refused
from refine_core import runs
from refine_core.errors import LMError, SpecError, StoreError, WorkerError
from refine_core.runs import Run

_KEYS = static_key("keys")
DOUBLE_CLICK_S = (
    0.6  # after Run, a press in the same place is the second of a double click, and cancels nothing
)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a run did not start, in a headline and a sentence; `source` is the reward that may be run anyway, if it was that.

    recorded: the run whose replies cannot be replayed with what was changed.
    """

    headline: str
    reason: str
    source: str | None = None
    recorded: str | None = None


@dataclass(slots=True)
class _LastRun:
    """The run that this session started last. A second press comes in a thread of its own, while the first still works."""

    run_id: str | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)


def run_button(run: Run | None, *, keyboard: bool = True) -> bool:
    """Run; or Cancel, while the run on screen works in this process. Returns whether Run was pressed, or its key.

    It is one button with two names: of two, Streamlit shows both for a moment, and all below them moves.
    keyboard: whether to name the keys on it.
    """
    cancel = run is not None and _can_cancel(run)
    stopping = run is not None and run.state == "cancelling"
    name, hint = ("Cancel", "Esc") if cancel else ("Run", "Ctrl+Enter")
    clicked = st.button(
        "Cancelling …" if stopping else f"{name} :small[{hint}]" if keyboard else name,
        type="secondary" if cancel else "primary",
        icon=":material/stop_circle:" if cancel else ":material/play_arrow:",
        disabled=stopping,
        key=static_key("run"),
        width="stretch",
    )
    key = take_hotkey(_KEYS)
    if run is None or not cancel:
        return clicked or key == "run"
    second_click = time.time() - run.timeline.started_at < DOUBLE_CLICK_S
    if not stopping and (key == "cancel" or (clicked and not second_click)):
        runs.cancel(run.run_id)
        st.rerun()
    return False


def listen_for_run_keys(run: Run | None) -> None:
    """Ctrl-Enter for Run, Escape for Cancel, whichever is there."""
    cancel = run is not None and _can_cancel(run)
    listen_for_keys({"Escape": "cancel"} if cancel else {"Ctrl+Enter": "run"}, key=_KEYS)


def _can_cancel(run: Run) -> bool:
    return run.live and run.is_local


def start_run(form: FormState) -> Refusal | None:
    """Begin a run and put it into the address, for the page to be run again; or return why it cannot begin.

    One that is under way is not begun twice.
    """
    if form.problems:
        note_refusal()
        return Refusal("Not started", describe_problems(form))
    if refused := why_code_is_refused():
        return Refusal("Not started", refused)
    source = form.spec.reward
    if form.reward_errors and not may_run_anyway(source):
        first = form.reward_errors[0]
        where = f" at line {first.line}" if first.line is not None else ""
        return Refusal(
            f"Not started: the reward would fail{where}", f"{first.message} Fix it, or run it anyway.", source
        )
    if form.rule_errors and not may_run_anyway(source):
        row, found = form.rule_errors[0]
        return Refusal(
            f"Not started: the check of validator {row + 1} would fail",
            f"{found.message} Fix it, or run it anyway.",
            source,
        )
    if (refusal := _refuse_replay(form)) is not None:
        return refusal
    asking = replace(form.spec, stop_on_repeating_error=True)
    last: _LastRun = st.session_state.setdefault(static_key("last"), _LastRun())
    with last.lock:
        run_id = last.run_id if last.run_id and _is_running(last.run_id, form) else None
        again = run_id is not None
        if run_id is None:
            try:
                run_id = last.run_id = runs.start(asking, form.credentials, stepwise=is_stepwise())
            except (SpecError, LMError, StoreError) as error:
                words = str(error)
                return Refusal("Not started", f"{words[:1].upper()}{words[1:]}")
    if again and address.run_id() == run_id:
        return Refusal(
            "This run is still running", "Change the form to start another one, or cancel this one first."
        )
    address.show_run(run_id)
    return None


def _refuse_replay(form: FormState) -> Refusal | None:
    """Why a replay is not started: from some attempt on, its requests are others than those on record."""
    try:
        mismatch = runs.find_replay_mismatch(form.spec)
    except (StoreError, WorkerError):
        return None  # the run says so itself
    if mismatch is None:
        return None
    return Refusal(
        f"Not started: the recorded replies fit only up to attempt {mismatch.attempt - 1}"
        if mismatch.attempt > 1
        else "Not started: the recorded replies do not fit",
        f"Attempt {mismatch.attempt} would send other requests than the recorded run ({mismatch.why}). "
        "What if shows what the recorded outputs would score instead, without a call.",
        recorded=form.spec.model.recording_id,
    )


def _is_running(run_id: str, form: FormState) -> bool:
    """Whether that run still works at what the form says."""
    try:
        run = runs.get(run_id)
    except StoreError:
        return False
    return run is not None and run.live and is_same_program(form, run.timeline.spec)
