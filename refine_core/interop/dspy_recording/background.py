"""Records on their way to the store, written on a thread of their own: the program that is recorded waits for no disk.

What cannot be written yet (a full disk, a locked database) is kept and tried again; the log says so once. A run that can
never be written is given up, and the others go on. The interpreter waits at its exit until all is written, and where that
fails, for EXIT_S at most.
"""

from __future__ import annotations

import atexit
import functools
import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence

from refine_core.errors import StoreError
from refine_core.log.scope import Record
from refine_core.log.summaries import Summary, summarize
from refine_core.store.protocol import Store

logger = logging.getLogger("refine_core")

MAX_WAITING = 20_000
"""Records that may wait to be written. With more, recording ends: a program must not run out of memory for it."""
RETRY_S = 1.0
EXIT_S = 5.0


class Background:
    """Appends records to a store that it opens with the first of them. Safe from any thread; it raises nothing.

    open_store: opens the store. A process that forks begins anew in the child, whose store is its own.
    """

    def __init__(self, open_store: Callable[[], Store]) -> None:
        self._open_store = open_store
        self._reset()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._reset)
        atexit.register(self._finish)

    def _reset(self) -> None:
        self._waiting: deque[Record] = deque()
        self._summaries: dict[str, Summary | None] = {}
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._store: Store | None = None
        self._writing = False
        self._given_up = False
        self._failing_since: float | None = None

    def append(self, records: Sequence[Record]) -> None:
        """Take records of one run, in order; they are written soon."""
        with self._changed:
            if self._given_up:
                return
            if len(self._waiting) >= MAX_WAITING:
                self._given_up = True
                self._waiting.clear()
                logger.error(
                    "Refinescope stops recording: %d events wait to be written. What was written before stays.",
                    MAX_WAITING,
                )
                return
            if self._thread is None:
                thread = threading.Thread(target=self._work, name="refinescope recorder", daemon=True)
                thread.start()  # raises at the interpreter's exit; then nothing waits for it
                self._thread = thread
            self._waiting.extend(records)
            self._changed.notify_all()

    def flush(self, timeout_s: float) -> bool:
        """Wait until everything is written, at most `timeout_s` seconds; whether it is."""
        with self._changed:
            return self._changed.wait_for(lambda: self._is_written, timeout_s)

    @property
    def _is_written(self) -> bool:
        return not self._waiting and not self._writing

    def _finish(self) -> None:
        """At the interpreter's exit."""
        until = time.monotonic() + EXIT_S
        with self._changed:
            while not self._is_written:
                if self._failing_since is not None and time.monotonic() > max(
                    until, self._failing_since + EXIT_S
                ):
                    logger.error("Refinescope could not record the last %d events", len(self._waiting))
                    return
                self._changed.wait(0.1)

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting)
                batch, self._writing = list(self._waiting), True
                self._waiting.clear()
            left, error = self._write(batch)
            with self._changed:
                self._waiting.extendleft(reversed(left))
                self._writing = False
                self._changed.notify_all()
                if error is None:
                    self._failing_since = None
                    continue
                if self._failing_since is None:
                    self._failing_since = time.monotonic()
                    logger.warning("Refinescope cannot record for now, and tries again: %s", error)
                self._changed.wait(RETRY_S)

    def _write(self, batch: list[Record]) -> tuple[list[Record], Exception | None]:
        """Append the records, those of each run together. Returns what is to be tried again, and why it could not be written."""
        by_run: dict[str, list[Record]] = {}
        for record in batch:
            by_run.setdefault(record.run_id, []).append(record)
        left: list[Record] = []
        error: Exception | None = None
        for run_id, records in by_run.items():
            try:
                self._append(run_id, records)
            except (StoreError, OSError) as why:  # a full disk, a lock
                left += records
                error = why
            except Exception:
                self._summaries.pop(run_id, None)
                logger.exception("Refinescope cannot record the rest of the run %s", run_id)
        return left, error

    def _append(self, run_id: str, records: list[Record]) -> None:
        before = self._summaries.get(run_id)
        if before is None and records[0].seq > 1:
            return  # the rest of a run that was given up, or that began before a fork
        if self._store is None:
            self._store = self._open_store()
            atexit.register(self._finish)  # before the store closes itself, which it registered just now
        summary = functools.reduce(summarize, records, before)
        if summary is None:
            raise ValueError("a run must begin with RunStarted")
        self._store.append(records, summary)
        if summary.reason is None:
            self._summaries[run_id] = summary
        else:
            self._summaries.pop(run_id, None)
