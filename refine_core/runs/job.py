"""A run at work in this process: one thread, which records every event before its next step.

open_scope: budget -> recorder -> drafts -> retry budget        Job.start: thread: RunJob.run --> RunFinished
"""

from __future__ import annotations

import functools
import logging
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from refine_core.budget import Budget
from refine_core.concurrency.cancellation import Cancel
from refine_core.errors import (
    ArmStopped,
    CellSetAside,
    KeyRefused,
    RecordingFailed,
    RunCancelled,
    WorkersLost,
)
from refine_core.events import LMRequested, RunFinished
from refine_core.export.otel.live import LiveSpans, find_watch
from refine_core.log.drafts import Drafts
from refine_core.log.recorder import Recorder
from refine_core.log.scope import Record, Scope
from refine_core.log.span import RUN, ChildSpans
from refine_core.log.summaries import Summary, summarize
from refine_core.refine.run_job import RunJob
from refine_core.refine.stepping import Stepper
from refine_core.store.protocol import Store

if TYPE_CHECKING:
    from refine_core.executors.remote_run import RemoteRun  # few need it

logger = logging.getLogger("refine_core")
NOT_RECORDED: Final = "It could not be recorded"
"""With which the error of a job begins that the store ended."""


@dataclass(slots=True)
class Job:
    """A run at work. drafts: of the replies being written. error: why its end is not on record; None if it is.

    stepper: by which it waits for a person, and is let go on. records: all that is on record of it, where somebody wants them.
    """

    run_id: str
    cancel: Cancel
    stepper: Stepper
    drafts: Drafts = field(default_factory=Drafts)
    error: str | None = None
    ended: bool = False
    records: list[Record] | None = None
    _thread: threading.Thread | None = None
    _done: threading.Event = field(default_factory=threading.Event)

    @property
    def alive(self) -> bool:
        """Whether it still works."""
        return not self.ended

    def start(self, run_job: RunJob | RemoteRun, scope: Scope, on_end: Callable[[Job], None]) -> None:
        """Run it on a thread of its own. on_end: called there, once nothing more is to be done."""
        self._thread = threading.Thread(
            target=self._work, args=(run_job, scope, on_end), name=f"run {self.run_id}", daemon=True
        )
        self._thread.start()

    def run_here(self, run_job: RunJob | RemoteRun, scope: Scope, on_end: Callable[[Job], None]) -> None:
        """Run it on the caller's thread. Raises nothing: `error` says why its end is not on record."""
        with suppress(BaseException):
            self._work(run_job, scope, on_end)

    def join(self, timeout_s: float) -> None:
        """Wait for its end. Raises TimeoutError after `timeout_s` seconds."""
        if self._thread is not None:
            self._thread.join(timeout_s)
        if not self._done.wait(timeout_s if self._thread is None else 0.0):
            raise TimeoutError(f"run {self.run_id} is still at work after {timeout_s:g} s")

    def _work(self, run_job: RunJob | RemoteRun, scope: Scope, on_end: Callable[[Job], None]) -> None:
        """The body of the thread: whatever happens, the log says so, or `error` does."""
        try:
            scope.emit(run_job.run(scope))
        except KeyRefused as refused:
            self.error = f"{refused} Resume it with the right key."
        except (ArmStopped, CellSetAside, WorkersLost) as stopped:
            self.error = str(stopped)
        except RunCancelled as cancelled:  # not even its end could be recorded
            logger.info("run %s: %s", self.run_id, cancelled)
            self.error = f"It was stopped, and that is not on record: {cancelled}"
        except RecordingFailed as failure:
            logger.warning("run %s: %s", self.run_id, failure.cause or failure)
            self.error = f"{NOT_RECORDED}: {failure.cause or failure}"
        except BaseException as error:
            logger.exception("run %s ended unexpectedly", self.run_id)
            self.error = f"An internal error ended it: {type(error).__name__}: {error}"
            raise
        finally:
            self.ended = True
            run_job.close()
            on_end(self)
            self._done.set()


def open_scope(
    store: Store, job: Job, run_job: RunJob | RemoteRun, records: Sequence[Record], summary: Summary | None
) -> Scope:
    """The scope in which the run works: its events go to the budget, the store and the drafts, in this order.

    records, summary: those of the run so far.
    """
    spec, before = run_job.spec, run_job.resume_state
    watch = find_watch()
    if watch is not None and records:
        watch.take(records, sent=run_job.resumes)
    append = _Appender(store, job.cancel, summary, job.records, watch)
    recorder = Recorder(
        job.run_id,
        append,
        cancel=job.cancel,
        after=len(records),
        not_before=records[-1].at if records else 0.0,
        monotonic=run_job.clock,
    )
    spent = records[run_job.start.kept_events + 1 :]  # what a branch keeps of its parent costs it nothing
    budget = Budget(
        spec.budget_usd,
        spec.budget_tokens,
        events=(r.event for r in spent if not isinstance(r.event, LMRequested)),
    )
    sinks = (
        budget,
        *run_job.before_record,
        recorder,
        job.drafts,
        budget.retry_budget,
        *run_job.after_record,
    )
    children = ChildSpans(before.used if before is not None else frozenset())
    return Scope(sinks, RUN, job.cancel, job.drafts.write, children)


@dataclass(slots=True)
class _Appender:
    """Appends records with their summary. A cancel ends the wait for a locked store, except for the run's last event.

    watch: what sends them on as spans, once they are recorded.
    """

    store: Store
    cancel: Cancel
    summary: Summary | None = None
    kept: list[Record] | None = None
    watch: LiveSpans | None = None

    def __call__(self, records: Sequence[Record]) -> None:
        summary = functools.reduce(summarize, records, self.summary)
        if summary is None:
            raise ValueError("a run must begin with RunStarted")
        ending = isinstance(records[-1].event, RunFinished)
        self.store.append(records, summary, cancel=None if ending else self.cancel)
        self.summary = summary
        if self.kept is not None:
            self.kept.extend(records)
        if self.watch is not None:
            self.watch.take(records)
