"""Operations written once, as generators of effects; two drivers interpret them, one sync and one async.

    def operation() -> Flow[Reply]:               reply = run(operation())             blocks this thread
        yield Pause(0.5, cancel)                  reply = await arun(operation())      leaves the event loop free
        return (yield Blocking(fetch, url))

An effect is whatever has to wait, or calls code that is not ours; it knows how to do so in both worlds. What comes of it
is sent back into the generator, what it raises is thrown into it. httpx does the same with its authentication flow.
"""

from __future__ import annotations

import contextvars
import inspect
import os
import threading
from collections.abc import Awaitable, Callable, Coroutine, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import lru_cache, partial
from queue import SimpleQueue
from typing import Any, Generic, Protocol, TypeVar, cast

from refine_core.waiting import Cancel

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

MOST_THREADS = 512
"""Sync code under `arun` runs in at most this many threads at once; more of it waits its turn."""


class Effect(Protocol[T_co]):
    """Something to be done, sync or async. What it raises reaches the operation that asked for it."""

    def run(self) -> T_co: ...
    async def arun(self) -> T_co: ...


Flow = Generator[Effect[Any], Any, T]
"""An operation: a generator of effects that returns a T."""


def run(flow: Flow[T]) -> T:
    """Do an operation in this thread, blocking it."""
    try:
        effect = next(flow)
        while True:
            made, failure = None, None
            try:
                made = effect.run()
            except BaseException as error:  # noqa: BLE001 - the operation decides what becomes of it
                failure = _carried(error)
            # Thrown out here, so that what the operation raises instead does not drag this along as its context.
            effect = flow.send(made) if failure is None else flow.throw(failure)
    except StopIteration as done:
        made_of_all: T = done.value
        return made_of_all
    finally:
        failure = None  # a traceback that holds its own frame would keep all of it alive


async def arun(flow: Flow[T]) -> T:
    """Do an operation in the running event loop, which stays free while the operation waits."""
    try:
        effect = next(flow)
        while True:
            made, failure = None, None
            try:
                made = await effect.arun()
            except BaseException as error:  # noqa: BLE001 - the operation decides what becomes of it
                failure = _carried(error)
            # Thrown out here, so that what the operation raises instead does not drag this along as its context.
            effect = flow.send(made) if failure is None else flow.throw(failure)
    except StopIteration as done:
        made_of_all: T = done.value
        return made_of_all
    finally:
        failure = None  # a traceback that holds its own frame would keep all of it alive


def _carried(error: BaseException) -> BaseException:
    """The error in a form that generators and futures can carry: to both, a StopIteration is an end and no error."""
    if not isinstance(error, StopIteration):
        return error
    told = RuntimeError("the code raised StopIteration, as next(…) does at an end; write next(…, None)")
    told.__cause__ = error
    return told


class Blocking(Generic[T]):
    """Call sync code that may block; under `arun` it runs in a thread, with its context copied."""

    __slots__ = ("call",)

    def __init__(self, function: Callable[..., T], /, *args: Any, **kwargs: Any) -> None:
        self.call = partial(function, *args, **kwargs)

    def run(self) -> T:
        return self.call()

    async def arun(self) -> T:
        return await in_thread(self.call)


class MaybeAwaitable(Generic[T]):
    """Call a function that is sync or async; nobody knows before it was called."""

    __slots__ = ("call",)

    def __init__(self, function: Callable[..., T | Awaitable[T]], /, *args: Any, **kwargs: Any) -> None:
        self.call = partial(function, *args, **kwargs)

    def run(self) -> T:
        made = self.call()
        # A number, which rewards are, is told apart at once; to ask whether something can be awaited is slow.
        return made if isinstance(made, (float, int)) or not inspect.isawaitable(made) else block_on(made)

    async def arun(self) -> T:
        if inspect.iscoroutinefunction(self.call.func):
            made = self.call()
        else:
            made = await in_thread(self.call)
        return await made if inspect.isawaitable(made) else made


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


def overrides(instance: Any, names: frozenset[str]) -> bool:
    """Whether one of these methods is the user's own: of the instance itself, or of a class that is not the library's."""
    kind: Any = type(instance)  # Any: mypy holds a class for unhashable
    return _has_own(kind, names) or not names.isdisjoint(getattr(instance, "__dict__", ()))


def own_pair(
    instance: Any, name: str, async_name: str
) -> tuple[Callable[..., Any], Callable[..., Awaitable[Any]]] | None:
    """A method that a class of the user's own overrides, and its async twin, for `SyncOrAsync`; None where neither is.

    Where only one of the two is overridden, or the other one further up, it stands for both.
    """
    if not overrides(instance, frozenset((name, async_name))):
        return None  # as for nearly every call
    depth, async_depth = _depth(instance, name), _depth(instance, async_name)
    method, twin = getattr(instance, name), getattr(instance, async_name)
    if depth is None:
        return (lambda *args, **kwargs: block_on(twin(*args, **kwargs))), twin
    if async_depth is None or async_depth > depth:
        return method, partial(in_thread, method)
    return method, twin


def _depth(instance: Any, name: str) -> int | None:
    """How many classes up the user's own `name` stands, -1 on the instance itself; None where it is the library's."""
    if name in getattr(instance, "__dict__", ()):
        return -1
    return _class_depth(type(instance), name)  # type: ignore[arg-type]  # every class can be hashed


@lru_cache(maxsize=2048)
def _has_own(cls: type, names: frozenset[str]) -> bool:
    return any(_class_depth(cls, name) is not None for name in names)


@lru_cache(maxsize=2048)
def _class_depth(cls: type, name: str) -> int | None:
    for i, one in enumerate(cls.__mro__):
        if name in vars(one):
            return None if one.__module__.partition(".")[0] == "refine_core" else i
    return None


class Pause:
    """Sleep for `seconds`. Raises RunCancelled as soon as `cancel` is set."""

    __slots__ = ("cancel", "seconds")

    def __init__(self, seconds: float, cancel: Cancel) -> None:
        self.seconds, self.cancel = seconds, cancel

    def run(self) -> None:
        self.cancel.sleep(self.seconds)

    async def arun(self) -> None:
        await self.cancel.asleep(self.seconds)


class Result(Generic[T]):
    """Wait for the result of work that runs elsewhere. Raises RunCancelled, TimeoutError; then the work is given up."""

    __slots__ = ("cancel", "timeout_s", "work")

    def __init__(self, work: Future[T], cancel: Cancel, timeout_s: float | None = None) -> None:
        self.work, self.cancel, self.timeout_s = work, cancel, timeout_s

    def run(self) -> T:
        return self.cancel.result(self.work, self.timeout_s)

    async def arun(self) -> T:
        return await self.cancel.aresult(self.work, self.timeout_s)


class Gather:
    """Do several operations at once, each in a copy of this context; the first failure is raised once all have ended.

    on_failure: told as soon as one fails, so that the others can be asked to end.
    """

    __slots__ = ("on_failure", "operations")

    def __init__(self, operations: Sequence[Flow[None]], on_failure: Callable[[], None]) -> None:
        self.operations, self.on_failure = operations, on_failure

    def run(self) -> None:
        context = contextvars.copy_context
        with ThreadPoolExecutor(len(self.operations), thread_name_prefix="gather") as pool:
            works = [pool.submit(context().run, self._one, flow) for flow in self.operations]
            try:
                for work in works:
                    work.result()
            except BaseException:  # Ctrl-C arrives here, in the thread that waits
                self.on_failure()
                raise

    def _one(self, flow: Flow[None]) -> None:
        try:
            run(flow)
        except BaseException:
            self.on_failure()
            raise

    async def arun(self) -> None:
        import asyncio  # for async callers only, as elsewhere here: it is slow to import

        async def one(flow: Flow[None]) -> None:
            try:
                await arun(flow)
            except BaseException:
                self.on_failure()
                raise

        ended = await asyncio.gather(*map(one, self.operations), return_exceptions=True)
        for error in ended:
            if isinstance(error, BaseException):
                raise error


async def in_thread(function: Callable[..., T], /, *args: Any, **kwargs: Any) -> T:
    """Run sync code in a thread, with the context copied, and await its result."""
    import asyncio

    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()
    context, within_another = contextvars.copy_context(), _in_thread.get()
    context.run(_in_thread.set, True)
    call = partial(context.run, function, *args, **kwargs)

    def settle(made: T | None, error: BaseException | None) -> None:
        if done.cancelled():
            return
        if error is not None:
            done.set_exception(error)
        else:
            done.set_result(cast("T", made))

    def work() -> None:
        made, failure = None, None
        try:
            made = call()
        except BaseException as error:  # noqa: BLE001 - whoever waits gets it
            failure = _carried(error)
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(settle, made, failure)

    _threads.do(work, beyond=within_another)
    return await done


def block_on(awaitable: Awaitable[T]) -> T:
    """The result of an awaitable, for sync code: in a loop of its own, and in a thread of its own where one runs here."""
    import asyncio

    async def wait() -> T:
        return await awaitable

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(wait())
    made: Future[T] = Future()
    context = contextvars.copy_context()
    thread = threading.Thread(target=context.run, args=(_settle, made, wait()), name="block-on", daemon=True)
    thread.start()
    return made.result()


def _settle(made: Future[T], work: Coroutine[Any, Any, T]) -> None:
    import asyncio

    try:
        made.set_result(asyncio.run(work))
    except BaseException as error:  # noqa: BLE001 - whoever waits gets it
        made.set_exception(error)


class _Threads:
    """Threads for sync code that blocks: as many as are needed up to a limit, kept for the next, and never waited for.

    An event loop's own would do, were they not as few as the machine's cores, and joined when the process ends.
    """

    def __init__(self, most: int) -> None:
        self._most, self._begun, self._idle = most, 0, 0
        self._work: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._lock = threading.Lock()

    def do(self, work: Callable[[], None], *, beyond: bool = False) -> None:
        """Have `work` done soon, by a thread that is idle or a new one. It must raise nothing.

        beyond: give it a thread of its own, whatever the limit; for work that a thread of these waits for.
        """
        if beyond:
            threading.Thread(target=work, name="sync-code, within", daemon=True).start()
            return
        with self._lock:
            fresh = self._idle == 0 and self._begun < self._most
            if fresh:
                self._begun += 1
            else:
                self._idle -= 1  # below 0: as much waits for a thread
        if fresh:
            threading.Thread(target=self._serve, args=(work,), name="sync-code", daemon=True).start()
        else:
            self._work.put(work)

    def _serve(self, work: Callable[[], None]) -> None:
        while True:
            work()
            del work  # what it holds must not live until the next comes
            with self._lock:
                self._idle += 1
            work = self._work.get()


_in_thread: contextvars.ContextVar[bool] = contextvars.ContextVar("refine_core_in_thread", default=False)
_threads = _Threads(MOST_THREADS)


def _after_fork() -> None:
    """A forked process has none of its parent's threads, so it begins anew."""
    _threads.__init__(MOST_THREADS)  # type: ignore[misc]  # the same object, which others may hold


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
