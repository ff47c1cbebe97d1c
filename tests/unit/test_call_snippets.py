"""A recorded call as a curl command or as litellm code: it reaches the server as the call did, and holds no key."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys

import pytest

from refine_core import runs
from refine_core.call_snippets import describe_call, write_curl, write_litellm
from refine_core.runs import Credentials, Runs
from refine_core.spec import ModelSpec, ProgramSpec, StageSpec
from refine_core.store import open_store
from tests.openai_server import OpenAIServer

pytestmark = pytest.mark.skipif(shutil.which("sh") is None, reason="the command is for a POSIX shell")
KEY = "sk-test-0123456789abcdefghijklmnop"
# What a shell, JSON or Python could stumble over.
ODD = "it's \"quoted\" $HOME `id` \\n {a,b} \u202e\x00\x1b[31m \ud83d\n\U0001f600 ''' %s"
SENT = ("messages", "model", "temperature", "max_tokens", "seed", "stop", "top_p")


def recorded_call(tmp_path, server, **model):
    """The run's first call as it was recorded, and as the server got it."""
    spec = ProgramSpec(
        (StageSpec("answer", "question -> answer"),),
        "def reward(args, pred):\n    return 1.0\n",
        {"question": ODD.replace("\ud83d", "")},
        N=1,
        model=ModelSpec(
            kind="litellm", api_base=server.url, max_tokens=77, seed=5, stop=("\n\n\n",), **model
        ),
    )
    mine = Runs(open_store(tmp_path))
    run_id = mine.start(spec, Credentials({"model": KEY}))
    mine.join(run_id, 60)
    call = mine.get(run_id).timeline.calls[0]
    mine.close()
    return runs.describe_api_call(spec, call), {n: server.requests[0].json.get(n) for n in SENT}


@pytest.mark.parametrize("model", ["openai/tiny", "tiny"])
def test_the_curl_command_sends_what_the_run_sent(tmp_path, model):
    if shutil.which("curl") is None:
        pytest.skip("no curl")
    with OpenAIServer("[[ ## answer ## ]]\nyes\n\n[[ ## completed ## ]]") as server:
        call, sent = recorded_call(tmp_path, server, model=model, key_env="TINY_KEY", extra={"top_p": 0.5})
        command = write_curl(call)
        subprocess.run(
            ["sh", "-c", command],
            check=True,
            env={"PATH": os.environ["PATH"], "TINY_KEY": KEY},
            capture_output=True,
        )
        again = server.requests[-1]
    assert len(server.requests) == 2
    assert {n: again.json.get(n) for n in SENT} == sent
    assert again.headers["authorization"] == f"Bearer {KEY}"
    assert KEY not in command
    assert "$TINY_KEY" in command


def test_the_litellm_code_sends_what_the_run_sent(tmp_path):
    """For both ways to name a model; in one process, as litellm takes seconds to import."""
    reply = "[[ ## answer ## ]]\nyes\n\n[[ ## completed ## ]]"
    with OpenAIServer(reply) as with_provider, OpenAIServer(reply) as without:
        recorded = []
        for model, server in (("openai/tiny", with_provider), ("tiny", without)):
            folder = tmp_path / str(server.port)
            call, sent = recorded_call(folder, server, model=model, key_env="TINY_KEY", extra={"top_p": 0.5})
            recorded.append((write_litellm(call), sent, server))
        done = subprocess.run(
            [sys.executable, "-c", "\n".join(code for code, _, _ in recorded)],
            check=False,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(tmp_path),
                "TINY_KEY": KEY,
                "LITELLM_LOCAL_MODEL_COST_MAP": "True",
                "NO_PROXY": "*",
            },
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr[-2000:]
    for code, sent, server in recorded:
        assert len(server.requests) == 2
        again = server.requests[-1]
        assert {n: again.json.get(n) for n in SENT} == sent
        assert again.headers["authorization"] == f"Bearer {KEY}"
        assert KEY not in code
    assert done.stdout.count("[[ ## answer ## ]]\nyes") == 2


def test_half_a_character_in_a_message_is_no_trouble():
    spec = ModelSpec(kind="litellm", model="openai/gpt-4.1-mini")
    call = describe_call(spec, [{"role": "user", "content": ODD}], {"temperature": 0.5})
    body = write_curl(call).partition("--data-binary ")[2]
    sent = subprocess.run(["sh", "-c", f"printf %s {body}"], check=True, capture_output=True).stdout
    assert json.loads(sent)["messages"] == [{"role": "user", "content": ODD}]
    scope: dict[str, object] = {}
    code = write_litellm(call).replace("import litellm", "").replace("litellm.completion", "dict")
    exec(code.partition("print(")[0].replace("os.environ['OPENAI_API_KEY']", "''"), scope)
    assert scope["reply"]["messages"] == [{"role": "user", "content": ODD}]


def test_a_secret_a_rollout_and_a_refused_parameter_are_left_out():
    spec = ModelSpec(kind="litellm", model="openai/gpt-4.1-mini")
    params = {
        "temperature": 0.5,
        "rollout_id": 3,
        "api_key": KEY,
        "extra_headers": {"Authorization": KEY},
        "seed": None,
    }
    call = describe_call(spec, [{"role": "user", "content": "Hi"}], params, left_out=("temperature",))
    for text in (write_curl(call), write_litellm(call)):
        assert KEY not in text
        for name in ("temperature", "rollout_id", "extra_headers", "seed"):
            assert name not in text
        assert "OPENAI_API_KEY" in text


@pytest.mark.parametrize(
    ("model", "curl"),
    [
        (ModelSpec(kind="litellm", model="anthropic/claude-x"), False),
        (ModelSpec(kind="litellm", model="openai/gpt-x"), True),
        (ModelSpec(kind="litellm", model="gpt-x", api_base="http://127.0.0.1:1/v1"), True),
        (ModelSpec(kind="litellm", model="ollama/llama", api_base="http://127.0.0.1:1"), False),
    ],
)
def test_curl_is_offered_where_the_server_speaks_that_protocol(model, curl):
    call = describe_call(model, [{"role": "user", "content": "Hi"}], {})
    assert (write_curl(call) is not None) == curl
    assert "litellm.completion" in write_litellm(call)


def test_a_model_that_no_server_answers_for_has_no_code():
    assert describe_call(ModelSpec(), [], {}) is None
    assert describe_call(ModelSpec(kind="replay", model="gpt-x"), [], {}) is None


@pytest.mark.parametrize("name", ['X"; touch gone; "', "$(id)", "a b"])
def test_a_variable_whose_name_is_none_never_reaches_the_shell(name):
    spec = ModelSpec(kind="litellm", model="openai/gpt-x", key_env=name, api_base="http://127.0.0.1:1/v1")
    assert "$API_KEY" in write_curl(describe_call(spec, [], {}))
