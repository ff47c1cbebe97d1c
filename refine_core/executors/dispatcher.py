"""What comes from the workers of an executor, passed on to the runs that it is for."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import SimpleQueue

from refine_core.errors import RunCancelled
from refine_core.executors.protocol import Executor, Message, refusal


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
                self.executor.answer(refusal(message, RunCancelled("the run has ended")))
