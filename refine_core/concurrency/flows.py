"""A flow: an operation written once, as a generator of effects; two drivers interpret it, one sync and one async.

    def operation() -> Flow[Reply]:               reply = run(operation())             blocks this thread
        yield Pause(0.5, cancel)                  reply = await arun(operation())      leaves the event loop free
        return (yield Blocking(fetch, url))

An effect is whatever has to wait, or calls code that is not ours; it knows how to do so in both worlds. Its result
is sent back into the generator, its error is thrown into it. httpx does the same with its authentication flow.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, Protocol, TypeVar

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Effect(Protocol[T_co]):
    """Something to be done, sync or async. What it raises reaches the flow that asked for it."""

    def run(self) -> T_co: ...
    async def arun(self) -> T_co: ...


Flow = Generator[Effect[Any], Any, T]
"""An operation: a generator of effects that returns a T."""


def run(flow: Flow[T]) -> T:
    """Run a flow in this thread, blocking it."""
    try:
        effect = next(flow)
        while True:
            value, failure = None, None
            try:
                value = effect.run()
            except BaseException as error:  # noqa: BLE001 - the flow decides what becomes of it
                failure = throwable(error)
            # Thrown out here, so that what the flow raises instead does not drag this along as its context.
            effect = flow.send(value) if failure is None else flow.throw(failure)
    except StopIteration as stop:
        result: T = stop.value
        return result
    finally:
        failure = None  # a traceback that holds its own frame would keep all of it alive


async def arun(flow: Flow[T]) -> T:
    """Run a flow in the running event loop, which stays free while the flow waits."""
    try:
        effect = next(flow)
        while True:
            value, failure = None, None
            try:
                value = await effect.arun()
            except BaseException as error:  # noqa: BLE001 - the flow decides what becomes of it
                failure = throwable(error)
            # Thrown out here, so that what the flow raises instead does not drag this along as its context.
            effect = flow.send(value) if failure is None else flow.throw(failure)
    except StopIteration as stop:
        result: T = stop.value
        return result
    finally:
        failure = None  # a traceback that holds its own frame would keep all of it alive


def throwable(error: BaseException) -> BaseException:
    """The error in a form that generators and futures can carry: to both, a StopIteration is an end and no error."""
    if not isinstance(error, StopIteration):
        return error
    replacement = RuntimeError(
        "the code raised StopIteration, as next(…) does at an end; write next(…, None)"
    )
    replacement.__cause__ = error
    return replacement
