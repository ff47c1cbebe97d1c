"""The door to runs: start one, watch it, cancel it, find it again.

    run_id = start(spec, credentials)        goes down
    events(run_id, after=seq)                comes up

A run works on a thread of its own and belongs to nobody's screen: closing a page ends nothing. Every event is durable
before the next step. What a screen shows is folded from the events, here or after a restart alike.
"""

from __future__ import annotations

import datetime
import functools
import logging
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from refine_core import __version__
from refine_core.errors import RecordingFailed, RunCancelled
from refine_core.events import Fault, RunFinished, RunStarted, StopReason
from refine_core.lm.base import BaseLM
from refine_core.lm.connect import connect
from refine_core.log.folds import (
    Attempt,
    Call,
    PredictorRun,
    Summary,
    Timeline,
    summarize,
    timeline,
    title_of,
)
from refine_core.log.recorder import Recorder
from refine_core.log.scope import Record, Scope
from refine_core.loop import Plan
from refine_core.refine.build import Pipeline, WorkerScorer, check
from refine_core.refine.driver import Driver
from refine_core.spec import ModelSpec, ProgramSpec
from refine_core.store import open_store
from refine_core.store.protocol import RunRow, Store
from refine_core.waiting import Cancel
from refine_core.words import what_it_took, why_stopped

__all__ = [
    "Attempt",
    "Call",
    "Credentials",
    "PredictorRun",
    "Record",
    "Run",
    "RunRow",
    "Runs",
    "Timeline",
    "cancel",
    "default",
    "events",
    "get",
    "recent",
    "start",
    "title",
]

logger = logging.getLogger("refine_core")

State = Literal["running", "cancelling", "finished", "interrupted", "unrecorded"]
REMEMBERED_RUNS = 32


@dataclass(frozen=True, slots=True)
class Credentials:
    """Keys typed by a person, by role ("model", "adviser", "judge"). In memory only; never shown, never recorded."""

    keys: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Run:
    """A run as far as it is recorded.

    state: "unrecorded" means that its end is not on record; `trouble` says why, in a sentence.
    here: whether it works in this process, so that it can be cancelled from here.
    why: one sentence on why it stopped or where it stands. took: attempts, calls, time and cost in words.
    """

    run_id: str
    line: Timeline
    state: State
    why: str
    took: str
    trouble: str | None = None
    here: bool = True

    @property
    def live(self) -> bool:
        """Whether more may still come."""
        return self.state in ("running", "cancelling")


@dataclass(slots=True)
class _Job:
    cancel: Cancel
    thread: threading.Thread | None = None
    trouble: str | None = None
    ended: bool = False

    @property
    def alive(self) -> bool:
        return not self.ended and self.thread is not None and self.thread.is_alive()


class Runs:
    """Runs on one store. Safe to use from any thread."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._jobs: dict[str, _Job] = {}
        self._read: OrderedDict[str, list[Record]] = OrderedDict()
        self._lock = threading.Lock()

    def start(self, spec: ProgramSpec, credentials: Credentials | None = None) -> str:
        """Begin a run and return its id; RunStarted is durable by then.

        Raises: SpecError with every problem found; LMKeyError for a key that is not there; StoreError.
        """
        check(spec)
        work = _Work(spec, credentials or Credentials())
        run_id = _new_id()
        job = _Job(Cancel())
        try:
            recorder = Recorder(run_id, _Appender(self.store), cancel=job.cancel)
            scope = Scope(sinks=(recorder,), cancel=job.cancel)
            try:
                scope.emit(work.started())
            except RecordingFailed as failure:
                raise failure.cause or failure from None
            with self._lock:
                self._jobs[run_id] = job
            job.thread = threading.Thread(
                target=self._work, args=(run_id, job, work, scope), name=f"run {run_id}", daemon=True
            )
            job.thread.start()
        except BaseException:
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
        with self._lock:
            known = self._read.get(run_id, [])
        fresh = self.store.events(run_id, after=known[-1].seq if known else 0)
        if fresh:
            known = [*known, *fresh]
            with self._lock:
                self._read[run_id] = known
                self._read.move_to_end(run_id)
                while len(self._read) > REMEMBERED_RUNS:
                    self._read.popitem(last=False)
        return known[after:]

    def get(self, run_id: str) -> Run | None:
        """The run as far as it is recorded, or None if there is no such run. Raises StoreError."""
        with self._lock:
            job = self._jobs.get(run_id)
        # Whether it lives is asked before what it recorded, so that a run that ends in between is not called interrupted.
        row = self.store.row(run_id) if job is None else None
        alive = job.alive if job else row is not None and row.alive
        line = timeline(self.events(run_id))
        if line is None:
            return None
        state = _state(line, job, alive=alive)
        return Run(
            run_id,
            line,
            state,
            why_stopped(line, alive=state != "interrupted"),
            what_it_took(line),
            job.trouble if job else None,
            here=job is not None,
        )

    def wait(self, run_id: str, after: int, timeout_s: float) -> bool:
        """Wait until the run has a record beyond `after`, at most `timeout_s` seconds; whether it has."""
        return self.store.wait_for(run_id, after, timeout_s)

    def recent(self, limit: int = 50) -> list[RunRow]:
        """The newest runs first. Raises StoreError."""
        return self.store.rows(limit=limit)

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

    def _work(self, run_id: str, job: _Job, work: _Work, scope: Scope) -> None:
        """The body of a run's thread: whatever happens, the log says so, or the job does."""
        try:
            scope.emit(work.run(scope))
        except RecordingFailed as failure:
            logger.warning("run %s: %s", run_id, failure)
            job.trouble = f"It could not be recorded: {failure.cause or failure}"
        except BaseException as error:
            logger.exception("run %s ended unexpectedly", run_id)
            job.trouble = f"An error of the app's own ended it: {type(error).__name__}: {error}"
            raise
        finally:
            job.ended = True
            work.close()
            if job.trouble is None:  # its end is on record, so nothing of it need be remembered here
                with self._lock:
                    self._jobs.pop(run_id, None)


def _state(line: Timeline, job: _Job | None, *, alive: bool) -> State:
    if line.finished is not None:
        return "finished"
    if job is not None and job.trouble is not None:
        return "unrecorded"
    if not alive:
        return "interrupted"
    return "cancelling" if job is not None and job.cancel.is_set else "running"


@dataclass(slots=True)
class _Appender:
    """Appends records with the summary that they lead to."""

    store: Store
    summary: Summary | None = None

    def __call__(self, records: Sequence[Record]) -> None:
        summary = functools.reduce(summarize, records, self.summary)
        if summary is None:
            raise ValueError("a run must begin with RunStarted")
        self.store.append(records, summary)
        self.summary = summary


class _Work:
    """What one run is made of: its models, program, reward and driver."""

    def __init__(self, spec: ProgramSpec, credentials: Credentials) -> None:
        self.spec = spec
        keys = credentials.keys

        def model(role: str, described: ModelSpec | None) -> BaseLM:
            return connect(
                described or spec.model, key=keys.get(role if described else "model"), seed=spec.seed
            )

        lm = model("model", spec.model)
        self.adviser = model("adviser", spec.adviser)
        self.program = Pipeline(spec)
        self.program.set_lm(lm)
        self.scorer = WorkerScorer(spec, model("judge", spec.judge))
        n = 1 if spec.strategy == "single" else spec.N
        self.plan = Plan.of(
            n, spec.model.temperature, spec.threshold, spec.fail_count, advise=spec.strategy == "refine"
        )

    def started(self) -> RunStarted:
        names = tuple(name for name, _ in self.program.named_predictors())
        return RunStarted(self.spec, self.plan.temperatures, names, __version__)

    def run(self, scope: Scope) -> RunFinished:
        """Everything between RunStarted and RunFinished. Raises RecordingFailed."""
        start = time.perf_counter()
        driver = Driver(self.program, self.scorer, self.plan, self.spec.inputs, scope, self.adviser)

        def finished(
            reason: StopReason, best: int | None, returned: int | None, error: BaseException | None
        ) -> RunFinished:
            fault = Fault.of(error) if error is not None else None
            return RunFinished(reason, best, returned, time.perf_counter() - start, fault)

        try:
            self.scorer.start()
            outcome = driver.run()
        except RunCancelled:
            return finished("cancelled", driver.loop.best, None, None)
        except Exception as error:
            logger.exception("the run stopped by an error")
            return finished("error", driver.loop.best, None, error)
        went = outcome.refinement
        return finished(went.reason, went.best, went.returned, outcome.error)

    def close(self) -> None:
        self.scorer.close()


def _new_id() -> str:
    """Sorts by time, reads as a date, and collides with nothing."""
    return f"{datetime.datetime.now(datetime.UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(4)}"


_opening = threading.Lock()
_opened: Runs | None = None


def default() -> Runs:
    """The runs in the user's data folder; opened on first use. Raises StoreError."""
    global _opened  # noqa: PLW0603 - one store a process
    with _opening:
        if _opened is None:
            _opened = Runs(open_store())
        return _opened


def title(spec: ProgramSpec) -> str:
    """What a run of `spec` is called."""
    return title_of(spec)


def start(spec: ProgramSpec, credentials: Credentials | None = None) -> str:
    """Begin a run and return its id. See Runs.start."""
    return default().start(spec, credentials)


def cancel(run_id: str) -> bool:
    """Ask a run to stop now. See Runs.cancel."""
    return default().cancel(run_id)


def events(run_id: str, after: int = 0) -> list[Record]:
    """The run's records with seq > after. See Runs.events."""
    return default().events(run_id, after)


def get(run_id: str) -> Run | None:
    """The run as far as it is recorded. See Runs.get."""
    return default().get(run_id)


def recent(limit: int = 50) -> list[RunRow]:
    """The newest runs first. See Runs.recent."""
    return default().recent(limit)
