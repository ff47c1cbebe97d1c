"""Flows, their two drivers and effects; threads and cancellation."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from concurrent.futures import Future
from contextvars import ContextVar

import pytest

from refine_core import Cancel, RunCancelled
from refine_core.concurrency.effects import Blocking, FutureResult, Gather, MaybeAwaitable, Pause, SyncOrAsync
from refine_core.concurrency.flows import arun, run
from refine_core.concurrency.threads import BackgroundLoop, WorkerThreads, block_on, start_thread
from tests.threads import call_within


def both(operation):
    """What an operation gives, sync and async; they must agree."""
    one, other = run(operation()), asyncio.run(arun(operation()))
    assert one == other
    return one


async def plus_one(value):
    await asyncio.sleep(0)
    return value + 1


def test_what_comes_of_an_effect_is_sent_back_into_the_operation():
    def operation():
        first = yield Blocking(lambda: 1)
        second = yield MaybeAwaitable(plus_one, first)
        third = yield MaybeAwaitable(lambda value: value + 1, second)
        return (yield SyncOrAsync((lambda value: value + 1, plus_one), third))

    assert both(operation) == 4


def test_what_an_effect_raises_is_thrown_into_the_operation():
    def operation():
        try:
            yield Blocking(lambda: 1 // 0)
        except ZeroDivisionError:
            return "caught"

    assert both(operation) == "caught"


def test_an_error_that_the_operation_does_not_catch_is_raised():
    def operation():
        yield Blocking(lambda: 1 // 0)

    with pytest.raises(ZeroDivisionError):
        run(operation())
    with pytest.raises(ZeroDivisionError):
        asyncio.run(arun(operation()))


def test_sync_code_under_async_leaves_the_loop_free_and_sees_its_context():
    name = ContextVar("name", default="nobody")
    seen, ticked = [], threading.Event()

    def work():
        assert ticked.wait(10), "the loop is blocked"
        seen.append((name.get(), threading.current_thread() is threading.main_thread()))

    def operation():
        yield Blocking(work)

    async def main():
        name.set("somebody")
        task = asyncio.create_task(arun(operation()))
        await asyncio.sleep(0)  # the task has begun its work
        ticked.set()
        await task

    asyncio.run(main())
    assert seen == [("somebody", False)]


@pytest.mark.parametrize("driver", [run, lambda flow: asyncio.run(arun(flow))], ids=["sync", "async"])
def test_a_pause_ends_at_once_when_it_is_cancelled(driver):
    cancel = Cancel()
    threading.Timer(0.05, cancel.set).start()

    def operation():
        yield Pause(600, cancel)

    with pytest.raises(RunCancelled):
        call_within(30, lambda: driver(operation()))


@pytest.mark.parametrize("driver", [run, lambda flow: asyncio.run(arun(flow))], ids=["sync", "async"])
def test_work_that_takes_too_long_is_given_up(driver):
    work = Future()

    def operation():
        yield FutureResult(work, Cancel(), 0.02)

    with pytest.raises(TimeoutError):
        driver(operation())
    assert work.cancelled()


def test_a_task_that_is_cancelled_gives_its_work_up():
    work = Future()

    def operation():
        yield FutureResult(work, Cancel())

    async def main():
        task = asyncio.create_task(arun(operation()))
        await asyncio.sleep(0)  # it waits by then
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert work.cancelled()


@pytest.mark.parametrize("driver", [run, lambda flow: asyncio.run(arun(flow))], ids=["sync", "async"])
def test_operations_together_overlap_and_the_first_failure_is_raised(driver):
    meeting, told = threading.Barrier(2, timeout=10), []

    def meets():
        yield Blocking(meeting.wait)

    def fails():
        yield Blocking(meeting.wait)
        raise ValueError("no")

    def operation():
        yield Gather([meets(), fails()], lambda: told.append("failed"))

    with pytest.raises(ValueError, match="no"):
        driver(operation())
    assert told[0] == "failed"


def test_an_awaitable_can_be_waited_for_where_a_loop_already_runs():
    async def main():
        return block_on(plus_one(1))

    assert asyncio.run(main()) == 2
    assert block_on(plus_one(1)) == 2


def test_a_cancel_within_another_is_set_with_it_and_not_the_other_way_round():
    outer = Cancel()
    inner, other = Cancel(parent=outer), Cancel(parent=outer)
    inner.set()
    assert (outer.is_set, other.is_set) == (False, False)
    other.detach()
    outer.set()
    assert (inner.is_set, other.is_set) == (True, False)


def test_a_cancel_tells_once_and_at_once_if_it_is_already_set():
    cancel, told = Cancel(), []
    cancel.on_set(lambda: told.append("first"))
    forget = cancel.on_set(lambda: told.append("never"))
    forget()
    cancel.set()
    cancel.set()
    cancel.on_set(lambda: told.append("late"))
    assert told == ["first", "late"]


def test_sync_code_under_async_is_not_limited_to_the_machines_cores():
    meeting = threading.Barrier(60, timeout=20)

    async def main():
        def operation():
            yield Blocking(meeting.wait)

        await asyncio.gather(*(arun(operation()) for _ in range(60)))

    asyncio.run(main())


def test_a_process_ends_though_sync_code_hangs():
    code = (
        "import asyncio, threading; from refine_core.concurrency.threads import in_thread\n"
        "async def main():\n"
        "    try: await asyncio.wait_for(in_thread(threading.Event().wait, 600), 0.1)\n"
        "    except TimeoutError: print('gave up')\n"
        "asyncio.run(main())"
    )
    went = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=True
    )
    assert went.stdout == "gave up\n"


@pytest.mark.parametrize("driver", [run, lambda flow: asyncio.run(arun(flow))], ids=["sync", "async"])
def test_a_stop_iteration_of_a_users_code_is_an_error_like_any_other(driver):
    def operation():
        yield Blocking(lambda: next(iter([])))

    with pytest.raises(RuntimeError, match=r"raised StopIteration, as next\(…\) does") as caught:
        driver(operation())
    assert isinstance(caught.value.__cause__, StopIteration)


def test_threads_that_wait_for_threads_never_wait_for_ever():
    """Sync code in a thread that runs an event loop of its own, whose sync code needs a thread, at the limit."""
    in_thread = WorkerThreads(4).call

    def inner():
        return block_on(in_thread(lambda: 1))

    async def main():
        return await asyncio.gather(*(in_thread(inner) for _ in range(12)))

    assert asyncio.run(asyncio.wait_for(main(), 20)) == [1] * 12


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system forks no processes")
def test_a_forked_process_has_threads_of_its_own():
    code = (
        "import asyncio, os, sys; from refine_core.concurrency.threads import in_thread\n"
        "asyncio.run(in_thread(int))\n"
        "child = os.fork()\n"
        "if child == 0:\n"
        "    asyncio.run(asyncio.wait_for(in_thread(int), 10)); os._exit(7)\n"
        "sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=30, check=False).returncode == 7


def test_a_thread_hands_over_what_its_function_returns_or_raises():
    name = ContextVar("name", default="nobody")
    name.set("somebody")
    assert start_thread(name.get, name="test").result(10) == "somebody"
    with pytest.raises(ZeroDivisionError):
        start_thread(lambda: 1 / 0, name="test").result(10)


def test_a_background_loop_does_the_work_of_many_threads_in_one():
    loop = BackgroundLoop("test")

    async def where():
        await asyncio.sleep(0)
        return threading.current_thread().name

    results = [start_thread(lambda: loop.submit(where()).result(10), name=str(i)) for i in range(4)]
    assert [result.result(10) for result in results] == ["test"] * 4


def test_a_cancelled_result_cancels_its_work_in_the_background_loop():
    loop, begun, ended = BackgroundLoop("test"), threading.Event(), threading.Event()

    async def work():
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    result = loop.submit(work())
    assert begun.wait(10)
    result.cancel()
    assert ended.wait(10)
