"""What a run may spend: it stops before the call that it may no longer pay for, and keeps the best."""

from __future__ import annotations

from dataclasses import replace

import pytest

from refine_core import ModelSpec, ProgramSpec, StageSpec
from refine_core import events as ev
from refine_core.budget import Budget
from refine_core.errors import BudgetUsedUp, SpecError
from refine_core.log.span import RUN
from refine_core.runs import Credentials, Runs
from refine_core.store import MemoryStore
from tests.openai_server import Answer, OpenAIServer, polite
from tests.threads import run_to_end

REWARD = "def reward(args, pred):\n    return 0.5\n"
ASKED = ev.LMRequested("tiny", (), {})


@pytest.fixture
def runs():
    made = Runs(MemoryStore())
    yield made
    made.close()


def spec_for(server, **given):
    model = ModelSpec(
        kind="litellm",
        model="tiny",
        api_base=server.url,
        cache=False,
        price_in_usd=given.pop("price", 1000.0),
        price_out_usd=1000.0,
    )
    stages = (StageSpec("answer", "question -> answer"),)
    return ProgramSpec(stages, REWARD, {"question": "Why?"}, N=6, threshold=1.0, model=model, **given)


def run(runs, spec):
    return run_to_end(runs, runs.start(spec, Credentials({"model": "a-key-for-tests"})))


def test_a_run_stops_before_a_call_beyond_its_budget_and_returns_the_best(runs):
    with OpenAIServer(polite) as server:
        free = run(runs, spec_for(server))
        costs = [call.reply.cost_usd for call in free.timeline.calls]
        assert None not in costs
        assert sum(costs[:3]) > sum(costs[:2]) > 0
        asked = len(server.requests)
        kept = run(runs, spec_for(server, budget_usd=sum(costs[:2]) + costs[2] / 2))
        assert len(server.requests) - asked == 3, "the call that crosses the line is made, the next is not"
    end = kept.timeline.end
    assert (end.reason, end.returned) == ("budget_used_up", 0)
    assert "budget" in kept.stop_summary
    assert "Returned the best: attempt 1" in kept.stop_summary
    assert len(kept.timeline.calls) == 3, "a call that was not made is not on record"


def test_tokens_may_be_limited_too(runs):
    with OpenAIServer(polite) as server:
        kept = run(runs, spec_for(server, budget_tokens=1))
        assert len(server.requests) == 1
    assert kept.timeline.end.reason == "budget_used_up"
    assert "tokens are used, and the budget is 1" in kept.stop_summary


def test_an_unknown_price_ends_a_run_with_a_budget_after_its_first_call(runs):
    with OpenAIServer(polite) as server:
        base = spec_for(server, budget_usd=5.0)
        unknown = replace(base, model=replace(base.model, price_in_usd=None, price_out_usd=None))
        kept = run(runs, unknown)
        assert len(server.requests) == 1
    assert "price of tiny is not known" in kept.stop_summary
    assert "limit the tokens instead" in kept.stop_summary


def test_the_practice_model_is_free_of_any_budget(runs):
    spec = ProgramSpec(
        (StageSpec("answer", "question -> answer"),), REWARD, {"question": "Why?"}, N=2, budget_usd=0.001
    )
    assert run(runs, spec).timeline.end.reason == "attempts_used_up"


def test_what_was_spent_before_an_interruption_counts():
    spent = [ev.LMReplied("x", 0.1, 10, 10, cost_usd=0.5, model="tiny")]
    with pytest.raises(BudgetUsedUp, match=r"\$0.5 are spent, and the budget is \$0.5\."):
        Budget(0.5, events=spent).accept(RUN, ASKED)
    Budget(0.51, events=spent).accept(RUN, ASKED)


@pytest.mark.parametrize("mark", ["cache_hit", "replayed"])
def test_what_comes_for_nothing_is_not_counted(mark):
    reply = ev.LMReplied("x", 0.1, 10, 10, cost_usd=None, model="tiny", **{mark: True})
    budget = Budget(0.01, 5)
    budget.accept(RUN, reply)
    budget.accept(RUN, ASKED)


def test_tokens_that_nobody_told_cannot_be_kept_within_a_budget():
    budget = Budget(tokens=100)
    budget.accept(RUN, ev.LMReplied("x", 0.1, None, 3, cost_usd=0.0, model="tiny"))
    with pytest.raises(BudgetUsedUp, match="tiny does not say how many tokens it uses"):
        budget.accept(RUN, ASKED)


@pytest.mark.parametrize("name", ["budget_usd", "budget_tokens"])
def test_a_budget_must_be_above_nothing(runs, name):
    for wrong in (0, -1, True, "much", float("nan")):
        spec = ProgramSpec(
            (StageSpec("answer", "question -> answer"),), REWARD, {"question": "Why?"}, **{name: wrong}
        )
        with pytest.raises(SpecError, match=name):
            runs.start(spec)


@pytest.mark.parametrize(
    "answer",
    [
        Answer(None, "length", usage={"prompt_tokens": 40, "completion_tokens": 960}),
        Answer(None, "content_filter", usage={"prompt_tokens": 40, "completion_tokens": 960}),
        Answer(None, "stop", usage={"prompt_tokens": 40, "completion_tokens": 960}),
    ],
    ids=lambda answer: answer.finish_reason,
)
def test_an_answer_of_no_use_is_paid_for_all_the_same(runs, answer):
    """A model that reasons until its tokens are used up says nothing, and costs the most."""
    with OpenAIServer(lambda _: answer) as server:
        spec = spec_for(server, budget_tokens=1500)
        spec = replace(spec, model=replace(spec.model, retries=1), strategy="best_of_n")
        ended = run(runs, spec)
        asked = len(server.requests)
    told = [event for event in (r.event for r in runs.events(ended.run_id)) if ev.charge_of(event)]
    assert [type(e) for e in told] in ([ev.LMFailed, ev.LMFailed], [ev.LMRetried, ev.LMFailed])
    assert asked == 2, "the third would be beyond the budget"
    assert ended.timeline.end.reason == "budget_used_up"
    assert ended.timeline.usage.prompt_tokens == 80
    assert ended.timeline.usage.cost_usd == pytest.approx(2.0)
    assert "2,000 tokens" in ended.usage_summary
    (row,) = runs.recent()
    assert [(s.calls, s.completion_tokens, s.cost_usd) for s in row.summary.spent] == [(2, 1920, 2.0)]
    resumed = Budget(
        tokens=1500, events=(r.event for r in runs.events(ended.run_id) if ev.charge_of(r.event))
    )
    with pytest.raises(BudgetUsedUp, match="2,000 tokens are used"):
        resumed.accept(RUN, ASKED)


def test_a_budget_ends_the_retries_of_a_call_and_what_they_cost_is_on_record(runs):
    nothing = Answer(None, "stop", usage={"prompt_tokens": 40, "completion_tokens": 60})
    with OpenAIServer(lambda _: nothing) as server:
        spec = spec_for(server, budget_tokens=150)
        ended = run(runs, replace(spec, model=replace(spec.model, retries=8)))
        asked = len(server.requests)
    assert asked == 2, "the third try would be beyond the budget"
    assert ended.timeline.end.reason == "budget_used_up"
    assert [r.charge.completion_tokens for r in ended.timeline.calls[0].retries] == [60, 60]
    assert (len(ended.timeline.calls), ended.timeline.usage.prompt_tokens) == (1, 80)
    assert "200 tokens are used" in ended.stop_summary


def test_dollars_are_written_without_exponents(runs):
    with OpenAIServer(polite) as server:
        ended = run(runs, spec_for(server, budget_usd=1e-7, price=0.001))
    assert "e-" not in ended.stop_summary + ended.usage_summary


def test_the_replay_of_a_run_that_its_budget_ended_makes_no_more_requests(runs):
    with OpenAIServer(polite) as server:
        ended = run(runs, spec_for(server, budget_tokens=1))
    again = run_to_end(runs, runs.replay(ended.run_id, delay_s=0.0))
    assert again.timeline.end.reason == "recording_ended"
    assert len(again.timeline.calls) == len(ended.timeline.calls) == 1
    assert (
        [a.advice for a in again.timeline.attempts] == [a.advice for a in ended.timeline.attempts] == [None]
    )
