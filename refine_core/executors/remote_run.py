"""A run that works elsewhere, as this process sees it: it takes the place of refine_core.refine.run_job.RunJob.

    Executor.events() --Dispatcher--> the run's inbox --RemoteRun.run--> the sinks of the run (budget, store, …) --answer--> worker

Rule 1: messages count in their order. One that is missing is asked for again; one that came before is only confirmed again.
Rule 2: what came together is recorded together, before anything of it is confirmed.
Rule 3: a run whose worker was killed is started again by the executor. The new start gets what is on record and goes on from the last
complete attempt, as after any interruption. From then on the earlier start is refused, should it still live.
Rule 4: a cancel is told to the worker. If nothing comes of that for CANCEL_S seconds, the run ends here.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
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
from refine_core.executors.dispatcher import Dispatcher
from refine_core.executors.learned import learn, write_learned
from refine_core.executors.protocol import BeginAgain, DownKind, Executor, ExecutorError, Message, refusal
from refine_core.executors.records import write_records
from refine_core.executors.remote_stepper import RemoteStepper
from refine_core.executors.start import Start
from refine_core.executors.turns import AppTurns, has_limits
from refine_core.jsonable import to_jsonable
from refine_core.log import codec, folds
from refine_core.log.recorder import Recorder
from refine_core.log.scope import Record, Scope, Sink
from refine_core.log.span import Span
from refine_core.refine.resuming import ResumeState, was_continued_anyway
from refine_core.refine.run_job import describe_start
from refine_core.spec import ProgramSpec

logger = logging.getLogger("refine_core")

CANCEL_S: Final = 10.0
QUIET_S: Final = 30.0
"""After so long without a message it is looked whether there are any workers."""
MAX_DEATHS: Final = 3
"""So many workers may be lost one after the other without an attempt ending in between."""
ReadRecords = Callable[[str], Sequence[Record]]
_CANCELLED: Final = Message("lost", "")


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
        self._dispatcher, self._read = dispatcher, read_records
        self._seq = len(records) + len(self.kept) + 1
        self._inbox: SimpleQueue[Message] | None = None
        self._recorder: Recorder | None = None
        self._turns = AppTurns()
        self._current: Start | None = None  # the one that counts
        self._given_up: set[str] = set()  # earlier ones
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
        self._recorder = next((sink for sink in scope.sinks if isinstance(sink, Recorder)), None)
        if self._recorder is not None:
            self._recorder.gather()
        detach = scope.cancel.on_set(self._cancel)
        try:
            self._submit()
            return self._listen(scope, began)
        finally:
            detach()
            self._turns.close()
            self._dispatcher.close(self.run_id)
            with suppress(errors.RecordingFailed):  # the run has ended for that reason
                self._flush()

    def close(self) -> None:
        """Nothing: what the run needed is at the worker."""

    def _submit(self) -> None:
        settings = self._settings() if self._is_new and not self.kept and not self._replayed else None
        try:
            self._dispatcher.executor.submit(self.run_id, self.spec, self._seq, settings)
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
        """The next message; None for none in time. While nothing has come, what did come is recorded."""
        if self._inbox is None:
            raise RuntimeError("it has no inbox yet")
        try:
            with suppress(Empty):
                return self._inbox.get_nowait()
            self._flush()
            return self._inbox.get(timeout=max(0.0, timeout_s))
        except Empty:
            return None

    def _flush(self) -> None:
        if self._recorder is not None:
            self._recorder.flush()

    def _read_records(self) -> Sequence[Record]:
        """All that is on record of this run."""
        self._flush()
        return self._read(self.run_id)

    def _receive(self, message: Message, scope: Scope) -> RunFinished | None:
        """Take a message of a worker. Returns the run's last event, once that has come."""
        self._unmanned = 0
        start = self._current
        if start is None or message.start != start.name:
            self._meet(message, scope)
        elif message.kind == "draft" and scope.draft is not None:
            scope.draft(Span.parse(str(message.body["span"])), str(message.body["text"]))
        elif message.number:
            for one in start.put_in_order(message):
                if (end := self._take(one, start, scope)) is not None:
                    return end
        return None

    def _meet(self, message: Message, scope: Scope) -> None:
        """Take a message of another start than the one that counts."""
        answer = self._dispatcher.executor.answer
        if message.start in self._given_up:
            answer(refusal(message, RunCancelled("another worker does this run now")))
        elif message.kind == "hello":
            self._welcome(message, scope)
        elif message.number:  # its hello was lost
            answer(Message("resend", self.run_id, message.start, 1))

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

    @property
    def _is_new(self) -> bool:
        """Whether nobody has begun it yet."""
        return not self.resumes and self._current is None

    @property
    def _replayed(self) -> list[str]:
        """The runs whose replies it replays."""
        models = self.spec.models.values()
        return sorted({one.recording_id or "" for one in models if one.kind == "replay"} - {""})

    def _settings(self) -> dict[str, Any]:
        """What a worker has to know, beside the description, before it begins; still without records."""
        return {
            "version": __version__,
            "records": [],
            "fresh": self._is_new,
            "anyway": self.anyway,
            "stepwise": self.stepper.stepwise,
            "limited": has_limits(),
            "recordings": {one: write_records(self._read(one)) for one in self._replayed},
            "learned": write_learned(self.spec),
        }

    def _welcome(self, hello: Message, scope: Scope) -> None:
        """Have this start do the run from now on; the worker that did it before is gone."""
        version, begun_with = str(hello.body["version"]), hello.body["settings"]
        if version != __version__:
            why = (
                f"the worker has Refinescope {version}, and this is {__version__}; "
                f"install refinescope=={__version__} on the workers"
            )
            self._dispatcher.executor.answer(refusal(hello, RunCancelled(why)))
            raise WorkersLost(f"The run was not begun: {why}, then resume it.")
        if begun_with is not None and not (self._is_new and self._still_holds(begun_with)):
            self._given_up.add(hello.start)
            halt = BeginAgain("begin again, from what is on record")
            self._dispatcher.executor.answer(refusal(hello, halt))
            return
        start = Start(hello, self._dispatcher.executor.answer)
        if begun_with is None:
            records = list(self._read_records())
            settings = self._settings()
            if self._current is not None:
                self._given_up.add(self._current.name)
                scope.emit(RunResumed(ResumeState.of(records).next_index, anyway=self.anyway))
                self._flush()
            elif self.resumes:  # the worker is told what was there before it
                records = records[:-1]
            settings["records"] = write_records(records)
            start.answer(Message("welcome", self.run_id, hello.start, hello.number, settings))
        self._current = start
        self._turns.close()
        self._began_at = time.monotonic()
        if scope.cancel.is_set:
            self._dispatcher.executor.cancel(self.run_id)

    def _still_holds(self, begun_with: Mapping[str, Any]) -> bool:
        """Whether a worker that began would be told the same now; what it can learn by itself aside."""
        now = self._settings()
        return all(begun_with[name] == now[name] for name in now if name != "learned")

    def _take(self, message: Message, start: Start, scope: Scope) -> RunFinished | None:
        """Do what a message says, and answer it. Returns the run's last event, once that has come."""
        body = message.body
        if message.kind == "ended":
            self._confirm(start, message, {})
            raise _halt_of(body)
        try:
            if message.kind == "turn":
                said = self._turn(body, scope)
                if "take" in body or "refuse" in body:
                    self._confirm(start, message, said)
                return None
            learn(self.spec, body.get("learned", {}))
            span = Span.parse(str(body["span"]))
            event = codec.decode(str(body["kind"]), int(body["version"]), str(body["payload"]))
            if isinstance(event, RunFinished):
                return event
            if "turn" in body:
                self._turn({"take": body["turn"]}, scope)
            self._record(scope, span, event, float(body["t"]))
            if "asks" in body:
                self._confirm(start, message, {})
        except (RunCancelled, BudgetUsedUp) as halt:  # the worker ends the run, and says how
            self._refuse(start, message, halt)
        except Halt as halt:
            self._refuse(start, message, halt)
            raise
        return None

    def _confirm(self, start: Start, message: Message, said: Mapping[str, Any]) -> None:
        """Confirm a message, and with it all before: they are on record by then."""
        self._flush()
        start.confirm(message, said)

    def _refuse(self, start: Start, message: Message, halt: Halt) -> None:
        """Have the worker end the run, with all on record that came before."""
        with suppress(errors.RecordingFailed):  # that is why, then
            self._flush()
        start.refuse(message, halt)

    def _turn(self, body: Mapping[str, Any], scope: Scope) -> dict[str, Any]:
        if "take" not in body:
            return self._turns.settle(body)
        turn = self._turns.make(body["take"])
        if turn is not None:
            self._flush()  # it may take its time
            flows.run(turn.take(scope.cancel))
        return {}

    def _record(self, scope: Scope, span: Span, event: Event, t: float) -> None:
        """Record an event that happened at `t` of the worker's clock, which began no later than a message of it took to come."""
        now = time.monotonic()
        self._began_at = min(self._began_at, now - t)
        self._now_at = self._began_at + t
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
        ended = len(ResumeState.of(self._read_records()).spans)
        self._deaths = 1 if ended > self._ended_attempts else self._deaths + 1
        self._ended_attempts = ended
        why = str(lost.body.get("why") or "its worker was lost")
        if not lost.body.get("again"):
            raise WorkersLost(why)
        if self._deaths > MAX_DEATHS:
            raise WorkersLost(f"{why} Put that right, then resume.")
        logger.warning("run %s: %s It is begun again.", self.run_id, why)
        self._submit()

    def _finish_here(self, began: float) -> RunFinished:
        """The end of a cancelled run whose worker says nothing more."""
        timeline = folds.timeline(self._read_records())
        before_s = 0.0 if self.resume_state is None else self.resume_state.worked_s
        best = None if timeline is None else timeline.loop.best
        return RunFinished("cancelled", best, None, before_s + time.monotonic() - began, None)

    def _steer(self, kind: DownKind, body: Mapping[str, Any]) -> None:
        if self._current is not None:
            self._current.steer(kind, body)


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
