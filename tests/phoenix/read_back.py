"""Runs sent to a real Phoenix, later and live, and what it says of them: the same tree, times, texts, tokens and rewards.

Not part of `.ci/run`: `.ci/long otel` runs it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from fractions import Fraction

import httpx
import pytest
from tenacity import Retrying, stop_after_delay, wait_fixed

from refine_core.export import Redaction, RunLog, send_runs
from refine_core.export.otel import live
from refine_core.export.otel.builder import spans_of
from refine_core.runs.registry import Runs
from refine_core.spec.examples import EXAMPLES
from refine_core.store import MemoryStore
from tests.logs import SCENARIOS
from tests.phoenix.environment import serving

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
US = 1000
pytestmark = pytest.mark.timeout(600)  # Phoenix takes its time to start


@pytest.fixture(scope="module")
def phoenix(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("phoenix")) as address:
        yield address


@pytest.fixture
def project(phoenix, monkeypatch, request):
    """The variables that send to a project of this test's own; its name."""
    name = request.node.name.partition("[")[0].replace("_", "-")
    monkeypatch.setenv(ENDPOINT, phoenix)
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", f"openinference.project.name={name}")
    return name


def recorded(name, project):
    """The records of a scenario, as of a run of this test's own: a trace belongs to one project."""
    return [replace(record, run_id=f"{project}-{name}") for record in SCENARIOS[name]().records]


def read_back(phoenix, project, count):
    """The spans that Phoenix has in a project, by id, once it has so many."""
    for attempt in Retrying(stop=stop_after_delay(60), wait=wait_fixed(0.2), reraise=True):
        with attempt:
            answer = httpx.get(f"{phoenix}/v1/projects/{project}/spans", params={"limit": 1000})
            found = answer.raise_for_status().json()["data"]
            assert len(found) == count
    return {span["context"]["span_id"]: span for span in found}


def in_us(text):
    """A time in microseconds, as exactly as Phoenix keeps it."""
    at = datetime.fromisoformat(text)
    return round(Fraction(at.timestamp()) * 10**6)


def assert_equal(spans, found):
    for span in spans:
        one = found[f"{span.span_id:016x}"]
        assert one["name"] == span.name
        assert one["context"]["trace_id"] == f"{span.trace_id:032x}"
        assert one["parent_id"] == (None if span.parent_id is None else f"{span.parent_id:016x}")
        assert abs(in_us(one["start_time"]) - span.start_ns // US) <= 1, span.name
        assert abs(in_us(one["end_time"]) - span.end_ns // US) <= 1, span.name
        assert one["span_kind"] == span.attributes["openinference.span.kind"]
        assert one["status_code"] == ("ERROR" if span.error else "UNSET" if span.is_cut_off else "OK")
        said = {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in span.attributes.items()
        }
        said.pop("openinference.span.kind")
        missing = {name: value for name, value in said.items() if one["attributes"].get(name) != value}
        assert missing == {}, span.name
        assert [event["name"] for event in one["events"]] == [event.name for event in span.events]


@pytest.mark.parametrize("name", ["headline", "failures", "nested", "cancelled", "asked again", "hostile"])
def test_a_run_is_read_back_as_it_was_sent(name, phoenix, project, monkeypatch):
    monkeypatch.setenv(
        "OTEL_RESOURCE_ATTRIBUTES", f"openinference.project.name={project}-{name.replace(' ', '-')}"
    )
    records = recorded(name, project)
    spans = spans_of(records)
    sent = send_runs([RunLog(records)])
    assert (sent.spans, sent.failed) == (len(spans), 0)
    assert_equal(spans, read_back(phoenix, f"{project}-{name.replace(' ', '-')}", len(spans)))


def test_a_run_that_is_sent_twice_is_one_trace(phoenix, project):
    records = recorded("headline", project)
    for _ in range(2):
        send_runs([RunLog(records)])
    assert_equal(spans_of(records), read_back(phoenix, project, len(spans_of(records))))


def test_a_run_at_work_is_read_back_as_it_is_recorded(phoenix, project, monkeypatch):
    monkeypatch.setenv(live.LIVE, "1")
    live.close_all()
    runs = Runs(MemoryStore())
    run_id = runs.start(EXAMPLES["two_stages"].spec)
    runs.join(run_id, 60)
    assert live.find_watch().flush(30)
    spans = spans_of(runs.store.events(run_id))
    assert_equal(spans, read_back(phoenix, project, len(spans)))
    runs.close()


def test_prompts_that_are_left_out_never_reach_phoenix(phoenix, project):
    records = recorded("headline", project)
    send_runs([RunLog(records)], redaction=Redaction(prompts=True))
    found = read_back(phoenix, project, len(spans_of(records)))
    contents = [
        value
        for span in found.values()
        for name, value in span["attributes"].items()
        if name.startswith("llm.input_messages") and name.endswith("content")
    ]
    assert set(contents) == {"[left out]"}
