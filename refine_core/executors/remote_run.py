"""A run that works elsewhere, as this process sees it: it takes the place of refine_core.refine.run_job.RunJob.

    Executor.events() --Dispatcher--> the run's inbox --RemoteRun.run--> the sinks of the run (budget, store, …) --answer--> worker

Rule 1: messages count in their order. One that is missing is asked for again; one that came before is only confirmed again.
Rule 2: a run whose worker was killed is started again by the executor. The new start gets what is on record and goes on from the last
complete attempt, as after any interruption. From then on the earlier start is refused, should it still live.
Rule 3: a cancel is told to the worker. If nothing comes of that for CANCEL_S seconds, the run ends here.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from queue import Empty, SimpleQueue
from typing import Any, Final

from refine_core import __version__, errors
from refine_core.concurrency import flows
from refine_core.errors import (
    BudgetUsedUp,
    Halt,
    KeyRefused,
    Problem,
    RunCancelled,
    SpecError,
    WorkersLost,
)
from refine_core.events import Event, PauseEnded, RunFinished, RunPaused, RunResumed, RunStarted
from refine_core.executors.protocol import DownKind, Executor, ExecutorError, Message
from refine_core.executors.records import write_records
from refine_core.executors.turns import AppTurns
from refine_core.jsonable import to_jsonable
from refine_core.lm.shared import shared
from refine_core.log import codec, folds
from refine_core.log.scope import Record, Scope, Sink
from refine_core.log.span import Span
from refine_core.refine.resuming import ResumeState, was_continued_anyway
from refine_core.refine.run_job import describe_start
from refine_core.refine.stepping import Hints, Stepper
from refine_core.spec import ProgramSpec

logger = logging.getLogger("refine_core")

CANCEL_S: Final = 10.0
QUIET_S: Final = 30.0
"""After so long without a message it is looked whether there are any workers."""
MAX_DEATHS: Final = 3
"""So many workers may be lost one after the other without an attempt ending in between."""
ReadRecords = Callable[[str], Sequence[Record]]
_CANCELLED: Final = Message("lost", "")


class Dispatcher:
    """Takes what the workers of an executor send to the runs that it is for. open_executor: called when the first run begins."""

    def __init__(self, open_executor: Callable[[], Executor]) -> None:
        self._open_executor = open_executor
        self._executor: Executor | None = None
        self._inboxes: dict[str, SimpleQueue[Message]] = {}
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    @property
    def executor(self) -> Executor:
        """The executor; opened now, if it is not yet. Raises ExecutorError."""
        with self._lock:
            if self._executor is None:
                self._executor = self._open_executor()
            return self._executor

    def close_executor(self) -> None:
        """Let the workers go, if there were any."""
        with self._lock:
            if self._executor is not None:
                self._executor.close()

    def open(self, run_id: str) -> SimpleQueue[Message]:
        """The inbox of a run."""
        with self._lock:
            inbox = self._inboxes[run_id] = SimpleQueue()
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="executor events", daemon=True)
                self._thread.start()
        return inbox

    def close(self, run_id: str) -> None:
        """Nothing for this run is wanted any more."""
        with self._lock:
            self._inboxes.pop(run_id, None)
        self.executor.clear(run_id)

    def _work(self) -> None:
        for message in self.executor.events():
            with self._lock:
                inbox = self._inboxes.get(message.run_id)
            if inbox is not None:
                inbox.put(message)
            elif message.number:  # of a run that has ended, by a worker that was given up
                self.executor.answer(
                    Message("refuse", message.run_id, message.start, message.number, {"type": "RunCancelled", "message": "the run has ended"})
                )  # fmt: skip


class RemoteStepper(Stepper):
    """A run's pauses and steps, told to its worker. steer: sends it one of them."""

    def __init__(self, steer: Callable[[DownKind, Mapping[str, Any]], None], *, stepwise: bool) -> None:
        super().__init__(stepwise=stepwise)
        self._steer = steer
        self.waits = False

    @property
    def is_waiting(self) -> bool:
        """Whether the run waits now, as far as its worker has said."""
        return self.waits

    def pause(self) -> None:
        """Have the run wait before each step from the next one on."""
        self.stepwise = True
        self._steer("pause", {})

    def step(self, hints: Hints | None = None) -> bool:
        """Let the run do one step, and then wait again. Whether it was waiting."""
        return self._permit_there("step", hints)

    def go_on(self, hints: Hints | None = None) -> bool:
        """Let the run go on without further pauses. Whether it was waiting."""
        self.stepwise = False
        return self._permit_there("go_on", hints)

    def _permit_there(self, kind: DownKind, hints: Hints | None) -> bool:
        waited, self.waits = self.waits, False
        if waited:
            self._steer(kind, {"hints": hints})
        return waited


class RemoteRun:
    """One run of a description, done by a worker. The same arguments as RunJob, without keys, which no worker is told.

    read_records: the records of a run of the store, for replays and new starts.
    """

    def __init__(
        self,
        run_id: str,
        spec: ProgramSpec,
        dispatcher: Dispatcher,
        read_records: ReadRecords,
        records: Sequence[Record] = (),
        *,
        kept: Sequence[Record] = (),
        anyway: bool = False,
        stepwise: bool = False,
    ) -> None:
        self.run_id = run_id
        self.spec = replace(spec, inputs=to_jsonable(spec.inputs))
        self.anyway = anyway or was_continued_anyway(records)
        self.resumes, self.kept = bool(records), tuple(kept)
        done = records or self.kept
        self.resume_state = ResumeState.of(done) if done else None
        start = records[0].event if records else None
        self.start = start if isinstance(start, RunStarted) else describe_start(self.spec, (), len(self.kept))
        self.before_record: tuple[Sink, ...] = ()
        self.after_record: tuple[Sink, ...] = ()
        self.stepper = RemoteStepper(self._steer, stepwise=stepwise)
        self._dispatcher, self._read_records = dispatcher, read_records
        self._seq = len(records) + len(self.kept) + 1
        self._inbox: SimpleQueue[Message] | None = None
        self._turns = AppTurns()
        self._worker = ""  # the start that counts
        self._next = 1
        self._early: dict[int, Message] = {}
        self._said: dict[int, Message] = {}
        self._deaths = self._ended_attempts = self._unmanned = 0
        self._began_at = self._now_at = 0.0

    def first_event(self) -> RunStarted | RunResumed:
        """RunStarted, or RunResumed for a run that was interrupted."""
        if self.resumes and self.resume_state is not None:
            return RunResumed(self.resume_state.next_index, anyway=self.anyway)
        return self.start

    def clock(self) -> float:
        """Seconds on this process's clock: of the event that is being recorded, when it happened at the worker; else now."""
        return self._now_at or time.monotonic()

    def run(self, scope: Scope) -> RunFinished:
        """Have a worker do the run, and return its last event. Raises the Halt that ended it without one; RecordingFailed."""
        began = time.monotonic()
        self._inbox = self._dispatcher.open(self.run_id)
        detach = scope.cancel.on_set(self._cancel)
        try:
            self._submit()
            return self._listen(scope, began)
        finally:
            detach()
            self._turns.close()
            self._dispatcher.close(self.run_id)

    def close(self) -> None:
        """Nothing: what the run needed is at the worker."""

    def _submit(self) -> None:
        try:
            self._dispatcher.executor.submit(self.run_id, self.spec, self._seq)
        except ExecutorError as error:
            raise WorkersLost(str(error)) from error

    def _cancel(self) -> None:
        self._dispatcher.executor.cancel(self.run_id)
        if self._inbox is not None:
            self._inbox.put(_CANCELLED)

    def _listen(self, scope: Scope, began: float) -> RunFinished:
        """Take what comes, until the run has ended."""
        end: RunFinished | None = None
        until = math.inf  # when a cancelled run ends here, whatever its worker does
        while end is None:
            message = self._wait(min(QUIET_S, until - time.monotonic()))
            if message is _CANCELLED:
                until = min(until, time.monotonic() + CANCEL_S)
            elif time.monotonic() >= until or (
                scope.cancel.is_set and message is not None and message.kind == "lost"
            ):
                end = self._finish_here(began)
            elif message is None:
                self._check_workers()
            elif message.kind == "lost":
                self._start_again(message)
            else:
                end = self._receive(message, scope)
        return end

    def _wait(self, timeout_s: float) -> Message | None:
        """The next message; None for none in time."""
        if self._inbox is None:
            raise RuntimeError("it has no inbox yet")
        try:
            return self._inbox.get(timeout=max(0.0, timeout_s))
        except Empty:
            return None

    def _receive(self, message: Message, scope: Scope) -> RunFinished | None:
        """Take a message of a worker. Returns the run's last event, once that has come."""
        self._unmanned = 0
        if message.kind == "hello" and message.start != self._worker:
            self._welcome(message, scope)
        elif message.start != self._worker:
            self._refuse(message, RunCancelled("another worker does this run now"))
        elif message.kind == "draft" and scope.draft is not None:
            scope.draft(Span.parse(str(message.body["span"])), str(message.body["text"]))
        elif message.number:
            for one in self._in_order(message):
                if (end := self._take(one, scope)) is not None:
                    return end
        return None

    def _check_workers(self) -> None:
        """After a while without a word: whether there is anybody to wait for. Workers that died may be coming back, so twice."""
        workers = self._dispatcher.executor.alive()
        self._unmanned = 0 if workers.count else self._unmanned + 1
        if workers.problem or self._unmanned > 1:
            why = (
                workers.problem
                or f"{self._dispatcher.executor.name} has no workers; start some, then resume."
            )
            raise WorkersLost(why)

    def _in_order(self, message: Message) -> list[Message]:
        """The messages that are next, now that this one came."""
        if message.number < self._next:
            if (said := self._said.get(message.number)) is not None:  # the answer was lost
                self._dispatcher.executor.answer(said)
            else:
                self._confirm(message, {}, is_asked=True)
            return []
        self._early[message.number] = message
        if message.number > self._next:
            self._dispatcher.executor.answer(Message("resend", self.run_id, self._worker, self._next))
        ready = []
        while (one := self._early.pop(self._next, None)) is not None:
            ready.append(one)
            self._next += 1
        return ready

    def _welcome(self, message: Message, scope: Scope) -> None:
        """Have this start do the run from now on; the worker that did it before is gone."""
        body = message.body
        if str(body["version"]) != __version__:
            why = (
                f"the worker has Refinescope {body['version']}, and this is {__version__}; "
                f"install refinescope=={__version__} on the workers"
            )
            self._refuse(message, RunCancelled(why))
            raise WorkersLost(f"The run was not begun: {why}, then resume it.")
        records = list(self._read_records(self.run_id))
        is_fresh = not self.resumes and not self._worker
        if self._worker:
            scope.emit(RunResumed(ResumeState.of(records).next_index, anyway=self.anyway))
        elif self.resumes:  # the worker is told what was there before it
            records = records[:-1]
        self._worker, self._next, self._early, self._said = message.start, 2, {}, {}
        self._turns.close()
        self._began_at = time.monotonic()
        ids = {model.recording_id for model in self.spec.models.values() if model.kind == "replay"}
        welcome = {
            "run_id": self.run_id,
            "records": write_records(records),
            "fresh": is_fresh,
            "anyway": self.anyway,
            "stepwise": self.stepper.stepwise,
            "limited": shared.rates is not None,
            "recordings": {one: write_records(self._read_records(one)) for one in ids if one},
        }
        self._answer(Message("welcome", self.run_id, message.start, message.number, welcome))
        if scope.cancel.is_set:
            self._dispatcher.executor.cancel(self.run_id)

    def _take(self, message: Message, scope: Scope) -> RunFinished | None:
        """Do what a message says, and answer it. Returns the run's last event, once that has come."""
        body = message.body
        if message.kind == "ended":
            self._confirm(message, {}, is_asked=True)
            raise _halt_of(body)
        try:
            if message.kind == "turn":
                said = self._turn(body, scope)
                self._confirm(message, said, is_asked="take" in body or "refuse" in body)
                return None
            span = Span.parse(str(body["span"]))
            event = codec.decode(str(body["kind"]), int(body["version"]), str(body["payload"]))
            if isinstance(event, RunFinished):
                self._confirm(message, {}, is_asked=True)
                return event
            if "turn" in body:
                self._turn({"take": body["turn"]}, scope)
            self._record(scope, span, event, float(body["t"]))
        except (RunCancelled, BudgetUsedUp) as halt:  # the worker ends the run, and says how
            self._refuse(message, halt)
        except Halt as halt:
            self._refuse(message, halt)
            raise
        else:
            self._confirm(message, {}, is_asked="asks" in body)
        return None

    def _turn(self, body: Mapping[str, Any], scope: Scope) -> dict[str, Any]:
        if "take" not in body:
            return self._turns.settle(body)
        turn = self._turns.make(body["take"])
        if turn is not None:
            flows.run(turn.take(scope.cancel))
        return {}

    def _record(self, scope: Scope, span: Span, event: Event, t: float) -> None:
        self._now_at = min(self._began_at + t, time.monotonic())
        try:
            replace(scope, span=span).emit(event)
        finally:
            self._now_at = 0.0
        if isinstance(event, RunPaused):
            self.stepper.waits = True
        elif isinstance(event, PauseEnded):
            self.stepper.waits = False

    def _start_again(self, lost: Message) -> None:
        """The executor does not start the run again by itself: do it here, unless it seems to be the run that ends its workers."""
        ended = len(ResumeState.of(self._read_records(self.run_id)).spans)
        self._deaths = 1 if ended > self._ended_attempts else self._deaths + 1
        self._ended_attempts = ended
        why = str(lost.body.get("why") or "its worker was lost")
        if not lost.body.get("again") or self._deaths > MAX_DEATHS:
            raise WorkersLost(f"{why} What was recorded is kept; resume the run once that is put right.")
        logger.warning("run %s: %s It is begun again.", self.run_id, why)
        self._submit()

    def _finish_here(self, began: float) -> RunFinished:
        """The end of a cancelled run whose worker says nothing more."""
        records = self._read_records(self.run_id)
        timeline = folds.timeline(records)
        before_s = 0.0 if self.resume_state is None else self.resume_state.worked_s
        best = None if timeline is None else timeline.loop.best
        return RunFinished("cancelled", best, None, before_s + time.monotonic() - began, None)

    def _confirm(self, message: Message, said: Mapping[str, Any], *, is_asked: bool) -> None:
        if is_asked:
            self._answer(Message("confirm", self.run_id, message.start, message.number, said))

    def _refuse(self, message: Message, halt: Halt) -> None:
        body = {"type": type(halt).__name__, "message": str(halt)}
        self._answer(Message("refuse", self.run_id, message.start, message.number, body))

    def _answer(self, down: Message) -> None:
        if down.start == self._worker:
            self._said = {n: one for n, one in self._said.items() if n > down.number - 20}
            self._said[down.number] = down
        self._dispatcher.executor.answer(down)

    def _steer(self, kind: DownKind, body: Mapping[str, Any]) -> None:
        if self._worker:
            self._dispatcher.executor.answer(Message(kind, self.run_id, self._worker, 0, body))


def refuse_keys(keys: Mapping[str, str], spec: ProgramSpec, executor: Executor) -> None:
    """Raise SpecError for a key that was typed: it stays in this process, and the workers cannot have it."""
    problems = []
    for role in keys:
        model = spec.models.get(role)
        variable = (model.key_env if model is not None else None) or "a variable of that model's"
        message = (
            f"runs work on {executor.name}, and a key that is entered here stays in this app; "
            f"set {variable} in the environment of the workers, and leave the key empty"
        )
        problems.append(Problem(f"{role}.key", message))
    if problems:
        raise SpecError(problems)


def _halt_of(body: Mapping[str, Any]) -> Halt:
    """What ended the run at the worker, as it is raised here."""
    name, message = str(body["type"]), str(body["message"])
    known = getattr(errors, name, None)
    if isinstance(known, type) and issubclass(known, Halt) and known is not errors.RecordingFailed:
        return known(message)
    if name == "LMKeyError":
        return KeyRefused(f"{message} The key is read on the worker, from its environment.")
    return WorkersLost(
        message if body.get("is_ours") else f"An internal error ended it at the worker: {name}: {message}"
    )
