"""A run stops at the first error of its reward that is bound to repeat, and goes on only if it is told to."""

from __future__ import annotations

from dataclasses import replace
from functools import reduce

import pytest

from refine_core import Refine
from refine_core.errors import SpecError
from refine_core.events import AttemptFailed, Fault, RewardScored, RunFinished, RunResumed
from refine_core.lm import ScriptedLM
from refine_core.log.folds import timeline
from refine_core.log.summaries import summarize
from refine_core.loop import Plan, RunAttempt, Stop, decide, replay
from refine_core.messages import resume_summary
from refine_core.modules import Predict
from refine_core.programs import ProgramSpec, StageSpec
from refine_core.runs import Runs
from refine_core.store import MemoryStore
from tests.unit.test_resuming import ended, interrupted

pytestmark = pytest.mark.fault(17)
WRONG_FIELD = "def reward(args, pred):\n    return len(pred.answr)\n"
SPEC = ProgramSpec(
    (StageSpec("answer", "question -> answer"),),
    WRONG_FIELD,
    {"question": "?"},
    N=5,
    threshold=1.0,
    stop_on_repeating_error=True,
)
JUDGING = "def reward(args, pred):\n    judge('answer -> score: float', answer=pred.answer)\n    return len(pred.answr)\n"
OF_THE_ANSWER = "def reward(args, pred):\n    return float(pred.answer)\n"


@pytest.fixture
def runs():
    made = Runs(MemoryStore())
    yield made
    made.close()


def went(runs, spec):
    """The records of a run of this description, and what a screen sees of it."""
    run_id = runs.start(spec)
    ended(runs, run_id)
    return runs.get(run_id)


def failures(runs, run):
    return [r.event for r in runs.events(run.run_id) if isinstance(r.event, AttemptFailed)]


@pytest.mark.parametrize("strategy", ["refine", "best_of_n"])
@pytest.mark.parametrize(
    "reward", [WRONG_FIELD, JUDGING, "def reward(args):\n    return 1.0\n", "import nope\n" + WRONG_FIELD]
)
def test_a_run_whose_reward_cannot_work_pays_for_one_attempt(runs, strategy, reward):
    """It stops there, and its headline says what failed and what to do."""
    run = went(runs, replace(SPEC, reward=reward, strategy=strategy))
    assert (run.timeline.end.reason, run.timeline.end.returned) == ("reward_broken", None)
    assert len(run.timeline.attempts) == 1
    assert run.awaits_decision
    assert not run.resumable
    assert run.stop_summary.startswith(
        "Stopped after attempt 1: every further attempt would fail with the same error. "
    )
    assert run.stop_summary.endswith(" Fix the reward, or continue anyway.")
    assert "Attempt 1 failed: the reward raised " in run.stop_summary


def test_the_headline_names_the_field_the_line_and_the_nearest_name(runs):
    run = went(runs, SPEC)
    assert "no field 'answr' in the prediction" in run.stop_summary
    assert "(line 2)" in run.stop_summary


def test_an_error_that_depends_on_the_answer_never_stops_a_run(runs):
    run = went(runs, replace(SPEC, reward=OF_THE_ANSWER))
    assert run.timeline.end.reason == "every_attempt_failed"
    assert len(run.timeline.attempts) == 5
    assert not any(event.error.repeats for event in failures(runs, run))


def test_a_run_that_is_not_told_to_stop_makes_all_its_attempts(runs):
    """So do the runs of older logs, whose descriptions say nothing of it."""
    run = went(runs, replace(SPEC, stop_on_repeating_error=False))
    assert run.timeline.end.reason == "every_attempt_failed"
    assert [event.error.repeats for event in failures(runs, run)] == [True] * 5


def test_refine_in_code_makes_as_many_attempts_as_the_original(runs):
    """`fail_count` alone decides in the library."""
    calls = []

    def reward(args, pred):
        calls.append(pred)
        return len(pred.answr)

    refine = Refine(module=Predict("question -> answer"), N=3, reward_fn=reward, threshold=1.0)
    refine.set_lm(ScriptedLM([{"answer": "x"}] * 3))
    with pytest.raises(AttributeError):
        refine(question="?")
    assert len(calls) == 3


def test_a_run_continued_anyway_makes_the_rest_of_its_attempts(runs):
    """The log says so, and neither the list of runs nor the run itself says any more that it waits."""
    run = went(runs, SPEC)
    runs.resume(run.run_id, anyway=True)
    records = ended(runs, run.run_id)
    assert [r.event for r in records if isinstance(r.event, RunResumed)] == [RunResumed(1, anyway=True)]
    after = runs.get(run.run_id)
    assert (after.timeline.end.reason, after.awaits_decision) == ("every_attempt_failed", False)
    assert [a.index for a in after.timeline.attempts] == [0, 1, 2, 3, 4]
    assert resume_summary(after.timeline) == "Continued after attempt 1, despite the reward's error."
    assert (after.timeline.resume_count, after.timeline.cut_off_attempts) == (0, [])
    summary = runs.recent()[0].summary
    assert (summary.reason, summary.failed, len(summary.rewards)) == ("every_attempt_failed", 5, 5)


def test_a_stopped_run_goes_on_only_when_told_to(runs):
    run = went(runs, SPEC)
    with pytest.raises(SpecError):
        runs.resume(run.run_id)
    finished = went(runs, replace(SPEC, reward=OF_THE_ANSWER))
    with pytest.raises(SpecError):
        runs.resume(finished.run_id, anyway=True)


def test_a_run_under_way_again_is_listed_as_such(runs):
    """After the fact of going on, and before its new end."""
    run = went(runs, SPEC)
    runs.resume(run.run_id, anyway=True)
    records = ended(runs, run.run_id)
    going = next(i for i, r in enumerate(records) if isinstance(r.event, RunResumed))
    assert reduce(summarize, records[: going + 1], None).reason is None
    line = timeline(records[: going + 1])
    assert (line.end, line.ended_at) == (None, None)


@pytest.mark.parametrize("kept", ["the failure", "the decision", "the next attempt"])
def test_a_crash_changes_nothing_of_what_was_decided(runs, kept):
    """Killed before the stop was recorded it stops; killed after the decision it goes on to the end."""
    run = went(runs, SPEC)
    if kept == "the failure":
        records = [r for r in ended(runs, run.run_id) if not isinstance(r.event, RunFinished)]
        expected = "reward_broken", 1
    else:
        runs.resume(run.run_id, anyway=True)
        records = ended(runs, run.run_id)
        going = next(i for i, r in enumerate(records) if isinstance(r.event, RunResumed))
        records = records[: going + (1 if kept == "the decision" else 4)]
        expected = "every_attempt_failed", 5
    again = interrupted(records)
    again.resume(run.run_id)
    ended(again, run.run_id)
    line = again.get(run.run_id).timeline
    assert (line.end.reason, len(line.attempts)) == expected
    again.close()


def test_a_replay_stops_where_its_run_stopped_and_goes_on_where_it_went_on(runs):
    """No model is asked, and no recording is said to be missing."""
    run = went(runs, SPEC)
    first = runs.replay(run.run_id, delay_s=0.0)
    ended(runs, first)
    assert runs.get(first).timeline.end.reason == "reward_broken"
    runs.resume(run.run_id, anyway=True)
    ended(runs, run.run_id)
    second = runs.replay(run.run_id, delay_s=0.0)
    ended(runs, second)
    line = runs.get(second).timeline
    assert (line.end.reason, len(line.attempts)) == ("every_attempt_failed", 5)


def test_a_fixed_reward_on_the_recording_says_where_the_recording_ends(runs):
    """Only one attempt was recorded."""
    run = went(runs, SPEC)
    fixed = replace(SPEC, reward="def reward(args, pred):\n    return 0.5\n", model=replace(SPEC.model))
    from refine_core.runs import replay_program

    line = went(runs, replay_program(fixed, run.run_id, delay_s=0.0)).timeline
    assert (line.end.reason, line.end.returned) == ("recording_ended", 0)
    assert "stopped by an error of its reward" in line.end.error.message


def broken(index, *, repeats=True):
    return AttemptFailed(index, "reward", Fault("AttributeError", "no field", "program", 2, repeats=repeats))


def begun(plan, *events):
    """The loop once both of two attempts at once are under way, after `events`."""
    from refine_core.events import AttemptStarted

    return replay(plan, [AttemptStarted(0, 0.1, {}), AttemptStarted(1, 0.2, {}), *events])


def test_of_attempts_at_once_those_under_way_are_awaited_and_no_more_begun():
    """Whichever of them failed first."""
    plan = Plan((0.1, 0.2, 0.3, 0.4), 1.0, 4, "none", 2, stop_on_repeating_error=True)
    for first in (0, 1):
        assert decide(begun(plan, broken(first))) == ()
        assert decide(begun(plan, broken(first), broken(1 - first))) == (Stop("reward_broken", None, None),)
    scored = RewardScored(1, 0.5, 0.0)
    assert decide(begun(plan, broken(0), scored)) == (Stop("reward_broken", 1, 1),)
    good = RewardScored(0, 1.0, 0.0)
    assert decide(begun(plan, broken(1), good))[0].reason == "threshold_reached"
    went_on = decide(begun(plan, broken(0), broken(1), RunResumed(2, anyway=True)))
    assert [type(one) for one in went_on] == [RunAttempt, RunAttempt]
    assert decide(begun(plan, broken(0, repeats=False), broken(1, repeats=False)))[0].index == 2


def test_the_failures_allowed_still_end_a_run_first():
    """With none allowed there is nothing to continue."""
    plan = Plan((0.1, 0.2), 1.0, 0, "none", 2, stop_on_repeating_error=True)
    assert decide(begun(plan, broken(0), broken(1)))[0].reason == "too_many_failures"
