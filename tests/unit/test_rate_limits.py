"""Limits of calls for each model: turns by a clock that stands still, and real calls to a server on loopback."""

from __future__ import annotations

import asyncio
import heapq
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from refine_core.concurrency.cancellation import Cancel
from refine_core.concurrency.flows import arun, run
from refine_core.errors import LMRateLimitError, LMStillRefusedError, RunCancelled
from refine_core.events import LMReplied, LMRequested
from refine_core.lm import LM, warm
from refine_core.lm.ask import ask
from refine_core.lm.rate_limits import limit_rates
from refine_core.lm.shared import shared
from refine_core.lm.turns import GOOD_REPLIES, MAX_IN_A_ROW, MIN_REFUSED_S, ModelLimiter, Turn
from refine_core.log.scope import Collector, Scope
from refine_core.practice import PracticeLM
from tests.openai_server import Answer, OpenAIServer, status
from tests.threads import call_within, eventually, finish

ASK = [{"role": "user", "content": "why is it so?"}]


@dataclass(frozen=True)
class Limits:
    at_once: int = 8
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None


class Clock:
    """Time that goes on when a test says so."""

    def __init__(self):
        self.at, self.alarms, self.count = 100.0, [], 0

    def now(self):
        return self.at

    def call_later(self, seconds, callback):
        self.count += 1
        entry = [self.at + seconds, self.count, callback]
        heapq.heappush(self.alarms, entry)
        return lambda: entry.__setitem__(2, lambda: None)

    def advance(self, seconds):
        until = self.at + seconds
        while self.alarms and self.alarms[0][0] <= until:
            self.at, _, callback = heapq.heappop(self.alarms)
            callback()
        self.at = until


class Queue:
    """A limiter and the turns that have lined up at it, in order."""

    def __init__(self, **limits):
        self.clock = Clock()
        self.limiter = ModelLimiter("tiny", Limits(**limits), self.clock)
        self.turns = []

    def line_up(self, count=1, tokens=0):
        turns = [Turn(self.limiter, tokens) for _ in range(count)]
        for turn in turns:
            self.limiter.line_up(turn)
        self.turns += turns
        return turns

    @property
    def active(self):
        return [number for number, turn in enumerate(self.turns) if turn.active]

    def reply(self, turn, tokens=None):
        self.limiter.give_back(turn, tokens, good=True)

    def refuse(self, turn, retry_after_s=None):
        self.limiter.refuse(turn, retry_after_s)
        self.limiter.give_back(turn)


def test_only_so_many_calls_are_under_way_at_once():
    queue = Queue(at_once=2)
    turns = queue.line_up(5)
    assert queue.active == [0, 1]
    queue.reply(turns[1])
    assert queue.active == [0, 2]


def test_whoever_came_first_is_served_first():
    queue = Queue(at_once=1)
    turns = queue.line_up(6)
    order = []
    for _ in turns:
        order += queue.active
        queue.reply(queue.turns[queue.active[0]])
    assert order == [0, 1, 2, 3, 4, 5]


def test_requests_per_minute_hold_in_any_minute():
    queue = Queue(at_once=100, requests_per_minute=3)
    queue.line_up(2)
    queue.clock.advance(30)
    queue.line_up(5)
    assert queue.active == [0, 1, 2]
    queue.clock.advance(29.9)
    assert queue.active == [0, 1, 2]
    queue.clock.advance(0.1)  # a minute after the first two
    assert queue.active == [0, 1, 2, 3, 4]
    queue.clock.advance(30)
    assert queue.active == [0, 1, 2, 3, 4, 5]


def test_tokens_per_minute_count_what_replies_really_took():
    queue = Queue(tokens_per_minute=1000)
    first, _second = queue.line_up(2, tokens=500)
    queue.line_up(1, tokens=400)
    assert queue.active == [0, 1]
    queue.reply(first, tokens=50)
    assert queue.active == [1, 2]
    assert queue.limiter.estimate_tokens(4000) == 50


def test_without_a_known_call_tokens_are_estimated_by_the_prompt():
    assert Queue().limiter.estimate_tokens(4000) == 1000


def test_a_call_of_more_tokens_than_a_minute_has_goes_alone():
    queue = Queue(tokens_per_minute=100)
    queue.line_up(1, tokens=60)
    queue.line_up(1, tokens=5000)
    assert queue.active == [0]
    queue.clock.advance(60)
    assert queue.active == [0, 1]


def test_after_a_refusal_nobody_sends_before_the_time_that_was_named():
    queue = Queue(at_once=8)
    turns = queue.line_up(12)
    queue.refuse(turns[0], retry_after_s=5)
    for turn in turns[1:8]:
        queue.reply(turn)
    assert queue.active == []
    queue.clock.advance(4.99)
    assert queue.active == []
    queue.clock.advance(0.01)
    assert queue.active == [8, 9, 10, 11]


def test_a_refusal_halves_and_good_replies_allow_one_more_each():
    queue = Queue(at_once=8)
    queue.refuse(queue.line_up(8)[0], retry_after_s=1)
    assert queue.limiter.pace().at_once == 4
    for turn in queue.turns[1:]:
        queue.reply(turn)
    queue.clock.advance(1)
    assert queue.limiter.pace().at_once == 4  # replies to what was sent before the refusal do not count
    for allowed in (5, 6, 7, 8):
        for _ in range(GOOD_REPLIES):
            assert queue.limiter.pace().at_once == allowed - 1
            queue.reply(queue.line_up(1)[0])
    assert not queue.limiter.pace().is_slowed


def test_of_calls_that_were_under_way_together_one_refusal_halves():
    queue = Queue(at_once=8)
    for turn in queue.line_up(8):
        queue.refuse(turn, retry_after_s=1)
    pace = queue.limiter.pace()
    assert (pace.at_once, pace.refusals, pace.paused_s) == (4, 8, 1.0)


def test_the_number_under_way_is_halved_where_it_is_below_the_limit():
    queue = Queue(at_once=200)
    queue.refuse(queue.line_up(6)[0], retry_after_s=1)
    assert queue.limiter.pace().at_once == 3


def test_without_a_time_named_the_backoff_grows():
    queue = Queue(at_once=1)
    waits = []
    for _ in range(4):
        queue.refuse(queue.line_up(1)[0])
        waits.append(queue.limiter.pace().resumes_in_s)
        queue.clock.advance(waits[-1])
    assert waits == [1, 2, 4, 8]


def test_ten_refusals_in_a_row_over_a_minute_are_given_up():
    queue = Queue(at_once=1)
    hopeless = []
    while not hopeless or not hopeless[-1]:
        queue.refuse(queue.line_up(1)[0])
        hopeless.append(queue.limiter.streak.is_hopeless)
        queue.clock.advance(queue.limiter.pace().resumes_in_s)
    assert len(hopeless) == MAX_IN_A_ROW
    assert queue.limiter.streak.lasted_s == 1 + 2 + 4 + 8 + 16 + 32 + 3 * 60
    queue.line_up(1)
    assert queue.turns[-1].active, "nobody is held back, so that other arms learn it, too"


def test_a_burst_of_refusals_within_a_minute_is_not_given_up():
    queue = Queue(at_once=1)
    for _ in range(3 * MAX_IN_A_ROW):
        queue.refuse(queue.line_up(1)[0], retry_after_s=1)
        queue.clock.advance(1)
    assert queue.limiter.streak.lasted_s < MIN_REFUSED_S
    assert not queue.limiter.streak.is_hopeless


def test_one_reply_ends_a_row_of_refusals():
    queue = Queue(at_once=1)
    for _ in range(MAX_IN_A_ROW - 1):
        queue.refuse(queue.line_up(1)[0], retry_after_s=20)
        queue.clock.advance(20)
    queue.reply(queue.line_up(1)[0])
    queue.refuse(queue.line_up(1)[0], retry_after_s=20)
    assert queue.limiter.streak.count == 1


@pytest.mark.parametrize(("waits", "hopeless"), [([3600], False), ([3601], True), ([1800, 1900], True)])
def test_a_wait_that_the_server_asks_for_is_kept_up_to_an_hour_in_all(waits, hopeless):
    queue = Queue(at_once=1)
    for wait_s in waits:
        queue.refuse(queue.line_up(1)[0], retry_after_s=wait_s)
        held_s = queue.limiter.pace().resumes_in_s
        queue.clock.advance(held_s)
    assert queue.limiter.streak.is_hopeless is hopeless
    assert held_s == (0 if hopeless else waits[-1])


def test_a_refused_call_keeps_its_place_before_later_ones():
    queue = Queue(at_once=1)
    first = queue.line_up(3)[0]
    queue.refuse(first, retry_after_s=1)
    queue.limiter.line_up(first)
    queue.clock.advance(1)
    assert queue.active == [0]


def test_a_cancel_ends_a_waiting_call_at_once_and_leaves_no_gap():
    queue = Queue(at_once=1)
    first = queue.line_up(1)[0]
    cancel, waiting = Cancel(), Turn(queue.limiter)
    flow = waiting.take(cancel)
    effect = next(flow)
    queue.line_up(1)
    cancel.set()
    with pytest.raises(RunCancelled):
        effect.run()
    with pytest.raises(RunCancelled):
        flow.throw(RunCancelled("cancelled"))
    queue.reply(first)
    assert queue.active == [1]
    assert queue.limiter.pace().waiting == 0


def test_a_turn_that_comes_while_its_caller_leaves_is_given_back():
    queue = Queue(at_once=1, requests_per_minute=2)
    first = queue.line_up(1)[0]
    waiting = Turn(queue.limiter)
    flow = waiting.take(Cancel())
    next(flow)
    queue.reply(first)
    assert waiting.active
    flow.close()
    assert not waiting.active
    queue.line_up(1)
    assert queue.active == [1]  # the call that was never sent is no request


def test_waiting_leaves_an_event_loop_free():
    queue = Queue(at_once=1)
    first = queue.line_up(1)[0]

    async def both():
        waiting = asyncio.create_task(arun(Turn(queue.limiter).take(Cancel())))
        await asyncio.sleep(0)
        assert queue.limiter.pace().waiting == 1
        queue.reply(first)
        await waiting

    call_within(20, lambda: asyncio.run(both()))


def test_closing_the_limits_lets_everybody_pass():
    queue = Queue(at_once=1)
    queue.refuse(queue.line_up(5)[0], retry_after_s=100)
    queue.limiter.set_limits(None)
    assert queue.active == [1, 2, 3, 4]


def test_two_installations_hold_the_tighter_limit_of_each_kind():
    with limit_rates({"practice model": Limits(4, 100)}) as outer, limit_rates({"practice model": Limits(2)}):
        ask_in_scope(PracticeLM())
        assert [pace.limit for pace in outer.paces()] == [2]
    assert shared.rates is None


def test_arms_on_one_model_share_its_limits_and_other_addresses_do_not():
    with limit_rates({"tiny": Limits()}):
        one, same, other = (LM("tiny", api_base=f"http://{host}/v1") for host in ("a", "a", "b"))
        assert shared.rates.limiter_of(one) is shared.rates.limiter_of(same)
        assert shared.rates.limiter_of(one) is not shared.rates.limiter_of(other)
        assert shared.rates.limiter_of(LM("other")) is None


def ask_in_scope(lm, cancel=None, sink=None):
    scope = Scope(() if sink is None else (sink,), cancel=cancel or Cancel())
    return run(ask(lm, ASK, {}, purpose="predict", scope=scope))


def test_a_call_is_recorded_as_sent_once_it_is_its_turn():
    sink = Collector()
    with limit_rates({"practice model": Limits(at_once=1)}):
        taken = shared.rates.turn(PracticeLM(), ASK)
        run(taken.take(Cancel()))
        thread = threading.Thread(
            target=ask_in_scope, args=(PracticeLM(),), kwargs={"sink": sink}, daemon=True
        )
        thread.start()
        eventually(lambda: taken.limiter.pace().waiting)
        assert sink.events == []
        taken.limiter.give_back(taken)
        finish(thread)
    assert [type(event) for event in sink.events] == [LMRequested, LMReplied]


def test_a_cancel_ends_a_call_that_waits_its_turn():
    cancel, sink = Cancel(), Collector()
    with limit_rates({"practice model": Limits(at_once=1)}), ThreadPoolExecutor(1) as pool:
        taken = shared.rates.turn(PracticeLM(), ASK)
        run(taken.take(Cancel()))
        waiting = pool.submit(ask_in_scope, PracticeLM(), cancel, sink)
        eventually(lambda: taken.limiter.pace().waiting)
        cancel.set()
        with pytest.raises(RunCancelled):
            waiting.result(20)
    assert sink.events == []


@pytest.fixture(scope="module")
def server():
    warm()
    with OpenAIServer() as alive:
        yield alive


def lm_of(server, **settings):
    return LM("tiny", **{"api_base": server.url, "api_key": "key", "cache": False, **settings})


def test_one_refusal_holds_back_eight_threads_until_the_time_named(server):
    """Each of them asks twice; the first call of all is refused, while the others wait for the server."""
    server.requests.clear()
    server.script(status(429, retry_after=0.4))
    server.default = Answer("hello", hang_s=0.05)
    with limit_rates({"tiny": Limits(at_once=8)}) as rates, ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda _: ask_in_scope(lm_of(server)).text, range(16)))
        pace = rates.paces()[0]
    assert replies == ["hello"] * 16
    assert (pace.refusals, pace.lowest) == (1, 4)
    refused = server.requests[0].at
    later = [request.at for request in server.requests[8:]]
    assert len(later) == 9
    assert min(later) >= refused + 0.4


class Stopwatch(Collector):
    """It notes when each event came, too."""

    def __init__(self):
        super().__init__()
        self.at = []

    def accept(self, span, event):
        self.at.append(time.monotonic())
        super().accept(span, event)


def test_what_the_model_took_leaves_out_what_a_further_try_waited(server):
    sink, lm = Stopwatch(), lm_of(server)
    with limit_rates({"tiny": Limits()}):

        def refuse(_):
            shared.rates.limiter_of(lm).pause(0.3)
            return status(429, retry_after=0.01)

        server.script(refuse)
        server.default = "hello"
        ask_in_scope(lm, sink=sink)
    requested, retried, replied = sink.events
    assert (type(requested), retried.ordinal) == (LMRequested, 1)
    assert replied.took_s <= sink.at[2] - sink.at[0] - 0.2


def test_a_refusal_costs_no_try_while_limits_are_in_force(server):
    server.requests.clear()
    server.script(*[status(429, retry_after=0.01)] * 3)
    server.default = "hello"
    lm = lm_of(server, num_retries=1)
    with limit_rates({"tiny": Limits()}) as rates:
        assert ask_in_scope(lm).text == "hello"
        assert rates.slowed_models() == {"tiny": 1}
    server.script(*[status(429, retry_after=0.01)] * 3)
    with pytest.raises(LMRateLimitError):
        ask_in_scope(lm)
    server.next_answer({})


def test_a_call_ends_once_its_model_only_refuses(server):
    clock = Clock()
    server.script(*[status(429, "Slow down.", retry_after=0)] * MAX_IN_A_ROW)
    server.default = "hello"
    lm = lm_of(server, num_retries=0)

    class Hasty(Collector):
        """Time flies by while the call waits to be sent again."""

        def accept(self, span, event):
            clock.advance(60)
            super().accept(span, event)

    with limit_rates({"tiny": Limits()}, clock=clock):
        with pytest.raises(
            LMStillRefusedError,
            match=r"\(429\)\. It said: \"Slow down\.\" It went on like that for 9 min 0 s, without a single reply",
        ):
            ask_in_scope(lm, sink=Hasty())
        assert ask_in_scope(lm).text == "hello"
        assert shared.rates.limiter_of(lm).streak is None


def test_a_cached_reply_waits_for_nobody(server):
    server.default = "hello"
    lm = lm_of(server, cache=True)
    with limit_rates({"tiny": Limits(at_once=1)}):
        ask_in_scope(lm)
        taken = shared.rates.turn(lm, ASK)
        run(taken.take(Cancel()))
        assert call_within(20, lambda: ask_in_scope(lm)).cache_hit


def test_a_plain_call_of_the_model_waits_its_turn_too(server):
    """`lm.complete`, without events: nobody has waited for it yet."""
    server.requests.clear()
    server.default = "hello"
    lm = lm_of(server)
    with limit_rates({"tiny": Limits(at_once=1)}), ThreadPoolExecutor(1) as pool:
        taken = shared.rates.turn(lm, ASK)
        run(taken.take(Cancel()))
        waiting = pool.submit(lm.complete, ASK, lm.kwargs)
        eventually(lambda: taken.limiter.pace().waiting)
        assert server.requests == []
        taken.limiter.give_back(taken)
        assert waiting.result(20).text == "hello"
