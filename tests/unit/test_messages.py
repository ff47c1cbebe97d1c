"""A run in words: its numbers, its errors, what it took."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from refine_core import MemoryStore, ProgramSpec, StageSpec
from refine_core import events as ev
from refine_core.events import ParseFailed
from refine_core.figures import build_figure, build_ledger, describe_figure
from refine_core.formatting import format_score
from refine_core.messages import (
    describe_advice_failure,
    describe_failure,
    describe_parse_failure,
    describe_refusals,
    describe_rollout,
    usage_summary,
)
from refine_core.runs import Runs
from refine_core.stop_summary import stop_summary
from tests import logs
from tests.threads import run_to_end

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
    run = run_to_end(runs, runs.start(SPEC))
    assert usage_summary(run.timeline).startswith("3 attempts, 2 requests for advice, 5 calls, ")
    assert usage_summary(run.timeline).endswith("free")
    for call in run.timeline.calls:
        call.reply = replace(call.reply, cost_usd=None, prompt_tokens=None)
    assert usage_summary(run.timeline).endswith("cost unknown")
    assert "tokens" not in usage_summary(run.timeline)


@pytest.mark.fault(16)
@pytest.mark.parametrize(("reward", "threshold"), [(0.99999, 1.0), (0.89999, 0.9), (12344.9, 12345.0)])
def test_every_picture_and_sentence_tells_a_near_miss_from_the_threshold(reward, threshold):
    """The headline, the figure with its hover texts, the ledger and the text instead of the picture."""
    log = logs.Log(stages=("answer",), N=3, threshold=threshold)
    for value in (reward, reward - 0.00001, 0.5):
        log.attempt(value, outputs={"answer": "x"})
    log.finish()
    short, aim = format_score(reward, [threshold]), format_score(threshold, [reward])
    figure = build_figure(log.timeline)
    shown = json.dumps(figure, ensure_ascii=False)
    told = [stop_summary(log.timeline), describe_figure(log.timeline), shown]
    assert all(short in each for each in told)
    assert aim in [tick["text"] for tick in figure["drawings"]["columns"]["ticks"]]
    assert f"reward {aim}" not in shown
    assert [row.cells["reward"].text for row in build_ledger(log.timeline)][:2] == [
        short,
        format_score(reward - 0.00001, [reward]),
    ]
    assert short != aim


@pytest.mark.parametrize(
    ("failed", "words"),
    [
        (ParseFailed(("answer",), {}), "it has no field 'answer'"),
        (ParseFailed(("mood", "why"), {}), "it has no fields 'mood', 'why'"),
        (ParseFailed((), {"n": "must be a number."}), "field 'n': must be a number"),
    ],
)
def test_what_could_not_be_read_of_a_reply(failed, words):
    assert describe_parse_failure(failed) == words


def test_where_there_is_no_temperature_the_rollout_is_named():
    assert describe_rollout(2) == "no temperature; rollout 2"


def test_an_attempt_that_failed_by_its_replies_says_what_each_of_them_lacked():
    """The error's own message begins with the signature and ends with the whole reply: too long for a line."""
    first, second, _ = logs.asked_again().timeline.attempts
    assert describe_failure(first) == ""
    assert describe_failure(second) == (
        "the reply of 'answer' could not be read: it has no field 'answer'. "
        "The second reply, asked for as JSON, could not be read either: it has no field 'answer'"
    )


def test_an_attempt_that_failed_otherwise_says_its_error():
    assert [describe_failure(a) for a in logs.failures().timeline.attempts if a.error] == [
        "no field 'answer' in the reply",
        "ZeroDivisionError: division by zero",
    ]


@pytest.mark.fault(14)
def test_what_the_sandbox_refused_is_a_sentence_each_with_the_reason():
    scored = ev.RewardScored(0, 0.0, 0.1, refusals=("line 2: reading /etc/hosts", "line 3: starting ls"))
    first, *each, why = describe_refusals(scored)
    assert first == "The sandbox refused something, and the reward went on without it:"
    assert each == ["Line 2: reading /etc/hosts.", "Line 3: starting ls."]
    assert why.startswith("Rewards run in a sandbox: no network")
    assert describe_refusals(ev.RewardScored(0, 1.0, 0.1)) == []


def test_without_advice_for_an_unusable_reply_the_reason_says_what_to_do():
    busy, unreadable = logs.Log(), logs.Log()
    for log in (busy, unreadable):
        log.attempt(0.3)
    busy.advice_fails()
    span = "attempt-0/advice"
    unreadable.call(span, purpose="advice")
    unreadable.emit(span, ParseFailed(("advice",), {}))
    error = ev.Fault("ParseError", "no field 'advice' in the reply of …", "program")
    unreadable.emit(span, ev.AdviceFailed(0, error, 0.5))
    assert describe_advice_failure(busy.timeline.attempts[0].advice) == "too many requests"
    assert describe_advice_failure(unreadable.timeline.attempts[0].advice) == (
        "the adviser's reply could not be read: it has no field 'advice'. A larger model may be a better adviser; "
        "the next attempt keeps the hints that it has."
    )
