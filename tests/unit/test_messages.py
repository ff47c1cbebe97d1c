"""A run in words: its numbers, its errors, what it took."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refine_core import MemoryStore, ProgramSpec, StageSpec
from refine_core import events as ev
from refine_core.events import ParseFailed
from refine_core.figures import alt_text, ledger, timeline_figure
from refine_core.formatting import format_cost, format_duration, format_number, pluralize
from refine_core.messages import (
    describe_advice_failure,
    describe_caller,
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
    assert usage_summary(run.line).startswith("3 attempts, 2 requests for advice, 5 calls, ")
    assert usage_summary(run.line).endswith("free")
    for call in run.line.calls:
        call.reply = replace(call.reply, cost_usd=None, prompt_tokens=None)
    assert usage_summary(run.line).endswith("cost unknown")
    assert "tokens" not in usage_summary(run.line)


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
    assert format_number(value) == words


def as_number(text):
    return float(text.replace(",", ""))


NUMBERS = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False),
    st.floats(-2, 2),
    st.sampled_from([0.0, 1e-4, 1.0, 1000.0, 1e7, 0.33333, 0.1 + 0.2, 0.3]),
)
NEIGHBOURS = NUMBERS.flatmap(
    lambda x: st.sampled_from([x, math.nextafter(x, math.inf), x - 1e-5, x * (1 + 1e-9), x + 1e-4])
).filter(math.isfinite)


@pytest.mark.fault(16)
@given(st.lists(NUMBERS | NEIGHBOURS, min_size=2, max_size=6, unique=True))
def test_numbers_shown_together_read_in_their_true_order(values):
    """Whatever is below a threshold, or below another reward, never looks like it, however near it is."""
    ordered = sorted(values)
    shown = [as_number(format_number(value, ordered)) for value in ordered]
    assert all(a < b for a, b in pairwise(shown)), shown


@pytest.mark.fault(16)
@given(st.one_of(NUMBERS, NEIGHBOURS), st.data())
def test_a_value_below_a_threshold_reads_as_below_it(threshold, data):
    """The threshold is shown beside the reward, and the reward beside the threshold."""
    below = st.sampled_from([math.nextafter(threshold, -math.inf), threshold - 1e-5, threshold - 1e-9])
    value = data.draw((NUMBERS | below).filter(lambda v: math.isfinite(v) and v < threshold))
    texts = format_number(value, [threshold]), format_number(threshold, [value])
    assert texts[0] != texts[1]
    assert as_number(texts[0]) < as_number(texts[1])


@pytest.mark.fault(16)
@given(st.floats(-999, 999))
def test_no_number_alone_looks_like_a_whole_one_that_it_does_not_reach(value):
    """A place that knows no threshold cannot show 0.99999 as 1 either."""
    shown = as_number(format_number(value))
    assert shown <= value or not shown.is_integer()


@pytest.mark.fault(16)
@pytest.mark.parametrize(("reward", "threshold"), [(0.99999, 1.0), (0.89999, 0.9), (12344.9, 12345.0)])
def test_every_picture_and_sentence_tells_a_near_miss_from_the_threshold(reward, threshold):
    """The headline, the figure with its hover texts, the ledger and the text instead of the picture."""
    log = logs.Log(stages=("answer",), N=3, threshold=threshold)
    for value in (reward, reward - 0.00001, 0.5):
        log.attempt(value, outputs={"answer": "x"})
    log.finish()
    short, aim = format_number(reward, [threshold]), format_number(threshold, [reward])
    shown = json.dumps(timeline_figure(log.line), ensure_ascii=False)
    told = [stop_summary(log.line), alt_text(log.line), shown]
    assert all(short in each for each in told)
    assert f"threshold {aim}" in shown
    assert f"reward {aim}" not in shown
    assert [row.cells["reward"].text for row in ledger(log.line)][:2] == [
        short,
        format_number(reward - 0.00001, [reward]),
    ]
    assert short != aim


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
    assert format_duration(value) == words


def test_costs_and_counts():
    assert [format_cost(v) for v in (None, 0, 4.5e-06, 0.00012, 0.0042, 1.5)] == [
        "cost unknown",
        "free",
        "under $0.0001",
        "$0.00012",
        "$0.0042",
        "$1.50",
    ]
    assert [pluralize(n, "retry", "retries") for n in (0, 1, 2)] == ["0 retries", "1 retry", "2 retries"]


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
    first, second, _ = logs.asked_again().line.attempts
    assert describe_failure(first) == ""
    assert describe_failure(second) == (
        "the reply of 'answer' could not be read: it has no field 'answer'. "
        "The second reply, asked for as JSON, could not be read either: it has no field 'answer'"
    )


def test_an_attempt_that_failed_otherwise_says_its_error():
    assert [describe_failure(a) for a in logs.failures().line.attempts if a.error] == [
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


def test_why_there_is_no_advice_says_what_to_do_where_the_adviser_could_not_be_read():
    busy, unreadable = logs.Log(), logs.Log()
    for log in (busy, unreadable):
        log.attempt(0.3)
    busy.advice_fails()
    span = "attempt-0/advice"
    unreadable.call(span, purpose="advice")
    unreadable.emit(span, ParseFailed(("advice",), {}))
    error = ev.Fault("ParseError", "no field 'advice' in the reply of …", "program")
    unreadable.emit(span, ev.AdviceFailed(0, error, 0.5))
    assert describe_advice_failure(busy.line.attempts[0].advice) == "too many requests"
    assert describe_advice_failure(unreadable.line.attempts[0].advice) == (
        "the adviser's reply could not be read: it has no field 'advice'. A larger model may be a better adviser; "
        "the next attempt goes on with the hints that it has."
    )


def test_who_is_asked_is_named_by_attempt_and_part():
    log = logs.Log()
    log.attempt(0.3)
    log.advise({"draft": "Shorter."})
    log.call("attempt-0", purpose="judge", name="judge/lm")
    line = log.line
    named = [describe_caller(line, call) for call in line.calls]
    assert named == [
        "Attempt 1, draft",
        "Attempt 1, answer",
        "The judge, in attempt 1",
        "Advice after attempt 1",
    ]
