"""The headline of a run: why it ended or where it stands, and which attempts failed of what."""

from __future__ import annotations

from dataclasses import replace

import pytest

from refine_core import MemoryStore, ModelSpec, ProgramSpec, StageSpec
from refine_core.events import Fault, RunFinished
from refine_core.runs import Credentials, Runs
from refine_core.stop_summary import stop_summary
from tests import logs
from tests.openai_server import RAMBLING, OpenAIServer
from tests.threads import run_to_end

SPEC = ProgramSpec(
    (StageSpec("answer", "question -> answer"),),
    "def reward(args, pred):\n    return 0.25\n",
    {"question": "?"},
    N=3,
)
BROKEN = "def reward(args, pred):\n    return 1 / 0\n"
DIVISION = "the reward raised ZeroDivisionError: division by zero (line 2)"
NOTHING = Fault(
    "WrongType",
    "the reward returned None; return a number or Score(value, feedback=…, parts=…). Is a `return` missing?",
    "program",
    4,
)
DIVIDED = Fault("ZeroDivisionError", "ZeroDivisionError: division by zero", "program", 2)


@pytest.fixture(scope="module")
def runs():
    made = Runs(MemoryStore())
    yield made
    made.close()


def log_of(*rewards, N=5, threshold=0.9):
    """A log of one stage; a Fault stands for an attempt whose reward failed with it."""
    log = logs.Log(stages=("answer",), N=N, threshold=threshold)
    for reward in rewards:
        if isinstance(reward, Fault):
            log.attempt(None, outputs={"answer": "x"}, error=reward)
        else:
            log.attempt(reward)
    return log


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"threshold": 0.25}, "Stopped at attempt 1: reward 0.25 ≥ threshold 0.25."),
        (
            {},
            "All 3 attempts made; none reached the threshold 1.00. Returned the best: attempt 1 with reward 0.25.",
        ),
        (
            {"threshold": None},
            "All 3 attempts made; no threshold was set. Returned the best: attempt 1 with reward 0.25.",
        ),
        ({"strategy": "single"}, "The only attempt scored 0.25."),
        ({"strategy": "single", "reward": BROKEN}, f"The only attempt failed: {DIVISION}."),
        (
            {"reward": BROKEN, "fail_count": 1},
            f"Gave up after attempt 2: 2 attempts failed (1 allowed). Attempts 1 and 2 failed: {DIVISION}.",
        ),
        ({"reward": BROKEN}, f"Every attempt failed: {DIVISION}."),
    ],
)
def test_a_headline_says_why_a_run_stopped(runs, changes, words):
    assert run_to_end(runs, runs.start(replace(SPEC, **changes))).stop_summary == words


@pytest.mark.fault(18)
def test_a_success_after_failures_names_them_and_their_cause(runs):
    """A reward that returns nothing for half of its inputs is no success to be proud of."""
    log = log_of(NOTHING, NOTHING, 1.0, threshold=1.0)
    log.finish()
    assert stop_summary(log.timeline) == (
        "Stopped at attempt 3: reward 1.00 ≥ threshold 1.00. Attempts 1 and 2 failed: the reward returned nothing (line 4)."
    )


@pytest.mark.fault(18)
def test_the_headline_of_a_real_run_names_the_line_that_failed(runs):
    """From the worker's own error to the sentence, with nothing made up in between."""
    source = "calls = []\ndef reward(args, pred):\n    calls.append(1)\n    if len(calls) > 2:\n        return 1.0\n"
    why = run_to_end(runs, runs.start(replace(SPEC, reward=source, strategy="best_of_n"))).stop_summary
    assert why.startswith("Stopped at attempt 3: reward 1.00 ≥ threshold 1.00. Attempts 1 and 2 failed: ")
    assert "the reward returned nothing (line " in why


@pytest.mark.fault(18)
@pytest.mark.parametrize(
    ("reason", "start"),
    [
        ("attempts_used_up", "All 3 attempts made; none reached the threshold 0.90. Returned the best: "),
        ("too_many_failures", "Gave up after attempt 3: 2 attempts failed (5 allowed). Best: "),
        ("budget_used_up", "Stopped by its budget. The budget is used up. Returned the best: "),
        ("recording_ended", "The recording ends here. Returned the best: "),
        ("cancelled", "Cancelled after attempt 3. Best: "),
        ("error", "Stopped by an error: unknown. Best: "),
    ],
)
def test_every_reason_to_stop_is_followed_by_the_failures(reason, start):
    """Two causes are two sentences, in the order in which they came."""
    log = log_of(NOTHING, 0.5, DIVIDED)
    log.emit(
        "", RunFinished(reason, 1, None if start.endswith("Best: ") and "Returned" not in start else 1, 1.0)
    )
    assert stop_summary(log.timeline) == (
        f"{start}attempt 2 with reward 0.50. "
        "Attempt 1 failed: the reward returned nothing (line 4). "
        f"Attempt 3 failed: {DIVISION}."
    )


@pytest.mark.fault(18)
def test_a_run_whose_every_attempt_failed_tells_each_cause():
    log = log_of(NOTHING, DIVIDED, NOTHING)
    log.finish("every_attempt_failed")
    assert stop_summary(log.timeline) == (
        "Every attempt failed. Attempts 1 and 3 failed: the reward returned nothing (line 4). "
        f"Attempt 2 failed: {DIVISION}."
    )


@pytest.mark.fault(18)
def test_one_error_on_two_lines_is_two_causes():
    log = log_of(DIVIDED, replace(DIVIDED, line=7), 1.0)
    log.finish()
    assert stop_summary(log.timeline).endswith(
        f"Attempt 1 failed: {DIVISION}. Attempt 2 failed: {DIVISION.replace('2)', '7)')}."
    )


def test_failures_that_do_not_follow_each_other_are_named_and_counted():
    log = log_of(NOTHING, 0.5, *[NOTHING] * 4)
    log.finish()
    assert "Attempts 1, 3 and 3 others failed: " in stop_summary(log.timeline)


def test_a_reward_that_takes_too_long_is_named_as_what_failed():
    log = log_of(Fault("Timeout", "took longer than 1 s", "program", 2), 1.0)
    log.finish()
    assert stop_summary(log.timeline).endswith("Attempt 1 failed: the reward took longer than 1 s (line 2).")


def test_if_no_reply_of_a_real_model_can_be_read_the_headline_says_what_to_do(runs):
    with OpenAIServer(RAMBLING) as server:
        model = ModelSpec("litellm", "openai/tiny", api_base=server.url, cache=False)
        run = run_to_end(runs, runs.start(replace(SPEC, model=model), Credentials({"model": "k"})))
    assert "could not be read" in run.stop_summary
    assert run.stop_summary.endswith("to find a reply format that it keeps, or choose a larger one.")


@pytest.mark.fault(18)
def test_long_lists_of_failures_are_folded():
    """Forty failures of one cause, and eight of other causes, stay a headline."""
    log = log_of(*[NOTHING] * 40, *(replace(DIVIDED, line=n) for n in range(10, 18)), 1.0, N=50)
    log.finish()
    assert stop_summary(log.timeline) == (
        "Stopped at attempt 49: reward 1.00 ≥ threshold 0.90. "
        "Attempts 1 to 40 failed: the reward returned nothing (line 4). "
        "Attempt 41 failed: the reward raised ZeroDivisionError: division by zero (line 10). "
        "Attempt 42 failed: the reward raised ZeroDivisionError: division by zero (line 11). "
        "6 more attempts failed for other reasons."
    )


@pytest.mark.fault(18)
def test_a_long_error_is_cut_to_its_first_sentence():
    long = replace(DIVIDED, type="ValueError", message=f"ValueError: {'x' * 400}\nand more. Even more.")
    log = log_of(long, 1.0)
    log.finish()
    said = stop_summary(log.timeline)
    assert "and more" not in said
    assert said.endswith("x… (line 2).")
    assert len(said) < 300


@pytest.mark.fault(18)
def test_the_only_cause_is_told_with_what_to_do_next():
    """Of several causes each is told in one sentence; the rest stands at the attempt."""
    cut = Fault("LMTruncatedError", "'tiny' used up its tokens. Raise max tokens.", blame="model")
    log = log_of()
    log.attempt(None, error=cut)
    log.attempt(1.0)
    log.finish()
    assert stop_summary(log.timeline).endswith(
        "Attempt 1 failed: 'tiny' used up its tokens. Raise max tokens."
    )
    log = log_of(NOTHING)
    log.attempt(None, error=cut)
    log.attempt(1.0)
    log.finish()
    assert stop_summary(log.timeline).endswith(" Attempt 2 failed: 'tiny' used up its tokens.")


@pytest.mark.fault(45)
def test_one_cause_is_one_though_each_attempt_tells_another_number_or_end():
    """So the headline of a rambling model says what to do next."""
    told = "'tiny' was still writing after 60 s (about {} characters). Set max tokens."
    log = log_of()
    for size in ("1,400", "630"):
        log.attempt(None, error=Fault("LMTimeoutError", told.format(size), blame="model"))
    log.attempt(1.0)
    log.finish()
    assert stop_summary(log.timeline).endswith(f"Attempts 1 and 2 failed: {told.format('1,400')}")


@pytest.mark.fault(18)
def test_a_run_under_way_or_cut_off_names_its_failures_too():
    log = log_of(NOTHING, 0.5)
    log.running()
    failed = "Attempt 1 failed: the reward returned nothing (line 4)."
    assert stop_summary(log.timeline) == f"Attempt 3 of 5: the model is answering. {failed}"
    assert stop_summary(log.timeline, alive=False) == (
        "Interrupted during attempt 3: the app or terminal that ran it ended. "
        f"{failed} Everything recorded until then is here."
    )


@pytest.mark.fault(18)
def test_a_reply_that_could_not_be_read_is_a_cause_as_well():
    log = log_of()
    log.attempt(None)
    log.attempt(1.0)
    log.finish()
    assert stop_summary(log.timeline).endswith("Attempt 1 failed: no field 'answer' in the reply.")


def test_a_run_that_is_under_way_or_was_interrupted_says_where_it_stands(runs):
    run_id = runs.start(replace(SPEC, model=ModelSpec(delay_s=20)))
    while not runs.get(run_id).timeline.attempts:
        pass
    line = runs.get(run_id).timeline
    runs.cancel(run_id)
    assert stop_summary(line) == "Attempt 1 of 3: the model is answering."
    assert stop_summary(line, alive=False).startswith(
        "Interrupted during attempt 1: the app or terminal that ran it ended."
    )


def test_a_reward_just_below_the_threshold_does_not_look_as_if_it_reached_it(runs):
    spec = replace(SPEC, reward="def reward(args, pred):\n    return 0.99999\n")
    assert run_to_end(runs, runs.start(spec)).stop_summary.endswith("attempt 1 with reward 0.99999.")


def test_a_run_that_was_kept_from_stopping_by_a_rule_says_so():
    """Its rewards were above the threshold, so "none reached the threshold" alone would look like a mistake."""
    assert stop_summary(logs.rules(met=False).timeline) == (
        "All 4 attempts made; none reached the threshold 0.90 with every rule met. "
        "Returned the best: attempt 3 with reward 0.97, rules not met: at most 3 words, no full stop."
    )


def test_the_one_attempt_and_a_cancelled_run_tell_their_rules_too():
    log = logs.Log(stages=("answer",), N=1)
    log.attempt(0.95, unmet=logs.LIMIT)
    log.finish()
    assert stop_summary(log.timeline) == ("The only attempt scored 0.95, rule not met: at most 3 words.")
    log = logs.Log(stages=("answer",))
    log.attempt(0.95, unmet=logs.LIMIT)
    log.running()
    log.finish("cancelled")
    assert stop_summary(log.timeline).endswith(
        "Best: attempt 1 with reward 0.95, rule not met: at most 3 words."
    )


def test_a_run_that_met_every_rule_does_not_mention_them():
    assert stop_summary(logs.rules().timeline) == "Stopped at attempt 4: reward 0.92 ≥ threshold 0.90."
