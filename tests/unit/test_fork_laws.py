"""A branch as a law: it is the run that would have come of its description, but for what it keeps and does not ask again.

Generated runs, on a model that answers by prompt, temperature and rollout: a branch from any attempt of a run must then be what
the same changes make of a run from the start. The log of its parent may end anywhere.
"""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refine_core import ScriptedLM
from refine_core import events as ev
from refine_core.errors import SpecError
from refine_core.figures import build_story
from refine_core.figures.alt import describe_figure
from refine_core.figures.ledger import build_ledger
from refine_core.log.folds import LOOP_EVENTS
from refine_core.log.scope import Record
from refine_core.log.span import RUN
from refine_core.log.summaries import summarize
from refine_core.play import list_steps
from refine_core.refine.resuming import ResumeState
from refine_core.runs.forking import plan_fork
from refine_core.runs.forking.prefix import to_records
from refine_core.runs.rescoring import Rescored
from refine_core.spec import ModelSpec
from refine_core.spec.schedule import Schedule, list_temperatures
from refine_core.what_if import AS_RECORDED, what_if
from tests.logs import SCENARIOS, START
from tests.what_if_runs import Model, again, branch, change, cut, generate, record, scores

SCHEDULES = ("dspy-2.6", "dspy-3", "none", "list")
HINT = {"answer": "as a person wrote it"}


def schedule_of(kind, n):
    return Schedule("list", tuple(0.1 * (i + 1) for i in range(n))) if kind == "list" else Schedule(kind)


def rescore(timeline, spec):
    return Rescored(scores(timeline, spec))


def plan(done, attempt, **changes):
    return plan_fork(done.records, done.timeline, attempt, changes, rescore)


def problems(planned):
    """But for the reward, whose text is none here."""
    return [one for one in planned.problems if one.field != "reward"]


def made(kind, seed, *, n=None, **kw):
    """A generated run, its model and the dice."""
    dice = random.Random(f"{kind} {seed}")
    n = n or dice.randrange(1, 6)
    spec = generate(dice, schedule_of(kind, n), n)
    model = Model(
        dice.randrange(1000), fails=dice.choice((0, 1)), supports=dice.choice(((), ("temperature",)))
    )
    return record(spec, model, **kw), model, dice


def attempts_of(done):
    """What each attempt was and came to, as far as the run's outcome depends on it."""
    listed = []
    for one in done.timeline.attempts:
        temperature = one.temperature if done.timeline.has_temperature(one) else None
        reward = (one.reward, dict(one.unmet), one.score.feedback) if one.score is not None else one.error
        hints = dict(one.hints)
        prompts = [[m["content"] for m in call.messages] for run in one.predictors for call in run.calls]
        listed.append((one.index, temperature, hints, one.outputs, reward, prompts))
    return listed


def outcome(done):
    return done.stop.reason, done.stop.best, done.stop.returned


def assert_same(one, other):
    assert outcome(one) == outcome(other)
    assert attempts_of(one) == attempts_of(other)


def new_calls(done):
    return [call for call in done.timeline.calls if not call.kept]


@pytest.mark.parametrize("kind", SCHEDULES)
def test_a_branch_that_changes_nothing_ends_as_its_parent_did(kind):
    kept = 0
    for seed in range(30):
        parent, model, _ = made(kind, seed)
        for attempt in range(1, len(parent.timeline.attempts) + 2):
            planned = plan(parent, attempt)
            assert (planned.kept, problems(planned)) == (attempt - 1, [])
            child = branch(planned, model)
            assert_same(child, parent)
            assert len(new_calls(child)) == sum(
                len(a.calls) + (len(a.advice.calls) if a.advice else 0)
                for a in parent.timeline.attempts[attempt - 1 :]
            )
            kept += planned.kept
    assert kept > 50


@pytest.mark.parametrize("kind", SCHEDULES)
def test_what_a_branch_keeps_is_its_parents_log_and_costs_nothing(kind):
    for seed in range(40):
        parent, _, _ = made(kind, seed)
        for attempt in range(1, len(parent.timeline.attempts) + 2):
            planned = plan(parent, attempt)
            spans = {f"attempt-{i}" for i in range(attempt - 1)}
            expected = [
                (r.span, r.event)
                for r in parent.records
                if r.span.path.partition("/")[0] in spans
                or (isinstance(r.event, ev.HintsEdited) and r.event.index < attempt)
            ]
            assert [(one.span, one.event) for one in planned.events] == expected
            times = [one.before_s for one in planned.events]
            assert times == sorted(times, reverse=True)
            assert not times or times[-1] == 0


def test_kept_calls_count_as_none_in_the_timeline_and_in_the_list():
    for seed in range(30):
        parent, model, dice = made("dspy-2.6", seed)
        attempt = dice.randrange(1, len(parent.timeline.attempts) + 2)
        planned = plan(parent, attempt)
        child = branch(planned, model)
        summary = None
        for one in child.records:
            summary = summarize(summary, one)
        kept = sum(isinstance(one.event, ev.LMRequested) for one in planned.events)
        asked = sum(isinstance(r.event, ev.LMRequested) for r in child.records)
        assert child.timeline.usage.calls == asked - kept == summary.calls
        assert sum(one.calls for one in summary.spent) <= summary.calls
        assert [a.kept for a in child.timeline.attempts] == [
            i < attempt - 1 for i in range(len(child.timeline.attempts))
        ]
        assert (summary.parent, summary.fork_attempt) == ("run-1", attempt)
        assert ResumeState.of(child.records).worked_s == len(child.records) - len(planned.events) - 1


@pytest.mark.parametrize("kind", SCHEDULES)
def test_a_branch_of_a_run_that_was_cut_off_anywhere_ends_as_the_whole_run(kind):
    for seed in range(30):
        parent, model, dice = made(kind, seed)
        so_far = replace(parent, records=parent.records[: dice.randrange(1, len(parent.records))])
        ended = sum(a.has_ended for a in so_far.timeline.attempts)
        planned = plan(so_far, dice.randrange(1, ended + 2))
        assert_same(branch(planned, model), parent)


def test_attempts_that_did_not_end_cannot_be_kept():
    for seed in range(20):
        parent, _, dice = made("dspy-2.6", seed)
        so_far = replace(parent, records=parent.records[: dice.randrange(1, len(parent.records))])
        ended = sum(a.has_ended for a in so_far.timeline.attempts)
        for attempt in (0, -1, ended + 2):
            with pytest.raises(SpecError, match="begins at attempt 1"):
                plan(so_far, attempt)


@pytest.mark.parametrize("kind", SCHEDULES)
def test_a_branch_scored_in_another_way_is_that_run_from_the_start(kind):
    """The reward, the validators, the threshold or the failures allowed; the loop itself says where it goes another way."""
    earlier = whole = 0
    for seed in range(80):
        parent, model, dice = made(kind, seed)
        spec = parent.records[0].event.spec
        changed = change(dice, spec, spec.N)
        attempt = dice.randrange(1, len(parent.timeline.attempts) + 2)
        planned = plan(
            parent,
            attempt,
            reward=changed.reward,
            reward_shape="refine",
            validators=changed.validators,
            threshold=changed.threshold,
            fail_count=changed.fail_count,
        )
        assert_same(branch(planned, model), record(changed, model))
        assert planned.kept <= attempt - 1
        assert planned.kept == attempt - 1 or planned.reason
        earlier += planned.kept < attempt - 1
        whole += planned.kept == attempt - 1 > 0
    assert earlier > 4
    assert whole > 4


@pytest.mark.parametrize("kind", SCHEDULES)
def test_a_hint_that_a_person_writes_makes_the_branch_what_it_makes_of_a_run(kind):
    for seed in range(30):
        parent, model, dice = made(kind, seed, n=4)
        attempt = dice.randrange(1, len(parent.timeline.attempts) + 1)
        planned = plan(parent, attempt, hints=HINT)
        child = branch(planned, model)
        assert_same(child, record(parent.timeline.spec, model, edits={attempt - 1: HINT}))
        assert (
            child.timeline.attempts[attempt - 1].hints["answer"] == HINT["answer"] == planned.hints["answer"]
        )


def test_hints_that_a_person_wrote_in_the_parent_are_kept_with_their_attempts():
    for seed in range(30):
        parent, model, _ = made("dspy-2.6", seed, n=4, edits={1: HINT, 2: {"answer": "another"}})
        for attempt in range(3, len(parent.timeline.attempts) + 2):
            assert_same(branch(plan(parent, attempt), model), parent)
        if len(parent.timeline.attempts) > 1:
            child = branch(plan(parent, 2), model)
            assert child.timeline.attempts[1].hints == parent.timeline.attempts[1].hints


@pytest.mark.parametrize("kind", ["dspy-2.6", "dspy-3", "list"])
def test_a_temperature_of_its_own_is_that_of_one_attempt_alone(kind):
    for seed in range(30):
        parent, model, dice = made(kind, seed, n=4)
        spec = parent.timeline.spec
        attempt = dice.randrange(1, len(parent.timeline.attempts) + 1)
        planned = plan(parent, attempt, temperature=0.33)
        if problems(planned):
            assert not parent.timeline.has_temperature(parent.timeline.attempts[-1])
            continue
        own = [*list_temperatures(spec.schedule, 0.0, 4)]
        own[attempt - 1] = 0.33
        assert planned.temperature == 0.33
        assert_same(branch(planned, model), record(replace(spec, schedule=Schedule(kind, tuple(own))), model))


def test_more_attempts_go_on_at_temperatures_that_no_attempt_has_had():
    for seed in range(40):
        parent, model, _ = made("dspy-2.6", seed, n=3)
        count = len(parent.timeline.attempts)
        child = branch(plan(parent, count + 1, n=9, threshold=9.0), model)
        listed = child.timeline.temperatures
        assert (len(listed), len(set(listed)), listed[:3]) == (9, 9, parent.timeline.temperatures)
        if parent.timeline.spec.fail_count is None and not parent.timeline.spec.stop_on_repeating_error:
            assert len(child.timeline.attempts) == 9


class Switching:
    """A model that answers so many requests as one, and all later ones as another."""

    def __init__(self, first, count, then):
        self.first, self.left, self.then = first, count, then

    def answer(self, messages, params):
        self.left -= 1
        return (self.first if self.left >= 0 else self.then).answer(messages, params)

    def lm(self):
        return ScriptedLM(self.answer, supports=self.first.supports)


@pytest.mark.parametrize("kind", SCHEDULES)
def test_another_model_makes_the_branch_of_a_run_whose_model_changes_there(kind):
    for seed in range(30):
        parent, model, dice = made(kind, seed, n=4)
        other = replace(model, seed=model.seed + 1000)
        planned = plan(parent, dice.randrange(1, len(parent.timeline.attempts) + 1))
        asked = sum(isinstance(one.event, ev.LMRequested) for one in planned.events)
        changing = record(parent.timeline.spec, Switching(model, asked, other))
        assert_same(branch(planned, other), changing)


def test_a_new_adviser_is_asked_again_about_the_last_attempt_that_is_kept():
    again = 0
    for seed in range(40):
        parent, model, dice = made("dspy-2.6", seed, n=4)
        attempt = dice.randrange(2, len(parent.timeline.attempts) + 2)
        planned = plan(parent, attempt, adviser=ModelSpec(temperature=0.7))
        if parent.timeline.spec.hint_source != "adviser":
            assert [one.field for one in problems(planned)] == ["adviser"]
            continue
        had = parent.timeline.attempts[attempt - 2].advice
        assert planned.kept == attempt - 1
        assert planned.asks_first is (had is not None)
        kept = [r.event for r in planned.events if isinstance(r.event, ev.AdviceGiven)]
        assert all(event.after < attempt - 2 for event in kept)
        assert_same(branch(planned, model), parent)
        again += planned.asks_first
    assert again > 2


def test_a_branch_of_a_branch_is_a_branch_of_the_first_run():
    for seed in range(30):
        parent, model, dice = made("dspy-3", seed, n=5)
        attempts = range(1, len(parent.timeline.attempts) + 1)
        first, second = dice.choice(attempts), dice.choice(attempts)
        child = branch(plan(parent, first), model)
        assert_same(branch(plan(child, second), model), parent)
        hinted = branch(plan(parent, first, hints=HINT), model)
        count = len(hinted.timeline.attempts)
        assert_same(branch(plan(hinted, dice.randrange(first + 1, count + 2)), model), hinted)


def test_attempts_at_once_are_kept_as_far_as_all_before_them_have_ended():
    for seed in range(30):
        dice = random.Random(f"at once {seed}")
        spec = replace(generate(dice, Schedule(), 5), strategy="best_of_n")
        model = Model(seed)
        parent, alone = record(spec, model, at_once=3), record(spec, model)
        for attempt in range(1, len(alone.timeline.attempts) + 2):
            planned = plan(parent, attempt)
            child = branch(planned, model)
            assert outcome(child) == outcome(alone)
            assert attempts_of(child)[: len(alone.timeline.attempts)] == attempts_of(alone)


@pytest.mark.parametrize("changes", [{}, {"hints": HINT}, {"threshold": AS_RECORDED, "n": 7}])
def test_a_branch_that_was_cut_off_anywhere_and_resumed_ends_the_same(changes):
    for seed in range(40):
        parent, model, dice = made("dspy-2.6", seed, n=4)
        attempt = dice.randrange(1, len(parent.timeline.attempts) + 1)
        planned = plan(parent, attempt, **changes)
        child = branch(planned, model)
        at = dice.randrange(len(planned.events) + 1, len(child.records))
        resumed = again(child.records[:at], model)
        assert_same(resumed, child)
        assert resumed.timeline.kept_attempts == attempt - 1
        loop = [r.event for r in resumed.records if isinstance(r.event, LOOP_EVENTS)]
        assert sum(isinstance(e, ev.HintsEdited) for e in loop) == sum(
            isinstance(r.event, ev.HintsEdited) for r in child.records
        )


def test_a_what_if_of_a_branch_says_what_one_of_the_same_whole_run_says():
    for seed in range(40):
        parent, model, dice = made("dspy-2.6", seed, n=4)
        child = branch(plan(parent, dice.randrange(1, len(parent.timeline.attempts) + 1)), model)
        changed = change(dice, parent.timeline.spec, 4)
        own = replace(child.timeline.spec, reward=changed.reward, threshold=changed.threshold)
        whole = replace(parent.timeline.spec, reward=changed.reward, threshold=changed.threshold)
        told = what_if(child.timeline, own, scores(child.timeline, own))
        expected = what_if(parent.timeline, whole, scores(parent.timeline, whole))
        assert (told.stop, told.returned, told.exact_until, told.case) == (
            expected.stop,
            expected.returned,
            expected.exact_until,
            expected.case,
        )
        assert cut(child.records).best == child.stop.best


@given(st.sampled_from(sorted(SCENARIOS)), st.data())
@settings(max_examples=60, deadline=None)
def test_any_beginning_of_any_log_can_be_branched_and_drawn(name, data):
    """Logs of every shape: failures, hostile texts, many attempts, cut off anywhere."""
    log = SCENARIOS[name]().records
    records = log[: data.draw(st.integers(1, len(log)))]
    whole = cut(records)
    ended = [a for a in whole.attempts if a.has_ended]
    attempt = data.draw(st.integers(1, len(ended) + 1))
    planned = plan_fork(records, whole, attempt, {}, rescore)
    assert planned.kept <= attempt - 1
    assert planned.kept == attempt - 1 or planned.reason, "these logs are of no real loop"
    spec = planned.spec
    started = ev.RunStarted(
        spec, whole.temperatures, whole.predictors, "test", kept_events=len(planned.events)
    )
    own = [Record("run-2", 1, START, RUN, started), *to_records(planned.events, "run-2", START)]
    kept = cut(own)
    for old, new in zip(ended[: planned.kept], kept.attempts, strict=True):
        assert (new.index, new.reward, new.outputs, new.hints, new.error) == (
            old.index, old.reward, old.outputs, old.hints, old.error,
        )  # fmt: skip
        assert new.took_s == pytest.approx(old.took_s, abs=1e-6)
        assert new.kept
    assert (kept.usage.calls, kept.usage.cost_usd) in ((0, 0), (0, None))
    assert all(r.at <= START + 1e-6 for r in own)
    assert len(build_story(kept).rows) >= planned.kept
    assert len(build_ledger(kept)) == planned.kept
    assert describe_figure(kept)
    assert len(list_steps(own)) > planned.kept
