"""The proxy, started for real as a process on loopback; without its packages the tests are skipped, which CI takes amiss.

client -> proxy -> mock reply                 what its `mock_response` can say
client -> proxy -> tests/openai_server.py     what it passes on of a provider's: a slow reply, refusals (401, 404)
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from dataclasses import dataclass

import pytest

from tests.openai_server import Answer, OpenAIServer, status
from tests.proxy.environment import Missing, folder
from tests.threads import eventually

START_S = 100
KEY = "sk-canary-of-the-proxy-41d7"
ANSWER = "[[ ## answer ## ]]\nBrussels, of course\n\n[[ ## completed ## ]]"
ADVICE = (
    "[[ ## discussion ## ]]\nToo many words.\n\n[[ ## advice ## ]]\n"
    '{"answer": "One word is enough."}\n\n[[ ## completed ## ]]'
)
VERDICT = "[[ ## score ## ]]\n0.4\n\n[[ ## completed ## ]]"
MOCKS = {
    "answers": ANSWER,
    "advises": ADVICE,
    "judges": VERDICT,
    "limits": "litellm.RateLimitError",
    "breaks": "litellm.InternalServerError",
}
REFUSALS = {"barred": status(401, "Incorrect API key provided."), "gone": status(404, "No such model.")}
PROVIDED = {"writes": Answer(ANSWER, trickle_s=1.0), **REFUSALS}
# Else a DATABASE_URL of the person's own would be asked for keys.
NEEDED = ("PATH", "LD_LIBRARY_PATH", "LANG", "TMPDIR", "SYSTEMROOT")
MAIN = "import sys; sys.argv = ['litellm', *sys.argv[1:]]; from litellm import run_server; run_server()"


@dataclass(frozen=True, slots=True)
class Proxy:
    """url: with /v1. key: its master key."""

    url: str
    key: str = KEY


@pytest.fixture(scope="session")
def provider():
    """The provider behind the proxy, which behaves by the model's name."""
    with OpenAIServer(lambda body: PROVIDED[body["model"]]) as server:
        yield server


@pytest.fixture(scope="session")
def proxy(tmp_path_factory, provider):
    try:
        packages = folder()
    except Missing as why:
        pytest.skip(str(why))
    place = tmp_path_factory.mktemp("proxy")
    models = [
        {
            "model_name": name,
            "litellm_params": {"model": "openai/gpt-4.1-mini", "api_key": "none", "mock_response": mock},
        }
        for name, mock in MOCKS.items()
    ]
    models += [
        {
            "model_name": name,
            "litellm_params": {"model": f"openai/{name}", "api_base": provider.url, "api_key": "none"},
        }
        for name in PROVIDED
    ]
    config = {
        "model_list": models,
        "general_settings": {"master_key": KEY},
        "router_settings": {"num_retries": 0, "disable_cooldowns": True},
    }
    (place / "config.yaml").write_text(json.dumps(config))  # JSON is YAML
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = (place / "log").open("wb")
    process = subprocess.Popen(
        [sys.executable, "-c", MAIN, "--config", "config.yaml", "--host", "127.0.0.1", "--port", str(port)],
        cwd=place,
        stdout=log,
        stderr=subprocess.STDOUT,
        env={
            **{name: os.environ[name] for name in NEEDED if name in os.environ},
            "PYTHONPATH": str(packages),
            "HOME": str(place),
            "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        },
    )
    try:
        _until_up(process, f"http://127.0.0.1:{port}/health/liveliness", place / "log")
        yield Proxy(f"http://127.0.0.1:{port}/v1")
    finally:
        process.kill()
        process.wait(10)
        log.close()


def _until_up(process, url, log):
    def is_up():
        if process.poll() is not None:
            pytest.fail(f"the proxy ended at once:\n{log.read_text()[-3000:]}")
        try:
            with urllib.request.urlopen(url, timeout=1):
                return True
        except OSError:
            return False

    try:
        eventually(is_up, within_s=START_S)
    except AssertionError:
        pytest.fail(f"the proxy was not up after {START_S} s:\n{log.read_text()[-3000:]}")
