"""Many calls at once: a few threads (or tasks of an event loop) that take them in order, until one stops the rest.

    pool = Pool(calls, num_threads=8, max_errors=10, cancel=cancel, context=context)      one for each batch
    pool.run()      or      await pool.arun()                                then: pool.results, pool.failures

Rule 1: every call runs in a copy of its own of `context`; what waits in it should wait under `cancel`.
Rule 2: an Exception is a failure, counted; whatever else is raised (a Halt, Ctrl-C, an exit) stops the rest and is raised.
Rule 3: a stopped call is not waited for longer than GRACE_S; the threads are daemons, so the process can always end.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from contextvars import Context, ContextVar
from typing import Any

from refine_core.concurrency.cancellation import Cancel
from refine_core.concurrency.flows import Effect, Flow, arun, run
from refine_core.concurrency.progress import ProgressBar
from refine_core.errors import BatchError

logger = logging.getLogger("refine_core")

GRACE_S = 0.5
"""How long a stopped call may take to end, before the caller goes on without it."""
TICK_S = 0.1
"""How often the waiting thread looks up, to show progress."""
CROWD, APART_S = 32, 0.00025
"""More threads than this are started so far apart: those that begin together wait together, and come back all at once."""

inside_pool: ContextVar[bool] = ContextVar("refine_core_pool", default=False)
"""Whether this code runs in a call of a pool: one inside it draws no bar."""


class Pool:
    """Do all `calls`, at most `num_threads` at once. For one `run` or `arun`.

    max_errors: with as many failures no further call is begun. cancel: the pool sets it to stop what runs, and detaches
    it from its parent in the end. on_failure: called with (index, error) in the thread of the failed call.
    results: one a call, in order; None where it failed or was not begun. failures: index -> what it raised.
    """

    def __init__(
        self,
        calls: Sequence[Effect[Any]],
        *,
        num_threads: int,
        max_errors: int,
        cancel: Cancel,
        context: Context,
        on_failure: Callable[[int, Exception], None] | None = None,
        progress: bool = False,
    ) -> None:
        self.results: list[Any] = [None] * len(calls)
        self.failures: dict[int, Exception] = {}
        self._calls, self._on_failure = calls, on_failure
        self._max_threads, self._max_errors = min(num_threads, len(calls)), max_errors
        self._lock = threading.Lock()
        self._n_started = self._n_done = 0
        self._stop_reason: BaseException | None = None  # the first one
        self._wake: Callable[[], None] = _do_nothing  # wakes the caller, who waits
        self._bar = ProgressBar(len(calls), shown=progress and not inside_pool.get())
        self._cancel, self._context = cancel, context
        self._context.run(inside_pool.set, True)

    def run(self) -> None:
        """Do the calls in threads. Raises BatchError, Halt, KeyboardInterrupt; whatever a call raised that is no Exception."""
        over = threading.Event()
        self._wake = over.set
        unregister = self._cancel.on_set(over.set)
        threads: list[threading.Thread] = []
        try:
            with self._bar as bar:
                self._start_threads(threads)
                while self._n_done < len(self._calls) and not over.wait(TICK_S):
                    bar.update(self._n_done)
                bar.update(self._n_done)
        except BaseException as error:  # Ctrl-C arrives here, in the thread that waits
            self._stop(error)
            raise
        finally:
            until = time.monotonic() + GRACE_S
            for thread in threads:
                thread.join(max(0.0, until - time.monotonic()))
            unregister()
            self._cancel.detach()
        self._raise_stop_reason()

    async def arun(self) -> None:
        """`run` for async callers, in tasks of the running event loop; being cancelled stops the calls."""
        import asyncio  # for async callers only: it is slow to import

        over = asyncio.Event()
        self._wake = over.set

        async def work() -> None:
            while (index := self._next_index()) is not None:
                await asyncio.create_task(arun(self._do(index)), context=self._context.copy())

        tasks = [asyncio.create_task(work()) for _ in range(self._max_threads)]
        try:
            with self._bar as bar:
                while self._n_done < len(self._calls) and not self._cancel.is_set:
                    with suppress(TimeoutError):
                        async with asyncio.timeout(TICK_S):
                            await over.wait()
                    bar.update(self._n_done)
        except BaseException as error:
            self._stop(error)
            raise
        finally:
            if self._cancel.is_set:
                for task in tasks:
                    task.cancel()
            if tasks:
                await asyncio.wait(tasks, timeout=GRACE_S)
            self._cancel.detach()
        self._raise_stop_reason()

    def _start_threads(self, threads: list[threading.Thread]) -> None:
        """Start threads for as long as there is a call for one more."""
        while len(threads) < self._max_threads and self._may_start():
            thread = threading.Thread(target=self._work, name=f"batch-{len(threads)}", daemon=True)
            try:
                thread.start()
            except RuntimeError as error:  # the machine has no more of them
                if not threads:
                    raise
                logger.warning("going on with %d threads, not %d: %s", len(threads), self._max_threads, error)
                return
            threads.append(thread)
            if self._max_threads > CROWD:
                time.sleep(APART_S)

    def _work(self) -> None:
        while (index := self._next_index()) is not None:
            self._context.copy().run(run, self._do(index))

    def _do(self, index: int) -> Flow[None]:
        """One call, and what becomes of its end."""
        try:
            try:
                self.results[index] = yield self._calls[index]
            except Exception as error:  # noqa: BLE001 - counted, reported and handed to the caller
                self._count_failure(index, error)
        except BaseException as error:  # noqa: BLE001 - raised in the thread that waits
            self._stop(error)
        with self._lock:
            self._n_done += 1
            is_last = self._n_done == len(self._calls)
        if is_last:
            self._wake()

    def _count_failure(self, index: int, error: Exception) -> None:
        with self._lock:
            self.failures[index] = error
            too_many = len(self.failures) >= self._max_errors
        if self._on_failure is not None:
            with self._bar.cleared():
                self._on_failure(index, error)
        if too_many:
            self._stop(error)

    def _may_start(self) -> bool:
        """Whether there is a call that nobody has begun and that may begin."""
        return self._n_started < len(self._calls) and not self._cancel.is_set

    def _next_index(self) -> int | None:
        """The next call to begin; None if there is none, or none may begin."""
        with self._lock:
            if not self._may_start():
                return None
            self._n_started += 1
            return self._n_started - 1

    def _stop(self, reason: BaseException) -> None:
        """Begin nothing more, and ask what runs to stop."""
        with self._lock:
            if self._stop_reason is None:
                self._stop_reason = reason
        self._cancel.set()
        self._wake()

    def _raise_stop_reason(self) -> None:
        """Raise what stopped the calls, if anything did."""
        reason, n_failures, n_calls = self._stop_reason, len(self.failures), len(self._calls)
        if isinstance(reason, Exception) and n_failures >= self._max_errors:
            raise BatchError(
                f"{n_failures} of {n_calls} examples failed (max_errors is {self._max_errors}), "
                f"so {n_calls - self._n_started} were not begun; "
                f"the last error was {type(reason).__name__}: {reason}. It is the cause of this one; "
                "the results so far are in .results. Pass a larger max_errors to go on after more failures",
                failures=n_failures,
                results=self.results,
            ) from reason
        if reason is not None:
            raise reason
        if self._n_done < len(self._calls):
            self._cancel.check()  # the caller's own cancel was set


def _do_nothing() -> None:
    """Nobody waits yet."""
