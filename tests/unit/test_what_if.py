"""What-ifs of recorded logs: what counts as the same attempt, where a changed run would have stopped, and the words for it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from refine_core import events as ev
from refine_core.log.folds import timeline as fold
from refine_core.runs import Runs
from refine_core.spec import ModelSpec, ValidatorSpec
from refine_core.spec.schedule import Schedule
from refine_core.what_if import change_spec, list_program_changes, what_if
from tests import logs
from tests.old_store import EXPECTED, old_store

SCENARIOS = {name: make for name, make in logs.SCENARIOS.items() if name != "nothing yet"}


def rescored(timeline, values, **more):
    """The recorded attempts with other rewards."""
    return {i: ev.RewardScored(i, value, 0.0, **more) for i, value in values.items()}


def states(told):
    return [one.state for one in told.attempts]


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_log_changed_in_nothing_is_exact_as_far_as_it_goes(name):
    timeline = SCENARIOS[name]().timeline
    told = what_if(timeline)
    tried = [one for one in told.attempts if one.state != "never_tried"]
    assert all(one.comparable and one.old == one.new for one in tried), told.case
    whole = timeline.end is not None and (
        timeline.end.reason == "threshold_reached" or len(timeline.attempts) == timeline.spec.N
    )
    if whole:
        assert told.exact_until is None
        assert told.returned == (None if timeline.end.returned is None else timeline.end.returned + 1)


def test_a_refinement_inside_the_program_belongs_to_its_attempt():
    told = what_if(logs.nested().timeline)
    assert (told.stop, told.returned, states(told)) == (2, 2, ["exact", "exact", "never_tried"])


def test_a_cancelled_run_is_known_up_to_its_last_complete_attempt():
    told = what_if(logs.cancelled().timeline)
    assert (told.stop, told.exact_until) == (None, 1)
    assert told.attempts[1].why == "cut off before it had an output"
    assert told.case == "Exact up to attempt 1: attempt 2 was cut off before it had an output."


def test_an_output_whose_reward_was_cut_off_can_be_scored_now():
    log = logs.Log(stages=("answer",), N=3)
    log.attempt(0.2)
    log.advise({"answer": "Say less."})
    span = log.begin()
    log.emit(span, ev.RewardStarted(1, {"answer": "Paris"}))
    log.finish("cancelled")
    timeline = log.timeline
    told = what_if(timeline, scores={0: timeline.attempts[0].score, 1: ev.RewardScored(1, 0.95, 0.0)})
    assert (told.stop, told.returned, told.reason) == (2, 2, "threshold_reached")


def best_of(*rewards, end="attempts_used_up", n=None, judged=False):
    log = logs.Log(stages=("answer",), N=n or len(rewards), threshold=0.9, strategy="best_of_n")
    for reward in rewards:
        log.attempt(reward)
        if judged:
            log.call(f"attempt-{log.count - 1}/reward", purpose="judge")
    log.finish(end)
    return log.timeline


def test_a_budget_ends_the_changed_run_where_it_ended_the_recorded_one():
    """It would have made the same requests, so it would have spent as much."""
    timeline = best_of(0.2, 0.5, end="budget_used_up", n=5)
    told = what_if(timeline, scores=rescored(timeline, {0: 0.7, 1: 0.1}))
    assert (told.stop, told.returned, told.reason, told.exact_until) == (2, 1, "budget_used_up", None)
    early = what_if(timeline, change_spec(timeline.spec, threshold=0.1))
    assert (early.stop, early.reason) == (1, "threshold_reached")


def test_an_early_stop_with_another_n_is_exact_as_no_temperature_differed():
    timeline = best_of(0.2, 0.5, 0.6, 0.4, n=4)
    told = what_if(timeline, change_spec(timeline.spec, threshold=0.1, n=7))
    assert (told.stop, told.exact_until) == (1, None)
    assert told.case == "Exact: it would have stopped before a temperature could differ."
    same_n = what_if(timeline, change_spec(timeline.spec, threshold=0.1))
    assert same_n.case == "Exact: in best of N no attempt depends on an earlier one."


def test_a_change_of_an_unknown_name_is_an_error_and_not_passed_over():
    with pytest.raises(TypeError, match=r"nothing is called 'N' here; it takes .*\bn\b"):
        change_spec(best_of(0.2, 0.5).spec, N=7)


def test_a_budget_that_a_judge_shared_says_nothing_of_another_reward():
    timeline = best_of(0.2, 0.5, end="budget_used_up", n=5, judged=True)
    told = what_if(timeline, scores=rescored(timeline, {0: 0.7, 1: 0.1}))
    assert (told.stop, told.exact_until) == (None, 2)


def test_of_attempts_at_once_the_first_in_order_ends_the_run():
    timeline = best_of(0.2, 0.95, 0.5)
    timeline.loop.plan = replace(timeline.loop.plan, at_once=3)
    told = what_if(timeline, change_spec(timeline.spec, threshold=0.4))
    assert (told.stop, told.returned, told.attempts[2].state) == (2, 2, "not_needed")
    assert told.attempts[2].comparable, "in best of N it would have been the same"


def advised(form="full", *, feedback="too long", fixed=(), schedule=None, strategy="refine"):
    """Three attempts with advice, each with the reward's feedback."""
    temperatures = (1.0,) * 3 if schedule is not None else None
    log = logs.Log(
        stages=("answer",),
        N=3,
        threshold=0.9,
        strategy=strategy,
        fixed_temperature=fixed,
        temperatures=temperatures,
    )
    started = log.records[0].event
    spec = replace(started.spec, advice_form=form, schedule=schedule or Schedule())
    log.records[0] = replace(log.records[0], event=replace(started, spec=spec))
    for i, reward in enumerate((0.2, 0.4, 0.6)):
        span = log.begin()
        log.predict(span, "answer", {"answer": f"answer {i}"})
        log.emit(span, ev.RewardStarted(i, {"answer": f"answer {i}"}))
        log.emit(span, ev.RewardScored(i, reward, 0.0, feedback=feedback))
        log.rewards[i], log.met[i] = reward, True
        if i < 2:
            log.advise({"answer": f"hint {i}"})
    log.finish()
    return log.timeline


def test_another_reward_is_other_advice_from_the_first_request_on():
    timeline = advised()
    told = what_if(timeline, change_spec(timeline.spec, reward="def reward(a, p): return 0.5"))
    assert states(told) == ["exact", "not_comparable", "not_comparable"]
    assert [one.why for one in told.attempts] == ["", "other advice", "other advice"]
    assert told.exact_until == 1


def test_compact_advice_that_has_feedback_does_not_see_the_rewards_code():
    timeline = advised("compact")
    told = what_if(timeline, change_spec(timeline.spec, reward="def reward(a, p): return 0.5"))
    assert states(told) == ["exact"] * 3
    blind = advised("compact", feedback="")
    told = what_if(blind, change_spec(blind.spec, reward="def reward(a, p): return 0.5"))
    assert states(told) == ["exact", "not_comparable", "not_comparable"]


def test_in_full_the_adviser_reads_the_checks_of_validators():
    rule = (ValidatorSpec("short", "len(pred.answer) < 20", "Shorter."),)
    for form, expected in (("full", "not_comparable"), ("compact", "exact")):
        timeline = advised(form)
        told = what_if(
            timeline,
            change_spec(timeline.spec, validators=rule),
            {a.index: a.score for a in timeline.attempts},
        )
        assert told.attempts[1].state == expected, form


def test_another_n_keeps_the_attempts_of_a_model_without_temperature():
    timeline = advised(fixed=("answer",), strategy="best_of_n")
    told = what_if(timeline, change_spec(timeline.spec, n=7))
    assert states(told)[:3] == ["exact"] * 3
    assert told.case == "All 3 recorded attempts are exact; attempts 4 to 7 were never tried."


def test_another_n_under_the_schedule_of_dspy_3_changes_no_attempt():
    timeline = advised(schedule=Schedule("dspy-3"))
    told = what_if(timeline, change_spec(timeline.spec, n=2))
    assert (told.stop, told.reason, states(told)) == (2, "attempts_used_up", ["exact", "exact", "not_needed"])
    assert told.attempts[2].why == "not needed: N is 2"


def test_of_the_recorded_outputs_only_the_first_n_can_be_returned():
    timeline = logs.headline().timeline
    told = what_if(timeline, change_spec(timeline.spec, n=3))
    assert (told.stop, told.returned, told.is_known) == (3, None, False)
    assert told.case.endswith("In any case, attempt 3 would have been the last.")
    assert (told.exact_until, told.limit) == (2, 3)
    assert told.first in (1, 2, 3)
    assert told.headline.startswith(
        f"Of these 3 outputs, attempt {told.first} would be returned, not attempt 4: "
    )
    assert (told.attempts[3].state, told.attempts[3].why) == ("not_needed", "not needed: N is 3")


def test_a_budget_may_end_the_run_before_its_last_attempt():
    timeline = logs.headline().timeline
    poor = replace(change_spec(timeline.spec, n=3), budget_usd=1.0)
    assert what_if(timeline, poor).stop is None


def test_of_a_run_that_goes_on_the_rest_was_not_tried_yet():
    log = logs.Log(stages=("answer",), N=4)
    log.attempt(0.2)
    log.begin()
    told = what_if(log.timeline)
    assert told.case == "Exact up to attempt 1: attempt 2 has no output yet."
    assert [one.why for one in told.attempts] == ["", "has no output yet", "not tried yet", "not tried yet"]
    log.finish("cancelled")
    told = what_if(log.timeline)
    assert told.case == "Exact up to attempt 1: attempt 2 was cut off before it had an output."
    assert told.attempts[2].why == "never tried"


def test_hints_that_a_person_wrote_are_part_of_the_recorded_attempt():
    log = logs.Log(stages=("answer",), N=3)
    log.attempt(0.2)
    log.advise({"answer": "Say less."})
    log.emit("", ev.HintsEdited(1, {"answer": "One word."}, ("answer",)))
    log.hints = {"answer": "One word."}
    log.attempt(0.95)
    log.finish()
    told = what_if(log.timeline)
    assert (told.stop, states(told)[:2]) == (2, ["exact", "exact"])


def test_an_attempt_that_fails_in_its_program_fails_again():
    timeline = logs.failures().timeline
    told = what_if(timeline, scores={})
    assert [one.new for one in told.attempts] == [None] * 6
    assert isinstance(told.attempts[1].end, ev.AttemptFailed)


def test_a_run_resumed_in_spite_of_its_reward_goes_on_in_the_what_if():
    broken = ev.Fault("NameError", "NameError: x", "program", 2, repeats=True)
    log = logs.Log(stages=("answer",), N=3, strategy="best_of_n")
    started = log.records[0].event
    log.records[0] = replace(
        log.records[0], event=replace(started, spec=replace(started.spec, stop_on_repeating_error=True))
    )
    log.attempt(None, outputs={"answer": "a"}, error=broken)
    log.finish("reward_broken")
    told = what_if(log.timeline)
    assert (told.stop, told.reason) == (1, "reward_broken")
    log.emit("", ev.RunResumed(1, anyway=True))
    log.attempt(None, outputs={"answer": "b"}, error=broken)
    log.attempt(0.95)
    log.finish()
    told = what_if(log.timeline)
    assert (told.stop, told.reason) == (3, "threshold_reached")


def test_what_is_saved_are_the_calls_after_the_last_attempt():
    timeline = logs.two_stages().timeline
    told = what_if(timeline, change_spec(timeline.spec, threshold=0.1))
    assert (told.stop, told.calls_saved) == (1, len(timeline.calls) - 2)
    assert (
        told.headline
        == "It would have stopped at attempt 1: 0.20 ≥ 0.10. 9 calls saved. 0.71 of reward given up."
    )


def test_names_and_addresses_are_no_part_of_what_a_program_says():
    spec = logs.one().timeline.spec
    same = replace(
        spec,
        title="x",
        budget_usd=1.0,
        judge=ModelSpec(),
        model=replace(spec.model, connection="c", delay_s=2.0),
    )
    assert list_program_changes(spec, same) == ()
    assert list_program_changes(spec, replace(spec, inputs={"question": "?"})) == ("inputs",)
    assert list_program_changes(spec, replace(spec, adviser=ModelSpec(temperature=0.9))) == ("adviser",)
    without = replace(spec, hints="none")
    assert list_program_changes(without, replace(without, adviser=ModelSpec(temperature=0.9))) == ()


@pytest.mark.parametrize("run_id", EXPECTED)
def test_runs_that_an_earlier_version_wrote_can_be_asked_about(run_id, tmp_path):
    runs = Runs(old_store(tmp_path))
    timeline = runs.timeline(run_id)
    runs.close()
    told = what_if(timeline)
    end = timeline.end
    assert all(one.comparable for one in told.attempts if one.state == "exact")
    if end is not None and end.reason in ("threshold_reached", "attempts_used_up", "too_many_failures"):
        assert (told.reason, told.exact_until) == (end.reason, None)
        assert told.returned == (None if end.returned is None else end.returned + 1)


def test_any_prefix_of_a_log_can_be_asked_about():
    for name in ("two stages", "failures", "rules", "asked again", "nested", "headline"):
        records = logs.SCENARIOS[name]().records
        for count in range(1, len(records) + 1):
            told = what_if(fold(records[:count]))
            assert told.exact_until is None or told.exact_until <= len(told.attempts)
            assert told.case.endswith(".")
