"""The rules by which calls to come are priced, each on recorded calls."""

from __future__ import annotations

import pytest

from refine_core import events as ev
from refine_core.errors import LMTimeoutError
from refine_core.estimates import mean_seconds, price_calls, price_of_one
from refine_core.log.span import RUN
from refine_core.log.timeline import Call
from refine_core.spec import ModelSpec

ASKED = ModelSpec("litellm", "tiny")
OTHER = ModelSpec("litellm", "huge")
PRICED = ModelSpec("litellm", "huge", price_in_usd=1_000_000.0, price_out_usd=0.0)


def call(cost=None, tokens=10, *, cached=False):
    reply = ev.LMReplied("text", 1.0, tokens, tokens, 0.0 if cached else cost, cache_hit=cached)
    return Call(RUN, "tiny", "predict", (), {}, 0.0, reply=reply)


def price(calls, then=ASKED, now=None, known=()):
    return price_calls(calls, {"predict": then}, {"predict": now or then}, known)


def test_a_call_that_was_made_costs_what_it_cost():
    assert price([call(0.25), call(0.5)]) == 0.75


def test_a_cached_reply_is_priced_as_its_like_that_was_made():
    assert price([call(cached=True), call(0.5)], known=[call(0.25)]) == 0.75


def test_a_cached_reply_without_a_like_is_unknown_and_not_free():
    assert price([call(cached=True)]) is None


def test_a_sum_with_an_unknown_part_is_unknown():
    assert price([call(0.25), call(None)]) is None


def test_a_call_without_an_answer_costs_nothing_and_tells_nothing():
    failed = Call(RUN, "tiny", "predict", (), {}, 0.0, error=ev.Fault.of(LMTimeoutError("late")))
    assert price([failed, call(0.25)]) == 0.25
    assert price([failed]) is None


def test_another_model_is_priced_by_its_own_prices_alone():
    assert price([call(0.25)], now=OTHER) is None
    assert price([call(0.25, tokens=3)], now=PRICED) == pytest.approx(3.0)


@pytest.mark.parametrize("kind", ["practice", "replay"])
def test_practice_and_replay_are_free(kind):
    assert price([call(None)], now=ModelSpec(kind)) == 0.0


def test_one_more_call_is_priced_by_those_of_its_own_model():
    calls = [(call(0.25), ASKED), (call(0.75), ASKED), (call(9.0), OTHER), (call(cached=True), ASKED)]
    assert price_of_one(calls, ASKED) == 0.5


def test_only_what_was_made_tells_how_long_it_takes():
    assert mean_seconds([(2.0, [call(0.25)]), (0.0, [call(cached=True)]), (None, [])]) == 2.0
    assert mean_seconds([(0.0, [call(cached=True)])]) is None
