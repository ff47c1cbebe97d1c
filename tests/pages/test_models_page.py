"""The Models page: adding, changing, removing and testing connections; keys that stay where they belong."""

from __future__ import annotations

import datetime
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pages.models.costs import format_total, write_row
from pages.shared.keys import address_of
from refine_core import connections, runs
from refine_core.connections import Connection, ModelSpending
from refine_core.programs import ModelSpec
from tests.openai_server import OpenAIServer, choosy, polite, status
from tests.pages.test_pages import ended, press_run, said

ROOT = Path(__file__).parents[2]
KEY = "canary-key-typed-by-hand"


@pytest.fixture(autouse=True)
def _own_runs_and_no_keys(monkeypatch):
    runs.close()
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    yield
    runs.close()


def open_models(**query):
    app = AppTest.from_file(str(ROOT / "pages" / "main" / "page.py"), default_timeout=60)
    for name, value in query.items():
        app.query_params[name] = value
    app.run()
    app.switch_page("../models/page.py").run()
    assert not app.exception
    return app


def at(app, name):
    return f"models.{app.session_state['models.rev']}.{name}"


def press(app, label):
    next(b for b in app.button if b.label in (label, f":blue[{label}]")).click().run()
    assert not app.exception
    return app


def choose(app, preset):
    app.selectbox(key=at(app, "preset")).set_value(preset).run()
    assert not app.exception
    return app


def errors(app):
    return [e.value for e in app.error]


def to_server(app, server, *, key=KEY, name="work"):
    """Fill in a connection to that server."""
    choose(app, "ollama")  # whose first model is filled in: AppTest cannot type a new option
    app.text_input(key=at(app, "name")).set_value(name)
    app.text_input(key=at(app, "api_base")).set_value(server.url)
    app.radio(key=at(app, "key_from")).set_value("typed" if key else "none").run()
    if key:
        app.session_state["models.key"] = {"typed": key}
    return app.run()


def check_id(app):
    """The test that the address names."""
    value = app.query_params["test"]
    return value if isinstance(value, str) else value[0]


def outcome_of(app, within_s=30.0):
    """Wait until the test that the address names is done."""
    check = connections.wait_for_check(check_id(app), within_s)
    app.run()
    return check


def test_the_practice_model_stands_first_and_an_empty_list_says_what_to_do():
    app = open_models()
    assert "Practice model" in said(app)
    assert "not a language model" in said(app)
    assert "Choose a provider below" in said(app)


@pytest.mark.parametrize("preset", list(connections.PRESETS))
def test_every_kind_fills_the_form_with_what_is_usual_there(preset):
    app = choose(open_models(), preset)
    known = connections.PRESETS[preset]
    assert app.text_input(key=at(app, "model")).value == (known.models[0] if known.models else "")
    addresses = [box for box in app.text_input if box.label == "Base URL"]
    assert bool(addresses) == (known.wants_address or preset == "litellm")
    if addresses:
        assert addresses[0].value == (known.address or "")
    variables = [box.value for box in app.text_input if box.label == "Variable name"]
    assert variables == ([known.key_env] if known.key_env else [])


def test_a_connection_is_saved_without_its_key_and_used_in_the_lab():
    with OpenAIServer(polite, key=KEY) as server:
        app = press(to_server(open_models(), server), "Save")
        (kept,) = connections.list_connections()
        assert (kept.name, kept.model.model, kept.model.api_base) == ("work", "openai/qwen3:8b", server.url)
        assert KEY not in repr(kept)
        assert "kept until you reload" in said(app)
        press(app, "Use in the Lab")
        app.switch_page("../lab/page.py").run()
        run = ended(press_run(app))
    assert run.timeline.spec.model.connection == "work"
    assert run.timeline.attempts[0].error is None
    assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"


def test_another_session_does_not_hold_the_key_and_says_so():
    with OpenAIServer(polite, key=KEY) as server:
        press(to_server(open_models(), server), "Save")
        other = open_models()
    assert "kept until you reload" not in said(other)
    connections.save_connection(Connection("hosted", "openai", ModelSpec(kind="litellm", model="openai/x")))
    assert "press Edit to enter it" in said(open_models())


def test_a_test_says_in_words_what_works_and_survives_a_reload():
    with OpenAIServer(polite, key=KEY) as server:
        app = press(to_server(open_models(), server), "Test")
        found = outcome_of(app)
        assert found.ok
        assert any("It works" in s.value for s in app.success)
        again = open_models(test=check_id(app))
        assert any("It works" in s.value for s in again.success)
    assert connections.list_connections() == []


def test_a_wrong_key_is_named_and_never_shown():
    with OpenAIServer(polite, key="another") as server:
        app = press(to_server(open_models(), server), "Test")
        found = outcome_of(app)
    assert found.ok is False
    assert any("does not work yet" in e for e in errors(app))
    assert "Key" in said(app)
    assert KEY not in said(app)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("api_base", "http://user:canary-secret@host/v1", "key"),
        ("api_base", "ftp://host", "http"),
        ("key_env", "sk-canary-secret-canary-secret", "name"),
        ("extra", '{"api_key": "canary-secret"}', "field"),
        ("extra", "[1", "JSON"),
        ("name", "", "name"),
    ],
)
def test_what_cannot_be_kept_is_told_at_its_field_and_not_repeated(field, value, words):
    app = choose(open_models(), "ollama" if field != "key_env" else "openai")
    box = app.text_area if field == "extra" else app.text_input
    box(key=at(app, field)).set_value(value).run()
    press(app, "Save")
    assert connections.list_connections() == []
    assert any(words in e for e in errors(app)), errors(app)
    assert not any("canary" in e for e in errors(app))


def test_a_connection_is_changed_under_another_name_and_keeps_its_key():
    with OpenAIServer(polite, key=KEY) as server:
        app = press(to_server(open_models(), server), "Save")
        app.button(key="change.work").click().run()
        app.text_input(key=at(app, "name")).set_value("home")
        app.number_input(key=at(app, "max_tokens")).set_value(50).run()
        press(app, "Save")
    (kept,) = connections.list_connections()
    assert (kept.name, kept.model.connection, kept.model.max_tokens) == ("home", "home", 50)
    assert "kept until you reload" in said(app)


def test_a_removed_connection_can_be_brought_back():
    with OpenAIServer(polite) as server:
        app = press(to_server(open_models(), server, key=""), "Save")
    before = connections.list_connections()
    app.button(key="remove.work").click().run()
    assert connections.list_connections() == []
    press(app, "Undo")
    assert connections.list_connections() == before


def test_two_connections_do_not_share_a_name():
    with OpenAIServer(polite) as server:
        app = press(to_server(open_models(), server, key=""), "Save")
        press(to_server(app, server, key=""), "Save")
        assert any("already" in e for e in errors(app))
        assert len(connections.list_connections()) == 1


def test_what_it_cost_is_told_by_day_and_model_and_free_is_said_to_be_free():
    assert "No calls in the last 30 days" in said(open_models())
    ended(press_run(_lab()))
    app = open_models()
    (spent,) = connections.sum_spending(30)
    model, _day, calls, free, *_tokens, dollars = write_row(spent)
    assert (model, calls, free, dollars) == ("practice model", "5", "0", "$0")
    assert [m.value.replace("\\", "") for m in app.metric] == ["$0", "$0"]


@pytest.mark.parametrize(
    ("usd", "unpriced", "told", "summed"),
    [
        (0.0012, 0, "$0.0012", "$0.0012"),
        (0.0012, 3, "at least $0.0012; 3 calls of unknown price", "at least $0.0012"),
        (None, 3, "unknown", "unknown"),
        (0.0, 3, "unknown", "unknown"),
        (0.0, 0, "$0", "$0"),
    ],
)
def test_what_is_partly_known_is_told_as_at_least(usd, unpriced, told, summed):
    one = ModelSpending(datetime.date(2026, 11, 24), "openai/x", 9, 2, 1234, None, usd, 0, unpriced)
    assert write_row(one) == ["openai/x", "2026-11-24", "9", "2", "1,234", "unknown", told]
    assert format_total([one]) == summed


def test_nobody_is_told_of_a_fault_in_a_field_that_they_have_not_come_to():
    app = choose(open_models(), "compatible")
    assert errors(app) == []
    press(app, "Test")
    assert any("base URL" in e for e in errors(app))
    assert "test" not in app.query_params


def test_a_removal_cannot_be_undone_once_the_page_was_left_and_its_key_is_gone():
    with OpenAIServer(polite, key=KEY) as server:
        app = press(to_server(open_models(), server), "Save")
    place = f"key-of.work.{address_of(connections.list_connections()[0].model)}:held"
    assert app.session_state[place] == KEY
    app.button(key="remove.work").click().run()
    assert "was removed" in said(app)
    app.run()
    assert "was removed" in said(app), "it stays as long as the page is not left"
    app.switch_page("../runs/page.py").run()
    app.switch_page("../models/page.py").run()
    assert "was removed" not in said(app)
    assert place not in app.session_state


def test_what_cannot_be_brought_back_is_not_lost():
    with OpenAIServer(polite) as server:
        app = press(to_server(open_models(), server, key=""), "Save")
        app.button(key="remove.work").click().run()
        press(to_server(app, server, key=""), "Save")
        press(app, "Undo")
        assert any("already" in e for e in errors(app))
        app.button(key="remove.work").click().run()
    assert connections.list_connections() == []
    press(app, "Undo")
    assert [one.name for one in connections.list_connections()] == ["work"]


def test_a_test_of_the_form_goes_with_what_is_saved_and_ends_with_what_is_left():
    with OpenAIServer(polite) as server:
        app = press(to_server(open_models(), server, key=""), "Test")
        outcome_of(app)
        press(app, "Save")
        assert app.query_params["of"] in ("work", ["work"])
        assert any("It works" in s.value for s in app.success)
        to_server(app, server, key="", name="other").button(key="models.test").click().run()
        assert app.query_params["of"] in ("", [""])
        outcome_of(app)
        choose(app, "openai")
    assert "test" not in app.query_params


def test_a_form_that_was_changed_since_its_test_says_so():
    with OpenAIServer(polite) as server:
        app = press(to_server(open_models(), server, key=""), "Test")
        outcome_of(app)
    assert "has changed since" not in said(app)
    app.text_input(key=at(app, "model")).set_value("another").run()
    assert "has changed since" in said(app)


def _lab():
    app = AppTest.from_file(str(ROOT / "pages" / "main" / "page.py"), default_timeout=60)
    return app.run()


def test_a_key_does_not_follow_a_connection_to_another_sessions_address():
    with OpenAIServer(polite, key=KEY) as server, OpenAIServer(polite) as elsewhere:
        app = press(to_server(open_models(), server), "Save")
        (kept,) = connections.list_connections()
        moved = replace(kept, model=replace(kept.model, api_base=elsewhere.url))
        connections.save_connection(moved, replacing="work")
        app.run()
        app.button(key="test.work").click().run()
        outcome_of(app)
        sent = [request.headers.get("authorization") for request in elsewhere.requests]
    assert sent
    assert not any(header and KEY in header for header in sent)


def test_the_lab_does_not_ask_another_model_in_place_of_a_removed_one():
    with OpenAIServer(polite) as server:
        app = press(to_server(open_models(), server, key=""), "Save")
        press(to_server(app, server, key="", name="second"), "Save")
        next(b for b in app.button if b.key == "use.work").click().run()
        app.switch_page("../lab/page.py").run()
        connections.remove_connection("work")
        app.run()
        assert any("was removed" in e for e in errors(app))
        press_run(app)
        assert server.requests == []


def test_what_is_unknown_for_one_reason_is_said_once():
    with OpenAIServer(status(500)) as server:
        app = press(to_server(open_models(), server), "Test")
        assert outcome_of(app).ok is False
    lines = [m.value for m in app.markdown if "no reply came" in m.value]
    assert len(lines) == 1
    assert all(what in lines[0] for what in ("Parameters", "Streaming", "Tokens", "Price"))


def keys_sent(server):
    return [r.headers["authorization"] for r in server.requests if KEY in r.headers.get("authorization", "")]


@pytest.mark.fault(60)
@pytest.mark.parametrize("button", ["Test", "Save"])
def test_a_typed_key_is_not_sent_to_an_address_that_was_put_in_later(button):
    with OpenAIServer(polite) as first, OpenAIServer(polite) as second:
        app = to_server(open_models(), first)
        app.text_input(key=at(app, "api_base")).set_value(second.url).run()
        press(app, button)
        assert f"The key was typed for {first.url}; type it again" in said(app).replace("\u2060", "")
        assert (second.requests, connections.list_connections()) == ([], [])
        app.text_input(key=at(app, "api_base")).set_value("").run()  # nor by a detour
        app.text_input(key=at(app, "api_base")).set_value(second.url).run()
        press(app, "Test")
        assert second.requests == []
        press(app, next(b.label for b in app.button if b.label.startswith("Use this key for")))
        press(app, "Test")
        assert outcome_of(app).ok is True
        assert keys_sent(second)
        assert first.requests == []


@pytest.mark.fault(60)
def test_a_key_of_a_saved_connection_stays_with_its_address_in_the_form():
    with OpenAIServer(polite, key=KEY) as first, OpenAIServer(polite) as second:
        app = press(to_server(open_models(), first), "Save")
        app.button(key="change.work").click().run()
        app.text_input(key=at(app, "api_base")).set_value(second.url).run()
        app.button(key="models.test").click().run()
        assert second.requests == []
        app.text_input(key=at(app, "api_base")).set_value(first.url + "/").run()
        app.button(key="models.test").click().run()
        assert outcome_of(app).ok is True
        app.session_state["models.key"] = {"typed": ""}
        app.text_input(key=at(app, "api_base")).set_value(second.url).run()
        app.session_state["models.key"] = {"typed": KEY}  # the same, typed again
        app.run().button(key="models.test").click().run()
        outcome_of(app)
    assert keys_sent(second)


@pytest.mark.fault(60)
def test_a_key_that_was_typed_before_any_address_is_for_the_first_one():
    with OpenAIServer(polite, key=KEY) as server:
        app = choose(open_models(), "compatible")
        app.radio(key=at(app, "key_from")).set_value("typed").run()
        app.session_state["models.key"] = {"typed": KEY}
        app.run()
        app.text_input(key=at(app, "model")).set_value("tiny").run()
        app.text_input(key=at(app, "api_base")).set_value(server.url).run()
        press(app, "Test")
        assert outcome_of(app).ok is True


@pytest.mark.fault(60)
def test_a_key_typed_in_the_lab_is_not_sent_to_a_changed_address():
    with OpenAIServer(polite) as first, OpenAIServer(polite) as second:
        app = _lab()
        kind = next(r for r in app.radio if "litellm" in str(r.key) or r.label == "Kind")
        kind.set_value("litellm").run()

        def box(name):
            return next(b for b in app.text_input if str(b.key).endswith(f".model.{name}"))

        box("name").set_value("tiny")
        box("base").set_value(first.url).run()
        app.session_state["lab.key"] = {"typed": KEY}
        app.run()
        box("base").set_value(second.url).run()
        press_run(app)
        assert "typed for" in said(app)
        assert (first.requests, second.requests) == ([], [])
        box("base").set_value(first.url).run()
        ended(press_run(app))
        assert keys_sent(first)
        assert second.requests == []


@pytest.mark.fault(60)
def test_two_keys_for_one_address_have_a_field_each_when_a_run_goes_on():
    def page():
        import streamlit as st

        from pages.shared.credentials import ask_for_keys, collect_credentials
        from refine_core.programs import ModelSpec, ProgramSpec, StageSpec

        model = ModelSpec(kind="litellm", model="openai/one", api_base="http://127.0.0.1:1/v1")
        adviser = ModelSpec(kind="litellm", model="openai/two", api_base="http://127.0.0.1:1/v1")
        spec = ProgramSpec((StageSpec("a", "q -> a"),), "", model=model, adviser=adviser)
        ask_for_keys(spec, ("model", "adviser"))
        st.session_state["keys"] = dict(collect_credentials(spec).keys)

    app = AppTest.from_function(page).run()
    for role, typed in (("model", "key-of-one"), ("adviser", "key-of-two")):
        app.session_state[f"key-for.{role}.http://127.0.0.1:1/v1"] = {"typed": typed}
    app.run()
    assert app.session_state["keys"] == {"model": "key-of-one", "adviser": "key-of-two"}


@pytest.mark.fault(60)
def test_a_renamed_connection_is_not_called_removed():
    with OpenAIServer(polite, key=KEY) as server:
        app = press(to_server(open_models(), server), "Save")
        press(app, "Use in the Lab")
        app.switch_page("../lab/page.py").run()
        app.switch_page("../models/page.py").run()
        app.button(key="change.work").click().run()
        app.text_input(key=at(app, "name")).set_value("office").run()
        press(app, "Save")
        app.switch_page("../lab/page.py").run()
        assert "removed" not in said(app)
        assert errors(app) == []
        run = ended(press_run(app))
    assert run.timeline.spec.model.connection == "office"
    assert run.timeline.attempts[0].error is None
    connections.save_connection(Connection("work", "openai", ModelSpec(kind="litellm", model="openai/x")))
    assert {one.name: one.former for one in connections.list_connections()} == {
        "office": ("work",),
        "work": (),
    }


@pytest.mark.fault(61)
def test_a_server_that_lists_odd_names_does_not_break_the_page():
    with OpenAIServer(polite) as server:
        server.models = ["sk-aaaaaaaaaaaaaaaaaaaa1", "sk-aaaaaaaaaaaaaaaaaaaa2", "tiny", "tiny", "TINY"]
        app = press(to_server(open_models(), server, key=""), "Test")
        outcome_of(app)
        assert [b.label for b in app.button if ".take." in str(b.key)] == [":blue[tiny]", ":blue[TINY]"]
        assert not app.exception


@pytest.mark.fault(49)
def test_the_format_that_a_test_found_is_chosen_saved_and_can_be_overridden():
    with OpenAIServer(choosy(supports=["json_schema"], obeys=["json_schema"])) as server:
        app = press(to_server(open_models(), server, key=""), "Test")
        outcome_of(app)
        assert any("It works" in s.value for s in app.success)
        assert "Keeps the chat format: no · As JSON schema: yes" in said(app).replace("\\", "")
        assert app.selectbox(key=at(app, "reply_format")).value == "json_schema"
        assert "has changed since" not in said(app)
        app.selectbox(key=at(app, "reply_format")).set_value("auto").run()
        assert app.selectbox(key=at(app, "reply_format")).value == "auto"
        app.selectbox(key=at(app, "reply_format")).set_value("json_schema").run()
        press(app, "Save")
    (kept,) = connections.list_connections()
    assert kept.model.reply_format == "json_schema"
    assert "reply format: JSON schema" in said(app)


@pytest.mark.fault(48)
def test_the_lab_offers_the_reply_format_of_a_model_that_is_typed_there():
    with OpenAIServer(choosy(supports=["json_schema"], obeys=["json_schema"])) as server:
        app = _lab()
        next(r for r in app.radio if r.label == "Kind").set_value("litellm").run()
        next(b for b in app.text_input if str(b.key).endswith(".model.name")).set_value("tiny")
        next(b for b in app.text_input if str(b.key).endswith(".model.base")).set_value(server.url)
        next(b for b in app.selectbox if b.label == "Reply format").set_value("json_schema").run()
        assert "Reply with one JSON object" in said(app)  # the prompt, before the run
        run = ended(press_run(app))
    assert run.timeline.spec.model.reply_format == "json_schema"
    assert {call.reply_format for call in run.timeline.calls} == {"JSON schema"}


@pytest.mark.fault(45)
def test_local_servers_are_offered_a_limit_of_tokens():
    limits = {name: preset.max_tokens for name, preset in connections.PRESETS.items() if preset.max_tokens}
    assert limits == dict.fromkeys(("ollama", "vllm", "lm_studio", "compatible"), 1000)
    app = choose(open_models(), "ollama")
    assert app.number_input(key=at(app, "max_tokens")).value == 1000


@pytest.mark.parametrize("role", ["model", "adviser"])
def test_an_unset_variable_of_a_connection_leads_to_the_models_page(role):
    """The Lab has no field for the key of a saved connection."""
    spec = ModelSpec(kind="litellm", model="openai/x", key_env="REFINESCOPE_UNSET_KEY", connection="hosted")
    connections.save_connection(Connection("hosted", "openai", spec))
    app = _lab()
    if role == "model":
        next(r for r in app.radio if r.label == "Kind").set_value("litellm").run()
        next(b for b in app.selectbox if b.label == "Connection").set_value("hosted").run()
    else:
        next(b for b in app.selectbox if b.label == "Adviser").set_value("saved:hosted").run()
    (error,) = [e for e in errors(app) if "REFINESCOPE" in e]
    assert "is not set; set it and restart the app" in error
    assert "enter a key for the connection hosted on the Models page" in error
