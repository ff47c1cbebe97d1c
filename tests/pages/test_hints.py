"""Where hints come from, the schedule of temperatures, and the request for advice: chosen in the Lab, and shown of a run."""

from __future__ import annotations

from dataclasses import replace

import pytest

from refine_core import connections, runs
from refine_core.programs import FEEDBACK, ModelSpec, ProgramSpec, Schedule, StageSpec
from refine_core.runs import Credentials
from tests.openai_server import OpenAIServer, polite, status
from tests.pages.test_models_page import at, open_models
from tests.pages.test_pages import (
    _own_runs,  # noqa: F401 - each test opens its own store here, too
    ended,
    errors,
    field,
    open_app,
    press_run,
    read_attempt,
    said,
    write_reward,
)

FEEDING = "def reward(args, pred):\n    return Score(0.2, feedback='One word, please.')\n"


def choose(app, name, value):
    app.selectbox(key=field(app, name)).set_value(value).run()
    assert not app.exception


def listing(app, text):
    choose(app, "schedule", "list")
    app.text_input(key=field(app, "temperatures")).set_value(text).run()
    assert not app.exception


def spec_of(run):
    return run.timeline.spec


@pytest.mark.fault(50)
def test_choices_for_hints_and_temperatures_are_recorded_shown_and_restored():
    app = open_app()
    write_reward(app, FEEDING)
    choose(app, "hints", "feedback")
    listing(app, "0, 0.4, 0.4, 1, 2")
    press_run(app)
    run = ended(app)
    assert (spec_of(run).hints, spec_of(run).schedule) == ("feedback", Schedule.of([0.0, 0.4, 0.4, 1.0, 2.0]))
    assert "Hints from the reward's feedback · a list of temperatures, and rollout ids" in said(app)
    assert "from the reward's feedback on attempt" in read_attempt(open_app(run=run.run_id, attempt="2"))
    again = open_app(run=run.run_id)
    assert again.selectbox(key=field(again, "hints")).value == "feedback"
    assert again.text_input(key=field(again, "temperatures")).value == "0, 0.4, 0.4, 1, 2"


@pytest.mark.fault(50)
def test_the_request_for_advice_is_changed_recorded_and_comes_back():
    app = open_app()
    app.text_area(key=field(app, "advice_instructions")).set_value("Speak of length alone.").run()
    app.toggle(key=field(app, "compact_advice")).set_value(True).run()
    assert any("Speak of length alone." in c.value for c in app.code)
    press_run(app)
    run = ended(app)
    assert (spec_of(run).advice_instructions, spec_of(run).advice_form) == (
        "Speak of length alone.",
        "compact",
    )
    assert "Hints from an adviser · instructions for advice replaced · compact advice request" in said(app)
    (sent,) = run.timeline.attempts[0].advice.calls
    shown = read_attempt(open_app(run=run.run_id, attempt="1"))
    assert all(message["content"] in shown for message in sent.messages)
    again = open_app(run=run.run_id)
    assert again.text_area(key=field(again, "advice_instructions")).value == "Speak of length alone."
    assert again.toggle(key=field(again, "compact_advice")).value


@pytest.mark.fault(50)
@pytest.mark.parametrize("compact", [False, True])
def test_the_request_for_advice_is_previewed_and_its_length_said(compact):
    app = open_app()
    write_reward(app, FEEDING)
    app.toggle(key=field(app, "compact_advice")).set_value(compact).run()
    asked = [c.value for c in app.code if FEEDBACK in c.value]
    assert asked
    assert asked[0].startswith("[[ ## reward_feedback ## ]]") == compact
    assert "tokens. Values in braces are filled in after an attempt." in said(app)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "list a temperature for each attempt"),
        ("0, 0.5", "list one temperature for each attempt (needed: 5; listed: 2)"),
        ("0, 0, 0, 0, 0, 0", "(needed: 5; listed: 6)"),
        ("0, a, 1, 1, 1", "not '0, a, 1, 1, 1'"),
        ("0, -0.5, 1, 1, 1", "a number from 0 to 2, not -0.5"),
        ("0, 2.01, 1, 1, 1", "a number from 0 to 2, not 2.01"),
        ("0,1, 0,2, 0,3", "may be read in two ways"),
        ("0, 1_0, 1, 1, 1", "not '0, 1_0, 1, 1, 1'"),
        ("0; 0,5; 0,9", "(needed: 5; listed: 3)"),
        ("0, nan, 1, 1, 1", "a number from 0 to 2, not nan"),
        ("0, 1e999, 1, 1, 1", "a number from 0 to 2, not inf"),
    ],
)
def test_a_list_of_temperatures_that_cannot_be_used_says_so_in_words(text, words):
    app = open_app()
    listing(app, text)
    assert words.casefold() in said(app).casefold()
    press_run(app)
    assert [e for e in errors(app) if words.casefold() in e.casefold()]
    assert "run" not in app.query_params


def test_a_list_begins_as_the_temperatures_that_were_used_so_far():
    app = open_app()
    choose(app, "schedule", "list")
    assert app.text_input(key=field(app, "temperatures")).value == "0, 0.5, 0.6, 0.7, 0.8"
    assert errors(app) == []


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("dspy-2.6", "Temperatures: 0 · 0.5 · 0.6 · 0.7 · 0.8"),
        ("dspy-3", "Temperatures: 1 · 1 · 1 · 1 · 1"),
        ("none", "No temperature is sent. Attempts differ by rollout id."),
    ],
)
def test_the_temperatures_of_every_attempt_are_there_before_the_run(kind, words):
    app = open_app()
    choose(app, "schedule", kind)
    assert words in said(app)


def test_a_reward_without_feedback_is_said_to_give_no_hints():
    app = open_app()
    choose(app, "hints", "feedback")
    assert "This reward gives no feedback, so there will be no hints." in said(app)
    write_reward(app, FEEDING)
    assert "there will be no hints" not in said(app)


@pytest.mark.fault(7)
@pytest.mark.parametrize("schedule", ["dspy-2.6", "dspy-3", "none"])
def test_an_emptied_temperature_is_sent_to_nobody(schedule):
    app = open_app()
    choose(app, "schedule", schedule)
    app.number_input(key=field(app, "model.temperature")).set_value(None).run()
    assert "no temperature is sent" in said(app).casefold()
    run = ended(press_run(app))
    assert spec_of(run).model.temperature is None
    assert {call.params.get("temperature") for call in run.timeline.calls} == {None}
    assert "no temperature; rollout" in read_attempt(app)


@pytest.mark.fault(7)
def test_a_connection_whose_temperature_is_emptied_takes_none():
    app = open_models()
    app.number_input(key=at(app, "temperature")).set_value(None).run()
    next(b for b in app.button if b.label == "Save").click().run()
    assert not app.exception
    assert [one.model.temperature for one in connections.list_connections()] == [None]


def only_one(body):
    """A server that takes temperature 1 alone."""
    refusal = status(400, "Only temperature=1 is allowed for this model.")
    return refusal if body.get("temperature", 1) != 1 else polite(body)


@pytest.mark.fault(7)
def test_a_temperature_that_the_server_refused_is_said_at_the_attempt():
    with OpenAIServer(only_one) as server:
        model = ModelSpec(kind="litellm", model="openai/said", api_base=server.url, cache=False, retries=0)
        spec = ProgramSpec((StageSpec("answer", "question -> answer"),), FEEDING, {"question": "Why?"}, N=2)
        run_id = runs.start(replace(spec, model=model), Credentials())
        runs.join(run_id, 60)
    assert "Hints from an adviser · no temperature sent" in said(open_app(run=run_id))
    first = read_attempt(open_app(run=run_id, attempt="1"))
    assert "The model refused the temperature, so it is left out from here on." in first
    assert "The server refused the parameter temperature; the request was sent again without it. " in first
    assert "takes no temperature, so none is sent. Rollout 1 keeps" in read_attempt(
        open_app(run=run_id, attempt="2")
    )
