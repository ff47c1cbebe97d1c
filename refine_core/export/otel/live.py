"""Spans of runs that are at work, sent as they end. Nothing is sent unless the environment asks for it: REFINESCOPE_OTEL_LIVE=1.

    watch = find_watch()            None unless it is asked for
    watch.take(records)             called once they are recorded; it returns at once and raises nothing
    take --> a bounded queue --> a thread of its own: SpanBuilder --> Sender

A collector that is slow or gone costs a run nothing. It is named in the log once, spans wait for it in memory, up to MAX_WAITING, and what
did not arrive can be sent later: `refinescope export RUN --to otel`.
What is left out (REFINESCOPE_OTEL_LEAVE_OUT=prompts,inputs,answer) is looked for in what is recorded so far. Spans of an attempt then wait
until it has ended, as a field is known as such only then.
"""

from __future__ import annotations

import atexit
import difflib
import logging
import os
import re
import threading
import time
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from refine_core.events import (
    AdviceFailed,
    AdviceGiven,
    AttemptFailed,
    AttemptStarted,
    RewardScored,
    RunFinished,
    RunStarted,
)
from refine_core.log.scope import Record

if TYPE_CHECKING:
    from refine_core.export.leaving_out.redaction import Redaction
    from refine_core.export.otel.builder import SpanBuilder
    from refine_core.export.otel.sending import Sender
    from refine_core.export.otel.span import OtelSpan

logger = logging.getLogger("refine_core")

LIVE: Final = "REFINESCOPE_OTEL_LIVE"
LEAVE_OUT: Final = "REFINESCOPE_OTEL_LEAVE_OUT"
MAX_WAITING: Final = 20_000
"""Records, and spans, that wait to be sent; further ones are dropped."""
MAX_RUNS: Final = 1_000
"""At work at once; of a further one the oldest is let go, which was broken off most probably."""
GATHER_S: Final = 0.2
RETRY_S: Final = 15.0
TIMEOUT_S: Final = 3.0
EXIT_S: Final = 3.0
_BOUNDARIES: Final = (AttemptStarted, RewardScored, AttemptFailed, AdviceGiven, AdviceFailed, RunFinished)
_OFF: Final = frozenset(("", "0", "false", "no", "off"))


def is_asked_for() -> bool:
    """Whether whoever started this process wants its runs sent as they happen."""
    return os.environ.get(LIVE, "").strip().lower() not in _OFF


def find_watch() -> LiveSpans | None:
    """What takes the records of runs at work; None unless the environment asks for it."""
    if not is_asked_for():
        return None
    return _find(os.environ.get(LEAVE_OUT, ""))


def find_watch_without(leave_out: Iterable[str] | None) -> LiveSpans:
    """What takes the records of runs whose script asks for it itself. leave_out: parts and fields; None for what the environment names."""
    return _find(os.environ.get(LEAVE_OUT, "") if leave_out is None else ",".join(leave_out))


_watches: Final[dict[str, LiveSpans]] = {}


def _find(left_out: str) -> LiveSpans:
    """One for this process: all its runs share a thread and a connection."""
    return _watches.get(left_out) or _watches.setdefault(left_out, LiveSpans(read_left_out(left_out)))


def close_all() -> None:
    """Send no more of what is at work, and end the threads that do; what begins later is sent again."""
    while _watches:
        _watches.popitem()[1].close()


def read_left_out(text: str) -> Redaction:
    """What is left out, as LEAVE_OUT names it: prompts, inputs, and fields by their names."""
    from refine_core.export.leaving_out.redaction import Redaction

    parts = dict.fromkeys(part.strip() for part in text.split(",") if part.strip())
    fields = tuple(part for part in parts if part not in ("prompts", "inputs"))
    return Redaction("prompts" in parts, "inputs" in parts, fields)


def find_misspelling(redaction: Redaction, started: RunStarted) -> str:
    """Why a run is not sent: a name to leave out that it has not, and that is so like another one that it may be misspelt. "" for none."""
    known = {"prompts", "inputs", *started.spec.inputs}
    known.update(name for stage in started.spec.stages for name in re.findall(r"\w+", stage.signature))
    for name in redaction.fields:
        if name not in known and (like := difflib.get_close_matches(name, sorted(known), 1, 0.75)):
            return f"{name!r} is to be left out of it, and it has no such field. Write {like[0]!r} if that is meant."
    return ""


@dataclass(slots=True)
class _Run:
    """A run at work. held: records whose spans are not built yet, as something is left out of them."""

    builder: SpanBuilder
    records: list[Record] = field(default_factory=list)
    held: list[Record] = field(default_factory=list)


class LiveSpans:
    """Sends the spans of runs as their records come. Safe from any thread; it raises nothing."""

    def __init__(self, redaction: Redaction) -> None:
        self._redaction = redaction
        self._changed = threading.Condition()
        self._waiting: deque[tuple[Record, bool]] = deque()
        self._thread: threading.Thread | None = None
        self._busy = False
        self._runs: dict[str, _Run] = {}
        self._unsent: deque[OtelSpan] = deque(maxlen=MAX_WAITING)
        self._sender: Sender | None = None
        self._failing = False
        self._next_try = 0.0
        self._warned_of_loss = False
        self._given_up = self._has_finished = False

    def take(self, records: Iterable[Record], *, sent: bool = False) -> None:
        """Take records of one run, in order. sent: their spans went out before, where a run goes on."""
        with self._changed:
            if self._given_up:
                return
            if len(self._waiting) >= MAX_WAITING:
                self._warn_of_loss()
                return
            self._waiting.extend((record, sent) for record in records)
            if self._thread is None or not self._thread.is_alive():  # it does not live on in a forked process
                if self._thread is None:
                    atexit.register(self._finish)
                thread = threading.Thread(target=self._work, name="refinescope spans", daemon=True)
                try:
                    thread.start()
                except RuntimeError:  # at the interpreter's exit
                    return
                self._thread = thread
            self._changed.notify_all()
        if self._has_finished:  # at the interpreter's exit nobody waits for the thread any more
            self.flush(EXIT_S)

    def flush(self, timeout_s: float = 10.0) -> bool:
        """Wait until all spans that have ended were sent, at most `timeout_s` seconds; whether they were."""
        with self._changed:
            return (
                self._changed.wait_for(lambda: self._is_idle or self._is_stuck, timeout_s)
                and not self._unsent
            )

    def close(self) -> None:
        """Send no more, and end the thread, which otherwise tries for ever where a collector is gone."""
        with self._changed:
            thread = self._thread
            self._give_up()
        atexit.unregister(self._finish)
        if thread is not None and thread is not threading.current_thread():
            thread.join(2 * TIMEOUT_S)

    def _give_up(self) -> None:
        """The lock must be held."""
        self._given_up = True
        self._waiting.clear()
        self._unsent.clear()
        self._changed.notify_all()

    @property
    def _is_idle(self) -> bool:
        return not self._waiting and not self._busy and not self._unsent

    @property
    def _is_stuck(self) -> bool:
        """Whether the collector was tried, and is not there."""
        return self._failing and not self._busy and not self._waiting

    def _finish(self) -> None:
        """At the interpreter's exit: a collector that is there gets the last spans; one that is gone is not waited for."""
        self._has_finished = True
        if not self.flush(EXIT_S) and (left := len(self._unsent) + len(self._waiting)):
            logger.warning(
                "Refinescope could not send the last spans (%d); `refinescope export RUN --to otel` does",
                left,
            )

    def _work(self) -> None:
        while True:
            with self._changed:
                self._busy = False
                self._changed.notify_all()
                self._wait()
                if self._given_up:
                    return
                batch = list(self._waiting)
                self._waiting.clear()
                self._busy = True
            try:
                for record, sent in batch:
                    spans = self._build(record, goes_on=sent)
                    if not sent:
                        self._keep(spans)
                self._send()
            except Exception:
                logger.exception("Refinescope sends no more spans; the runs go on")
                with self._changed:
                    self._busy = False
                    self._give_up()
                return

    def _wait(self) -> None:
        """Until there is something to do; then a moment longer, so that one request holds what comes together."""
        while not self._waiting and not self._given_up:
            left = max(self._next_try - time.monotonic(), 0.0) if self._unsent else None
            if left == 0.0:
                return
            self._changed.wait(left)
        self._changed.wait_for(lambda: len(self._waiting) >= MAX_WAITING or self._given_up, GATHER_S)

    def _build(self, record: Record, *, goes_on: bool) -> list[OtelSpan]:
        """The spans that end with a record. goes_on: whether it is of the log of a run that is resumed."""
        from refine_core.export.otel.builder import SpanBuilder

        if record.seq == 1:  # of a run that goes on, the whole log comes again
            self._runs.pop(record.run_id, None)
            while len(self._runs) >= MAX_RUNS:
                del self._runs[next(iter(self._runs))]
            if isinstance(record.event, RunStarted) and (
                why := find_misspelling(self._redaction, record.event)
            ):
                logger.warning("no span of run %s is sent: %s", record.run_id, why)
                return []
            self._runs[record.run_id] = _Run(SpanBuilder())
        run = self._runs.get(record.run_id)
        if run is None:  # it began before it was watched
            return []
        run.held.append(record)
        if self._redaction:
            run.records.append(record)
            if not isinstance(record.event, _BOUNDARIES):
                return []
        ready, run.held = run.held, []
        spans = [span for one in self._clean(run, ready) for span in run.builder.add(one)]
        if isinstance(record.event, RunFinished) and not goes_on:
            self._runs.pop(record.run_id, None)
        return spans

    def _clean(self, run: _Run, records: Sequence[Record]) -> list[Record]:
        """The records without what is left out, and without keys."""
        from dataclasses import replace

        from refine_core.export.leaving_out.keys import KeyHider
        from refine_core.export.leaving_out.redaction import Redactor

        keys = KeyHider()
        if self._redaction:
            redactor = Redactor.of(run.records, self._redaction)
            records = [replace(record, event=redactor.event(record)) for record in records]
        return [replace(record, event=keys.event(record.event)) for record in records]

    def _keep(self, spans: Sequence[OtelSpan]) -> None:
        if len(self._unsent) + len(spans) > MAX_WAITING:
            self._warn_of_loss()
        self._unsent.extend(spans)

    def _send(self) -> None:
        from refine_core.export.otel.destination import SendingUnavailableError, find_destination
        from refine_core.export.otel.sending import Sender

        if not self._unsent or (self._failing and time.monotonic() < self._next_try):
            return
        try:
            if self._sender is None:
                self._sender = Sender(find_destination(), TIMEOUT_S)
        except SendingUnavailableError as error:
            logger.warning("%s is set, but no span is sent: %s", LIVE, error)
            with self._changed:
                self._give_up()
            return
        result = self._sender.send(list(self._unsent))
        with self._changed:
            while len(self._unsent) > result.untried:
                self._unsent.popleft()
            self._note(result.why, result.address, failed=bool(result.failed))

    def _note(self, why: str, address: str, *, failed: bool) -> None:
        """Say once that spans do not arrive, and once that they do again."""
        if failed:
            self._next_try = time.monotonic() + RETRY_S
            if not self._failing:
                logger.warning(
                    "Spans do not arrive at %s: %s. The runs go on, and are recorded as ever", address, why
                )
        elif self._failing:
            logger.warning("Spans arrive at %s again", address)
        self._failing = failed
        self._changed.notify_all()

    def _warn_of_loss(self) -> None:
        if not self._warned_of_loss:
            self._warned_of_loss = True
            logger.warning(
                "Spans are lost, as more than %d wait to be sent; `refinescope export RUN --to otel` sends whole runs",
                MAX_WAITING,
            )
