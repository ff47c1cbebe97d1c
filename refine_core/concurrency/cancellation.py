"""Waiting that can be cancelled: everything that waits (HTTP, worker, sleep, queue) does it through a Cancel."""

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

    parent: another one; when that is set, so is this one, but not the other way round.
    is_set: whether it is; to be read only.
    """

    def __init__(self, parent: Cancel | None = None) -> None:
        self._lock = threading.Lock()
        self._set: Future[None] = Future()
        self.is_set = False  # beside the future, whose own `done` costs ten times as much
        self._callbacks: dict[object, Callable[[], None]] = {}
        self._detach = parent.on_set(self.set) if parent is not None else _do_nothing

    def set(self) -> None:
        """Ask everything that waits under this token to stop. Calling twice is harmless."""
        with self._lock:
            if self.is_set:
                return
            self.is_set = True
            self._set.set_result(None)
            callbacks, self._callbacks = list(self._callbacks.values()), {}
        for callback in callbacks:
            callback()

    def on_set(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call `callback` once this is set, in the thread that sets it; at once if it is. Returns how to unregister it."""
        key = object()
        with self._lock:
            if not self.is_set:
                self._callbacks[key] = callback
                return lambda: self._callbacks.pop(key, None) and None
        callback()
        return _do_nothing

    def detach(self) -> None:
        """No longer be set with the parent."""
        self._detach()

    def check(self) -> None:
        """Raise RunCancelled if set."""
        if self.is_set:
            raise RunCancelled("cancelled")

    def sleep(self, seconds: float) -> None:
        """Sleep, or raise RunCancelled as soon as the token is set. seconds: any length."""
        wait([self._set], timeout=seconds)
        self.check()

    def result(self, future: Future[T], timeout_s: float | None = None) -> T:
        """The future's result; RunCancelled if the token is set first; TimeoutError after `timeout_s` seconds.

        A future that is no longer waited for is asked to cancel itself.
        """
        either: list[Future[Any]] = [future, self._set]
        done, _ = wait(either, timeout=timeout_s, return_when="FIRST_COMPLETED")
        if self._set in done:
            future.cancel()
            raise RunCancelled("cancelled")
        if not done:
            future.cancel()
            raise TimeoutError(f"no result in {timeout_s} s")
        return future.result()

    async def asleep(self, seconds: float) -> None:
        """`sleep` for async code."""
        await self._wait_for(seconds)
        self.check()

    async def aresult(self, future: Future[T], timeout_s: float | None = None) -> T:
        """`result` for async code; a task that is cancelled cancels the future, too."""
        try:
            await self._wait_for(timeout_s, future)
        except BaseException:
            future.cancel()
            raise
        if self.is_set:
            future.cancel()
            raise RunCancelled("cancelled")
        if not future.done():
            future.cancel()
            raise TimeoutError(f"no result in {timeout_s} s")
        return future.result()

    async def _wait_for(self, timeout_s: float | None, future: Future[Any] | None = None) -> None:
        """Wait until the token is set, the future is done or the time is up."""
        import asyncio  # for async callers only: it is slow to import

        loop, awake = asyncio.get_running_loop(), asyncio.Event()

        def wake(*_: object) -> None:
            with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(awake.set)

        unregister = self.on_set(wake)
        if future is not None:
            future.add_done_callback(wake)
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(timeout_s):
                    await awake.wait()
        finally:
            unregister()


def _do_nothing() -> None:
    """There is no parent to detach from, or no callback to unregister."""
