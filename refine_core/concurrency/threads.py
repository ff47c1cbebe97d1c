"""Sync code for async callers, in a thread; async code for sync callers, in an event loop of its own.

in_thread        await in_thread(function, …)            the event loop stays free
block_on         block_on(awaitable)                     this thread waits
start_thread     start_thread(function).result()         nobody waits until then
BackgroundLoop   loop.submit(coroutine).result()         one event loop for the calls of many threads
All threads are daemons: the process can end whatever they do.
"""

from __future__ import annotations

import contextvars
import os
import threading
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, TypeVar, cast

from refine_core.concurrency.flows import throwable

if TYPE_CHECKING:
    import asyncio
    from concurrent.futures import ThreadPoolExecutor

T = TypeVar("T")

MAX_THREADS = 512
"""Sync code under `arun` runs in at most this many threads at once; more of it waits its turn."""

_inside_thread: contextvars.ContextVar[bool] = contextvars.ContextVar("refine_core_in_thread", default=False)


class WorkerThreads:
    """Threads for sync code that blocks: started on demand up to a limit, kept for the next call, never joined.

    An event loop's own threads would do if there were more of them than cores, and if the process could end without
    them. A forked process has none of its parent's threads and starts its own.
    """

    def __init__(self, max_threads: int = MAX_THREADS) -> None:
        self._max_threads = max_threads
        self._crew = _Crew(max_threads)

    async def call(self, function: Callable[..., T], /, *args: Any, **kwargs: Any) -> T:
        """Run sync code in a thread, with the context copied, and await its result."""
        import asyncio

        loop = asyncio.get_running_loop()
        result: asyncio.Future[T] = loop.create_future()
        context, nested = contextvars.copy_context(), _inside_thread.get()
        context.run(_inside_thread.set, True)
        call = partial(context.run, function, *args, **kwargs)

        def settle(value: T | None, error: BaseException | None) -> None:
            if result.cancelled():
                return
            if error is not None:
                result.set_exception(error)
            else:
                result.set_result(cast("T", value))

        def work() -> None:
            value, failure = None, None
            try:
                value = call()
            except BaseException as error:  # noqa: BLE001 - the caller gets it
                failure = throwable(error)
            with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(settle, value, failure)

        if nested:  # a thread of the crew waits for this, so it must not wait for a thread of the crew
            threading.Thread(target=work, name="sync-code, nested", daemon=True).start()
        else:
            if self._crew.pid != os.getpid():
                self._crew = _Crew(self._max_threads)
            self._crew.do(work)
        return await result


class _Crew:
    """The threads of one process. pid: whose."""

    def __init__(self, max_threads: int) -> None:
        self.pid = os.getpid()
        self._max_threads, self._n_threads = max_threads, 0
        self._n_idle = 0  # below 0: as many pieces of work wait for a thread
        self._queue: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._lock = threading.Lock()

    def do(self, work: Callable[[], None]) -> None:
        """Have `work` done soon, by an idle thread or a new one. It must raise nothing."""
        with self._lock:
            starts_thread = self._n_idle == 0 and self._n_threads < self._max_threads
            if starts_thread:
                self._n_threads += 1
            else:
                self._n_idle -= 1
        if starts_thread:
            threading.Thread(target=self._serve, args=(work,), name="sync-code", daemon=True).start()
        else:
            self._queue.put(work)

    def _serve(self, work: Callable[[], None]) -> None:
        while True:
            work()
            del work  # what it holds must not live until the next comes
            with self._lock:
                self._n_idle += 1
            work = self._queue.get()


in_thread = WorkerThreads().call


def start_thread(function: Callable[[], T], *, name: str) -> Future[T]:
    """Run `function` in a daemon thread of its own, in a copy of this context. Its result cannot be cancelled."""
    result: Future[T] = Future()
    result.set_running_or_notify_cancel()

    def work() -> None:
        try:
            value = function()
        except BaseException as error:  # noqa: BLE001 - whoever waits gets it
            result.set_exception(throwable(error))
        else:
            result.set_result(value)

    threading.Thread(target=contextvars.copy_context().run, args=(work,), name=name, daemon=True).start()
    return result


def block_on(awaitable: Awaitable[T]) -> T:
    """The result of an awaitable, for sync code: in a loop of its own, and in a thread of its own where one runs here."""
    import asyncio

    async def wait() -> T:
        return await awaitable

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(wait())
    return start_thread(lambda: asyncio.run(wait()), name="block-on").result()


class BackgroundLoop:
    """An event loop in a daemon thread, started with its first work. A forked process starts its own.

    make_threads: makes the threads that run what blocks, if they are not to be asyncio's own.
    """

    def __init__(self, name: str, make_threads: Callable[[], ThreadPoolExecutor] | None = None) -> None:
        self._name, self._make_threads = name, make_threads
        self._reset()

    def _reset(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._pid = os.getpid()  # last: whoever reads the right one finds the rest in place

    def submit(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Have the event loop do this work. Cancelling the result cancels it there."""
        import asyncio

        if self._pid != os.getpid():  # the thread did not come along, and may have held the lock
            self._reset()
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                if self._make_threads is not None:
                    self._loop.set_default_executor(self._make_threads())
                threading.Thread(target=self._loop.run_forever, name=self._name, daemon=True).start()
        return asyncio.run_coroutine_threadsafe(work, self._loop)
