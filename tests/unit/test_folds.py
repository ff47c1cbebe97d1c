"""What is folded from a log: the loop's own idea of the best, nested refinements, second askings, old logs."""

import copy
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refine_core import events as ev
from refine_core.log import Record, codec
from refine_core.log.folds import timeline
from refine_core.log.span import RUN, ChildSpans, Span
from refine_core.log.summaries import Summary, summarize
from refine_core.loop import Plan, replay
from tests import logs


def summary(records: list[Record]) -> Summary:
    """The row, one record after the other."""
    row = None
    for record in records:
        row = summarize(row, record)
    assert row is not None
    return row


# ---- the best, and what is good enough

REWARD = st.sampled_from([-1.0, 0.0, 0.2, 0.5, 0.9, 0.9, 1.0])
TRIES = st.lists(st.tuples(st.none() | REWARD, st.booleans()), min_size=1, max_size=6)


def written(tries: list[tuple[float | None, bool]], threshold: float | None) -> logs.Log:
    """A log with one attempt a pair: its reward, or None, and whether it met every rule."""
    log = logs.Log(stages=("answer",), N=len(tries), threshold=threshold)
    for reward, met in tries:
        log.attempt(reward, unmet=None if met else logs.LIMIT)
    return log


def by_hand(tries: list[tuple[float | None, bool]]) -> int | None:
    """The first of those with the highest reward, among those that met every rule if any did."""
    scored = [(i, reward, met) for i, (reward, met) in enumerate(tries) if reward is not None]
    pool = [one for one in scored if one[2]] or scored
    top = max((reward for _, reward, _ in pool), default=None)
    return next((i for i, reward, _ in pool if reward == top), None)


@settings(max_examples=200, deadline=None)
@given(TRIES, st.none() | REWARD)
def test_nobody_disagrees_with_the_loop_about_the_best(tries, threshold):
    """Timeline, history row, loop and a plain rule of our own say the same after every attempt."""
    log = written(tries, threshold)
    plan = Plan.of(len(tries), 0.0, threshold, None)
    ends = (ev.RewardScored, ev.AttemptFailed)
    for part in (
        log.records[:end] for end, r in enumerate(log.records, start=1) if isinstance(r.event, ends)
    ):
        folded, loop = timeline(part), replay(plan, [r.event for r in part])
        ended = [a for a in folded.attempts if a.state in {"scored", "failed"}]
        expected = by_hand(tries[: len(ended)])
        assert folded.best == loop.best == summary(part).best == expected
        assert [a.reaches_threshold for a in ended] == [
            a.reward is not None and loop.reaches(a.index) for a in ended
        ]
        if expected is not None:
            assert summary(part).best_reward == tries[expected][0]
            assert summary(part).best_unmet is not tries[expected][1]


@settings(max_examples=200, deadline=None)
@given(TRIES)
def test_best_so_far_is_the_reward_of_what_was_best_then(tries):
    folded = written(tries, None).timeline
    for attempt in folded.attempts:
        best = by_hand(tries[: attempt.index + 1])
        assert attempt.best_so_far == (None if best is None else tries[best][0])


def test_a_high_reward_with_an_unmet_rule_is_neither_enough_nor_the_best():
    log = written([(0.95, False), (0.5, True)], 0.9)
    assert log.timeline.best == 1
    assert [a.reaches_threshold for a in log.timeline.attempts] == [False, False]
    assert log.timeline.attempts[0].unmet == logs.LIMIT
    assert log.timeline.attempts[1].unmet == {}


def test_attempts_that_overlap_and_end_in_another_order_have_one_best():
    """A tie keeps the first by index, not the first to end."""
    log = logs.Log(stages=("answer",), N=3, strategy="best_of_n")
    spans = [log.begin() for _ in range(3)]
    for index in (2, 1, 0):
        log.emit(spans[index], ev.RewardScored(index, 0.5, 0.0))
    assert log.timeline.best == summary(log.records).best == 0


# ---- a model without a temperature


def test_an_attempt_knows_which_predictors_got_no_temperature():
    some, every = logs.one_without_temperature().timeline, logs.no_temperature().timeline
    assert [a.fixed_temperature for a in some.attempts] == [("answer",)] * 2
    assert [some.has_temperature(a) for a in some.attempts] == [True, True]
    assert [every.has_temperature(a) for a in every.attempts] == [False] * 3
    assert logs.two_stages().timeline.has_temperature(logs.two_stages().timeline.attempts[0])


# ---- replies that could not be read


def test_an_unusable_reply_belongs_to_its_call_and_the_next_call_asks_again():
    first, second, third = logs.asked_again().timeline.attempts

    def told(attempt, name):
        (run,) = [r for r in attempt.predictors if r.name == name]
        return [(call.is_repeat, call.parse_failure) for call in run.calls], run.outputs

    assert told(first, "draft") == ([(False, logs.UNREAD), (True, None)], {"notes": "notes 1"})
    assert told(second, "answer") == ([(False, logs.UNREAD), (True, logs.UNREAD)], None)
    assert told(third, "draft")[0] == [(False, None)]


def test_calls_of_predictors_that_run_at_once_keep_their_own_failures():
    """Their events interleave; the place of each says whose it is."""
    log = logs.Log(stages=("a", "b"))
    span = log.begin()
    for name in ("a", "b"):
        log.emit(f"{span}/{name}", ev.ModuleStarted(name, {}))
        log.call(f"{span}/{name}")
    log.emit(f"{span}/a", logs.UNREAD)
    log.call(f"{span}/b", name="lm-2")  # not after a failure: b's own code asked twice
    log.call(f"{span}/a", name="lm-2")
    a, b = log.timeline.attempts[0].predictors
    assert [(c.is_repeat, c.parse_failure) for c in a.calls] == [(False, logs.UNREAD), (True, None)]
    assert [(c.is_repeat, c.parse_failure) for c in b.calls] == [(False, None), (False, None)]


@pytest.mark.parametrize(("place", "purpose"), [("advice", "advice"), ("reward/judge", "judge")])
def test_advisers_and_judges_are_asked_again_too(place, purpose):
    log = logs.Log(stages=("answer",))
    log.attempt(0.5)
    log.call(f"attempt-0/{place}", purpose=purpose)
    log.emit(f"attempt-0/{place}", logs.UNREAD)
    log.call(f"attempt-0/{place}", purpose=purpose, name="lm-2")
    (attempt,) = log.timeline.attempts
    calls = attempt.advice.calls if purpose == "advice" else attempt.judge_calls
    assert [(c.is_repeat, c.parse_failure) for c in calls] == [(False, logs.UNREAD), (True, None)]
    assert [c.parse_failure for c in attempt.predictors[0].calls] == [None]


# ---- a refinement inside an attempt


def test_the_loop_of_a_refinement_inside_an_attempt_is_its_own():
    """The outer attempts keep their outputs, rewards, rules, hints and advice, and are as many as they were."""
    log = logs.nested()
    assert [a.index for a in log.timeline.attempts] == [0, 1]
    assert [a.outputs for a in log.timeline.attempts] == [{"answer": "outer 0"}, {"answer": "outer 1"}]
    assert [a.reward for a in log.timeline.attempts] == [0.3, 1.0]
    assert [dict(a.unmet) for a in log.timeline.attempts] == [{}, {}]
    assert [dict(a.hints) for a in log.timeline.attempts] == [{}, {"answer": "outer"}]
    assert [a.advice.hints if a.advice else None for a in log.timeline.attempts] == [
        {"answer": "outer"},
        None,
    ]
    row = summary(log.records)
    assert (row.rewards, row.best, row.failed, row.best_unmet) == ((0.3, 1.0), 1, 0, False)


def test_calls_of_a_refinement_inside_an_attempt_count_with_that_attempt():
    log = logs.nested()
    first, second = log.timeline.attempts
    assert [run.inner for run in first.predictors] == [(0,), (1,)]
    assert [call.is_repeat for run in second.predictors for call in run.calls] == [False, False, True]
    assert [len(a.inner_advice) for a in log.timeline.attempts] == [1, 1]
    asked = sum(isinstance(r.event, ev.LMRequested) for r in log.records)
    assert log.timeline.usage.calls == len(log.timeline.calls) == summary(log.records).calls == asked


def test_advice_of_an_inner_refinement_does_not_make_its_attempt_advised():
    """While the inner adviser is asked, the outer attempt still runs."""
    log = logs.nested()
    asked = next(
        i for i, r in enumerate(log.records) if r.span.path == "attempt-0/refine/attempt-0/advice/lm"
    )
    folded = timeline(log.records[: asked + 1])
    assert folded.attempts[0].state == "running"
    assert folded.attempts[0].advice is None


def test_a_failure_inside_an_inner_refinement_is_no_failed_attempt():
    log = logs.Log(stages=("answer",))
    span = log.begin()
    log.emit(f"{span}/refine/attempt-0", ev.AttemptStarted(0, 0.0))
    log.emit(f"{span}/refine/attempt-0", ev.AttemptFailed(0, "program", logs.BROKEN))
    assert [a.state for a in log.timeline.attempts] == ["running"]
    assert summary(log.records).failed == 0


@pytest.mark.parametrize(
    ("span", "inside"),
    [
        ("", False),
        ("attempt-0", False),
        ("attempt-12/draft/lm-2", False),
        ("attempt-0-2/advice", False),
        ("attempt-0/refine/attempt-1", True),
        ("attempt-0/refine-2/attempt-1-2/draft/lm", True),
        ("attempt-0/steps['attempt-one']/lm", False),
    ],
)
def test_nested_is_an_attempt_within_an_attempt_and_no_predictors_name(span, inside):
    assert Span.parse(span).is_nested is inside


NAMES = st.one_of(
    st.sampled_from(
        ["attempt", "lm", "advice", "draft.predict", "attempt-0", "lm-2", "a-1", "a-0", "a-02", "-", "-2"]
    ),
    st.text("ab-0123", min_size=1, max_size=6),
)


@given(st.lists(st.tuples(NAMES, st.none() | st.integers(0, 30)), max_size=5))
def test_a_span_is_read_back_as_it_was_written(parts):
    """Whatever the predictors are called, and however often they were called."""
    span, children = RUN, {}
    for kind, index in parts:
        inside = children.setdefault(span, ChildSpans())
        inside.begin(span, kind, index)
        span = inside.begin(span, kind, index)
    read = Span.parse(span.path)
    assert (read, read.path, hash(read)) == (span, span.path, hash(span))
    assert [one.path for one in read.outward] == [one.path for one in span.outward]


def test_a_span_says_what_it_is_and_what_encloses_it():
    call = Span.parse("attempt-3-2/refine/attempt-1/draft.predict/lm-2")
    assert (call.kind, call.index, call.ordinal) == ("lm", None, 2)
    assert [(s.kind, s.index, s.ordinal) for s in call.outward][1:] == [
        ("draft.predict", None, 1),
        ("attempt", 1, 1),
        ("refine", None, 1),
        ("attempt", 3, 2),
        ("run", None, 1),
    ]
    assert call.attempts == (3, 1)
    assert call.is_in(Span.parse("attempt-3-2"))
    assert not call.is_in(Span.parse("attempt-3"))
    assert Span.parse("") == RUN


def test_spans_that_a_log_holds_already_are_not_begun_again():
    children = ChildSpans(frozenset({Span.parse("attempt-1"), Span.parse("attempt-1-2")}))
    assert children.begin(RUN, "attempt", 1).path == "attempt-1-3"


# ---- older logs


def test_a_log_without_the_newer_fields_folds_as_before():
    """Events as an earlier version wrote them have neither `untempered` nor `unmet`."""

    def aged(event: ev.Event) -> ev.Event:
        kind, version, text = codec.encode(event)
        data = json.loads(text)
        for field in ("untempered", "unmet"):
            data.pop(field, None)
        return codec.decode(kind, version, json.dumps(data))

    log = logs.failures()
    old = [Record(r.run_id, r.seq, r.at, r.span, aged(r.event)) for r in log.records]
    assert timeline(old) == log.timeline
    assert summary(old) == summary(log.records)


@pytest.mark.parametrize("name", logs.SCENARIOS)
def test_the_end_that_was_recorded_is_the_end_that_the_fold_finds(name):
    log = copy.copy(logs.SCENARIOS[name]())
    folded = log.timeline
    if folded.end is not None:
        assert folded.best == folded.end.best == summary(log.records).best
