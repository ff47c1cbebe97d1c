"""What calls cost, by day and model: known sums, unknown said to be so, nothing counted twice."""

from __future__ import annotations

import datetime
from dataclasses import replace
from functools import reduce

from hypothesis import given
from hypothesis import strategies as st

from refine_core import events as ev
from refine_core.connections.spending import sum_spending
from refine_core.log.scope import Record
from refine_core.log.span import RUN
from refine_core.log.spending import QUARTER_S, spend
from refine_core.log.summaries import summarize
from refine_core.spec import ProgramSpec, StageSpec
from refine_core.store import MemoryStore

SPEC = ProgramSpec((StageSpec("answer", "question -> answer"),), "def reward(a, p): return 1")
NOW = datetime.datetime.now().astimezone().replace(hour=12, minute=0).timestamp()
DAY_S = 86_400
TODAY = datetime.datetime.fromtimestamp(NOW).astimezone().date()


def reply(model="tiny", tokens=(10, 5), cost=0.5, **more):
    return ev.LMReplied("x", 0.1, *tokens, cost_usd=cost, model=model, **more)


def rows(*replies, at=NOW):
    """One run with these replies, a minute apart."""
    store = MemoryStore()
    first = Record("run", 1, at, RUN, ev.RunStarted(SPEC, (0.0,), ("answer",), "0"))
    records = [first, *(Record("run", n, at + n, RUN, event) for n, event in enumerate(replies, 2))]
    store.append(records, reduce(summarize, records, None))
    return store.rows()


def test_calls_are_added_up_by_day_and_model():
    (one, other) = sum_spending(rows=rows(reply(), reply(), reply("big", cost=2.0)))
    assert (one.model, one.calls, one.cost_usd) == ("big", 1, 2.0)
    assert (other.model, other.calls, other.prompt_tokens, other.completion_tokens) == ("tiny", 2, 20, 10)
    assert (other.cost_usd, other.unpriced, other.free) == (1.0, 0, 0)
    assert one.day == TODAY


def test_what_is_unknown_is_not_nothing():
    (spent,) = sum_spending(
        rows=rows(reply(tokens=(None, None), cost=None), reply(tokens=(None, 3), cost=None))
    )
    assert (spent.prompt_tokens, spent.completion_tokens, spent.cost_usd) == (None, None, None)
    assert (spent.uncounted, spent.unpriced) == (2, 2)


def test_where_some_is_known_the_sum_says_how_many_calls_it_lacks():
    (spent,) = sum_spending(rows=rows(reply(), reply(cost=None)))
    assert (spent.cost_usd, spent.unpriced, spent.prompt_tokens, spent.uncounted) == (0.5, 1, 20, 0)


def test_what_came_for_nothing_is_counted_as_free_and_costs_nothing():
    (spent,) = sum_spending(rows=rows(reply(cost=0.0, cache_hit=True), reply(cost=0.0, replayed=True)))
    assert (spent.calls, spent.free, spent.prompt_tokens, spent.cost_usd) == (2, 2, 0, 0.0)


def test_days_before_the_window_are_left_out_and_the_newest_comes_first():
    old, yesterday = rows(reply(), at=NOW - 40 * DAY_S), rows(reply(), at=NOW - DAY_S)
    days = [s.day for s in sum_spending(30, rows=[*old, *yesterday, *rows(reply())])]
    today = TODAY
    assert days == [today, today - datetime.timedelta(days=1)]


def test_runs_of_before_costs_were_kept_add_nothing():
    (row,) = rows(reply())
    assert sum_spending(rows=[replace(row, summary=replace(row.summary, spent=None))]) == []


@given(
    st.lists(st.tuples(st.floats(0, 4 * QUARTER_S), st.sampled_from("ab"), st.integers(0, 9)), max_size=30)
)
def test_no_order_or_spacing_of_calls_loses_any(calls):
    spent = ()
    for at, model, tokens in calls:
        spent = spend(spent, reply(model, (tokens, 1), cost=1.0), at)
    assert sum(s.calls for s in spent) == len(calls)
    assert sum(s.prompt_tokens for s in spent) == sum(tokens for _, _, tokens in calls)
    assert len({(s.quarter, s.model) for s in spent}) == len(spent)


def test_a_runs_summary_with_its_costs_survives_the_store(tmp_path):
    from refine_core.store import open_store

    (row,) = rows(reply(), reply("big", cost=None))
    store = open_store(tmp_path)
    first = Record("run", 1, NOW, RUN, ev.RunStarted(SPEC, (0.0,), ("answer",), "0"))
    store.append([first], row.summary)
    assert store.rows()[0].summary == row.summary
    store.close()
