"""Waiting for a run's next events without asking the database again and again."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from functools import partial

POLL_S = 0.25  # how often to look for events that another process records


class RunNotifier:
    """How far the runs that this process records have got, and a bell that rings when they get further."""

    def __init__(self) -> None:
        self._rung = threading.Condition()
        self._latest: dict[str, int] = {}  # run -> seq; a run that finished is taken out
        self._closed = False

    def notify(self, run_id: str, seq: int, *, finished: bool) -> None:
        """Tell whoever waits that the run's events up to `seq` are durable."""
        with self._rung:
            if finished:
                self._latest.pop(run_id, None)
            else:
                self._latest[run_id] = seq
            self._rung.notify_all()

    def wait(self, run_id: str, after: int, timeout_s: float, look: Callable[[], int]) -> bool:
        """Whether the run got past `after` in time. look: how far it is, asked where this process does not know."""
        until = time.monotonic() + timeout_s
        while not self._closed:
            if run_id not in self._latest and look() > after:
                return True
            with self._rung:
                ours = run_id in self._latest
                # A run of ours that vanishes from the table has finished: wake up then, and look at the store.
                gone = math.inf if ours else 0
                left = until - time.monotonic()
                nap = max(0.0, left if ours else min(left, POLL_S))
                self._rung.wait_for(partial(self._due, run_id, after, gone), nap)
                if self._latest.get(run_id, 0) > after:
                    return True
                finished = ours and run_id not in self._latest
                if time.monotonic() >= until and not finished:
                    return False
        return False

    def _due(self, run_id: str, after: int, gone: float) -> bool:
        return self._closed or self._latest.get(run_id, gone) > after

    def close(self) -> None:
        """Let everybody go."""
        with self._rung:
            self._closed = True
            self._rung.notify_all()
