"""The runs of one store: started, found by their ids, watched, cancelled, resumed, replayed.

start(spec) --> Job (job.py) --every event durable--> store        get(id) <-- fold of the log
"""

from __future__ import annotations

import functools
import logging
import math
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from refine_core.concurrency.cancellation import Cancel
from refine_core.errors import LMNotFoundError, Problem, RecordingFailed, SpecError
from refine_core.events import RunStarted
from refine_core.executors.protocol import Executor, ExecutorError, Workers
from refine_core.lm.recording import Recording
from refine_core.log.folds import add_drafts, cut_short
from refine_core.log.run_id import new_run_id
from refine_core.log.scope import Record, Scope
from refine_core.log.span import RUN, Span
from refine_core.log.summaries import summarize
from refine_core.log.timeline import Timeline
from refine_core.log.well_formed import make_well_formed
from refine_core.messages import usage_summary
from refine_core.play import Playback
from refine_core.refine.build import check_spec
from refine_core.refine.program_job import LiveProgram, ProgramJob, describe_program
from refine_core.refine.resuming import was_continued_anyway, was_paused
from refine_core.refine.run_job import RunJob
from refine_core.rewards.pool import RunnerPool
from refine_core.runs.branches import Branches
from refine_core.runs.forking import ForkPlan
from refine_core.runs.forking.changes import forget_branch
from refine_core.runs.forking.prefix import to_records
from refine_core.runs.job import Job, open_scope
from refine_core.runs.judge_memory import JudgeMemory
from refine_core.runs.logs import RunLogs, no_such_run
from refine_core.runs.playing import Playbacks
from refine_core.runs.replaying import ReplayMismatch, find_mismatch, replay_program
from refine_core.runs.run import Run, State
from refine_core.runs.run_list import RunList
from refine_core.runs.what_ifs import WhatIfs
from refine_core.spec import ProgramSpec
from refine_core.spec.foreign_models import ForeignModel, list_foreign, list_inherited, require_agreed
from refine_core.stop_summary import stop_sentences
from refine_core.store.protocol import RunRow, Store
from refine_core.verdict import write_verdict

if TYPE_CHECKING:
    from refine_core.executors.dispatcher import Dispatcher
    from refine_core.executors.remote_run import RemoteRun
    from refine_core.runs.workers import WorkerWatch

logger = logging.getLogger("refine_core")

POLL_S, POLL_OTHERS_S = 0.25, 1.0


@dataclass(frozen=True, slots=True)
class Credentials:
    """Keys typed by a person, by role ("model", "adviser", "judge"). In memory only; never shown, never recorded.

    agreed: texts of the models of an imported run that a person lets be asked; see Runs.list_foreign.
    """

    keys: Mapping[str, str] = field(default_factory=dict, repr=False)
    agreed: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Snapshot:
    """What a `Run` is made from, at one moment. drafts: span of a call -> its text so far. version: of the drafts."""

    job: Job | None
    alive: bool
    cancelled: bool
    drafts: Mapping[Span, str]
    version: int
    timeline: Timeline | None
    imported: bool = False

    @property
    def seq(self) -> int:
        """The number of the last event."""
        return self.timeline.seq if self.timeline is not None else 0

    @property
    def revision(self) -> str:
        """A text that changes whenever there is something new to show."""
        return f"{self.seq}.{self.version}.{self.alive:d}.{self.cancelled:d}"

    @property
    def job_changed(self) -> bool:
        """Whether the job has something new to show for which there is no event."""
        job, shown = self.job, (self.alive, self.cancelled, self.version)
        return job is not None and (job.alive, job.cancel.is_set, job.drafts.version) != shown


class Runs:
    """Runs on one store. open_executor: opens where they work, once the first one begins; None for threads of this process. Safe to use from any thread."""

    def __init__(self, store: Store, open_executor: Callable[[], Executor] | None = None) -> None:
        self.store = store
        self._dispatcher: Dispatcher | None = None
        self._workers: WorkerWatch | None = None
        if open_executor is not None:
            from refine_core.executors.dispatcher import Dispatcher  # few need it
            from refine_core.runs.workers import WorkerWatch

            self._dispatcher = Dispatcher(open_executor)
            self._workers = WorkerWatch(self._dispatcher)
        self._jobs: dict[str, Job] = {}
        self._logs = RunLogs(store)
        self._playbacks = Playbacks(self._logs)
        self._lock = threading.Lock()
        self._resuming = threading.Lock()  # held until the run is at work, or two could resume it
        self.list = RunList(store, self._ended, self._paused)
        self.judge_memory = JudgeMemory(store)
        self.what_ifs = WhatIfs(self._logs.timeline, self.judge_memory, self.list_foreign)
        self.branches = Branches(self)

    def start(
        self,
        spec: ProgramSpec,
        credentials: Credentials | None = None,
        *,
        stepwise: bool = False,
        run_id: str | None = None,
    ) -> str:
        """Start a run and return its id; RunStarted is durable by then.

        stepwise: wait for a person before each step; see `step`. run_id: an id from `new_run_id`, given out before.
        The description of a branch is run from its first attempt.
        Raises: SpecError with every problem found, and for a model of an imported parent that nobody has agreed to; LMKeyError for a
        missing key; StoreError.
        """
        spec = forget_branch(spec)
        check_spec(spec)
        self.require_agreed(spec.parent, spec, credentials)
        run_id = run_id or new_run_id()
        return self._begin(run_id, self.make_job(run_id, spec, credentials, stepwise=stepwise))

    def start_branch(
        self, plan: ForkPlan, credentials: Credentials | None = None, *, stepwise: bool = False
    ) -> str:
        """Start the branch that was planned and return its id; its RunStarted and all that it keeps are durable by then.

        Raises: SpecError for a model of an imported parent that nobody has agreed to; LMKeyError for a missing key; LMNotFoundError
        for a missing recording; StoreError.
        """
        self.require_agreed(plan.run_id, plan.spec, credentials)
        run_id, at = new_run_id(), time.time()
        kept = to_records(plan.events, run_id, at)
        run_job = self.make_job(run_id, plan.spec, credentials, kept=kept, stepwise=stepwise)
        return self._begin(run_id, run_job, kept=(Record(run_id, 1, at, RUN, run_job.start), *kept))

    def list_foreign(self, origin: str | None, spec: ProgramSpec) -> tuple[ForeignModel, ...]:
        """The models of `spec` that came with the imported run `origin`, and that a person has to agree to before they are asked.

        () where that run is not imported. Raises StoreError.
        """
        if not origin or not list_foreign(spec):
            return ()
        row = self.store.row(origin)
        timeline = self.timeline(origin) if row is not None and row.imported else None
        return () if timeline is None else list_inherited(spec, timeline.spec)

    def require_agreed(self, origin: str | None, spec: ProgramSpec, credentials: Credentials | None) -> None:
        """Raise SpecError for a model of `list_foreign` that nobody has agreed to."""
        require_agreed(self.list_foreign(origin, spec), (credentials or Credentials()).agreed)

    def start_program(self, program: LiveProgram) -> str:
        """Start a run of a program that is Python of this process, and return its id; RunStarted is durable by then.

        Raises: LMError where no model is set; StoreError.
        """
        return self._begin(new_run_id(), ProgramJob(program, describe_program(program)))

    def resume_program(self, run_id: str, program: LiveProgram) -> None:
        """Resume a run of `start_program` by its program, from its last complete attempt. Raises as `resume`."""
        with self._resuming:
            run = self.get(run_id)
            records = self.events(run_id)
            if (
                run is None
                or not run.timeline.spec.program_file
                or run.timeline.recorded_from
                or not run.was_broken_off
            ):
                raise _not_resumable(run_id, run)
            records = records[: run.timeline.seq]
            self._begin(run_id, ProgramJob(program, _spec(records), records), records)

    def resume(self, run_id: str, credentials: Credentials | None = None, *, anyway: bool = False) -> None:
        """Resume a run that was interrupted or cancelled, from its last complete attempt; RunResumed is durable by then.

        One that waited for a person waits again before that step.
        anyway: continue a run that stopped for an error of its reward, in spite of this error and further ones.
        Raises: SpecError for a run that is not there or was neither interrupted nor cancelled; LMKeyError; StoreError, if another process
        resumes it, too.
        """
        with self._resuming:
            run = self.get(run_id)
            if run is None or not (run.resumable or (anyway and run.awaits_decision)):
                raise _not_resumable(run_id, run)
            # Only those seen above: if another process has added to them since, the store refuses the next event.
            records = self.events(run_id)[: run.timeline.seq]
            stepwise = was_paused(records)
            run_job = self.make_job(
                run_id, _spec(records), credentials, records, anyway=anyway, stepwise=stepwise
            )
            self._begin(run_id, run_job, records)

    def replay(self, run_id: str, *, delay_s: float | None = None) -> str:
        """Run the same program again on the replies that run `run_id` recorded: no network, no key. Returns its id.

        delay_s: seconds that each reply takes; None for as long as it took then. Raises: SpecError, LMNotFoundError,
        StoreError.
        """
        records = self.events(run_id)
        if not records:
            raise no_such_run(run_id)
        spec = _spec(records)
        if was_continued_anyway(records):
            spec = replace(spec, stop_on_repeating_error=False)
        return self.start(replay_program(spec, run_id, delay_s=delay_s))

    def find_replay_mismatch(self, spec: ProgramSpec) -> ReplayMismatch | None:
        """Why a replay that `spec` describes cannot go through; None if nothing is known to, or if it is no replay.

        Its recorded outputs are scored first; no model is asked. Raises StoreError, WorkerError.
        """
        run_id = spec.model.recording_id if spec.model.kind == "replay" else None
        recorded = self.timeline(run_id) if run_id else None
        return None if recorded is None else find_mismatch(recorded, spec, self.what_ifs)

    def recording(self, run_id: str) -> Recording:
        """The replies of a run. Raises LMNotFoundError if there is no such run; StoreError."""
        records = self.events(run_id)
        if not records:
            raise LMNotFoundError(f"There is no run {run_id!r} to replay; choose another, or ask a model.")
        return Recording(records)

    @property
    def works_elsewhere(self) -> bool:
        """Whether runs of a description work at the workers of an executor, and not on threads of this process."""
        return self._dispatcher is not None

    def look_at_workers(self) -> Workers | None:
        """The workers of the executor, as far as that is known now; None where it is not, or where runs work here. Returns at once."""
        return self._workers.look() if self._workers is not None else None

    def make_job(
        self,
        run_id: str,
        spec: ProgramSpec,
        credentials: Credentials | None = None,
        records: Sequence[Record] = (),
        *,
        kept: Sequence[Record] = (),
        anyway: bool = False,
        stepwise: bool = False,
        pool: RunnerPool | None = None,
    ) -> RunJob | RemoteRun:
        """What does a run, here or at the workers of the executor. The arguments are those of RunJob.

        Raises: LMKeyError for a missing key; LMNotFoundError for a missing recording; SpecError for a key that the workers cannot have.
        """
        keys = (credentials or Credentials()).keys
        if self._dispatcher is None:
            return RunJob(
                spec, keys, self.recording, records, kept=kept, anyway=anyway, stepwise=stepwise, pool=pool
            )
        from refine_core.executors.remote_run import RemoteRun, refuse_keys  # few need them

        try:
            executor = self._dispatcher.ready()
        except ExecutorError as error:
            raise SpecError([Problem("executor", str(error))]) from error
        refuse_keys(keys, spec, executor)
        if spec.model.kind == "replay":
            self.recording(spec.model.recording_id or "")
        return RemoteRun(
            run_id,
            spec,
            self._dispatcher,
            self.store.events,
            records,
            kept=kept,
            anyway=anyway,
            stepwise=stepwise,
        )

    def _begin(
        self,
        run_id: str,
        run_job: RunJob | RemoteRun,
        records: Sequence[Record] = (),
        *,
        kept: Sequence[Record] = (),
    ) -> str:
        """Record the first event and start the run's thread.

        records: those of the run so far. kept: of a branch, its first event and those that it keeps, which are recorded at once.
        """
        job, scope = self._open(run_id, Cancel(), run_job, records, kept=kept)
        with self._lock:  # started in here, so that a job that is found here can be joined
            self._jobs[run_id] = job
            job.start(run_job, scope, on_end=self._drop)
        return run_id

    def run_here(
        self,
        run_id: str,
        run_job: RunJob | RemoteRun,
        records: Sequence[Record] = (),
        *,
        cancel: Cancel | None = None,
    ) -> tuple[str | None, list[Record]]:
        """Do a run on the caller's thread, until it ends; why its end is not on record, or None, and all that is.

        records: those of the run so far. cancel: ends it. Raises StoreError where its first event cannot be recorded.
        """
        every = list(records)
        job, scope = self._open(run_id, cancel or Cancel(), run_job, records, kept_here=every)
        with self._lock:
            self._jobs[run_id] = job
        job.run_here(run_job, scope, on_end=self._drop)
        return job.error, every

    def _open(
        self,
        run_id: str,
        cancel: Cancel,
        run_job: RunJob | RemoteRun,
        records: Sequence[Record],
        *,
        kept: Sequence[Record] = (),
        kept_here: list[Record] | None = None,
    ) -> tuple[Job, Scope]:
        """Record the first event. kept_here: gets all that is recorded."""
        job = Job(run_id, cancel, run_job.stepper, records=kept_here)
        try:
            done = records or kept
            summary = functools.reduce(summarize, done, None)
            scope = open_scope(self.store, job, run_job, done, summary)
            try:
                if kept and summary is not None:
                    self.store.append(kept, summary)
                else:
                    scope.emit(run_job.first_event())
            except RecordingFailed as failure:
                raise failure.cause or failure from None
        except BaseException:
            job.ended = True
            run_job.close()
            raise
        return job, scope

    def _drop(self, job: Job) -> None:
        """Drop a job that ended. One with an error is kept, since no record tells of it."""
        if job.error is None:
            with self._lock:
                self._jobs.pop(job.run_id, None)

    def cancel(self, run_id: str) -> bool:
        """Ask a run of this process to stop now. False if no such run is at work here."""
        job = self._job(run_id)
        if job is not None:
            job.cancel.set()
        return job is not None

    def pause(self, run_id: str) -> bool:
        """Have a run of this process wait before its next step, and before each one after it.

        A step is an attempt, or a request for advice. What is under way ends first. A pause counts as no time of the run.
        False if no such run is at work here.
        """
        job = self._job(run_id)
        if job is not None:
            job.stepper.pause()
        return job is not None

    def step(self, run_id: str, hints: Mapping[str, str] | None = None) -> bool:
        """Let a run that waits do its next step, and wait again. False if no such run waits here.

        hints: predictor name -> hint that a person wrote, "" for none, if an attempt comes next; the others stay as they are.
        """
        job = self._job(run_id)
        return job is not None and job.stepper.step(hints)

    def go_on(self, run_id: str, hints: Mapping[str, str] | None = None) -> bool:
        """Let a run that waits go on without further pauses. False if no such run waits here. hints: as for `step`."""
        job = self._job(run_id)
        return job is not None and job.stepper.go_on(hints)

    def _job(self, run_id: str) -> Job | None:
        """The run at work in this process."""
        with self._lock:
            job = self._jobs.get(run_id)
        return job if job is not None and job.alive else None

    def _paused(self) -> frozenset[str]:
        """Ids of the runs of this process that wait for a person."""
        with self._lock:
            return frozenset(i for i, job in self._jobs.items() if job.alive and job.stepper.is_waiting)

    def events(self, run_id: str, after: int = 0) -> list[Record]:
        """The run's records with seq > after, in order; [] for an unknown run. Raises StoreError."""
        return self._logs.records(run_id, after)

    def timeline(self, run_id: str) -> Timeline | None:
        """The run as far as it is recorded, or None if there is no such run. See RunLogs.timeline. Raises StoreError."""
        return self._logs.timeline(run_id)

    def playback(self, run_id: str) -> Playback | None:
        """The run as far as it is recorded, to step through; None if there is no such run. Raises StoreError."""
        return self._playbacks.get(run_id)

    def get(self, run_id: str) -> Run | None:
        """The run as far as it is recorded, in text that a screen can show, or None if there is no such run.

        Raises StoreError.
        """
        snapshot = self._snapshot(run_id)
        job, drafts, timeline = snapshot.job, snapshot.drafts, snapshot.timeline
        if timeline is None:
            return None
        state = _state(timeline, job, alive=snapshot.alive)
        if drafts and state in ("running", "cancelling"):
            timeline = add_drafts(timeline, make_well_formed(drafts))
        if state in ("interrupted", "unrecorded"):
            timeline = cut_short(timeline)
        sentences = stop_sentences(
            timeline,
            alive=state not in ("interrupted", "unrecorded"),
            because=_why_interrupted(state, timeline, imported=snapshot.imported),
        )
        return Run(
            run_id,
            timeline,
            state,
            " ".join(sentences),
            usage_summary(timeline),
            job.error if job else None,
            is_local=job is not None,
            revision=snapshot.revision,
            stop_sentences=sentences,
            verdict=write_verdict(timeline, sentences),
            is_stepwise=job is not None and job.alive and job.stepper.stepwise,
            imported=snapshot.imported,
        )

    def _snapshot(self, run_id: str) -> _Snapshot:
        with self._lock:
            job = self._jobs.get(run_id)
        # `alive` is read before the events, so that a run that ends in between is not called interrupted.
        row = self.store.row(run_id) if job is None else None
        alive = job.alive if job is not None else row is not None and row.alive
        cancelled = job is not None and job.cancel.is_set
        # So are the drafts, which events end.
        drafts, version = job.drafts.now() if job is not None else ({}, 0)
        imported = row is not None and row.imported
        return _Snapshot(job, alive, cancelled, drafts, version, self._logs.timeline(run_id), imported)

    def wait_for_change(self, run_id: str, revision: str, timeout_s: float) -> str:
        """Wait until the run has another revision than this one (`Run.revision`), at most `timeout_s` seconds; return it.

        An event ends the wait at once. What has no event (more of a draft, a cancel) is polled every quarter of a second
        for a run of this process; the end of another process, every second.
        Raises StoreError.
        """
        until = time.monotonic() + timeout_s
        snapshot = self._snapshot(run_id)
        while snapshot.revision == revision and (left_s := until - time.monotonic()) > 0:
            self._wait_for_event(run_id, snapshot, left_s)
            snapshot = self._snapshot(run_id)
        return snapshot.revision

    def wait_for_new(self, count: int, timeout_s: float) -> int:
        """Wait until there is another number of runs than `count`, at most `timeout_s` seconds; return it. Raises StoreError.

        Any process may begin one, so the store is asked every second.
        """
        until = time.monotonic() + timeout_s
        while (now := self.store.run_count()) == count and (left_s := until - time.monotonic()) > 0:
            time.sleep(min(POLL_OTHERS_S, left_s))
        return now

    def _wait_for_event(self, run_id: str, snapshot: _Snapshot, timeout_s: float) -> None:
        """Wait until a new snapshot may differ. For a run of this process this reads nothing from the store."""
        if snapshot.job is None:
            self.store.wait_for(run_id, snapshot.seq, min(POLL_OTHERS_S, timeout_s))
            return
        polls = math.ceil(timeout_s / POLL_S)
        for _ in range(polls):
            if self.store.wait_for(run_id, snapshot.seq, timeout_s / polls) or snapshot.job_changed:
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
        if job is not None:
            job.join(timeout_s)

    def recent(self, limit: int = 50, *, deleted: bool = False) -> list[RunRow]:
        """The newest runs first. deleted: also those that were deleted and are still kept. Raises StoreError."""
        ended = self._ended()
        rows = make_well_formed(self.store.rows(limit=limit, deleted=deleted))
        return [replace(row, alive=False) if row.run_id in ended else row for row in rows]

    def _ended(self) -> frozenset[str]:
        """The runs of this process that have stopped without an end on record."""
        with self._lock:
            return frozenset(run_id for run_id, job in self._jobs.items() if not job.alive)

    @property
    def notices(self) -> tuple[str, ...]:
        """Messages for the user about the store, such as that a damaged one was set aside."""
        return self.store.notices

    def close(self, timeout_s: float = 5.0) -> None:
        """Cancel what runs, wait for it, and close the store."""
        with self._lock:
            jobs = list(self._jobs.values())
        for job in jobs:
            job.cancel.set()
        for job in jobs:
            try:
                job.join(timeout_s)
            except TimeoutError as error:
                logger.warning("%s; the store is closed all the same", error)
        if self._dispatcher is not None:
            self._dispatcher.close_executor()
        self.store.close()


def _state(timeline: Timeline, job: Job | None, *, alive: bool) -> State:
    if timeline.end is not None:
        return "finished"
    if job is not None and job.error is not None:
        return "unrecorded"
    if not alive:
        return "interrupted"
    if job is not None and job.cancel.is_set:
        return "cancelling"
    return "running" if timeline.pause is None else "paused"


def _why_interrupted(state: State, timeline: Timeline, *, imported: bool) -> str:
    """Why a run has no end, where it has none."""
    if state == "unrecorded":
        return ""
    if imported:
        return "the file that it came in ends there"
    if library := timeline.recorded_from:
        return f"the script that called {library} was stopped, or could not write to the data folder"
    if file := timeline.spec.program_file:
        go_on = f"refinescope resume {timeline.run_id} --program {file}"
        return f"its process ended before the run did. Go on with {go_on}"
    return "the app or terminal that ran it ended"


def _not_resumable(run_id: str, run: Run | None) -> SpecError:
    state = "not there" if run is None else f"{run.state}, neither interrupted nor cancelled"
    why = f"{state}, so it cannot be resumed"
    if run is not None and run.imported:
        why = "imported; run it again to go on from its program"
    elif run is not None and (library := run.timeline.recorded_from):
        why = f"recorded from {library}; run its script again"
    elif run is not None and run.was_broken_off and (file := run.timeline.spec.program_file):
        why = f"of the Python program {file}; go on with: refinescope resume {run_id} --program {file}"
    verb = "was" if run is not None and run.imported else "is"
    return SpecError([Problem("run", f"run {run_id!r} {verb} {why}")])


def _spec(records: Sequence[Record]) -> ProgramSpec:
    """The description of the run, exactly as it was recorded."""
    started = records[0].event
    if not isinstance(started, RunStarted):
        raise TypeError(f"a run must begin with RunStarted, not {type(started).__name__}")
    return started.spec
