"""`refinescope batch` in a process of its own: killed, gone on with, cancelled; and a Python file of the user's own. A server counts what is asked."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading

import pytest

from tests.openai_server import OpenAIServer, status

PROGRAM = {
    "stages": [{"name": "answer", "signature": "question -> answer"}],
    "reward": "def reward(args, pred):\n    return float(args['question'][-2:] in pred.answer)\n",
    "strategy": "best_of_n",
    "N": 2,
    "model": {"model": "openai/tiny", "key_env": "TINY_KEY", "temperature": 0.0},
}
PYTHON = """\
from refine_core import LM, Predict, Refine, configure

configure(lm=LM("openai/tiny", api_base="@URL@", api_key="none", cache=False))


def close(inputs, prediction):
    return float(inputs["expected"] in prediction.answer)


refine = Refine(Predict("question -> answer"), N=2, reward_fn=close, threshold=1.0)
"""
ROWS = 12
COMMAND = "from refine_core.cli import main; import sys; sys.exit(main(sys.argv[1:]))"


class Gate:
    """A model that answers so many calls, and holds the others up until it is opened."""

    def __init__(self, free):
        self.free, self.reached, self.opened = free, threading.Event(), threading.Event()
        self.count, self.lock = 0, threading.Lock()

    def __call__(self, body):
        with self.lock:
            self.count += 1
            held = self.count > self.free
        if held:
            self.reached.set()
            self.opened.wait(60)
        return "[[ ## answer ## ]]\nno idea\n\n[[ ## completed ## ]]"


@pytest.fixture
def work(tmp_path):
    lines = ["question,expected", *(f"Question {n:02d},x" for n in range(1, ROWS + 1))]
    (tmp_path / "rows.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return tmp_path


def begin(work, *arguments):
    environment = {**os.environ, "REFINESCOPE_HOME": str(work / "home"), "TINY_KEY": "none"}
    return subprocess.Popen(
        [sys.executable, "-c", COMMAND, "batch", *map(str, arguments)],
        cwd=work, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def write_program(work, url):
    model = {**PROGRAM["model"], "api_base": url}
    (work / "program.json").write_text(json.dumps({**PROGRAM, "model": model}), encoding="utf-8")
    return [
        "program.json",
        "rows.csv",
        "--arms",
        "best_of_2,single",
        "--trust-address",
        url,
        "--at-once",
        "2",
    ]


def test_a_killed_experiment_goes_on_and_pays_for_nothing_twice(work):
    gate = Gate(free=15)
    with OpenAIServer(default=gate) as server:
        process = begin(work, *write_program(work, server.url))
        assert gate.reached.wait(60), process.communicate(timeout=10)
        process.kill()
        process.communicate(timeout=30)
        gate.opened.set()
        ended = begin(work, "--resume", "last", "--json")
        out, err = ended.communicate(timeout=120)
        assert ended.returncode == 0, err
    found = json.loads(out)
    assert [one["runs"] for one in found["arms"]] == [ROWS, ROWS]
    # At most the two calls that were under way are made again; the first attempts of their runs stay.
    assert 3 * ROWS <= gate.count <= 3 * ROWS + 2
    # A call is recorded before it is sent, so that the two which the kill cut off are counted even if no request had left.
    assert 3 * ROWS <= sum(one["calls"] for one in found["arms"]) <= gate.count + 2


def test_ctrl_c_keeps_what_has_ended_and_says_how_to_go_on(work):
    gate = Gate(free=8)
    with OpenAIServer(default=gate) as server:
        process = begin(work, *write_program(work, server.url))
        assert gate.reached.wait(60), process.communicate(timeout=10)
        process.send_signal(signal.SIGINT)
        gate.opened.set()
        out, err = process.communicate(timeout=60)
        assert process.returncode == 130, err
        assert "batch --resume" in out
        ended = begin(work, "--resume", "last", "--json")
        out, err = ended.communicate(timeout=120)
        assert ended.returncode == 0, err
    assert [one["runs"] for one in json.loads(out)["arms"]] == [ROWS, ROWS]


def test_a_server_that_asks_to_wait_is_named_with_the_time(work):
    with OpenAIServer(default=status(429, retry_after=1000)) as server:
        process = begin(work, *write_program(work, server.url))
        said = next(line for line in process.stderr if "refused calls (429)" in line)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    assert "openai/tiny refused calls (429): it is asked again at " in said
    assert process.returncode == 130


def test_a_python_file_has_arms_of_its_own_program_and_reward(work):
    gate = Gate(free=10_000)
    with OpenAIServer(default=gate) as server:
        (work / "mine.py").write_text(PYTHON.replace("@URL@", server.url), encoding="utf-8")
        process = begin(
            work, "mine.py", "rows.csv", "--rows", "3", "--arms", "best_of_2,single,no_hints_2", "--json"
        )
        out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    found = json.loads(out)
    assert [one["name"] for one in found["arms"]] == [
        "Best of 2",
        "Single attempt",
        "Refine without hints, N 2",
    ]
    assert [one["calls"] for one in found["arms"]] == [6, 3, 6]
    assert gate.count == 15
    assert "seen by the reward only: expected" in err
