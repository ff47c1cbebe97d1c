"""Models asked from async code: the same operation, on an event loop that stays free."""

from __future__ import annotations

import asyncio
import threading

import pytest

from refine_core.concurrency.cancellation import Cancel
from refine_core.concurrency.flows import arun, run
from refine_core.errors import LMError, LMRateLimitError, LMUnavailableError, RunCancelled
from refine_core.events import LMFailed, LMReplied, LMRequested, LMRetried
from refine_core.lm import LM, BaseLM, Reply, ScriptedLM, warm
from refine_core.lm.ask import ask
from refine_core.log.scope import Collector, Scope, use_scope
from tests.openai_server import Answer, OpenAIServer, status
from tests.threads import call_within

ASK = [{"role": "user", "content": "why?"}]
CANARY = "canary-5d1e-of-any-shape"


@pytest.fixture
def server():
    with OpenAIServer() as alive:
        yield alive


@pytest.fixture(scope="module", autouse=True)
def _litellm_is_imported_once():
    warm()
    with OpenAIServer() as server:
        assert lm_of(server, timeout_s=60.0)("hi") == ["hello"]


def lm_of(server, **settings):
    given = {"api_base": server.url, "api_key": CANARY, "num_retries": 0, "cache": False, **settings}
    return LM("tiny", **given)


def test_awaiting_a_model_gives_what_calling_it_gives(server):
    lm = lm_of(server)
    assert asyncio.run(lm.acall("hi", temperature=0.3)) == lm("hi", temperature=0.3) == ["hello"]
    assert server.requests[0].json == server.requests[1].json


def test_the_loop_is_free_while_the_model_is_asked_and_while_a_retry_waits(server):
    """Were it not, the server would wait in vain for what the loop does meanwhile, and say so."""
    free = threading.Event()
    server.script(status(429, retry_after=1), lambda _: "late" if free.wait(10) else "in vain")

    async def both():
        asked = asyncio.create_task(lm_of(server, num_retries=1).acall("hi"))
        await asyncio.to_thread(server.wait_for_requests)
        await asyncio.to_thread(server.requests[0].done.wait, 10)
        retry_waits = len(server.requests) == 1
        await asyncio.to_thread(server.wait_for_requests, 2)
        free.set()
        return await asked, retry_waits

    assert asyncio.run(both()) == (["late"], True)


def test_many_calls_run_side_by_side(server):
    meeting = threading.Barrier(8, timeout=10)
    server.default = lambda _: "slow" if meeting.wait() >= 0 else ""

    async def many():
        return await asyncio.gather(*(lm_of(server).acall(str(n)) for n in range(8)))

    assert asyncio.run(many()) == [["slow"]] * 8


def test_cancelling_the_task_closes_the_call(server):
    server.script(Answer(hang_s=30))

    async def give_up():
        asked = asyncio.create_task(lm_of(server, timeout_s=30.0).acall("hi"))
        await asyncio.to_thread(server.wait_for_requests)
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked

    asyncio.run(give_up())
    assert server.requests[0].disconnected.wait(2)


def test_cancelling_the_task_in_a_retrys_wait_ends_it_and_asks_no_more(server):
    server.script(status(429, retry_after=20))

    async def give_up():
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(lm_of(server, num_retries=3).acall("hi"), 0.5)

    call_within(3, lambda: asyncio.run(give_up()))
    assert len(server.requests) == 1


def test_the_scopes_cancel_ends_an_awaited_call_and_closes_it(server):
    server.script(Answer(hang_s=30))
    cancel = Cancel()

    async def give_up():
        with use_scope(Scope(cancel=cancel)), pytest.raises(RunCancelled):
            await lm_of(server, timeout_s=30.0).acall("hi")

    threading.Timer(0.3, cancel.set).start()
    asyncio.run(give_up())
    assert server.requests[0].disconnected.wait(2)


@pytest.mark.parametrize("drive", [run, lambda flow: asyncio.run(arun(flow))], ids=["sync", "async"])
def test_a_call_is_told_as_the_same_events_either_way(server, drive):
    server.script(status(429, retry_after=0), "fine", status(500), status(500))
    facts, lm = Collector(), lm_of(server, num_retries=1)
    scope = Scope((facts,))
    drive(ask(lm, ASK, {}, purpose="predict", scope=scope))
    with pytest.raises(LMUnavailableError):
        drive(ask(lm, ASK, {}, purpose="judge", scope=scope))
    assert [type(event) for event in facts.events] == [
        *(LMRequested, LMRetried, LMReplied),
        *(LMRequested, LMRetried, LMFailed),
    ]
    assert [span.path for span, _ in facts.facts] == ["lm"] * 3 + ["lm-2"] * 3


@pytest.mark.parametrize("drive", [run, lambda flow: asyncio.run(arun(flow))], ids=["sync", "async"])
def test_a_failure_brings_no_other_error_along(server, drive):
    """The error of litellm holds the request, and so the key."""
    server.script(status(401, f"Bad key {CANARY}."), status(429), status(429))
    for settings in ({}, {"num_retries": 1}):
        with pytest.raises(LMError) as caught:
            drive(ask(lm_of(server, **settings), ASK, {}, purpose="predict", scope=Scope()))
        assert (caught.value.__cause__, caught.value.__context__) == (None, None)
        assert CANARY not in str(caught.value)
    assert isinstance(caught.value, LMRateLimitError)


def test_calling_a_model_is_told_to_whoever_records(server):
    facts = Collector()
    with use_scope(Scope((facts,))):
        lm_of(server)("hi", api_token=CANARY)
    assert [type(event) for event in facts.events] == [LMRequested, LMReplied]
    assert CANARY not in repr(facts.facts)


# Other models


def test_a_written_script_asks_for_nothing_that_waits():
    """So that under async code no thread is needed."""
    with pytest.raises(StopIteration) as done:
        next(ScriptedLM(["one"]).flow(ASK, {}))
    assert done.value.value.text == "one"


def test_a_scripts_function_runs_in_a_thread_under_async_code_only():
    where = []

    def answer(messages, params):
        where.append(threading.current_thread())
        return Reply("yes")

    lm = ScriptedLM(answer)
    assert lm("a") == asyncio.run(lm.acall("b")) == ["yes"]
    assert where[0] is threading.current_thread()
    assert where[1] is not threading.current_thread()


def test_a_scripts_function_may_be_async():
    async def answer(messages, params):
        await asyncio.sleep(0)
        return f"{messages[-1]['content']}!"

    lm = ScriptedLM(answer)
    assert lm("a") == ["a!"]
    assert asyncio.run(lm.acall("b")) == ["b!"]


def test_a_model_of_ones_own_needs_only_a_sync_method():
    both_are_here = threading.Barrier(2, timeout=10)

    class Slow(BaseLM):
        def complete(self, messages, params, *, cancel=None, on_retry=None):
            both_are_here.wait()
            return Reply(str(threading.get_ident()))

    async def both():
        return await asyncio.gather(Slow("slow").acall("a"), Slow("slow").acall("b"))

    (one,), (other,) = asyncio.run(both())
    assert one != other
