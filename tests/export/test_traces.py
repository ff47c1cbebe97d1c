"""Traces that MLflow 3.17.2 and openinference-instrumentation-dspy 0.1.48 wrote of dspy 3.4.1, as runs (tests/data/traces).

phoenix.parquet is the latter's, sent to Phoenix 20.26.1 and taken out again: `Client().spans.get_spans_dataframe().to_parquet(…)`.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refine_core.errors import ImportRefused
from refine_core.events import RunStarted
from refine_core.export import export_run, import_runs, read_runs
from refine_core.export.importing.runs import plan_import
from refine_core.log.folds import timeline
from refine_core.messages import describe_outcome
from refine_core.runs import Runs
from refine_core.stop_summary import stop_summary
from refine_core.store import MemoryStore

TRACES = Path(__file__).parents[1] / "data" / "traces"
FILES = sorted(path.name for path in TRACES.iterdir())


def imported(name):
    """The runs of a file, by strategy."""
    planned = plan_import(MemoryStore(), (TRACES / name).read_bytes())
    return {one.run.summary.strategy: timeline(one.run.records) for one in planned}


@pytest.mark.parametrize("name", FILES)
def test_a_refine_comes_in_with_its_reward_hint_and_outputs(name):
    run = imported(name)["refine"]
    first, second = run.attempts
    assert (first.reward, second.reward) == (0.0, None)
    assert first.outputs["answer"] == "Brussels probably"
    assert first.advice.discussion == "too long"
    assert list(second.real_hints.values()) == ["answer with one word"]
    assert [len(one.predictors[0].calls) for one in run.attempts] == [1, 1]
    assert run.returned_index == 1
    assert "def one_word(args, pred)" in run.spec.reward
    assert run.uses_rollouts is False
    assert run.shows_rollouts


@pytest.mark.parametrize("name", FILES)
def test_what_a_trace_does_not_tell_is_called_unknown(name):
    run = imported(name)["refine"]
    assert run.unknown == ("N", "reward of attempt 2")
    assert describe_outcome(run, run.attempts[1]) == "reward unknown"
    assert "the trace does not tell why it stopped" in stop_summary(run)


@pytest.mark.parametrize("name", [name for name in FILES if name.endswith("jsonl")])
def test_a_best_of_n_comes_in_without_rewards(name):
    run = imported(name)["best_of_n"]
    assert [attempt.reward for attempt in run.attempts] == [None, None]
    assert run.unknown == ("N", "threshold", "reward function", "reward of attempt 1, 2")


def test_no_key_comes_in_and_parameters_do():
    run = imported("openinference.otlp.jsonl")["refine"]
    call = run.attempts[1].predictors[0].calls[0]
    assert call.model == "openai/tiny"
    assert call.params["rollout_id"] == 1
    assert call.reply.text.startswith("[[ ## reasoning ## ]]")


def test_the_same_trace_is_not_imported_twice():
    store, data = MemoryStore(), (TRACES / "mlflow.jsonl").read_bytes()
    first, second = import_runs(store, data), import_runs(store, data)
    assert (len(first.new), second.new, len(second.known)) == (2, (), 2)


def test_a_trace_of_something_else_is_refused_in_words():
    span = {"traceId": "a", "spanId": "b", "name": "chat", "startTimeUnixNano": "1700000000000000000"}
    trace = {"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}
    with pytest.raises(ImportRefused, match=r"holds no dspy\.Refine"):
        plan_import(MemoryStore(), json.dumps(trace).encode())


def spans_of(name):
    documents = [json.loads(line) for line in (TRACES / name).read_text().splitlines()]
    return [s for d in documents for r in d["resourceSpans"] for c in r["scopeSpans"] for s in c["spans"]]


SPANS = spans_of("openinference.otlp.jsonl")
FIELDS = sorted({name for span in SPANS for name in span})
VALUES = st.one_of(
    st.none(), st.integers(), st.text(max_size=8), st.lists(st.none(), max_size=2), st.floats()
)


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.integers(0, len(SPANS) - 1), st.sampled_from(FIELDS), VALUES), max_size=12),
    st.data(),
)
def test_a_damaged_trace_is_read_or_refused(changes, data):
    spans = [dict(span) for span in SPANS]
    for index, name, value in changes:
        spans[index][name] = value
    for index in data.draw(st.lists(st.integers(0, len(spans) - 1), max_size=4)):
        spans[index]["parentSpanId"] = data.draw(st.sampled_from(spans)).get("spanId")
    trace = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]})
    try:
        planned = plan_import(MemoryStore(), trace.encode())
    except ImportRefused:
        return
    for one in planned:
        assert isinstance(one.run.records[0].event, RunStarted)
        assert stop_summary(timeline(one.run.records))


@pytest.mark.parametrize("name", FILES)
def test_a_bare_predictor_of_a_trace_can_be_forked(name):
    runs = Runs(MemoryStore())
    for run_id in import_runs(runs.store, (TRACES / name).read_bytes()).run_ids:
        if runs.get(run_id).timeline.spec.strategy == "refine":
            plan = runs.branches.plan(run_id, 2)
            assert (plan.kept, plan.problems) == (1, ())
    runs.close()


@pytest.mark.parametrize("name", [name for name in FILES if name.endswith("jsonl")])
def test_a_trace_that_is_cut_off_is_called_damaged(name):
    data = (TRACES / name).read_bytes()
    with pytest.raises(ImportRefused, match="damaged or cut off in line 1"):
        plan_import(MemoryStore(), data[:3000])
    with pytest.raises(ImportRefused, match="damaged or cut off in line"):
        plan_import(MemoryStore(), data.rstrip()[:-20])


def test_a_shared_trace_claims_nothing_that_it_does_not_hold():
    store = MemoryStore()
    run_ids = import_runs(store, (TRACES / "openinference.otlp.jsonl").read_bytes()).run_ids
    best_of_n = run_ids[1]
    for form in ("html", "md"):
        text = export_run(next(iter(read_runs(store, [best_of_n]))), form).data.decode()
        assert "Recorded from a trace of dspy · unknown: N, threshold, reward function" in text
        assert "attempts were to be made" not in text
        assert "up to 2" not in text
