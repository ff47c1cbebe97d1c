"""What comes from the workers of an executor, passed on to the runs that it is for."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import SimpleQueue

from refine_core.errors import RunCancelled
from refine_core.executors.protocol import Executor, ExecutorError, Message, refusal


class Dispatcher:
    """Takes what the workers of an executor send to the runs that it is for. open_executor: called when the first run begins."""

    def __init__(self, open_executor: Callable[[], Executor]) -> None:
        self._open_executor = open_executor
        self._executor: Executor | None = None
        self._inboxes: dict[str, SimpleQueue[Message]] = {}
        self._lock = threading.Lock()
        self._opening = threading.Lock()
        self._failures = 0  # to open one
        self._failure: ExecutorError | None = None  # the last of them
        self._is_closed = False
        self._thread: threading.Thread | None = None

    @property
    def executor(self) -> Executor:
        """The executor; opened now, if it is not yet. Raises ExecutorError."""
        return self._executor or self.ready()

    def ready(self) -> Executor:
        """The executor for what begins now: opened, if it is not yet, and anew, if it was lost. Raises ExecutorError."""
        failures = self._failures
        with self._opening:
            before = self._executor
            if before is not None and not before.lost:
                return before
            if self._failures > failures and self._failure is not None:  # it was tried while this waited
                raise ExecutorError(str(self._failure)) from self._failure
            try:
                self._executor = executor = self._open_executor()
            except ExecutorError as error:
                self._failures += 1
                self._failure = error
                raise
        if before is not None:
            before.close()
        if self._is_closed:  # meanwhile
            executor.close()
        return executor

    def close_executor(self) -> None:
        """Let the workers go, if there were any. Does not wait for an executor that is being opened: that is let go by who opens it."""
        self._is_closed = True
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
        reads: Executor | None = None
        while reads is not self._executor:  # another one, after the one before was lost
            reads = self.executor
            self._read(reads)

    def _read(self, executor: Executor) -> None:
        """Take what the workers of an executor send, until it is closed."""
        for message in executor.events():
            with self._lock:
                inbox = self._inboxes.get(message.run_id)
            if inbox is not None:
                inbox.put(message)
            elif message.number:  # of a run that has ended, by a worker that was given up
                executor.answer(refusal(message, RunCancelled("the run has ended")))
