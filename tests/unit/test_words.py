"""A run in words: why it stopped, what it took."""

from __future__ import annotations

from dataclasses import replace

import pytest

from refine_core import MemoryStore, ModelSpec, ProgramSpec, StageSpec
from refine_core.events import ParseFailed
from refine_core.runs import Runs
from refine_core.words import (
    count,
    dollars,
    no_temperature,
    number,
    seconds,
    unread,
    what_it_took,
    why_failed,
    why_stopped,
)
from tests import logs
from tests.unit.test_runs import finished

SPEC = ProgramSpec(
    (StageSpec("answer", "question -> answer"),),
    "def reward(args, pred):\n    return 0.25\n",
    {"question": "?"},
    N=3,
)
BROKEN = "def reward(args, pred):\n    return 1 / 0\n"


@pytest.fixture(scope="module")
def runs():
    made = Runs(MemoryStore())
    yield made
    made.close()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"threshold": 0.25}, "Stopped at attempt 1: reward 0.25 ≥ threshold 0.25."),
        (
            {},
            "All 3 attempts made; none reached the threshold 1. Returned the best: attempt 1 with reward 0.25.",
        ),
        (
            {"threshold": None},
            "All 3 attempts made; no threshold was set. Returned the best: attempt 1 with reward 0.25.",
        ),
        ({"strategy": "single"}, "The one attempt was made; its reward is 0.25."),
        (
            {"reward": BROKEN, "fail_count": 1},
            "Gave up after attempt 2: 2 attempts failed, and 1 may. Last error: ZeroDivisionError: division by zero.",
        ),
        ({"reward": BROKEN}, "Every attempt failed. Last error: ZeroDivisionError: division by zero."),
    ],
)
def test_why_a_run_stopped(runs, changes, words):
    assert finished(runs, runs.start(replace(SPEC, **changes))).why == words


def test_what_a_run_took_says_what_is_unknown(runs):
    run = finished(runs, runs.start(SPEC))
    assert what_it_took(run.line).startswith("3 attempts, 2 requests for advice, 5 calls, ")
    assert what_it_took(run.line).endswith("free")
    for call in run.line.calls:
        call.reply = replace(call.reply, cost_usd=None, prompt_tokens=None)
    assert what_it_took(run.line).endswith("cost unknown")
    assert "tokens" not in what_it_took(run.line)


def test_a_run_that_is_under_way_or_was_interrupted_says_where_it_stands(runs):
    run_id = runs.start(replace(SPEC, model=ModelSpec(delay_s=20)))
    while not runs.get(run_id).line.attempts:
        pass
    line = runs.get(run_id).line
    runs.cancel(run_id)
    assert why_stopped(line) == "Running attempt 1 of 3."
    assert why_stopped(line, alive=False).startswith(
        "Interrupted during attempt 1: the app ended before the run did."
    )


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (1.0, "1"),
        (0.3333333, "0.3333"),
        (-2.5, "-2.5"),
        (0.0, "0"),
        (12345.6, "12,346"),
        (1e-9, "1e-09"),
        (1e12, "1e+12"),
        (None, "none"),
    ],
)
def test_numbers_are_written_as_people_write_them(value, words):
    assert number(value) == words


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0.0, "under 1 ms"),
        (0.0042, "4 ms"),
        (0.9996, "1.0 s"),
        (1.23, "1.2 s"),
        (99.96, "1 min 40 s"),
        (185, "3 min 5 s"),
        (None, "unknown"),
    ],
)
def test_durations_have_their_unit(value, words):
    assert seconds(value) == words


def test_costs_and_counts():
    assert [dollars(v) for v in (None, 0, 4.5e-06, 0.00012, 0.0042, 1.5)] == [
        "cost unknown",
        "free",
        "under $0.0001",
        "$0.00012",
        "$0.0042",
        "$1.50",
    ]
    assert [count(n, "retry", "retries") for n in (0, 1, 2)] == ["0 retries", "1 retry", "2 retries"]


def test_a_reward_just_below_the_threshold_does_not_look_as_if_it_reached_it(runs):
    spec = replace(SPEC, reward="def reward(args, pred):\n    return 0.99999\n")
    assert finished(runs, runs.start(spec)).why.endswith("attempt 1 with reward 0.99999.")


def test_a_run_that_was_kept_from_stopping_by_a_rule_says_so():
    """Its rewards were above the threshold, so "none reached the threshold" alone would look like a mistake."""
    assert why_stopped(logs.rules(met=False).line) == (
        "All 4 attempts made; none reached the threshold 0.9 with every rule met. "
        "Returned the best: attempt 3 with reward 0.97, rules not met: at most 3 words, no full stop."
    )


def test_the_one_attempt_and_a_cancelled_run_tell_their_rules_too():
    log = logs.Log(stages=("answer",), N=1)
    log.attempt(0.95, unmet=logs.LIMIT)
    log.finish()
    assert why_stopped(log.line) == (
        "The one attempt was made; its reward is 0.95, rule not met: at most 3 words."
    )
    log = logs.Log(stages=("answer",))
    log.attempt(0.95, unmet=logs.LIMIT)
    log.running()
    log.finish("cancelled")
    assert why_stopped(log.line).endswith("Best: attempt 1 with reward 0.95, rule not met: at most 3 words.")


def test_a_run_that_met_every_rule_does_not_mention_them():
    assert why_stopped(logs.rules().line) == "Stopped at attempt 4: reward 0.92 ≥ threshold 0.9."


@pytest.mark.parametrize(
    ("failed", "words"),
    [
        (ParseFailed(("answer",), {}), "it has no field answer"),
        (ParseFailed(("mood", "why"), {}), "it has no fields mood, why"),
        (ParseFailed((), {"n": "must be a number."}), "field n: must be a number"),
    ],
)
def test_what_could_not_be_read_of_a_reply(failed, words):
    assert unread(failed) == words


def test_where_there_is_no_temperature_the_rollout_is_named():
    assert no_temperature(2) == "no temperature; rollout 2"


def test_an_attempt_that_failed_by_its_replies_says_what_each_of_them_lacked():
    """The error's own message begins with the signature and ends with the whole reply: too long for a line."""
    first, second, _ = logs.asked_again().line.attempts
    assert why_failed(first) == ""
    assert why_failed(second) == (
        "the reply of answer could not be read: it has no field answer. "
        "Nor could the second, asked for as JSON: it has no field answer"
    )


def test_an_attempt_that_failed_otherwise_says_its_error():
    assert [why_failed(a) for a in logs.failures().line.attempts if a.error] == [
        "no field 'answer' in the reply",
        "ZeroDivisionError: division by zero",
    ]
