"""Waiting that can be cancelled: everything that waits (HTTP, worker, sleep, queue) passes here."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from contextlib import suppress
from typing import Any, TypeVar

from refine_core.errors import RunCancelled

T = TypeVar("T")


class Cancel:
    """A latch: once set it stays set, and every wait under it raises RunCancelled.

    within: another one; when that is set, so is this one, but not the other way round.
    is_set: whether it is; to be read only.
    """

    def __init__(self, within: Cancel | None = None) -> None:
        self._lock = threading.Lock()
        self._set: Future[None] = Future()
        self.is_set = False  # beside the future, whose own `done` costs ten times as much
        self._told: dict[object, Callable[[], None]] = {}
        self._leave = within.tell(self.set) if within is not None else _nothing

    def set(self) -> None:
        """Ask everything that waits under this token to stop. Calling twice is harmless."""
        with self._lock:
            if self.is_set:
                return
            self.is_set = True
            self._set.set_result(None)
            told, self._told = list(self._told.values()), {}
        for callback in told:
            callback()

    def tell(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Have `callback` called once this is set, in the thread that sets it; at once if it is. Returns its undoing."""
        key = object()
        with self._lock:
            if not self.is_set:
                self._told[key] = callback
                return lambda: self._told.pop(key, None) and None
        callback()
        return _nothing

    def leave(self) -> None:
        """No longer listen to the one that this is within."""
        self._leave()

    def check(self) -> None:
        """Raise RunCancelled if set."""
        if self.is_set:
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

    async def asleep(self, seconds: float) -> None:
        """`sleep` for async code."""
        await self._awaken(seconds)
        self.check()

    async def aresult(self, work: Future[T], timeout_s: float | None = None) -> T:
        """`result` for async code; a task that is cancelled gives the work up, too."""
        try:
            await self._awaken(timeout_s, work)
        except BaseException:
            work.cancel()
            raise
        if self.is_set:
            work.cancel()
            raise RunCancelled("cancelled")
        if not work.done():
            work.cancel()
            raise TimeoutError(f"no result in {timeout_s} s")
        return work.result()

    async def _awaken(self, timeout_s: float | None, work: Future[Any] | None = None) -> None:
        """Wait until the token is set, the work is done or the time is up."""
        import asyncio  # for async callers only: it is slow to import

        loop, awake = asyncio.get_running_loop(), asyncio.Event()

        def rouse(*_: object) -> None:
            with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(awake.set)

        forget = self.tell(rouse)
        if work is not None:
            work.add_done_callback(rouse)
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(timeout_s):
                    await awake.wait()
        finally:
            forget()


def _nothing() -> None:
    """What there is to do when nobody was told."""
