"""A run that was stopped in the middle of a call shows nothing as under way; a database taken away is said in words."""

from __future__ import annotations

import functools
from dataclasses import replace

import pytest

from refine_core import events as ev
from refine_core import runs
from refine_core.log.summaries import summarize
from refine_core.programs import EXAMPLES, ModelSpec
from refine_core.runs import Runs
from refine_core.store import data_home, open_store
from tests import logs
from tests.openai_server import Answer, OpenAIServer
from tests.pages.test_pages import _own_runs, attempt_of, button, ended, field, open_app, read_attempt, said  # noqa: F401

pytestmark = pytest.mark.fault(63)
UNDER_WAY = ("Waiting for", "Being written", "running", "yet")


def address_of(app) -> str:
    named = app.query_params["run"]
    return named if isinstance(named, str) else named[0]


def in_mid_call() -> logs.Log:
    log = logs.Log()
    log.attempt(0.3)
    log.advise({"draft": "Shorter."})
    log.running()
    return log


def in_mid_advice() -> logs.Log:
    log = logs.Log()
    log.attempt(0.3)
    log.emit("attempt-0/advice/lm", ev.LMRequested("practice", (), {}, "advice"))
    return log


@pytest.mark.parametrize("log", [in_mid_call, in_mid_advice])
@pytest.mark.parametrize("reason", ["cancelled", "budget_used_up", "error", None])
def test_nothing_is_under_way_in_a_run_that_has_stopped(log, reason):
    """None: its process ended, so it is interrupted."""
    log = log()
    if reason is not None:
        log.finish(reason)
    store = runs.default().store
    store.append(log.records, functools.reduce(summarize, log.records, None))
    if reason is None:  # as another process would find it
        runs.close()
    app = open_app(run=log.run_id, attempt=str(log.count))
    app.switch_page("../run/page.py").run()
    assert not app.exception
    words = read_attempt(app)
    assert [one for one in UNDER_WAY if one in words] == []
    assert "the run stopped first" in words
    assert not any(call.waiting for call in runs.get(log.run_id).timeline.calls)


def test_a_run_cancelled_while_a_model_is_asked_waits_for_it_no_more():
    with OpenAIServer(Answer("late", hang_s=60)) as model:
        app = open_app()
        app.radio(key=field(app, "model.kind")).set_value("litellm").run()
        app.text_input(key=field(app, "model.name")).set_value("local").run()
        app.text_input(key=field(app, "model.base")).set_value(model.url).run()
        button(app, "Run").click().run()
        assert not app.exception
        run_id = address_of(app)
        model.wait_for_requests()
        runs.cancel(run_id)
        ended(app)
        words = read_attempt(app)
        assert "Cancelled during attempt 1" in words
        assert "Waiting for the model" not in words
        assert "No reply came: the run stopped first." in words


@pytest.mark.fault(39)
def test_the_page_of_a_cancelled_run_offers_to_resume_it():
    spec = EXAMPLES["two_stages"].spec
    run_id = runs.start(replace(spec, model=replace(spec.model, delay_s=0.2)))
    while not any(isinstance(r.event, ev.RewardScored) for r in runs.events(run_id)):
        assert runs.default().wait(run_id, len(runs.events(run_id)), 10)
    runs.cancel(run_id)
    runs.join(run_id, 30)
    app = open_app(run=run_id)
    app.switch_page("../run/page.py").run()
    words = said(app)
    assert "It was cancelled, and nothing is lost. The run goes on from its last complete attempt" in words
    button(app, "Resume now").click().run()
    assert not app.exception
    runs.join(run_id, 60)
    app.run()
    assert runs.get(run_id).timeline.end.reason == "threshold_reached"
    assert "Cancelled and resumed once" in said(app)


def test_a_resumed_run_asks_for_its_advice_anew():
    log = in_mid_advice()
    store = runs.default().store
    store.append(log.records, functools.reduce(summarize, log.records, None))
    log.emit("", ev.RunResumed(1))
    log.emit("attempt-0/advice/lm-2", ev.LMRequested("practice", (), {}, "advice"))
    first, second = log.timeline.attempts[0].advice.calls
    assert (first.waiting, second.waiting) == (False, True)
    assert log.timeline.attempts[0].advice.state == "running"


@pytest.mark.parametrize("page", ["lab", "run", "runs", "models"])
@pytest.mark.parametrize("open_before", [True, False], ids=["open before", "opened after"])
def test_every_page_says_that_the_database_is_gone_and_what_to_do(page, open_before):
    log = in_mid_call()
    log.finish("cancelled")
    app = attempt_of(log, 1)
    if open_before:
        app.switch_page(f"../{page}/page.py").run()
    (data_home() / "refinescope.db").unlink()
    if not open_before:
        app.switch_page(f"../{page}/page.py")
    app.run()
    assert not app.exception
    words = said(app)
    assert "the database was deleted or moved while Refinescope was open" in words
    assert "restart Refinescope" in words
    assert "no such table" not in words


def test_a_run_whose_database_is_deleted_stops_and_says_so(tmp_path):
    """It is not recorded any more, so it does not go on."""
    mine = Runs(open_store(tmp_path / "home"))
    with OpenAIServer(Answer("[[ ## answer ## ]]\nno", hang_s=0.5)) as model:
        spec = EXAMPLES["one_word"].spec
        run_id = mine.start(
            replace(spec, model=ModelSpec(kind="litellm", model="openai/x", api_base=model.url))
        )
        job = mine._jobs[run_id]
        (tmp_path / "home" / "refinescope.db").unlink()
        mine.join(run_id, 30)
        assert len(model.requests) <= 1
    assert "the database was deleted or moved" in job.error
    mine.close()
