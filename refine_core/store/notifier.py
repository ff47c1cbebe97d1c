"""Waiting for a run's next events without polling the database."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from functools import partial

POLL_S = 0.25  # how often to check for events that another process records


class RunNotifier:
    """The latest event of each run that this process records; wakes threads that wait for the next one."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._latest: dict[str, int] = {}  # run -> seq; a finished run is removed
        self._closed = False

    def notify(self, run_id: str, seq: int, *, finished: bool) -> None:
        """Wake the threads that wait for the run: its events up to `seq` are durable."""
        with self._changed:
            if finished:
                self._latest.pop(run_id, None)
            else:
                self._latest[run_id] = seq
            self._changed.notify_all()

    def wait(self, run_id: str, after: int, timeout_s: float, read_seq: Callable[[], int]) -> bool:
        """Whether the run got past `after` in time. read_seq: its latest event, for runs that this process does not record."""
        until = time.monotonic() + timeout_s
        while not self._closed:
            if run_id not in self._latest and read_seq() > after:
                return True
            with self._changed:
                ours = run_id in self._latest
                # A run of this process that is removed has finished: wake up then, and read the store.
                gone = math.inf if ours else 0
                left = until - time.monotonic()
                nap = max(0.0, left if ours else min(left, POLL_S))
                self._changed.wait_for(partial(self._due, run_id, after, gone), nap)
                if self._latest.get(run_id, 0) > after:
                    return True
                finished = ours and run_id not in self._latest
                if time.monotonic() >= until and not finished:
                    return False
        return False

    def _due(self, run_id: str, after: int, gone: float) -> bool:
        return self._closed or self._latest.get(run_id, gone) > after

    def close(self) -> None:
        """Wake every waiting thread."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
