"""What calls cost, added up for a block of code."""

from __future__ import annotations

import asyncio
import contextvars
import threading

import pytest

from refine_core import settings
from refine_core.lm import BaseLM, Reply, ScriptedLM, Usage, configure_cache
from refine_core.usage import UsageTracker, track_usage
from tests.threads import finish


def replies(*usages, cost=0.25):
    return ScriptedLM([Reply("x", Usage(*usage), cost_usd=cost) for usage in usages])


def total(prompt, said, cost):
    both = None if prompt is None or said is None else prompt + said
    return {"prompt_tokens": prompt, "completion_tokens": said, "total_tokens": both, "cost_usd": cost}


def test_calls_are_added_up_by_model():
    lm, other = replies((3, 2), (10, 5)), replies((1, 1))
    other.model = "other"
    with track_usage() as tracker:
        for one in (lm, other, lm):
            one("hi")
    assert tracker.get_total_tokens() == {"scripted": total(13, 7, 0.5), "other": total(1, 1, 0.25)}


def test_only_the_block_is_counted():
    lm = replies((1, 1), (1, 1), (1, 1))
    lm("before")
    with track_usage() as tracker:
        lm("within")
    lm("after")
    assert tracker.get_total_tokens()["scripted"]["total_tokens"] == 2
    assert settings.usage_tracker is None


def test_an_inner_tracker_counts_for_the_outer_one_too():
    """The original's outer tracker never learns of it."""
    lm = replies((1, 1), (10, 10))
    with track_usage() as outer:
        lm("a")
        with track_usage() as inner:
            lm("b")
    assert outer.get_total_tokens()["scripted"]["total_tokens"] == 22
    assert inner.get_total_tokens()["scripted"]["total_tokens"] == 20


def test_unknown_stays_unknown():
    """The original makes it 0, and so a sum that is too small."""
    lm = replies((3, 2), (None, 4))
    with track_usage() as tracker:
        lm("a")
        lm("b")
    assert tracker.get_total_tokens() == {"scripted": total(None, 6, 0.5)}


@pytest.mark.parametrize("cost", [None, 0.0])
def test_no_cost_and_an_unknown_cost_are_two_things(cost):
    lm = replies((1, 1), cost=cost)
    with track_usage() as tracker:
        lm("a")
    assert tracker.get_total_tokens()["scripted"]["cost_usd"] == cost


def test_a_known_reply_is_not_counted():
    class Cached(BaseLM):
        cache = True

        def complete(self, messages, params, *, cancel=None, on_retry=None):
            return Reply("x", Usage(1, 1), cost_usd=1.0)

    configure_cache()
    lm = Cached("cached")
    with track_usage() as tracker:
        assert lm("a") == lm("a") == asyncio.run(lm.acall("a"))
    assert tracker.get_total_tokens() == {"cached": total(1, 1, 1.0)}


def test_threads_and_tasks_that_have_its_context_count_for_it():
    lm = replies(*[(1, 1)] * 40)

    async def many():
        await asyncio.gather(*(lm.acall("hi") for _ in range(20)))

    with track_usage() as tracker:
        threads = [
            threading.Thread(target=contextvars.copy_context().run, args=(lm, "hi")) for _ in range(20)
        ]
        for thread in threads:
            thread.start()
        asyncio.run(many())
        finish(*threads)
    assert tracker.get_total_tokens()["scripted"]["total_tokens"] == 80


def test_entries_of_ones_own_are_added_up_in_depth():
    tracker = UsageTracker()
    for entry in (
        {"prompt_tokens": 1, "details": {"cached": 1}},
        {},
        {"prompt_tokens": 2, "details": {"cached": 2, "audio": 3}},
    ):
        tracker.add_usage("m", entry)
    assert tracker.get_total_tokens() == {"m": {"prompt_tokens": 3, "details": {"cached": 3, "audio": 3}}}


def test_what_is_handed_out_belongs_to_whoever_asked():
    tracker = UsageTracker()
    tracker.add_usage("m", {"details": {"cached": 1}})
    tracker.get_total_tokens()["m"]["details"]["cached"] = 99
    assert tracker.get_total_tokens() == {"m": {"details": {"cached": 1}}}
