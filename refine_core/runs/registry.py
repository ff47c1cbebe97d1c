"""The runs of one store: begun on threads of their own, found again by their ids, cancelled, resumed, replayed.

start(spec) --RunStarted durable--> thread: Work.run --every event durable--> RunFinished        get(id) <-- fold of the log
"""

from __future__ import annotations

import datetime
import functools
import logging
import math
import secrets
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from refine_core.budget import Budget
from refine_core.concurrency.cancellation import Cancel
from refine_core.errors import KeyRefused, LMNotFoundError, Problem, RecordingFailed, SpecError
from refine_core.events import LMRequested, RunFinished, RunStarted
from refine_core.lm.recording import Recording
from refine_core.log.drafts import Drafts
from refine_core.log.folds import add_drafts, cut_short
from refine_core.log.recorder import Recorder
from refine_core.log.scope import Record, Scope
from refine_core.log.span import RUN, ChildSpans, Span
from refine_core.log.summaries import Summary, summarize
from refine_core.log.timeline import Timeline
from refine_core.log.well_formed import make_well_formed
from refine_core.messages import usage_summary
from refine_core.refine.build import check_spec
from refine_core.refine.resuming import was_continued_anyway
from refine_core.refine.run_job import RunJob
from refine_core.runs.logs import RunLogs
from refine_core.runs.replaying import replay_program
from refine_core.runs.run import Run, State
from refine_core.spec import ProgramSpec
from refine_core.stop_summary import stop_summary
from refine_core.store.protocol import RunRow, Store

logger = logging.getLogger("refine_core")

LOOK_S, LOOK_AT_OTHERS_S = 0.25, 1.0


@dataclass(frozen=True, slots=True)
class Credentials:
    """Keys typed by a person, by role ("model", "adviser", "judge"). In memory only; never shown, never recorded."""

    keys: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(slots=True)
class _Job:
    cancel: Cancel
    drafts: Drafts = field(default_factory=Drafts)
    thread: threading.Thread | None = None
    error: str | None = None
    ended: bool = False

    @property
    def alive(self) -> bool:
        return not self.ended


@dataclass(frozen=True, slots=True)
class _Look:
    """All that `Runs.get` makes a `Run` of. drafts: span of a call -> its text so far. version: of the drafts."""

    job: _Job | None
    alive: bool
    cancelled: bool
    drafts: Mapping[Span, str]
    version: int
    timeline: Timeline | None

    @property
    def seq(self) -> int:
        """Of the last event."""
        return self.timeline.seq if self.timeline is not None else 0

    @property
    def revision(self) -> str:
        """Another whenever there is more to show."""
        return f"{self.seq}.{self.version}.{self.alive:d}.{self.cancelled:d}"

    @property
    def job_changed(self) -> bool:
        """Whether the job has something new to show that no event tells."""
        job, shown = self.job, (self.alive, self.cancelled, self.version)
        return job is not None and (job.alive, job.cancel.is_set, job.drafts.version) != shown


class Runs:
    """Runs on one store. Safe to use from any thread."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._jobs: dict[str, _Job] = {}
        self._logs = RunLogs(store)
        self._lock = threading.Lock()

    def start(self, spec: ProgramSpec, credentials: Credentials | None = None) -> str:
        """Begin a run and return its id; RunStarted is durable by then.

        Raises: SpecError with every problem found; LMKeyError for a key that is not there; StoreError.
        """
        check_spec(spec)
        work = RunJob(spec, (credentials or Credentials()).keys, self.recording)
        return self._begin(_new_id(), work)

    def resume(self, run_id: str, credentials: Credentials | None = None, *, anyway: bool = False) -> None:
        """Resume a run that was interrupted, from its last complete attempt; RunResumed is durable by then.

        anyway: go on with one that stopped for an error of its reward, in spite of it and of further ones.
        Raises: SpecError for a run that is not there or was not interrupted; LMKeyError; StoreError, where another
        process goes on with it, too.
        """
        found = self.get(run_id)
        if found is None or not (found.resumable or (anyway and found.awaits_decision)):
            state = "not there" if found is None else f"{found.state}, not interrupted"
            raise SpecError([Problem("run", f"run {run_id!r} is {state}, so it cannot be resumed")])
        # Those that it was found by: whatever another made of it since, the store refuses to write over.
        records = self.events(run_id)[: found.timeline.seq]
        keys = (credentials or Credentials()).keys
        work = RunJob(_spec(records), keys, self.recording, records, anyway=anyway)
        self._begin(run_id, work, records)

    def replay(self, run_id: str, *, delay_s: float | None = None) -> str:
        """Run the same program again on the replies that run `run_id` recorded: no network, no key. Returns its id.

        delay_s: seconds that each reply takes; None for as long as it took then. Raises: SpecError, LMNotFoundError,
        StoreError.
        """
        records = self.events(run_id)
        if not records:
            raise SpecError([Problem("run", f"there is no run {run_id!r}")])
        spec = _spec(records)
        if was_continued_anyway(records):
            spec = replace(spec, stop_on_repeating_error=False)
        return self.start(replay_program(spec, run_id, delay_s=delay_s))

    def recording(self, run_id: str) -> Recording:
        """The replies of a run. Raises LMNotFoundError if there is no such run; StoreError."""
        records = self.events(run_id)
        if not records:
            raise LMNotFoundError(f"There is no run {run_id!r} to replay; choose another, or ask a model.")
        return Recording(records)

    def _begin(self, run_id: str, work: RunJob, records: Sequence[Record] = ()) -> str:
        """Record the first fact and set a thread to work. records: what the run has recorded before."""
        job = _Job(Cancel())
        try:
            spec, before = work.spec, work.resume_state
            append = _Appender(self.store, job.cancel, functools.reduce(summarize, records, None))
            recorder = Recorder(
                run_id,
                append,
                cancel=job.cancel,
                after=len(records),
                not_before=records[-1].at if records else 0.0,
            )
            budget = Budget(
                spec.budget_usd,
                spec.budget_tokens,
                spent=(r.event for r in records if not isinstance(r.event, LMRequested)),
            )
            children = ChildSpans(before.used if before is not None else frozenset())
            sinks = (
                budget,
                *work.before_record,
                recorder,
                job.drafts,
                budget.retry_budget,
                *work.after_record,
            )
            scope = Scope(sinks, RUN, job.cancel, job.drafts.write, children)
            try:
                scope.emit(work.first_event())
            except RecordingFailed as failure:
                raise failure.cause or failure from None
            job.thread = threading.Thread(
                target=self._work, args=(run_id, job, work, scope), name=f"run {run_id}", daemon=True
            )
            with self._lock:  # started in here, so that whoever finds the job may join its thread
                self._jobs[run_id] = job
                job.thread.start()
        except BaseException:
            job.ended = True
            work.close()
            raise
        return run_id

    def cancel(self, run_id: str) -> bool:
        """Ask a run of this process to stop now. False if none of that id is under way here."""
        with self._lock:
            job = self._jobs.get(run_id)
        if job is None or not job.alive:
            return False
        job.cancel.set()
        return True

    def events(self, run_id: str, after: int = 0) -> list[Record]:
        """The run's records with seq > after, in order; [] for an unknown run. Raises StoreError."""
        return self._logs.records(run_id, after)

    def timeline(self, run_id: str) -> Timeline | None:
        """The run as far as it is recorded, or None if there is no such run. See RunLogs.timeline. Raises StoreError."""
        return self._logs.timeline(run_id)

    def get(self, run_id: str) -> Run | None:
        """The run as far as it is recorded, in text that a screen can show, or None if there is no such run.

        Raises StoreError.
        """
        look = self._look(run_id)
        job, drafts, timeline = look.job, look.drafts, look.timeline
        if timeline is None:
            return None
        state = _state(timeline, job, alive=look.alive)
        if drafts and state in ("running", "cancelling"):
            timeline = add_drafts(timeline, make_well_formed(drafts))
        if state in ("interrupted", "unrecorded"):
            timeline = cut_short(timeline)
        return Run(
            run_id,
            timeline,
            state,
            stop_summary(
                timeline,
                alive=state not in ("interrupted", "unrecorded"),
                because="" if state == "unrecorded" else "the app ended before the run did",
            ),
            usage_summary(timeline),
            job.error if job else None,
            is_local=job is not None,
            revision=look.revision,
        )

    def _look(self, run_id: str) -> _Look:
        with self._lock:
            job = self._jobs.get(run_id)
        # Whether it lives is asked before what it recorded, so that a run that ends in between is not called interrupted.
        row = self.store.row(run_id) if job is None else None
        alive = job.alive if job is not None else row is not None and row.alive
        cancelled = job is not None and job.cancel.is_set
        drafts, version = job.drafts.now() if job is not None else ({}, 0)  # before the facts, which end them
        return _Look(job, alive, cancelled, drafts, version, self._logs.timeline(run_id))

    def wait_for_change(self, run_id: str, revision: str, timeout_s: float) -> str:
        """Wait until the run has another revision than this one (`Run.revision`), at most `timeout_s` seconds; return it.

        An event wakes it at once. What no event tells (more of a reply that is being written, a cancel) is looked for
        every quarter of a second in a run of this process, and the end of another process every second.
        Raises StoreError.
        """
        until = time.monotonic() + timeout_s
        while (look := self._look(run_id)).revision == revision and (left := until - time.monotonic()) > 0:
            self._wait_for_news(run_id, look, left)
        return look.revision

    def _wait_for_news(self, run_id: str, look: _Look, timeout_s: float) -> None:
        """Wait until it is worth while to look again. In a run of this process that takes no look into the store."""
        if look.job is None:
            self.store.wait_for(run_id, look.seq, min(LOOK_AT_OTHERS_S, timeout_s))
            return
        looks = math.ceil(timeout_s / LOOK_S)
        for _ in range(looks):
            if self.store.wait_for(run_id, look.seq, timeout_s / looks) or look.job_changed:
                return

    def wait(self, run_id: str, after: int, timeout_s: float) -> bool:
        """Wait until the run has a record beyond `after`, at most `timeout_s` seconds; whether it has."""
        return self.store.wait_for(run_id, after, timeout_s)

    def join(self, run_id: str, timeout_s: float) -> None:
        """Wait until this process has nothing more to do for the run; return at once if it has nothing to do now.

        By then its last event is recorded, or `Run.error` says why not.
        Raises TimeoutError if that takes more than `timeout_s` seconds.
        """
        with self._lock:
            job = self._jobs.get(run_id)
        if job is None or job.thread is None:
            return
        job.thread.join(timeout_s)
        if job.thread.is_alive():
            raise TimeoutError(f"run {run_id} is still at work after {timeout_s:g} s")

    def recent(self, limit: int = 50) -> list[RunRow]:
        """The newest runs first. Raises StoreError."""
        with self._lock:
            over = {run_id for run_id, job in self._jobs.items() if not job.alive}
        rows = make_well_formed(self.store.rows(limit=limit))
        return [replace(row, alive=False) if row.run_id in over else row for row in rows]

    @property
    def notices(self) -> tuple[str, ...]:
        """What a person must be told about the store, such as that a damaged one was set aside."""
        return self.store.notices

    def close(self, timeout_s: float = 5.0) -> None:
        """Cancel what runs, wait for it, and close the store."""
        with self._lock:
            jobs = list(self._jobs.values())
        for job in jobs:
            job.cancel.set()
        for job in jobs:
            if job.thread is not None:
                job.thread.join(timeout_s)
        self.store.close()

    def _work(self, run_id: str, job: _Job, work: RunJob, scope: Scope) -> None:
        """The body of a run's thread: whatever happens, the log says so, or the job does."""
        try:
            scope.emit(work.run(scope))
        except KeyRefused as refused:
            job.error = f"{refused} Resume it with the right key."
        except RecordingFailed as failure:
            logger.warning("run %s: %s", run_id, failure.cause or failure)
            job.error = f"It could not be recorded: {failure.cause or failure}"
        except BaseException as error:
            logger.exception("run %s ended unexpectedly", run_id)
            job.error = f"An internal error ended it: {type(error).__name__}: {error}"
            raise
        finally:
            job.ended = True
            work.close()
            if job.error is None:  # its end is on record, so nothing of it need be remembered here
                with self._lock:
                    self._jobs.pop(run_id, None)


def _state(timeline: Timeline, job: _Job | None, *, alive: bool) -> State:
    if timeline.end is not None:
        return "finished"
    if job is not None and job.error is not None:
        return "unrecorded"
    if not alive:
        return "interrupted"
    return "cancelling" if job is not None and job.cancel.is_set else "running"


@dataclass(slots=True)
class _Appender:
    """Appends records with the summary that they lead to. A cancel ends its waiting for a locked store, but for the end."""

    store: Store
    cancel: Cancel
    summary: Summary | None = None

    def __call__(self, records: Sequence[Record]) -> None:
        summary = functools.reduce(summarize, records, self.summary)
        if summary is None:
            raise ValueError("a run must begin with RunStarted")
        ending = isinstance(records[-1].event, RunFinished)
        self.store.append(records, summary, cancel=None if ending else self.cancel)
        self.summary = summary


def _spec(records: Sequence[Record]) -> ProgramSpec:
    """What was run, exactly as it was recorded."""
    began = records[0].event
    if not isinstance(began, RunStarted):
        raise TypeError(f"a run must begin with RunStarted, not {type(began).__name__}")
    return began.spec


def _new_id() -> str:
    """Sorts by time, reads as a date, and collides with nothing."""
    return f"{datetime.datetime.now(datetime.UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(4)}"
