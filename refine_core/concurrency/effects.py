"""What a flow may ask for. Each effect knows how to wait in a thread (`run`) and in an event loop (`arun`)."""

from __future__ import annotations

import contextvars
import inspect
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Generic, TypeVar

from refine_core.concurrency.cancellation import Cancel
from refine_core.concurrency.flows import Flow, arun, run
from refine_core.concurrency.threads import block_on, in_thread

T = TypeVar("T")


class Blocking(Generic[T]):
    """Call sync code that may block; under `arun` it runs in a thread, with its context copied."""

    __slots__ = ("args", "function", "kwargs")  # and no partial, which takes twice as long to make

    def __init__(self, function: Callable[..., T], /, *args: Any, **kwargs: Any) -> None:
        self.function, self.args, self.kwargs = function, args, kwargs

    def run(self) -> T:
        return self.function(*self.args, **self.kwargs)

    async def arun(self) -> T:
        return await in_thread(self.function, *self.args, **self.kwargs)


class MaybeAwaitable(Generic[T]):
    """Call a function that is sync or async; which of them is known only once it was called."""

    __slots__ = ("args", "function", "kwargs")

    def __init__(self, function: Callable[..., T | Awaitable[T]], /, *args: Any, **kwargs: Any) -> None:
        self.function: Callable[..., Any] = function
        self.args, self.kwargs = args, kwargs

    def run(self) -> T:
        value: T | Awaitable[T] = self.function(*self.args, **self.kwargs)
        # A number, which rewards are, is told apart at once; to ask whether something can be awaited is slow.
        return value if isinstance(value, (float, int)) or not inspect.isawaitable(value) else block_on(value)

    async def arun(self) -> T:
        value: T | Awaitable[T]
        if inspect.iscoroutinefunction(self.function):
            value = self.function(*self.args, **self.kwargs)
        else:
            value = await in_thread(self.function, *self.args, **self.kwargs)
        return await value if inspect.isawaitable(value) else value


class SyncOrAsync(Generic[T]):
    """Call one of a pair that does the same: a sync function, or its async twin, with the same arguments."""

    __slots__ = ("args", "kwargs", "pair")

    def __init__(
        self, pair: tuple[Callable[..., T], Callable[..., Awaitable[T]]], /, *args: Any, **kwargs: Any
    ) -> None:
        self.pair, self.args, self.kwargs = pair, args, kwargs

    def run(self) -> T:
        return self.pair[0](*self.args, **self.kwargs)

    async def arun(self) -> T:
        return await self.pair[1](*self.args, **self.kwargs)


class Pause:
    """Sleep for `seconds`. Raises RunCancelled as soon as `cancel` is set."""

    __slots__ = ("cancel", "seconds")

    def __init__(self, seconds: float, cancel: Cancel) -> None:
        self.seconds, self.cancel = seconds, cancel

    def run(self) -> None:
        self.cancel.sleep(self.seconds)

    async def arun(self) -> None:
        await self.cancel.asleep(self.seconds)


class FutureResult(Generic[T]):
    """Wait for work that runs elsewhere. Raises RunCancelled, TimeoutError; then the work is asked to cancel itself."""

    __slots__ = ("cancel", "future", "timeout_s")

    def __init__(self, future: Future[T], cancel: Cancel, timeout_s: float | None = None) -> None:
        self.future, self.cancel, self.timeout_s = future, cancel, timeout_s

    def run(self) -> T:
        return self.cancel.result(self.future, self.timeout_s)

    async def arun(self) -> T:
        return await self.cancel.aresult(self.future, self.timeout_s)


class Gather:
    """Run several flows at once, each in a copy of this context; the first failure is raised once all have ended.

    on_failure: called as soon as one fails, so that the others can be asked to end.
    """

    __slots__ = ("flows", "on_failure")

    def __init__(self, flows: Sequence[Flow[None]], on_failure: Callable[[], None]) -> None:
        self.flows, self.on_failure = flows, on_failure

    def run(self) -> None:
        context = contextvars.copy_context
        with ThreadPoolExecutor(len(self.flows), thread_name_prefix="gather") as pool:
            futures = [pool.submit(context().run, self._run_one, flow) for flow in self.flows]
            try:
                for future in futures:
                    future.result()
            except BaseException:  # Ctrl-C arrives here, in the thread that waits
                self.on_failure()
                raise

    def _run_one(self, flow: Flow[None]) -> None:
        try:
            run(flow)
        except BaseException:
            self.on_failure()
            raise

    async def arun(self) -> None:
        import asyncio  # for async callers only, as elsewhere here: it is slow to import

        async def run_one(flow: Flow[None]) -> None:
            try:
                await arun(flow)
            except BaseException:
                self.on_failure()
                raise

        results = await asyncio.gather(*map(run_one, self.flows), return_exceptions=True)
        for error in results:
            if isinstance(error, BaseException):
                raise error
