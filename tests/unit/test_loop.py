"""The pure loop against a plain model of it, over thousands of generated runs."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refine_core.errors import SpecError
from refine_core.events import (
    AdviceFailed,
    AdviceGiven,
    AttemptFailed,
    AttemptStarted,
    Event,
    Fault,
    LMReplied,
    RewardScored,
)
from refine_core.loop import (
    AskAdvice,
    Loop,
    Plan,
    RunAttempt,
    Stop,
    decide,
    evolve,
    list_temperatures,
    replay,
    schedule,
)
from refine_core.spec import HintSource, Schedule

FAULT = Fault("ValueError", "no", "code")


@dataclass(frozen=True)
class Script:
    """What will happen in each attempt.

    outcomes: a reward, or None for a failure. advice_works: whether the request for advice succeeds, or, where hints come
    from there, whether the reward gives feedback.
    """

    outcomes: tuple[float | None, ...]
    advice_works: tuple[bool, ...]
    threshold: float | None
    fail_count: int
    hints: HintSource


SCRIPTS = st.integers(1, 8).flatmap(
    lambda n: st.builds(
        Script,
        st.tuples(*[st.one_of(st.none(), st.sampled_from([-1.0, 0.0, 0.2, 0.5, 0.5, 0.9, 1.0]))] * n),
        st.tuples(*[st.booleans()] * n),
        st.one_of(st.none(), st.sampled_from([0.0, 0.5, 1.0, 2.0])),
        st.integers(0, 8),
        st.sampled_from(["adviser", "feedback", "none"]),
    )
)


def by_hand(script: Script) -> list[tuple[object, ...]]:
    """The loop as a `for` statement with its rules written out: the model that the decider must agree with."""
    said: list[tuple[object, ...]] = []
    best, best_reward, failed, scored, advice_from = None, None, 0, 0, None
    n = len(script.outcomes)
    for i, outcome in enumerate(script.outcomes):
        said.append(("attempt", i, advice_from))
        if outcome is None:
            failed += 1
            if failed > script.fail_count:
                return [*said, ("stop", "too_many_failures", best, None)]
            continue
        scored += 1
        if script.hints == "feedback" and script.advice_works[i]:
            advice_from = i
        if best_reward is None or outcome > best_reward:
            best, best_reward = i, outcome
        if script.threshold is not None and outcome >= script.threshold:
            return [*said, ("stop", "threshold_reached", best, i)]
        if script.hints == "adviser" and i < n - 1:
            said.append(("advice", i))
            if script.advice_works[i]:
                advice_from = i
    return [*said, ("stop", "attempts_used_up" if scored else "every_attempt_failed", best, best)]


def by_loop(script: Script) -> tuple[list[tuple[object, ...]], list[Event]]:
    plan = Plan(schedule(0.0, len(script.outcomes)), script.threshold, script.fail_count, script.hints)
    loop, said, events = Loop(plan), [], []

    def note(event: Event) -> None:
        nonlocal loop
        events.append(event)
        loop = evolve(loop, event)

    while True:
        (action,) = decide(loop)
        match action:
            case RunAttempt(index=i, temperature=t, hints=hints, advice_from=source, feedback=feedback):
                assert t == plan.temperatures[i]
                about = "" if source is None else f"after {source}"
                advised = script.hints == "adviser" and source is not None
                assert (hints, feedback) == (({"p": about}, "") if advised else ({}, about))
                said.append(("attempt", i, source))
                note(AttemptStarted(i, t, hints, source))
                assert decide(loop) == (), "while an attempt runs there is nothing to do"
                outcome = script.outcomes[i]
                told = f"after {i}" if script.advice_works[i] else ""
                scored = RewardScored(i, outcome or 0.0, 0.0, feedback=told)
                note(AttemptFailed(i, "program", FAULT) if outcome is None else scored)
            case AskAdvice(after=i):
                said.append(("advice", i))
                works = script.advice_works[i]
                note(AdviceGiven(i, "", {"p": f"after {i}"}, 0.0) if works else AdviceFailed(i, FAULT, 0.0))
            case Stop(reason=reason, best=best, returned=returned):
                said.append(("stop", reason, best, returned))
                return said, events


@settings(max_examples=800, deadline=None)
@given(SCRIPTS)
def test_the_decider_does_what_the_plain_loop_does(script):
    assert by_loop(script)[0] == by_hand(script)


@settings(max_examples=200, deadline=None)
@given(SCRIPTS)
def test_every_prefix_of_a_log_leads_to_the_action_that_was_taken_next(script):
    """The stepper and the re-scorer ask the same loop, so a prefix must decide what the run decided."""
    said, events = by_loop(script)
    plan = Plan(schedule(0.0, len(script.outcomes)), script.threshold, script.fail_count, script.hints)
    decided = []
    for end in range(len(events) + 1):
        for action in decide(replay(plan, events[:end])):
            match action:
                case RunAttempt(index=i, advice_from=source):
                    decided.append(("attempt", i, source))
                case AskAdvice(after=i):
                    decided.append(("advice", i))
                case Stop(reason=reason, best=best, returned=returned):
                    decided.append(("stop", reason, best, returned))
    assert decided == said


@pytest.mark.fault(43)
@settings(max_examples=600, deadline=None)
@given(SCRIPTS, st.integers(2, 5), st.randoms(use_true_random=False))
def test_attempts_at_once_stop_where_attempts_in_turn_would(script, most, order):
    n = len(script.outcomes)
    loop = Loop(Plan(schedule(0.0, n), script.threshold, script.fail_count, hints="none", at_once=most))
    running = []
    while True:
        actions = decide(loop)
        if actions and isinstance(actions[0], Stop):
            break
        reached = script.threshold is not None and any(r >= script.threshold for r in loop.rewards.values())
        ending = reached or len(loop.failed) > script.fail_count
        most_now = 0 if ending else min(most - len(running), n - loop.attempt_count)
        assert len(actions) == most_now, "as many as may be, and none once the end is certain"
        for action in actions:
            loop = evolve(loop, AttemptStarted(action.index, action.temperature))
            running.append(action.index)
        assert 0 < len(running) <= most
        i = running.pop(order.randrange(len(running)))
        outcome = script.outcomes[i]
        loop = evolve(
            loop, AttemptFailed(i, "program", FAULT) if outcome is None else RewardScored(i, outcome, 0.0)
        )
    alone = Script(script.outcomes, script.advice_works, script.threshold, script.fail_count, hints="none")
    assert ("stop", actions[0].reason, actions[0].best, actions[0].returned) == by_hand(alone)[-1]


@pytest.mark.fault(43)
def test_of_several_at_once_one_that_fails_a_validator_holds_up_no_other():
    loop = Loop(Plan(schedule(0.0, 4), 1.0, 4, hints="none", at_once=2))
    for i in (0, 1):
        loop = evolve(loop, AttemptStarted(i, 0.0))
    loop = evolve(loop, RewardScored(1, 1.0, 0.0, unmet={"short": "be brief"}))
    assert [action.index for action in decide(loop)] == [2]
    loop = evolve(evolve(loop, AttemptStarted(2, 0.0)), RewardScored(2, 1.0, 0.0))
    assert decide(loop) == (), "one met them all, and only the first could still come before it"


def scored(plan: Plan, *rewards: tuple[float, dict[str, str]]) -> Loop:
    loop = Loop(plan)
    for i, (value, unmet) in enumerate(rewards):
        loop = evolve(loop, AttemptStarted(i, plan.temperatures[i]))
        loop = evolve(loop, RewardScored(i, value, 0.0, unmet=unmet))
    return loop


def test_an_attempt_that_fails_a_validator_is_advised_and_stops_no_run():
    loop = scored(Plan(schedule(0.0, 3), 1.0, 3), (1.0, {"short": "be brief"}))
    assert decide(loop) == (AskAdvice(0),)


@pytest.mark.fault(50)
def test_the_words_of_unmet_validators_are_a_hint_from_the_rewards_feedback():
    plan = Plan.of(3, 0.0, 1.0, 3, hints="feedback")
    loop = evolve(Loop(plan), AttemptStarted(0, 0.0))
    loop = evolve(loop, RewardScored(0, 1.0, 0.0, feedback="Nearly.", unmet={"short": "be brief"}))
    assert decide(loop) == (RunAttempt(1, 0.5, {}, 0, "Nearly.\nNot met, short: be brief"),)


@pytest.mark.fault(50)
def test_feedback_stays_in_force_until_a_later_attempt_has_some():
    loop = Loop(Plan.of(4, 0.0, 1.0, 4, hints="feedback"))
    seen = []
    for i, feedback in enumerate(["Shorter.", "", "Longer."]):
        loop = evolve(evolve(loop, AttemptStarted(i, 0.0)), RewardScored(i, 0.1, 0.0, feedback=feedback))
        (action,) = decide(loop)
        seen.append((action.feedback, action.advice_from))
    assert seen == [("Shorter.", 0), ("Shorter.", 0), ("Longer.", 2)]


@pytest.mark.parametrize("hints", ["adviser", "feedback"])
def test_hints_need_attempts_one_at_a_time(hints):
    with pytest.raises(SpecError, match="2 attempts at once"):
        Plan.of(3, 0.0, 1.0, None, hints=hints, at_once=2)


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        ("dspy-2.6", (0.3, 0.5, 0.5 + 0.5 / 3)),
        ("dspy-3", (1.0, 1.0, 1.0)),
        ([0, 0.5, 0.5], (0, 0.5, 0.5)),
        ("none", (0.0, 0.0, 0.0)),
    ],
)
def test_each_schedule_gives_its_temperatures(by, expected):
    assert list_temperatures(Schedule.of(by), 0.3, 3) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("by", "message"),
    [
        ([0.0, 0.5], "list one temperature for each attempt (needed: 3; listed: 2)"),
        ([0.0, 0.5, 3.0], "from 0 to 2, not 3"),
        ([0.0, False, 1.0], "not False"),
        ([0.0, "", 1.0], "not ''"),
        ([0.0, float("nan"), 1.0], "not nan"),
        (Schedule("warm"), "must be one of dspy-2.6, dspy-3, list, none, not 'warm'"),
    ],
)
def test_a_schedule_that_cannot_be_used_is_refused_in_words(by, message):
    with pytest.raises(SpecError, match=re.escape(message)):
        Plan.of(3, 0.0, 1.0, None, by=Schedule.of(by))


@pytest.mark.parametrize("value", ["warm", 3, None, {"kind": "none"}])
def test_what_is_no_schedule_is_refused(value):
    with pytest.raises(TypeError, match=r"schedule must be 'dspy-2\.6'"):
        Schedule.of(value)


def test_a_source_of_hints_that_is_none_is_refused():
    with pytest.raises(SpecError, match="hints must be one of 'adviser', 'feedback', 'none', not 'reward'"):
        Plan.of(3, 0.0, 1.0, None, hints="reward")


def test_an_attempt_that_meets_every_validator_beats_any_that_does_not():
    loop = scored(Plan(schedule(0.0, 2), 1.0, 2), (1.0, {"short": "be brief"}), (0.1, {}))
    assert decide(loop) == (Stop("attempts_used_up", 1, 1),)


@pytest.mark.parametrize(
    ("n", "threshold", "fail_count", "at_once", "fields"),
    [
        (0, 1.0, None, 1, ["N"]),
        (True, 1.0, None, 1, ["N"]),
        (2.5, 1.0, None, 1, ["N"]),
        (2, "1.0", None, 1, ["threshold"]),
        (2, float("nan"), -1, 0, ["threshold", "fail_count", "num_threads"]),
    ],
)
def test_a_plan_says_every_number_that_makes_no_sense(n, threshold, fail_count, at_once, fields):
    with pytest.raises(SpecError) as caught:
        Plan.of(n, 0.0, threshold, fail_count, hints="none", at_once=at_once)
    assert [problem.field for problem in caught.value.problems] == fields


@pytest.mark.parametrize(
    ("first", "n", "expected"),
    [
        (0.0, 5, (0.0, 0.5, 0.6, 0.7, 0.8)),
        (0.7, 5, (0.7, 0.5, 0.6, 0.8, 0.9)),
        (0.5, 2, (0.5, 0.75)),
        (0.0, 1, (0.0,)),
    ],
)
def test_the_schedule_is_the_seeds(first, n, expected):
    assert schedule(first, n) == pytest.approx(expected)


@given(st.floats(0, 2), st.integers(1, 60))
def test_a_schedule_has_n_temperatures_and_no_duplicates(first, n):
    made = schedule(first, n)
    assert len(made) == n == len(set(made))
    assert made[0] == first


def test_n_below_one_is_refused():
    with pytest.raises(SpecError, match="at least 1"):
        Plan.of(0, 0.0, 1.0, None)


def test_fail_count_defaults_to_n():
    assert Plan.of(4, 0.0, 1.0, None).fail_count == 4
    assert Plan.of(4, 0.0, 1.0, 0).fail_count == 0


def test_facts_that_choose_nothing_leave_the_loop_as_it_was():
    loop = Loop(Plan.of(3, 0.0, 1.0, None))
    assert evolve(loop, LMReplied("hello", 0.1)) == loop
