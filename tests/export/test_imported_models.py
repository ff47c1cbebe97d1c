"""A run that came in a file names where prompts and keys go: nothing is sent there before a person has seen it and agreed."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from refine_core import runs as runs_api
from refine_core import workbench
from refine_core.cli import main
from refine_core.errors import RewardError, SpecError
from refine_core.export import RunLog, export_run, import_runs
from refine_core.hint_tests.plan import plan_hint_test
from refine_core.hint_tests.running import HintTests
from refine_core.runs import Credentials, Runs
from refine_core.spec import ModelSpec
from refine_core.spec.foreign_models import describe_sending, list_foreign
from refine_core.store import MemoryStore
from tests.logs import two_stages
from tests.openai_server import OpenAIServer

KEY = "sk-planted-4711-ABCDEFGHIJKLMNOP"
JUDGED = "def reward(args, pred):\n    return float(len(judge('text -> score: int', text='x')))\n"


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with OpenAIServer(default="[[ ## answer ## ]]\nx\n\n[[ ## completed ## ]]") as one:
        yield one


@pytest.fixture
def model(server):
    """Reached over the loopback, by an address that is not one of this machine's own names."""
    return ModelSpec(
        "litellm",
        "openai/tiny",
        api_base=server.url.replace("127.0.0.1", "0.0.0.0"),  # of a client
        key_env="OPENAI_API_KEY",
        retries=0,
        cache=False,
    )


@pytest.fixture
def file(model):
    """A run with hints, all of whose attempts may be gone on from."""
    log = two_stages().records
    spec = replace(log[0].event.spec, model=model)
    records = [replace(log[0], event=replace(log[0].event, spec=spec)), *log[1:]]
    return export_run(RunLog(records), "jsonl").data


@pytest.fixture
def home(tmp_path, monkeypatch):
    runs_api.close()
    monkeypatch.setenv("REFINESCOPE_HOME", str(tmp_path / "home"))
    yield tmp_path
    runs_api.close()


def ways(runs, run_id, credentials=None):
    """What makes a run of a run, or asks its models, by name."""
    spec = replace(runs.timeline(run_id).spec, parent=run_id)
    tests = HintTests(runs)
    plan = plan_hint_test(runs, run_id, 2, tries=2)
    return {
        "fork": lambda: runs.branches.fork(run_id, 2, credentials=credentials),
        "run again": lambda: runs.branches.run_again(run_id, credentials=credentials),
        "the lab": lambda: runs.start(spec, credentials),
        "hint test": lambda: tests.start(plan, credentials),
    }


@pytest.mark.parametrize("way", ["fork", "run again", "the lab", "hint test"])
def test_an_imported_run_has_no_key_sent_before_somebody_agrees(way, file, server, model):
    runs = Runs(MemoryStore())
    (run_id,) = import_runs(runs.store, file).run_ids
    before = len(runs.recent(1000))
    with pytest.raises(SpecError, match=r"came from a file, and would ask .*0\.0\.0\.0.*OPENAI_API_KEY"):
        ways(runs, run_id)[way]()
    assert (server.requests, len(runs.recent(1000))) == ([], before)
    agreed = Credentials(agreed=frozenset({describe_sending(model)}))
    made = ways(runs, run_id, agreed)[way]()
    runs.close()
    assert made


def test_a_judge_that_came_in_a_file_is_not_asked(file, server):
    runs = Runs(MemoryStore())
    (run_id,) = import_runs(runs.store, file).run_ids
    with pytest.raises(RewardError, match=r"its judge is openai/tiny at http://0\.0\.0\.0"):
        runs.what_ifs.ask(run_id, reward=JUDGED, ask_judge=True)
    with pytest.raises(RewardError, match="came from a file"):
        runs.branches.plan(run_id, 2, reward=JUDGED, ask_judge=True)
    judge = workbench.judge_of_run(runs.timeline(run_id).spec)
    judge = judge.unless_foreign(runs.list_foreign(run_id, runs.timeline(run_id).spec))
    with pytest.raises(RewardError, match="came from a file"):
        judge.connect()
    assert server.requests == []
    runs.close()


@pytest.mark.parametrize("command", [["fork", "RUN", "--attempt", "2"], ["hint-test", "RUN", "--attempt", "2", "--tries", "2"], ["run", "SPEC"]])  # fmt: skip
def test_a_terminal_names_the_address_and_wants_it_agreed_to(command, file, server, home, capfdbinary):
    (run_id,) = import_runs(runs_api.default().store, file).run_ids
    assert main(["spec", run_id]) == 0
    spec = home / "spec.json"
    spec.write_bytes(capfdbinary.readouterr().out)
    assert json.loads(spec.read_text())
    given = [{"RUN": run_id, "SPEC": str(spec)}.get(one, one) for one in command]
    code = main(given)
    said = capfdbinary.readouterr().err.decode()
    assert (code, server.requests) == (2, [])
    assert "with the key in OPENAI_API_KEY" in said
    assert "--trust-address http://0.0.0.0" in said
    assert KEY not in said
    address = said.partition("--trust-address ")[2].split(".  ")[0].split(". Or")[0]
    main([*given, "--trust-address", address])
    runs_api.close()
    assert server.requests
    assert KEY in str(server.requests[0].headers)


@pytest.mark.parametrize(
    "model",
    [
        ModelSpec("litellm", "openai/x", api_base="https://evil.example/v1"),
        ModelSpec("litellm", "openai/x", api_base="https://localhost.evil.example/v1", key_env="A_KEY"),
        ModelSpec("litellm", "openai/x", key_env="GITHUB_TOKEN"),
        ModelSpec("litellm", "huggingface/https://evil.example/x"),
        ModelSpec("litellm", "openai/x", extra={"fallbacks": [{"model": "openai/y", "api_base": "https://evil"}]}),
        ModelSpec("litellm", "vertex_ai/x", extra={"vertex_location": "evil.example/#"}),
        ModelSpec("litellm", "x", provider="openai"),
    ],
)  # fmt: skip
def test_what_could_send_a_key_elsewhere_is_foreign(model):
    spec = replace(two_stages().records[0].event.spec, model=ModelSpec(), judge=model)
    (one,) = list_foreign(spec)
    assert one.role == "judge"
    assert one.text.startswith(model.model)


@pytest.mark.parametrize(
    "model",
    [
        ModelSpec(),
        ModelSpec("litellm", "openai/gpt-4.1-mini", key_env="OPENAI_API_KEY", extra={"top_p": 0.9}),
        ModelSpec("litellm", "anthropic/claude"),
        ModelSpec("litellm", "openai/x", api_base="http://127.0.0.1:8000/v1", key_env="MY_KEY"),
    ],
)
def test_a_providers_own_key_and_this_machine_are_not_asked_about(model):
    assert list_foreign(replace(two_stages().records[0].event.spec, model=model)) == ()
