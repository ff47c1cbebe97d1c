"""Runs as OpenTelemetry spans: the tree, what each span says, and what arrives at a real receiver of OTLP over HTTP."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest

from refine_core import events as ev
from refine_core.errors import ImportRefused
from refine_core.export import (
    FORMATS,
    LEFT_OUT,
    Redaction,
    RunLog,
    export_run,
    import_runs,
    plan_import,
    send_runs,
)
from refine_core.export.otel.builder import SpanBuilder, spans_of
from refine_core.export.otel.destination import SendingUnavailableError, find_destination
from refine_core.export.otel.span import span_id_of, to_ns, trace_id_of
from refine_core.log.scope import Record
from refine_core.log.span import RUN, Span
from refine_core.runs import default
from refine_core.runs.default_runs import DEFAULT
from refine_core.runs.registry import Runs
from refine_core.spec.examples import EXAMPLES
from refine_core.store import MemoryStore
from tests.commands import call_in
from tests.export.test_keys import ENVIRONMENT, PLANTED, planted
from tests.logs import SCENARIOS
from tests.otlp_receiver import attributes_of, receiving

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"


@pytest.fixture(autouse=True)
def _own_runs():
    """What a command opens is closed with the test."""
    yield
    DEFAULT.close()


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch):
    """Whoever runs the tests may use OpenTelemetry."""
    import os

    for name in [name for name in os.environ if name.startswith("OTEL_")]:
        monkeypatch.delenv(name)


@pytest.fixture(scope="module")
def two_stages():
    """The records of a run of two stages that reaches its threshold at the fourth attempt."""
    runs = Runs(MemoryStore())
    run_id = runs.start(EXAMPLES["two_stages"].spec)
    runs.join(run_id, 60)
    yield runs.store.events(run_id)
    runs.close()


def tree(spans):
    """Each span's name with those of its children, in the order in which they began."""
    children = {}
    for span in spans:
        children.setdefault(span.parent_id, []).append(span)

    def below(parent):
        return [(one.name, below(one.span_id)) for one in children.get(parent, ())]

    return below(None)


def named(spans, name):
    return next(span for span in spans if span.name == name)


# The tree.


def test_a_run_is_a_tree_of_attempts_predictors_calls_rewards_and_advice(two_stages):
    ((root, below),) = tree(spans_of(two_stages))
    assert root == "Refine: Two stages, one to blame"
    call = [("chat practice model", [])]
    attempt = [("extract", call), ("write", call), ("reward", [])]
    advised = [(f"attempt {n}", attempt) for n in (1, 2, 3)]
    advice = [(f"advice after attempt {n}", call) for n in (1, 2, 3)]
    assert below == [
        *[one for pair in zip(advised, advice, strict=True) for one in pair],
        ("attempt 4", attempt),
    ]


def test_times_are_those_of_the_records(two_stages):
    root, *_ = spans_of(two_stages)
    assert (root.start_ns, root.end_ns) == (to_ns(two_stages[0].at), to_ns(two_stages[-1].at))
    call = named(spans_of(two_stages), "chat practice model")
    asked = next(record for record in two_stages if isinstance(record.event, ev.LMRequested))
    replied = next(record for record in two_stages if isinstance(record.event, ev.LMReplied))
    assert (call.start_ns, call.end_ns) == (to_ns(asked.at), to_ns(replied.at))


def test_a_run_has_the_same_ids_each_time(two_stages):
    assert spans_of(two_stages) == spans_of(two_stages)
    ids = [span.span_id for span in spans_of(two_stages)]
    assert len(set(ids)) == len(ids)
    assert {span.trace_id for span in spans_of(two_stages)} == {trace_id_of(two_stages[0].run_id)}


@pytest.mark.parametrize("name", SCENARIOS)
def test_spans_that_end_as_events_come_are_those_of_the_whole_log(name):
    """Sent live or later, a run is the same trace."""
    records = SCENARIOS[name]().records
    builder = SpanBuilder()
    live = [span for record in records for span in builder.add(record)] + builder.close()
    latest = {span.span_id: span for span in live}
    assert sorted(latest.values(), key=lambda one: one.span_id) == sorted(
        spans_of(records), key=lambda one: one.span_id
    )


@pytest.mark.parametrize("name", SCENARIOS)
def test_each_span_lies_in_one_that_is_there(name):
    spans = spans_of(SCENARIOS[name]().records)
    ids = {span.span_id for span in spans}
    assert [span.name for span in spans if span.parent_id is not None and span.parent_id not in ids] == []
    assert [span.name for span in spans if span.end_ns < span.start_ns] == []
    assert sum(span.parent_id is None for span in spans) == 1


# What spans say.


def test_the_reward_is_an_attribute_an_evaluation_and_an_event(two_stages):
    attempt = named(spans_of(two_stages), "attempt 1")
    said = attempt.attributes
    assert (said["refinescope.reward"], said["evaluations.0.evaluation.score"]) == (0.2, 0.2)
    assert said["evaluations.0.evaluation.label"] == "fail"
    (event,) = [one for one in attempt.events if one.name == "gen_ai.evaluation.result"]
    assert event.attributes["gen_ai.evaluation.score.value"] == 0.2
    assert event.attributes["gen_ai.evaluation.score.label"] == "fail"
    assert event.attributes["gen_ai.evaluation.explanation"] == "lost: order number, date"
    reward = named(spans_of(two_stages), "reward")
    assert reward.attributes["openinference.span.kind"] == "EVALUATOR"
    assert json.loads(reward.attributes["output.value"])["score"] == 0.2


def test_a_call_says_what_was_sent_and_what_it_took(two_stages):
    said = named(spans_of(two_stages), "chat practice model").attributes
    asked = next(record.event for record in two_stages if isinstance(record.event, ev.LMRequested))
    replied = next(record.event for record in two_stages if isinstance(record.event, ev.LMReplied))
    assert said["openinference.span.kind"] == "LLM"
    assert said["llm.input_messages.0.message.content"] == asked.messages[0]["content"]
    assert said["llm.output_messages.0.message.content"] == replied.text
    assert said["llm.token_count.prompt"] == said["gen_ai.usage.input_tokens"] == replied.prompt_tokens
    assert (
        said["llm.token_count.completion"] == said["gen_ai.usage.output_tokens"] == replied.completion_tokens
    )
    assert (
        said["gen_ai.request.temperature"]
        == json.loads(said["llm.invocation_parameters"])["temperature"]
        == 0.0
    )


def run_with(*events):
    """A run that asks a model these things."""
    first = SCENARIOS["headline"]().records[0]
    records = [first]
    for span, event in events:
        records.append(Record(first.run_id, len(records) + 1, first.at + len(records), span, event))
    return records


def test_what_is_unknown_is_absent():
    call = Span("lm")
    spans = spans_of(
        run_with(
            (call, ev.LMRequested("openai/gpt-4o", (), {})),
            (call, ev.LMReplied("yes", 1.0, model="openai/gpt-4o")),
        )
    )
    said = named(spans, "chat gpt-4o").attributes
    assert (said["gen_ai.provider.name"], said["llm.model_name"]) == ("openai", "gpt-4o")
    assert [name for name in said if "token" in name or "cost" in name or "temperature" in name] == []


def test_tokens_of_a_cached_answer_are_not_counted_again():
    call = Span("lm")
    reply = ev.LMReplied("yes", 0.0, 7, 5, 0.1, cache_hit=True)
    said = named(
        spans_of(run_with((call, ev.LMRequested("openai/gpt-4o", (), {})), (call, reply))), "chat gpt-4o"
    ).attributes
    assert [name for name in said if name.startswith(("llm.token_count", "gen_ai.usage", "llm.cost"))] == []
    assert (said["refinescope.cached"], said["refinescope.spent_before.prompt_tokens"]) == (True, 7)


def test_an_error_is_the_status_of_its_span():
    call, fault = Span("lm"), ev.Fault("LMRateLimitError", "too many requests", "model")
    spans = spans_of(run_with((call, ev.LMRequested("m", (), {})), (call, ev.LMFailed(fault, 1.0))))
    failed = named(spans, "chat m")
    assert failed.error == "too many requests"
    assert failed.attributes["error.type"] == "LMRateLimitError"
    assert failed.events[0].attributes == {
        "exception.type": "LMRateLimitError",
        "exception.message": "too many requests",
    }


def test_a_run_that_has_no_end_is_cut_off_and_neither_good_nor_bad(two_stages):
    spans = spans_of(two_stages[:6])
    assert [(one.name, one.is_cut_off, one.error) for one in spans] == [
        ("Refine: Two stages, one to blame", True, None),
        ("attempt 1", True, None),
        ("extract", True, None),
        ("chat practice model", False, None),
    ]


def test_a_branch_links_to_the_trace_of_its_parent():
    runs = Runs(MemoryStore())
    parent = runs.start(EXAMPLES["one_word"].spec)
    runs.join(parent, 60)
    branch = runs.branches.fork(parent, 2)
    runs.join(branch, 60)
    spans = spans_of(runs.store.events(branch))
    assert [link.trace_id for link in spans[0].links] == [trace_id_of(parent)]
    kept = named(spans, "attempt 1")
    assert [(one.trace_id, one.span_id) for one in kept.links] == [
        (trace_id_of(parent), span_id_of(parent, "attempt-0"))
    ]
    call = next(
        span for span in spans if span.attributes.get("refinescope.kept") and span.name.startswith("chat")
    )
    assert [name for name in call.attributes if "token_count" in name] == []  # the parent paid for it
    runs.close()


# As a file.


def test_a_file_has_one_request_for_each_run(two_stages):
    file = export_run(RunLog(two_stages), "otel")
    (line,) = file.data.decode().splitlines()
    spans = json.loads(line)["resourceSpans"][0]["scopeSpans"][0]["spans"]
    assert file.name.endswith(".otlp.jsonl")
    assert len(spans) == len(spans_of(two_stages))
    assert spans[0]["traceId"] == f"{trace_id_of(two_stages[0].run_id):032x}"
    assert spans[1]["parentSpanId"] == spans[0]["spanId"]


def test_opentelemetrys_own_reader_takes_the_file(two_stages):
    """OTLP's JSON is that of protobuf, but for ids, which are hexadecimal."""
    import base64

    from google.protobuf.json_format import Parse
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    def as_base64(pairs):
        return {
            name: base64.b64encode(bytes.fromhex(value)).decode()
            if name in ("traceId", "spanId", "parentSpanId")
            else value
            for name, value in pairs
        }

    document = json.loads(export_run(RunLog(two_stages), "otel").data, object_pairs_hook=as_base64)
    request = Parse(json.dumps(document), ExportTraceServiceRequest())
    spans = request.resource_spans[0].scope_spans[0].spans
    assert [span.name for span in spans] == [span.name for span in spans_of(two_stages)]


# Sent.


def test_a_run_arrives_as_it_was_built(two_stages, monkeypatch):
    with receiving() as receiver:
        monkeypatch.setenv(ENDPOINT, receiver.address)
        sent = send_runs([RunLog(two_stages)])
        assert (sent.spans, sent.failed, sent.why) == (len(receiver.spans), 0, "")
    assert sent.address == f"{receiver.address}/v1/traces"
    assert receiver.headers[0][0] == "/v1/traces"
    built = spans_of(two_stages)
    assert [
        (
            span.name,
            span.trace_id,
            span.span_id,
            span.parent_span_id,
            span.start_time_unix_nano,
            span.end_time_unix_nano,
        )
        for span in receiver.spans
    ] == [
        (
            one.name,
            one.trace_id.to_bytes(16, "big"),
            one.span_id.to_bytes(8, "big"),
            b"" if one.parent_id is None else one.parent_id.to_bytes(8, "big"),
            one.start_ns,
            one.end_ns,
        )
        for one in built
    ]
    for span, one in zip(receiver.spans, built, strict=True):
        assert attributes_of(span) == {
            k: list(v) if isinstance(v, tuple) else v for k, v in one.attributes.items()
        }
    assert {span.status.code for span in receiver.spans} == {1}


def test_the_standard_variables_say_who_sends_and_with_which_headers(two_stages, monkeypatch):
    with receiving() as receiver:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", f"{receiver.address}/own/path")
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "api_key=abcdefgh")
        monkeypatch.setenv("OTEL_SERVICE_NAME", "kettles")
        monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", f"openinference.project.name=tea,planted={PLANTED[1]}")
        send_runs([RunLog(two_stages)])
    assert receiver.headers[0][0] == "/own/path"
    assert receiver.headers[0][1]["api_key"] == "abcdefgh"
    resource = receiver.resource
    assert (resource["service.name"], resource["openinference.project.name"]) == ("kettles", "tea")
    assert PLANTED[1] not in str(resource)


def test_no_planted_key_is_sent(monkeypatch):
    monkeypatch.setenv("PLANTED_API_KEY", ENVIRONMENT)
    with receiving() as receiver:
        monkeypatch.setenv(ENDPOINT, receiver.address)
        send_runs([RunLog(planted().records)])
    text = str(receiver.requests)
    assert [key for key in PLANTED if key in text] == []
    assert "chat" in text


def test_prompts_that_are_left_out_are_not_sent(two_stages, monkeypatch):
    asked = next(record.event for record in two_stages if isinstance(record.event, ev.LMRequested))
    with receiving() as receiver:
        monkeypatch.setenv(ENDPOINT, receiver.address)
        send_runs([RunLog(two_stages)], redaction=Redaction(prompts=True))
    said = attributes_of(receiver.named("chat practice model"))
    assert said["llm.input_messages.0.message.content"] == said["input.value"] == LEFT_OUT
    assert asked.messages[0]["content"][:40] not in str([attributes_of(span) for span in receiver.spans])
    assert attributes_of(receiver.spans[0])["refinescope.left_out"] == ["prompts"]


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (500, "it answered 500 Internal Server Error: the server has a fault of its own"),
        (401, "set OTEL_EXPORTER_OTLP_HEADERS"),
        (404, "OTEL_EXPORTER_OTLP_ENDPOINT takes the address alone"),
    ],
)
def test_an_endpoint_that_refuses_is_named_with_what_to_do(status, said, two_stages, monkeypatch, caplog):
    with receiving() as receiver:
        receiver.status = status
        monkeypatch.setenv(ENDPOINT, receiver.address)
        sent = send_runs([RunLog(two_stages)])
    assert (sent.spans, sent.failed) == (0, len(spans_of(two_stages)))
    assert said in sent.why
    assert caplog.records == []  # the exporter's own words would come a second time


def test_spans_that_an_endpoint_rejects_are_counted(two_stages, monkeypatch):
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

    answer = ExportTraceServiceResponse()
    answer.partial_success.rejected_spans, answer.partial_success.error_message = 3, "too old"
    with receiving() as receiver:
        receiver.body = answer.SerializeToString()
        monkeypatch.setenv(ENDPOINT, receiver.address)
        sent = send_runs([RunLog(two_stages)])
    assert (sent.failed, sent.why) == (3, "it rejected them: too old")


def test_an_endpoint_that_is_gone_is_named_with_what_to_do(two_stages, monkeypatch):
    with receiving() as receiver:
        address = receiver.address
    monkeypatch.setenv(ENDPOINT, address)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "0.2")
    assert send_runs([RunLog(two_stages)]).why.startswith("nothing answers there; start the collector")


def test_an_endpoint_that_is_slow_is_not_waited_for(two_stages, monkeypatch):
    with receiving() as receiver:
        receiver.held = True
        monkeypatch.setenv(ENDPOINT, receiver.address)
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "0.2")
        assert send_runs([RunLog(two_stages)]).why.startswith("it did not answer in time")


def test_a_login_in_the_address_is_in_no_message(monkeypatch):
    monkeypatch.setenv(ENDPOINT, "http://me:s3cretword@127.0.0.1:4318")
    destination = find_destination()
    assert destination.address == "http://127.0.0.1:4318/v1/traces"
    assert "s3cretword" not in destination.mask("cannot reach http://me:s3cretword@127.0.0.1")


@pytest.mark.parametrize(
    ("address", "said"),
    [("", "set OTEL_EXPORTER_OTLP_ENDPOINT"), ("localhost:4317", "must begin with http:// or https://")],
)
def test_where_nothing_can_be_sent_it_says_what_to_set(address, said, two_stages, monkeypatch):
    monkeypatch.setenv(ENDPOINT, address)
    with pytest.raises(SendingUnavailableError, match=said):
        send_runs([RunLog(two_stages)])


def test_numbers_without_end_are_written_as_protobuf_writes_them():
    records = SCENARIOS["headline"]().records
    start = records[0].event
    endless = [
        replace(records[0], event=replace(start, spec=replace(start.spec, threshold=math.inf))),
        *records[1:],
    ]
    assert '{"doubleValue": "Infinity"}' in export_run(RunLog(endless), "otel").data.decode()


def test_spans_are_among_the_formats():
    assert FORMATS["otel"].many


# And back.


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_file_of_spans_is_imported_to_an_equal_log(name):
    records = SCENARIOS[name]().records
    ended = isinstance(records[-1].event, ev.RunFinished)
    (planned,) = plan_import(MemoryStore(), export_run(RunLog(records), "otel").data)
    expected = records if ended else records[: len(planned.run.records)]
    assert list(planned.run.records) == expected


def test_a_run_that_was_resumed_has_one_span_and_comes_back_whole():
    records = [*SCENARIOS["cancelled"]().records]
    index = max(one.event.index for one in records if isinstance(one.event, ev.AttemptStarted))
    attempt = Span("attempt", index, RUN, 2)
    for span, event in (
        (RUN, ev.RunResumed(index)),
        (attempt, ev.AttemptStarted(index, 0.7)),
        (attempt, ev.RewardStarted(index, {"answer": "yes"})),
        (attempt, ev.RewardScored(index, 1.0, 0.1)),
        (RUN, ev.RunFinished("threshold_reached", index, index, 3.0)),
    ):
        last = records[-1]
        records.append(Record(last.run_id, last.seq + 1, last.at + 1.0, span, event))
    root, *others = spans_of(records)
    assert (root.end_ns, root.error) == (to_ns(records[-1].at), None)
    assert [one.is_cut_off for one in others if one.name == f"attempt {index + 1}"] == [True, False]
    (planned,) = plan_import(MemoryStore(), export_run(RunLog(records), "otel").data)
    assert list(planned.run.records) == records


def test_a_run_that_is_here_already_is_known_by_its_spans(two_stages):
    store = MemoryStore()
    file = export_run(RunLog(two_stages), "otel").data
    assert import_runs(store, file).new == (two_stages[0].run_id,)
    assert import_runs(store, file).known == (two_stages[0].run_id,)
    assert store.events(two_stages[0].run_id) == two_stages


def test_spans_without_their_run_are_refused_with_what_to_do(two_stages):
    document = json.loads(export_run(RunLog(two_stages), "otel").data)
    spans = document["resourceSpans"][0]["scopeSpans"][0]["spans"]
    del spans[0]
    with pytest.raises(ImportRefused, match="send the run again"):
        import_runs(MemoryStore(), json.dumps(document).encode())


# On the command line.


def test_the_command_sends_and_says_where_to(tmp_path, monkeypatch):
    with receiving() as receiver:
        monkeypatch.setenv(ENDPOINT, receiver.address)
        (run_id,) = import_runs(
            default().store, export_run(RunLog(SCENARIOS["headline"]().records), "jsonl").data
        ).new
        code, out, err = call_in(tmp_path, "export", run_id, "--to", "otel")
    assert (code, err) == (0, "")
    assert out == f"Sent 1 run as {len(receiver.spans)} spans to {receiver.address}/v1/traces.\n"
    assert [*tmp_path.iterdir()] == []


def test_the_command_writes_a_file_where_it_is_told_to(tmp_path):
    (run_id,) = import_runs(
        default().store, export_run(RunLog(SCENARIOS["headline"]().records), "jsonl").data
    ).new
    assert call_in(tmp_path, "export", run_id, "--to", "otel", "-o", "spans.jsonl")[0] == 0
    assert (tmp_path / "spans.jsonl").read_bytes() == export_run(
        RunLog(SCENARIOS["headline"]().records), "otel"
    ).data


def test_the_command_ends_with_2_where_spans_did_not_arrive(tmp_path, monkeypatch):
    (run_id,) = import_runs(
        default().store, export_run(RunLog(SCENARIOS["headline"]().records), "jsonl").data
    ).new
    code, out, err = call_in(tmp_path, "export", run_id, "--to", "otel")
    assert (code, out) == (2, "")
    assert err.startswith(f"Error: no address to send spans to: set {ENDPOINT}")
    with receiving() as receiver:
        receiver.status = 500
        monkeypatch.setenv(ENDPOINT, receiver.address)
        code, out, err = call_in(tmp_path, "export", run_id, "--to", "otel")
    assert (code, out) == (2, "")
    assert "spans did not arrive at" in err
