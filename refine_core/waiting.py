"""Waiting that can be cancelled: everything that waits (HTTP, worker, sleep, queue) passes here."""

from __future__ import annotations

import threading
from concurrent.futures import Future, wait
from typing import Any, TypeVar

from refine_core.errors import RunCancelled

T = TypeVar("T")


class Cancel:
    """A latch: once set it stays set, and every wait under it raises RunCancelled.

    Callbacks run once, in the thread that sets it; one added later runs at once.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._set: Future[None] = Future()

    def set(self) -> None:
        """Ask everything that waits under this token to stop. Calling twice is harmless."""
        with self._lock:
            if self._set.done():
                return
            self._set.set_result(None)

    @property
    def is_set(self) -> bool:
        return self._set.done()

    def check(self) -> None:
        """Raise RunCancelled if set."""
        if self._set.done():
            raise RunCancelled("cancelled")

    def sleep(self, seconds: float) -> None:
        """Sleep, or raise RunCancelled as soon as the token is set. seconds: any length."""
        wait([self._set], timeout=seconds)
        self.check()

    def result(self, work: Future[T], timeout_s: float | None = None) -> T:
        """The work's result; RunCancelled if the token is set first; TimeoutError after `timeout_s` seconds.

        Work that is given up on is asked to cancel itself.
        """
        both: list[Future[Any]] = [work, self._set]
        done, _ = wait(both, timeout=timeout_s, return_when="FIRST_COMPLETED")
        if self._set in done:
            work.cancel()
            raise RunCancelled("cancelled")
        if not done:
            work.cancel()
            raise TimeoutError(f"no result in {timeout_s} s")
        return work.result()
