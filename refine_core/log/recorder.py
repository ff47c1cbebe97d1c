"""The recorder: stamps facts with run, sequence number, time and span, and makes them durable before it returns."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

from refine_core.concurrency.cancellation import Cancel
from refine_core.errors import RecordingFailed, RunCancelled
from refine_core.events import Event, RunFinished
from refine_core.log.scope import Record
from refine_core.log.span import Span

Append = Callable[[Sequence[Record]], None]


class Recorder:
    """A sink that appends to a store.

    append: makes records durable, or raises. A failure is latched: it and every later fact raise RecordingFailed, so
    nothing happens that is not on record. Once `cancel` is set only RunFinished is taken, so that a late reply meets
    a closed recorder.
    after, not_before: seq and time of the last record, where a run goes on. wall, monotonic: clocks, in seconds; the
    first is read once, so that one which is set back or forward meanwhile changes neither order nor durations.
    """

    def __init__(
        self,
        run_id: str,
        append: Append,
        *,
        cancel: Cancel,
        after: int = 0,
        not_before: float = 0.0,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.run_id = run_id
        self._append, self._cancel = append, cancel
        self._seq = after
        self._monotonic, self._began = monotonic, monotonic()
        self._began_at = max(wall(), not_before)
        self._lock = threading.Lock()
        self._failed: Exception | None = None
        self._closed = self._gathers = False
        self._gathered: list[Record] = []

    def gather(self) -> None:
        """From now on facts become durable together: with the next `flush`, or with the run's last one."""
        self._gathers = True

    def flush(self) -> None:
        """Make durable what was gathered. Raises RecordingFailed."""
        with self._lock:
            self._write()

    def accept(self, span: Span, event: Event) -> None:
        """Record one fact; return once it is durable, unless facts are gathered. Raises RecordingFailed, RunCancelled."""
        ending = isinstance(event, RunFinished)
        with self._lock:
            if self._failed is not None:
                raise RecordingFailed(f"run {self.run_id} stopped recording", cause=self._failed)
            if self._closed or (self._cancel.is_set and not ending):
                raise RunCancelled(f"run {self.run_id} has ended")
            at = self._began_at + (self._monotonic() - self._began)
            self._seq += 1
            self._gathered.append(Record(self.run_id, self._seq, at, span, event))
            if ending or not self._gathers:
                self._write()
            self._closed = ending

    def _write(self) -> None:
        if not self._gathered:
            return
        records, self._gathered = self._gathered, []
        try:
            self._append(records)
        except Exception as error:
            self._failed = error
            raise RecordingFailed(
                f"cannot record event {records[0].seq} of run {self.run_id}: {error}", cause=error
            ) from error
