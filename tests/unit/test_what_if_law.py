"""What-if as a law: what it says of a recorded run is what a full re-run with the changes does, and it says no more."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from refine_core import events as ev
from refine_core.spec.schedule import Schedule
from refine_core.what_if import threshold_curve, usage_until, what_if
from tests.what_if_runs import Model, change, cut, generate, record, scores

RUNS = 300  # for each of the four schedules
SCHEDULES = ("dspy-2.6", "dspy-3", "none", "list")


def schedule_of(kind, n):
    return Schedule("list", tuple(0.1 * (i + 1) for i in range(n))) if kind == "list" else Schedule(kind)


def conditions(timeline, index):
    """Under which conditions an attempt was made."""
    attempt = timeline.attempts[index]
    fixed = set(timeline.predictors) <= set(attempt.fixed_temperature)
    return None if fixed else attempt.temperature, dict(attempt.hints)


def advice_request(timeline, index):
    """The first request for advice after an attempt; None if there was none."""
    advice = timeline.attempts[index].advice
    return None if advice is None or not advice.calls else advice.calls[0].messages


def exact_attempts(recorded, again):
    """Attempts of the re-run that are the recorded ones, and whether these are all of its attempts."""
    for i in range(len(again.attempts)):
        if i >= len(recorded.attempts) or conditions(recorded, i) != conditions(again, i):
            return i, False
        if not recorded.attempts[i].has_ended and recorded.attempts[i].outputs is None:
            return i, False
        request = advice_request(again, i)
        if request is not None and request != advice_request(recorded, i):
            return i + 1, False
    return len(again.attempts), True


def check(recorded, changed, again, told):
    """What is told of the recorded run is what happened when it was run again."""
    exact, whole = exact_attempts(recorded, again.timeline)
    rewards = [a.reward for a in again.timeline.attempts]
    listed = {one.attempt: one for one in told.attempts}
    if whole:
        assert told.stop == exact
        assert told.reason == again.stop.reason
        assert told.returned == (None if again.stop.returned is None else again.stop.returned + 1)
        assert told.exact_until is None
    else:
        assert (told.returned, told.reason, told.is_known) == (None, None, False)
        # Only where a single attempt is left is it sure which one is the last, whatever it is.
        assert told.stop == (changed.attempt_count if exact == changed.attempt_count - 1 else None)
        assert told.stop in (None, len(again.timeline.attempts))
        assert told.exact_until == exact
        assert not any(listed[i].comparable for i in listed if i > exact)
    for i in range(exact):
        assert (listed[i + 1].state, listed[i + 1].new, listed[i + 1].why) == ("exact", rewards[i], "")
        assert listed[i + 1].comparable
    assert len(told.attempts) == max(changed.attempt_count, len(recorded.attempts))
    for one in told.attempts:
        assert one.comparable or one.why


@pytest.mark.parametrize("kind", SCHEDULES)
def test_a_what_if_says_what_a_full_re_run_does(kind):
    known = sure = 0
    for seed in range(RUNS):
        dice = random.Random(f"{kind} {seed}")
        n = dice.randrange(1, 7)
        spec = generate(dice, schedule_of(kind, n), n)
        changed = change(dice, spec, dice.randrange(1, 8))
        model = Model(
            dice.randrange(1000), fails=dice.choice((0, 1)), supports=dice.choice(((), ("temperature",)))
        )
        recorded = record(spec, model)
        timeline = recorded.timeline
        if dice.random() < 0.2:  # interrupted somewhere
            timeline = cut(recorded.records[: dice.randrange(1, len(recorded.records))])
        again = record(changed, model)
        told = what_if(timeline, changed, scores(timeline, changed))
        try:
            check(timeline, changed, again, told)
        except AssertionError:
            raise AssertionError(f"{kind} {seed}: {told.case}\n{spec}\n{changed}") from None
        known += told.is_known
        sure += told.stop is not None and not told.is_known
    assert RUNS * 0.3 < known < RUNS * 0.95, "of some runs the end is known, and of others it is not"
    assert sure > RUNS * 0.02, "of some only the last attempt is unknown"


@pytest.mark.parametrize("kind", SCHEDULES)
def test_a_run_changed_in_nothing_is_exact_and_ends_as_recorded(kind):
    for seed in range(60):
        dice = random.Random(f"same {kind} {seed}")
        n = dice.randrange(1, 7)
        recorded = record(generate(dice, schedule_of(kind, n), n), Model(seed))
        told = what_if(recorded.timeline)
        assert (told.reason, told.exact_until) == (recorded.stop.reason, None)
        assert told.returned == (None if recorded.stop.returned is None else recorded.stop.returned + 1)
        assert told.calls_saved == 0
        assert all(one.old == one.new and one.comparable for one in told.attempts if one.state == "exact")


@pytest.mark.parametrize("kind", SCHEDULES)
def test_another_n_is_exact_while_the_temperatures_are_the_recorded_ones(kind):
    others = 0
    for seed in range(80):
        dice = random.Random(f"n {kind} {seed}")
        n = dice.randrange(2, 7)
        spec = replace(generate(dice, schedule_of(kind, n), n), threshold=1.0)
        more = schedule_of(kind, 7) if kind == "list" else spec.schedule
        changed = replace(spec, N=7, schedule=more)
        recorded, again = record(spec, Model(seed, fails=0)), record(changed, Model(seed, fails=0))
        told = what_if(recorded.timeline, changed)
        check(recorded.timeline, changed, again, told)
        others += any(one.why == "other temperature" for one in told.attempts)
    assert (others > 0) is (kind == "dspy-2.6"), "no other schedule asks for N"


def test_hints_that_a_person_wrote_stay_in_force_up_to_the_first_difference():
    for seed in range(120):
        dice = random.Random(f"edits {seed}")
        spec = replace(generate(dice, Schedule(), 5), hints="adviser", strategy="refine")
        changed = replace(
            change(dice, spec, dice.randrange(2, 7)), reward=spec.reward, validators=spec.validators
        )
        edits = {dice.randrange(1, 5): {"answer": "as a person wrote it"}}
        recorded = record(spec, Model(seed), edits=edits)
        again = record(changed, Model(seed), edits=edits)
        told = what_if(recorded.timeline, changed, scores(recorded.timeline, changed))
        check(recorded.timeline, changed, again, told)


@pytest.mark.parametrize("kind", SCHEDULES)
def test_of_attempts_that_ran_at_once_it_says_what_one_after_another_would_do(kind):
    """Some of them ran on past the end of their run, or were cut off by it."""
    for seed in range(80):
        dice = random.Random(f"at once {kind} {seed}")
        n = dice.randrange(1, 7)
        spec = replace(generate(dice, schedule_of(kind, n), n), hints="none")
        changed = change(dice, spec, dice.randrange(1, 8))
        model = Model(dice.randrange(1000), fails=dice.choice((0, 1)))
        recorded = record(spec, model, at_once=dice.randrange(2, 5))
        told = what_if(recorded.timeline, changed, scores(recorded.timeline, changed))
        check(recorded.timeline, changed, record(changed, model), told)


@pytest.mark.parametrize("kind", SCHEDULES)
def test_the_curve_says_of_each_threshold_what_a_what_if_says(kind):
    for seed in range(60):
        dice = random.Random(f"curve {kind} {seed}")
        n = dice.randrange(1, 7)
        spec = generate(dice, schedule_of(kind, n), n)
        changed = change(dice, spec, dice.randrange(1, 8))
        timeline = record(spec, Model(seed)).timeline
        ends = scores(timeline, changed)
        steps = threshold_curve(timeline, changed, ends)
        thresholds = [-1.0, 0.0, 0.1, 0.25, 0.3, 0.5, 0.6, 0.75, 0.9, 1.0, 2.0]
        for threshold in (*thresholds, *([spec.threshold] if spec.threshold is not None else [])):
            (step,) = [one for one in steps if one.contains(threshold)]
            told = what_if(timeline, replace(changed, threshold=threshold), ends)
            assert (step.stop, step.returned, step.reason, step.calls_saved) == (
                told.stop if told.is_known else None,
                told.returned,
                told.reason,
                told.calls_saved,
            ), f"{kind} {seed} {threshold}: {told.case}"
            if step.stop is not None:
                assert usage_until(timeline, step.stop).calls == len(timeline.calls) - (step.calls_saved or 0)
        assert (steps[0].low, steps[-1].high) == (None, None)


def test_the_json_form_has_the_documented_keys():
    spec = generate(random.Random(1), Schedule(), 4)
    told = what_if(record(spec, Model(1)).timeline, replace(spec, threshold=0.25))
    form = told.to_json()
    assert {"stop", "returned", "exact_until", "attempts"} <= set(form)
    assert all({"attempt", "old", "new", "comparable", "why"} <= set(one) for one in form["attempts"])
    assert [one["attempt"] for one in form["attempts"]] == list(range(1, len(form["attempts"]) + 1))


def test_an_unscored_attempt_ends_what_is_known():
    timeline = record(generate(random.Random(3), Schedule(), 4), Model(3, fails=0)).timeline
    told = what_if(timeline, scores={})
    assert (told.stop, told.exact_until) == (None, 0)
    assert isinstance(told.attempts[0].end, ev.RewardScored | None)
