"""The pinned cases, run with the reward as typed at every edit. No model is called.

read_case_run(bench) -> CaseRun: what they make of it so far; starts them, and waits as long as nobody notices
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import streamlit as st

from pages.rewards.bench import WAIT_S, Bench
from pages.rewards.cases.state import outputs_digest, read_case_set
from pages.rewards.fields import static_key
from pages.rewards.threshold import read_threshold
from refine_core import workbench
from refine_core.cases import CaseReport, CaseSet, compare_scores
from refine_core.workbench import Scores, Scoring

_SHOWN: Final = static_key("cases-shown")
_LAST: Final = static_key("cases-last")
_WAITED: Final = static_key("cases-waited")
_COUNTED: Final = static_key("cases-counted")
POLL_S: Final = 0.25
_ALLOWED: Final = static_key("cases-allowed")


@dataclass(frozen=True, slots=True)
class CaseRun:
    """How far the cases are. report: of the reward as typed; else, with pending, of the text before. scoring: at work or ended.

    asks: whether it may ask the judge.
    """

    cases: CaseSet
    report: CaseReport | None
    scoring: Scoring | None = None
    pending: bool = False
    asks: bool = False


def read_case_run(bench: Bench) -> CaseRun:
    """Run the pinned cases, unless it is known what comes of them."""
    cases = with_threshold(bench, read_case_set())
    task = bench.task
    if not cases.cases or task is None or bench.unreadable is not None:
        _begin_with("")
        return CaseRun(cases, None)
    outputs = outputs_digest()  # a new name or want needs no new score
    key = f"{task.key} {outputs}"
    asks = st.session_state.get(_ALLOWED) == key
    _begin_with(key)
    recognized, judge = task.recognized, task.judge

    work: workbench.Work[Scores] = lambda progress, cancel: workbench.score_rows(  # noqa: E731  # as elsewhere, for its type
        [case.to_row() for case in cases],
        recognized,
        judge=judge,
        ask_judge=asks,
        on_progress=progress,
        cancel=cancel,
        alone=True,
    )
    scoring = workbench.scorings.start(_name(key, asks=asks), work)
    if st.session_state.get(_WAITED) != scoring.key:  # once: several parts of the page ask
        st.session_state[_WAITED] = scoring.key
        scoring.wait(WAIT_S)
    if scoring.result is not None:
        st.session_state[_SHOWN] = (outputs, scoring.result)
        return CaseRun(cases, compare_scores(cases, scoring.result.rows), scoring, asks=asks)
    shown = st.session_state.get(_SHOWN)
    if scoring.error is None and shown is not None and shown[0] == outputs:
        return CaseRun(cases, compare_scores(cases, shown[1].rows), scoring, pending=True, asks=asks)
    return CaseRun(cases, None, scoring, pending=scoring.running, asks=asks)


def _begin_with(key: str) -> None:
    """Stop what was run for an earlier text, if it still goes on."""
    last = st.session_state.get(_LAST, "")
    st.session_state[_LAST] = key
    if last and last != key:
        for asks in (False, True):
            scoring = workbench.scorings.find(_name(last, asks=asks))
            if scoring is not None and scoring.running:
                scoring.cancel()


def allow_judge() -> None:
    """Let the cases that wait ask the judge, until something changes. To be called in a callback."""
    key = st.session_state.get(_LAST, "")
    st.session_state[_ALLOWED] = key
    workbench.scorings.clear(_name(key, asks=True))  # asked again, it asks for what failed


def stop_asking() -> None:
    """End the questions to the judge; what it has answered is known. To be called in a callback."""
    key = st.session_state.get(_LAST, "")
    st.session_state.pop(_ALLOWED, None)
    scoring = workbench.scorings.find(_name(key, asks=True))
    if scoring is not None and scoring.running:
        scoring.cancel()
    workbench.scorings.clear(_name(key, asks=False))  # more is known now


def _name(key: str, *, asks: bool) -> str:
    return f"{key} cases{' asking' if asks else ''}"


def with_threshold(bench: Bench, cases: CaseSet) -> CaseSet:
    """The cases with the threshold that holds on this page."""
    return replace(cases, threshold=read_threshold(bench))


def count_cases(bench: Bench) -> str:
    """How many of them hold, for the tab."""
    run = read_case_run(bench)
    st.session_state[_COUNTED] = not run.pending
    if not len(run.cases):
        return ""
    if run.report is None:
        return f":gray-badge[{len(run.cases)}]"
    passed, total = run.report.count_in("passed"), len(run.cases)
    tone = "orange" if not run.report.ok else "green" if passed == total else "gray"
    return f":{tone}-badge[{passed}/{total}]"


def wait_for_cases(bench: Bench) -> None:
    """Draw the page again when the cases have run, if the tab was drawn before: their count stands there in every view."""
    run = read_case_run(bench)
    if not run.pending and st.session_state.get(_COUNTED, True):
        return

    @st.fragment(run_every=POLL_S)
    def wait() -> None:
        if run.scoring is None or not run.scoring.running:
            st.rerun()

    wait()
