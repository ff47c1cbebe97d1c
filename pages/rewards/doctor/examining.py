"""The examination of the reward as typed: it goes on in the background, and the last one is shown until it is there.

read_examination(bench) -> Examined        list_code_findings(bench)        cancel_examination, examine_again
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

import streamlit as st

from pages.rewards import fields
from pages.rewards.bench import Bench
from pages.rewards.cases.running import read_case_run, with_threshold
from pages.rewards.cases.state import cases_text, read_case_set
from pages.rewards.fields import static_key
from pages.rewards.task import Task
from refine_core import doctor, workbench
from refine_core.cases import CaseSet
from refine_core.doctor import Examination
from refine_core.errors import RefineError
from refine_core.workbench import Finding, Job

WAIT_S: Final = 0.3  # for one that is looked at; longer, and the last one is shown with a count
ALWAYS_UP_TO: Final = 1_000  # rows that are examined while nobody looks at the doctor
_OF_PROBES: Final = ("paid-", "refused-")
_SESSION: Final = static_key("examining")
examinations: Final[workbench.KeptJobs[Examination]] = workbench.KeptJobs()


@dataclass(slots=True)
class _Session:
    """Which examinations this session knows, by key: the last one with a result, the last begun, the one that was stopped."""

    shown: str = ""
    running: str = ""
    stopped: str = ""


@dataclass(frozen=True, slots=True)
class Examined:
    """job: of the reward as typed; None where it is not examined. shown: its result, or the last one that there was.

    current: whether that is of the reward as typed. running: whether it was still being worked out when this was read.
    """

    job: Job[Examination] | None
    shown: Examination | None
    current: bool
    running: bool

    @property
    def error(self) -> RefineError | None:
        """Why there is none."""
        return self.job.error if self.job is not None else None


def read_examination(bench: Bench) -> Examined:
    """The examination of the reward as typed, begun if need be; in the doctor's view it is worth waiting a moment for it.

    In one run of the page's script everybody gets the same.
    """
    found = bench.memory.get(_SESSION)
    if not isinstance(found, Examined):
        found = bench.memory[_SESSION] = _read(bench)
    return found


def _read(bench: Bench) -> Examined:
    session, looked_at = _session(), fields.read_view() == "doctor"
    cases = with_threshold(bench, read_case_set())
    task = bench.task if bench.rows or len(cases) else None
    judged = "\0".join([cases_text(), *(one.labels for one in bench.sources)])
    digest = hashlib.blake2b(judged.encode("utf-8", "replace"), digest_size=8).hexdigest()
    key = f"{task.key} {cases.threshold} {digest}{_count_waiting(bench)}" if task is not None else ""
    if session.running and session.running != key:
        _cancel(session.running)
    job = _begin(task, key, session, cases, looked_at=looked_at) if task is not None else None
    if job is not None and looked_at:
        job.wait(WAIT_S)
    running = job is not None and job.running  # before its result is looked at: it may end in between
    if job is not None and job.result is not None:
        session.shown = key
    last = examinations.find(session.shown)
    shown = last.result if last is not None else None
    current = shown is not None and session.shown == key
    return Examined(job, shown, current=current, running=running and not current)


def _count_waiting(bench: Bench) -> str:
    """How many rows and cases have no answer of the judge yet: with more answers there is more to examine."""
    if bench.task is None or not workbench.asks_judge(bench.task.recognized):
        return ""
    report = read_case_run(bench).report
    rows = bench.scores.summary.waiting if bench.scores is not None else None
    return f" {rows} {report.count_in('waiting') if report is not None else None}"


def _begin(
    task: Task, key: str, session: _Session, cases: CaseSet, *, looked_at: bool
) -> Job[Examination] | None:
    known = examinations.find(key)
    if known is not None and (not known.cancelled or session.stopped == key):
        return known
    rows, recognized, judge = task.rows, task.recognized, task.judge
    if not looked_at and len(rows) > ALWAYS_UP_TO:
        return None
    session.running = key
    return examinations.start(
        key,
        lambda progress, cancel: doctor.examine(
            recognized,
            rows,
            threshold=cases.threshold,
            cases=cases,
            judge=judge,
            on_progress=progress,
            cancel=cancel,
        ),
    )


def list_code_findings(bench: Bench) -> tuple[Finding, ...]:
    """What reading the code finds, by line; with what rows and probes showed of it, as soon as that is known.

    What probes alone showed is left out: each of them is listed by itself.
    """
    examined = read_examination(bench)
    if examined.shown is None or not examined.current:
        return bench.findings
    found = [one for one in examined.shown.findings if one.line is not None and not is_of_a_probe(one)]
    return tuple(sorted(found, key=lambda one: (one.line or 0, one.column or 0)))


def is_of_a_probe(finding: Finding) -> bool:
    """Whether it says what the lists of probes show line by line."""
    return finding.code.startswith(_OF_PROBES)


def cancel_examination() -> None:
    """Stop it, until something changes or `examine_again` is called. To be called in a callback."""
    session = _session()
    session.stopped = session.running
    _cancel(session.stopped)


def examine_again() -> None:
    """Examine what was stopped. To be called in a callback."""
    _session().stopped = ""


def _session() -> _Session:
    found: _Session = st.session_state.setdefault(_SESSION, _Session())
    return found


def _cancel(key: str) -> None:
    job = examinations.find(key)
    if job is not None and job.running:
        job.cancel()
