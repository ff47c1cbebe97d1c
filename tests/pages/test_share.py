"""Share: what the browser may ask for, the file that it gets, and what stands in the menu and in the import dialog."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.testclient import TestClient

from pages.shared.share import served
from pages.shared.share.importing import read_file
from pages.shared.share.many import choice_key
from refine_core import runs
from refine_core.export import FORMATS, Redaction, RunLog, export_runs
from tests.logs import headline, hostile, running, two_stages
from tests.otlp_receiver import receiving
from tests.pages.run_page import open_run
from tests.pages.test_pages import _own_runs, open_app  # noqa: F401  # a fixture for every test
from tests.store.stored_runs import summed_up

LEAVE_NOTHING = {"prompts": False, "inputs": False, "fields": []}
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)


def keep(*logs):
    for log in logs:
        runs.default().store.append(log.records, summed_up(log.records))


def ask(**asked):
    """What the server answers: its lines, and the bytes after them."""
    wanted = {"leave_out": LEAVE_NOTHING, **asked}
    answer = TestClient(Starlette(routes=served.ROUTES)).post(f"/{served.URL}", json=wanted)
    assert answer.status_code == 200, answer.text
    lines, rest = [], answer.content
    while not lines or lines[-1].keys().isdisjoint(("name", "address", "error")):
        line, _, rest = rest.partition(b"\n")
        lines.append(json.loads(line))
    return lines, rest


@pytest.mark.parametrize("to", list(FORMATS))
def test_what_is_downloaded_is_what_export_writes(to):
    log = two_stages()
    keep(log)
    lines, data = ask(runs=[log.run_id], to=to, leave_out={**LEAVE_NOTHING, "prompts": True})
    expected = export_runs([RunLog(log.records)], to, redaction=Redaction(prompts=True))
    assert lines == [
        {"done": 1, "of": 1},
        {"name": expected.name, "type": expected.media_type, "size": len(data)},
    ]
    assert to == "parquet" or data == expected.data  # a Parquet file holds its writer's time


def test_many_runs_say_how_far_they_are_and_come_as_one_file():
    first, second = headline(), two_stages()
    second.records = [record.__class__("run-2", *_rest(record)) for record in second.records]
    keep(first, second)
    lines, data = ask(runs=["run-1", "run-2", "run-1"], to="csv")
    assert [line.get("done") for line in lines] == [1, 2, None]
    assert lines[-1]["size"] == len(data)


def _rest(record):
    return record.seq, record.at, record.span, record.event


def test_a_run_that_is_not_here_is_an_error_in_words():
    keep(headline())
    lines, data = ask(runs=["run-1", "gone"], to="jsonl")
    assert "there is no run 'gone'" in lines[-1]["error"]
    assert data == b""


@given(ANYTHING)
def test_no_request_whatever_is_taken_for_another_one(asked):
    with pytest.raises(ValueError, match=r"^[A-Z].*\.$"):
        served.parse_wanted(json.dumps(asked).encode())


ASKED = {"runs": ["run-1"], "to": "html", "leave_out": {"prompts": False, "inputs": False, "fields": []}}


@pytest.mark.parametrize(
    "left_out",
    [
        {}, {"prompts": False, "inputs": False}, {"prompts": 1, "inputs": False, "fields": []},
        {"prompts": False, "inputs": "true", "fields": []}, {"prompts": False, "inputs": False, "fields": "answer"},
        {"prompts": False, "inputs": False, "fields": ["answer", 5]}, {"prompts": False, "inputs": False, "fields": {"answer": True}},
    ],
)  # fmt: skip
def test_what_to_leave_out_is_understood_whole_or_nothing_is_shared(left_out):
    served.parse_wanted(json.dumps(ASKED).encode())
    with pytest.raises(ValueError, match="what to leave out"):
        served.parse_wanted(json.dumps({**ASKED, "leave_out": left_out}).encode())


@pytest.mark.parametrize("changes", [{"to": ["html"]}, {"to": {"html": 1}}, {"runs": ["\ud800"]}])
def test_odd_values_are_refused_and_raise_nothing_else(changes):
    with pytest.raises(ValueError, match=r"format|runs"):
        served.parse_wanted(json.dumps({**ASKED, **changes}).encode())


@given(st.binary(max_size=40))
def test_bytes_that_are_no_request_are_refused(body):
    with pytest.raises(ValueError, match=r"^The request"):
        served.parse_wanted(body)


def test_a_request_that_is_too_long_is_not_read_to_its_end():
    client = TestClient(Starlette(routes=served.ROUTES))
    assert client.post(f"/{served.URL}", content=b" " * (served.MAX_BYTES + 1)).status_code == 413
    assert client.get(f"/{served.URL}").status_code == 405


def menu(app):
    (one,) = [e for e in app.get("bidi_component") if e.proto.component_name == "refinescope.share"]
    return json.loads(one.proto.json)


def test_the_link_says_what_the_address_leaves_unsaid():
    log = headline()
    keep(log)
    app = open_run(log.run_id)
    link = menu(app)["link"]
    assert link == {
        "page": None,
        "keep": link["keep"],
        "set": {"run": "run-1", "tab": "output", "attempt": "4"},
    }


def test_the_menu_names_every_format_and_every_field():
    log = running()
    keep(log)
    app = open_run(log.run_id)
    data = menu(app)
    assert {button["to"] for row in data["rows"] for button in row["buttons"]} == set(FORMATS)
    assert "question" in data["fields"]
    assert "answer" in data["fields"]


def test_what_a_file_holds_is_told_before_anything_is_kept():
    here, other = headline(), hostile()
    here.records = [record.__class__("run-2", *_rest(record)) for record in here.records]
    keep(here)
    file = read_file("both.jsonl", export_runs([RunLog(here.records), RunLog(other.records)], "jsonl").data)
    assert [(one.run_id, one.is_new) for one in file.runs] == [("run-2", False), ("run-1", True)]
    assert runs.get("run-1") is None
    assert read_file("page.html", b"<html>").refused == "it holds no run of Refinescope"


def test_a_link_to_a_run_that_is_not_here_says_what_to_do():
    app = open_app()
    app.switch_page("../run/page.py")
    app.query_params.clear()
    app.query_params["run"] = "elsewhere"
    app.run()
    (error,) = app.error
    assert "Ask whoever sent you the link for the run's file" in error.value
    assert [button.label for button in app.button] == ["Import its file"]


def test_ticked_runs_are_shared_or_all_that_the_list_shows():
    first, second = headline(), two_stages()
    second.records = [record.__class__("run-2", *_rest(record)) for record in second.records]
    keep(first, second)
    app = open_app()
    app.switch_page("../runs/page.py")
    app.query_params.clear()
    app.run()
    app.session_state["runs.table"] = {"action": {"name": "share", "ids": ["run-1"], "at": 1}}
    app.run()
    assert menu(app)["runs"] == ["run-1"]
    assert app.session_state[choice_key(["run-1"])] == "selected"  # drawn as chosen
    app.session_state[choice_key(["run-1"])] = "all"
    app.run()
    data = menu(app)
    assert sorted(data["runs"]) == ["run-1", "run-2"]
    assert {"question", "answer", "headline"} <= set(data["fields"])


ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"


def test_send_says_where_the_spans_went_and_how_many(monkeypatch):
    log = two_stages()
    keep(log)
    with receiving() as receiver:
        monkeypatch.setenv(ENDPOINT, receiver.address)
        lines, data = ask(runs=[log.run_id], to="otel", send=True)
    assert lines[-1] == {"sent": len(receiver.spans), "address": f"{receiver.address}/v1/traces"}
    assert (data, len(receiver.spans) > 10) == (b"", True)


def test_send_says_what_failed_and_what_to_do(monkeypatch):
    log = two_stages()
    keep(log)
    with receiving() as receiver:
        receiver.status = 401
        monkeypatch.setenv(ENDPOINT, receiver.address)
        lines, _ = ask(runs=[log.run_id], to="otel", send=True)
    assert f"spans did not arrive at {receiver.address}/v1/traces: it answered 401" in lines[-1]["error"]
    assert lines[-1]["error"].endswith("set OTEL_EXPORTER_OTLP_HEADERS, as in api_key=….")


def test_only_spans_can_be_sent():
    with pytest.raises(ValueError, match="Only spans can be sent"):
        served.parse_wanted(json.dumps({**ASKED, "send": True}).encode())


def spans_row(app):
    (row,) = [row for row in menu(app)["rows"] if row["buttons"][0]["to"] == "otel"]
    return row["about"], row["buttons"][0].get("disabled", False)


def test_the_menu_says_where_spans_would_go_or_why_they_cannot(monkeypatch):
    log = headline()
    keep(log)
    monkeypatch.delenv(ENDPOINT, raising=False)
    about, disabled = spans_row(open_run(log.run_id))
    assert (disabled, f"set {ENDPOINT}" in about) == (True, True)
    monkeypatch.setenv(ENDPOINT, "http://me:s3cretword@127.0.0.1:4318")
    about, disabled = spans_row(open_run(log.run_id))
    assert (disabled, about.rpartition(" ")[2]) == (False, "http://127.0.0.1:4318/v1/traces.")
