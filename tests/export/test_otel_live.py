"""Spans of runs at work: nothing unless it is asked for; the same trace as later; and a collector that is gone or slow costs a run nothing."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

from refine_core import BestOfN, Example, Predict, Refine, ScriptedLM, context
from refine_core.events import (
    AttemptStarted,
    LMRequested,
    RewardScored,
    RewardStarted,
    RunFinished,
    RunResumed,
)
from refine_core.export.leaving_out.redaction import NO_REDACTION, Redaction, redact
from refine_core.export.otel import live, live_spans
from refine_core.export.otel.builder import spans_of
from refine_core.export.otel.live import LEAVE_OUT, LIVE, LiveSpans, find_watch, read_left_out
from refine_core.interop.dspy_recording.background import Background
from refine_core.interop.dspy_recording.run_log import RunLog, RunScope
from refine_core.log.scope import Record
from refine_core.log.span import RUN, Span
from refine_core.runs.registry import Runs
from refine_core.spec.examples import EXAMPLES
from refine_core.store import MemoryStore
from tests.export.test_otel import ENDPOINT, _no_variables  # noqa: F401  # a fixture for every test
from tests.logs import SCENARIOS, headline
from tests.otlp_receiver import attributes_of, receiving

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _own_sender(monkeypatch):
    """Each test has a sender of its own, as a process has; none waits for a second before it tries again."""
    live.close_all()
    monkeypatch.delenv(LIVE, raising=False)
    monkeypatch.delenv(LEAVE_OUT, raising=False)
    yield
    live.close_all()


@pytest.fixture
def runs():
    runs = Runs(MemoryStore())
    yield runs
    runs.close()


def run_example(runs, name="two_stages"):
    run_id = runs.start(EXAMPLES[name].spec)
    runs.join(run_id, 60)
    return runs.store.events(run_id)


def ids(spans):
    return sorted(int.from_bytes(span.span_id, "big") for span in spans)


def test_nothing_is_sent_unless_it_is_asked_for(runs, monkeypatch):
    with receiving() as receiver:
        monkeypatch.setenv(ENDPOINT, receiver.address)
        for off in ("", "0", "off", "no", "false"):
            monkeypatch.setenv(LIVE, off)
            assert find_watch() is None
        run_example(runs)
    assert receiver.requests == []


def test_a_run_at_work_arrives_as_the_trace_that_is_sent_later(runs, monkeypatch):
    with receiving() as receiver:
        monkeypatch.setenv(ENDPOINT, receiver.address)
        monkeypatch.setenv(LIVE, "1")
        records = run_example(runs)
        assert find_watch().flush(20)
    built = spans_of(records)
    assert ids(receiver.spans) == sorted(span.span_id for span in built)
    for span in built:
        (sent,) = [one for one in receiver.spans if one.span_id == span.span_id.to_bytes(8, "big")]
        assert (sent.name, sent.start_time_unix_nano, sent.end_time_unix_nano) == (
            span.name,
            span.start_ns,
            span.end_ns,
        )
        assert attributes_of(sent) == {
            k: list(v) if isinstance(v, tuple) else v for k, v in span.attributes.items()
        }


def test_spans_go_out_while_the_run_is_at_work(monkeypatch):
    records = headline().records
    first_reply = next(i for i, one in enumerate(records) if isinstance(one.event, LMRequested)) + 2
    with receiving() as receiver:
        monkeypatch.setenv(ENDPOINT, receiver.address)
        watch = LiveSpans(NO_REDACTION)
        watch.take(records[:first_reply])
        receiver.wait_for(lambda one: any(span.name.startswith("chat") for span in one.spans))
        assert [span.name for span in receiver.spans if not span.parent_span_id] == []
        watch.take(records[first_reply:])
        receiver.wait_for(lambda one: any(not span.parent_span_id for span in one.spans))


def test_a_run_that_goes_on_sends_what_is_new(monkeypatch):
    """What went out before it was resumed is not sent again, but for the run's own span."""
    log = SCENARIOS["cancelled"]()
    before = [*log.records]
    index = max(one.event.index for one in before if isinstance(one.event, AttemptStarted))
    attempt, last = Span("attempt", index, RUN, 2), before[-1]
    new = [
        Record(last.run_id, last.seq + n, last.at + n, span, event)
        for n, (span, event) in enumerate(
            (
                (RUN, RunResumed(index)),
                (attempt, AttemptStarted(index, 0.7)),
                (attempt, RewardStarted(index, {"answer": "yes"})),
                (attempt, RewardScored(index, 1.0, 0.1)),
                (RUN, RunFinished("threshold_reached", index, index, 3.0)),
            ),
            1,
        )
    ]
    with receiving() as receiver:
        monkeypatch.setenv(ENDPOINT, receiver.address)
        watch = LiveSpans(NO_REDACTION)
        watch.take(before, sent=True)
        watch.take(new)
        assert watch.flush(20)
    assert [span.name for span in receiver.spans] == [
        "reward",
        f"attempt {index + 1}",
        spans_of(before)[0].name,
    ]
    assert receiver.spans[-1].start_time_unix_nano == spans_of(before)[0].start_ns


def test_what_the_recorder_of_dspy_records_is_sent_too(monkeypatch):
    store, first = MemoryStore(), headline().records[0]
    with receiving() as receiver:
        monkeypatch.setenv(ENDPOINT, receiver.address)
        monkeypatch.setenv(LIVE, "1")
        background = Background(lambda: store)
        scope = RunScope(RunLog("run-1", background))
        scope.emit(first.event)
        scope.emit(RunFinished("attempts_used_up", None, None, 0.1))
        assert background.flush(20)
        assert find_watch().flush(20)
    assert [span.name for span in receiver.spans] == [spans_of([first])[0].name]


def test_a_command_that_ends_at_once_has_sent_its_run():
    code = "from refine_core.cli import main; raise SystemExit(main(['run', '--example', 'one_word']))"
    with receiving() as receiver:
        environment = {**os.environ, ENDPOINT: receiver.address, LIVE: "1"}
        ended = subprocess.run(
            [sys.executable, "-c", code],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            cwd=ROOT,
        )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert sum(not span.parent_span_id for span in receiver.spans) == 1
    assert sum(span.name.startswith("chat") for span in receiver.spans) == 5


def test_a_branch_sends_what_it_keeps_too(runs, monkeypatch):
    parent = run_example(runs, "one_word")[0].run_id
    with receiving() as receiver:
        monkeypatch.setenv(ENDPOINT, receiver.address)
        monkeypatch.setenv(LIVE, "1")
        branch = runs.branches.fork(parent, 2)
        runs.join(branch, 60)
        assert find_watch().flush(20)
    assert ids(receiver.spans) == sorted(span.span_id for span in spans_of(runs.store.events(branch)))


@pytest.mark.parametrize("left_out", [Redaction(prompts=True), Redaction(inputs=True)])
def test_what_is_left_out_is_left_out_live_too(left_out, runs, monkeypatch):
    with receiving() as receiver:
        monkeypatch.setenv(ENDPOINT, receiver.address)
        monkeypatch.setenv(LIVE, "1")
        monkeypatch.setenv(LEAVE_OUT, ", ".join(name.removeprefix("field ") for name in left_out.describe()))
        records = run_example(runs)
        assert find_watch().flush(20)
    expected = {span.span_id: span for span in spans_of(redact(records, left_out))}
    assert ids(receiver.spans) == sorted(expected)
    for sent in receiver.spans:
        span = expected[int.from_bytes(sent.span_id, "big")]
        said = {k: list(v) if isinstance(v, tuple) else v for k, v in span.attributes.items()}
        assert attributes_of(sent) == said, span.name


def test_no_value_of_a_field_that_is_left_out_is_sent_live(runs, monkeypatch):
    """Its values are known only once they are recorded, so that the spans of an attempt wait for its end."""
    with receiving() as receiver:
        monkeypatch.setenv(ENDPOINT, receiver.address)
        monkeypatch.setenv(LIVE, "1")
        monkeypatch.setenv(LEAVE_OUT, "reply")
        records = run_example(runs)
        assert find_watch().flush(20)
    assert ids(receiver.spans) == sorted(span.span_id for span in spans_of(records))
    values = {one.event.outputs["reply"] for one in records if isinstance(one.event, RewardStarted)}
    text = str([attributes_of(span) for span in receiver.spans])
    assert len(values) > 1
    assert [value for value in values if value in text] == []


def test_a_misspelt_name_to_leave_out_keeps_the_whole_run_back(runs, monkeypatch, caplog):
    with receiving() as receiver:
        monkeypatch.setenv(ENDPOINT, receiver.address)
        monkeypatch.setenv(LIVE, "1")
        monkeypatch.setenv(LEAVE_OUT, "promts,another_programs_field")
        with caplog.at_level(logging.WARNING):
            records = run_example(runs)
            assert find_watch().flush(20)
    assert receiver.spans == []
    said = [one.getMessage() for one in caplog.records if "is sent" in one.getMessage()]
    assert said == [
        (
            f"no span of run {records[0].run_id} is sent: 'promts' is to be left out of it, and it has no such field. "
            "Write 'prompts' if that is meant."
        )
    ]


def test_what_to_leave_out_is_read_as_export_reads_it():
    assert read_left_out("prompts, answer,,inputs") == Redaction(
        prompts=True, inputs=True, fields=("answer",)
    )
    assert read_left_out("") == NO_REDACTION


def test_a_collector_that_is_gone_is_named_once_and_costs_the_run_nothing(runs, monkeypatch, caplog):
    with receiving() as receiver:
        address = receiver.address
    monkeypatch.setenv(ENDPOINT, address)
    monkeypatch.setenv(LIVE, "1")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "0.1")
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            records = run_example(runs)
            assert records[-1].event.reason == "threshold_reached"
            assert not find_watch().flush(20)
    said = [record.getMessage() for record in caplog.records]
    assert [words[:60] for words in said] == [
        f"Spans do not arrive at {address}/v1/traces: nothing answers"[:60]
    ]


def test_a_collector_that_hangs_holds_up_no_run(runs, monkeypatch):
    with receiving() as receiver:
        receiver.held = True
        monkeypatch.setenv(ENDPOINT, receiver.address)
        monkeypatch.setenv(LIVE, "1")
        assert run_example(runs)[-1].event.reason == "threshold_reached"
        assert receiver.requests == []  # it has answered nothing yet
        receiver.release.set()
        assert find_watch().flush(20)


def test_spans_that_did_not_arrive_are_sent_once_the_collector_is_back(monkeypatch, caplog):
    monkeypatch.setattr(live, "RETRY_S", 0.05)
    records = headline().records
    with receiving() as receiver, caplog.at_level(logging.WARNING):
        receiver.status = 500
        monkeypatch.setenv(ENDPOINT, receiver.address)
        watch = LiveSpans(NO_REDACTION)
        watch.take(records)
        receiver.wait_for(lambda one: one.headers)
        receiver.status = 200
        receiver.wait_for(lambda one: one.requests)
        assert watch.flush(20)
    assert ids(receiver.spans) == sorted(span.span_id for span in spans_of(records))
    assert [record.getMessage().partition(" at ")[0] for record in caplog.records] == [
        "Spans do not arrive",
        "Spans arrive",
    ]


def test_where_nothing_can_be_sent_it_is_said_once(runs, monkeypatch, caplog):
    monkeypatch.setenv(LIVE, "1")
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            assert run_example(runs, "one_word")[-1].event.reason == "threshold_reached"
            assert find_watch().flush(20)
    (said,) = [record.getMessage() for record in caplog.records]
    assert said.startswith(f"{LIVE} is set, but no span is sent: no address to send spans to: set {ENDPOINT}")


# Scripts.


def answers(*texts):
    return ScriptedLM([{"answer": text} for text in texts])


def is_short(args, pred):
    return float(len(pred.answer.split()) == 1)


def test_a_refine_of_a_script_arrives_while_nothing_records_it(monkeypatch):
    lm = ScriptedLM(
        [
            {"answer": "It is Brussels"},
            {"discussion": "long", "advice": {"self": "One word."}},
            {"answer": "Brussels"},
        ]
    )
    with receiving() as receiver:
        monkeypatch.setenv(ENDPOINT, receiver.address)
        callback = live_spans()
        with context(lm=lm, callbacks=[callback]):
            best = Refine(Predict("question -> answer"), N=3, reward_fn=is_short, threshold=1.0)(
                question="Capital?"
            )
        assert callback.flush(20)
    assert best.answer == "Brussels"
    root = next(span for span in receiver.spans if not span.parent_span_id)
    said = attributes_of(root)
    assert (root.name, said["refinescope.stop_reason"], said["refinescope.reward"]) == (
        "Refine: Predict",
        "threshold_reached",
        1.0,
    )
    assert said["refinescope.returned_attempt"] == 2
    assert [span.name for span in receiver.spans if span.name.startswith(("attempt", "advice"))] == [
        "attempt 1",
        "advice after attempt 1",
        "attempt 2",
    ]


def test_a_batch_of_a_script_is_a_trace_for_each_call(monkeypatch):
    with receiving() as receiver:
        monkeypatch.setenv(ENDPOINT, receiver.address)
        callback = live_spans()
        with context(lm=answers("a", "b", "c"), callbacks=[callback]):
            best_of = BestOfN(Predict("question -> answer"), N=1, reward_fn=is_short, threshold=1.0)
            best_of.batch([Example(question=str(n)).with_inputs("question") for n in range(3)], num_threads=3)
        assert callback.flush(20)
    roots = [attributes_of(span) for span in receiver.spans if not span.parent_span_id]
    assert sorted(said["input.value"] for said in roots) == [f'{{"question": "{n}"}}' for n in range(3)]
    assert len({span.trace_id for span in receiver.spans}) == 3


def test_a_refine_that_fails_in_a_script_says_why(monkeypatch):
    def broken(args, pred):
        raise ValueError("no reward today")

    with receiving() as receiver:
        monkeypatch.setenv(ENDPOINT, receiver.address)
        callback = live_spans(leave_out=["prompts"])
        with (
            context(lm=answers("a", "b"), callbacks=[callback]),
            pytest.raises(ValueError, match="no reward today"),
        ):
            BestOfN(Predict("question -> answer"), N=2, reward_fn=broken, threshold=1.0)(question="Capital?")
        assert callback.flush(20)
    root = next(span for span in receiver.spans if not span.parent_span_id)
    assert (root.status.code, root.status.message.partition("\n")[0]) == (2, "no reward today")
    assert attributes_of(root)["refinescope.stop_reason"] == "every_attempt_failed"
    assert attributes_of(root)["refinescope.left_out"] == ["prompts"]


def test_a_script_without_an_endpoint_runs_as_ever(monkeypatch):
    callback = live_spans()
    with context(lm=answers("a"), callbacks=[callback]):
        best = BestOfN(Predict("question -> answer"), N=1, reward_fn=is_short, threshold=1.0)(
            question="Capital?"
        )
    assert callback.flush(20)
    assert best.answer == "a"
