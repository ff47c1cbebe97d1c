"""A run in words: its numbers, its errors, what it took."""

from __future__ import annotations

from dataclasses import replace

import pytest

from refine_core import MemoryStore, ProgramSpec, StageSpec
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
)
from tests import logs
from tests.unit.test_runs import finished

SPEC = ProgramSpec(
    (StageSpec("answer", "question -> answer"),),
    "def reward(args, pred):\n    return 0.25\n",
    {"question": "?"},
    N=3,
)


@pytest.fixture(scope="module")
def runs():
    made = Runs(MemoryStore())
    yield made
    made.close()


def test_what_a_run_took_says_what_is_unknown(runs):
    run = finished(runs, runs.start(SPEC))
    assert what_it_took(run.line).startswith("3 attempts, 2 requests for advice, 5 calls, ")
    assert what_it_took(run.line).endswith("free")
    for call in run.line.calls:
        call.reply = replace(call.reply, cost_usd=None, prompt_tokens=None)
    assert what_it_took(run.line).endswith("cost unknown")
    assert "tokens" not in what_it_took(run.line)


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
        (-0.0, "0"),
        (0.99999, "0.99999"),
        (1.00001, "1"),
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
