"""Notes on their way to the store, written on a thread of their own: the program that is recorded waits for no disk.

Notes are gathered for GATHER_S and written together, usually while the program waits for a model. What cannot be written yet
(a full disk, a locked database) is kept and tried again, less and less often; the log says so once. A run that can never be
written is given up, and the others go on. The interpreter waits at its exit until all is written, and where that fails, for
EXIT_S at most.
"""

from __future__ import annotations

import atexit
import functools
import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from multiprocessing import util as multiprocessing_util

from refine_core.errors import StoreError
from refine_core.events import Event
from refine_core.export.otel.live import find_watch
from refine_core.interop.dspy_recording.run_log import Note, RunLog
from refine_core.log.scope import Record
from refine_core.log.summaries import summarize
from refine_core.store.protocol import Store

logger = logging.getLogger("refine_core")

MAX_WAITING = 20_000
"""Notes that may wait to be written. With more, recording ends: a program must not run out of memory for it."""
GATHER_S = 0.02
BATCH = 500
RETRY_S, MAX_RETRY_S = 1.0, 60.0
EXIT_S, STUCK_S = 5.0, 30.0
"""How long a process waits at its end without progress: where writing fails; where the store has not answered yet."""


class Background:
    """Writes notes to a store that it opens with the first of them. Safe from any thread; it raises nothing.

    open_store: opens the store. process: changes in a forked child, which begins anew and opens a store of its own.
    """

    process: object

    def __init__(self, open_store: Callable[[], Store]) -> None:
        self._open_store = open_store
        self._reset()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._reset)
        multiprocessing_util.register_after_fork(self, Background._finish_with_process)
        self._finish_with_process()
        atexit.register(self._finish)

    def _finish_with_process(self) -> None:
        """A child of multiprocessing ends without the interpreter's exit."""
        multiprocessing_util.Finalize(self, self._finish, exitpriority=0)

    def _reset(self) -> None:
        self.process = object()
        self._waiting: deque[Note] = deque()
        self._unwritten: dict[RunLog, None] = {}
        self._unwritten_count = 0
        self._awake = threading.Event()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._store: Store | None = None
        self._writing = self._asked = self._failing = self._given_up = self._has_finished = False
        self._has_logged = False
        self._wrote_at, self._tries = 0.0, 0

    def add(self, note: Note) -> None:
        """Take a note; it is written soon."""
        if self._given_up:
            return
        if len(self._waiting) + self._unwritten_count >= MAX_WAITING:
            self._give_up()
            return
        if self._thread is None:
            self._start()
        self._waiting.append(note)
        if not self._awake.is_set():
            self._awake.set()

    def _start(self) -> None:
        with self._changed:
            if self._thread is None:
                thread = threading.Thread(target=self._work, name="refinescope recorder", daemon=True)
                thread.start()  # raises at the interpreter's exit; then nothing waits for it
                self._thread = thread

    def _give_up(self) -> None:
        with self._changed:
            if self._given_up:
                return
            self._given_up = True
            self._waiting.clear()
        logger.error(
            "Refinescope stops recording: %d events wait to be written. What was written before stays.",
            MAX_WAITING,
        )

    @property
    def is_failing(self) -> bool:
        """Whether the last attempt to write failed."""
        return self._failing

    def flush(self, timeout_s: float) -> bool:
        """Write now, and wait until that has gone well or failed, at most `timeout_s` seconds; whether all is written."""
        with self._changed:
            tries = self._tries
            self._ask()
            self._changed.wait_for(
                lambda: self._is_written or (self._failing and self._tries > tries), timeout_s
            )
            return self._is_written

    @property
    def _is_written(self) -> bool:
        return not (self._waiting or self._writing or self._unwritten)

    def _ask(self) -> None:
        """Have the thread write without delay."""
        self._asked = True
        self._changed.notify_all()

    def _finish(self) -> None:
        """At the end of the process."""
        began = time.monotonic()
        with self._changed:
            while not self._is_written and not self._has_finished:
                patience_s = EXIT_S if self._failing else STUCK_S
                if time.monotonic() > max(began, self._wrote_at) + patience_s:
                    count = len(self._waiting) + self._unwritten_count
                    why = "see above" if self._failing else f"the store did not answer for {STUCK_S:.0f} s"
                    logger.error("Refinescope could not record the last %d events: %s", count, why)
                    self._has_finished = True
                self._ask()
                self._changed.wait(0.1)

    def _work(self) -> None:
        retry_s = RETRY_S
        while True:
            self._awake.wait()
            with self._changed:
                self._changed.wait_for(lambda: self._asked, GATHER_S)
                self._awake.clear()
                self._writing, self._asked = True, False
            error = self._write()
            with self._changed:
                self._writing, first, self._failing = False, not self._failing, error is not None
                self._tries += 1
                self._changed.notify_all()
                if error is None:
                    retry_s = RETRY_S
                    continue
                if first:
                    logger.warning("Refinescope cannot record for now, and tries again: %s", error)
                self._awake.set()
                self._changed.wait_for(lambda: self._asked, retry_s)
                retry_s = min(2 * retry_s, MAX_RETRY_S)

    def _write(self) -> Exception | None:
        """Write what waits, that of each run together. Returns why something has to be tried again."""
        for _ in range(min(len(self._waiting), BATCH)):
            self._take(self._waiting.popleft())
            time.sleep(
                0
            )  # lets the program have the interpreter at once, and not after a switch interval of 5 ms
        if self._waiting:
            self._awake.set()
        error: Exception | None = None
        for log in list(self._unwritten):
            try:
                self._append(log)
            except (StoreError, OSError) as why:  # a full disk, a lock
                error = why
                continue
            except Exception as bug:  # noqa: BLE001 - logged
                log.progress.is_over = True
                log.progress.unwritten.clear()
                self._log_once(log, bug)
            del self._unwritten[log]
            self._wrote_at = time.monotonic()
        self._unwritten_count = sum(len(log.progress.unwritten) for log in self._unwritten)
        return error

    def _take(self, note: Note) -> None:
        """Make a record of a note."""
        log = note.scope.log
        progress = log.progress
        if progress.is_over:
            return
        try:
            event = note.fact if isinstance(note.fact, Event) else note.fact()
        except Exception as bug:  # noqa: BLE001 - logged
            progress.is_over = progress.seq == 0
            self._log_once(log, bug)
            return
        progress.seq += 1
        progress.at = max(progress.at, note.at)  # two threads may have taken the time in another order
        progress.unwritten.append(
            Record(log.run_id, progress.seq, progress.at, note.scope.find_span(), event)
        )
        self._unwritten[log] = None

    def _append(self, log: RunLog) -> None:
        progress = log.progress
        if self._store is None:
            self._store = self._open_store()
            atexit.register(self._finish)  # before the store closes itself, which it registered just now
        summary = functools.reduce(summarize, progress.unwritten, progress.summary)
        if summary is None:
            raise ValueError("a run must begin with RunStarted")
        self._store.append(progress.unwritten, summary)
        if (watch := find_watch()) is not None:
            watch.take(progress.unwritten)
        progress.summary, progress.is_over = summary, summary.reason is not None
        progress.unwritten.clear()

    def _log_once(self, log: RunLog, bug: Exception) -> None:
        if not self._has_logged:
            self._has_logged = True
            logger.error(
                "Refinescope could not record a part of run %s; the program goes on", log.run_id, exc_info=bug
            )
