"""A file in a real process: run, watched, started again when it changes, and every way in which it may end."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from refine_core import __version__, runs
from refine_core.errors import SpecError
from refine_core.program_files import TYPED, list_past_runs
from tests.threads import eventually

pytestmark = pytest.mark.timeout(180)
PROGRAM = '''
import helper
from refine_core import Module, Predict, Refine

print("imported")


class Pipeline(Module):
    def __init__(self):
        super().__init__()
        self.draft = Predict("question -> draft")
        self.check = Predict("question, draft -> answer")

    def forward(self, question: str):
        print("asked:", question)
        return self.check(question=question, draft=self.draft(question=question).draft)


def one_word(args, pred):
    """One word."""
    return float(len(pred.answer.split()) == helper.WORDS)


def broken(args, pred):
    return 1 / len(pred.answr)


refine = Refine(Pipeline(), 3, one_word, 1.0)
INPUTS = {"question": "What is the capital of Belgium?"}

if __name__ == "__main__":
    raise SystemExit("run as a script")
'''


@pytest.fixture
def mine(open_file, tmp_path):
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "helper.py").write_text("WORDS = 1\n")
    return open_file(PROGRAM)


def test_a_file_runs_and_its_run_is_recorded_like_any_other(mine):
    shown = mine.run()
    run = runs.get(shown.run_id)
    assert [one.reward for one in run.timeline.attempts][-1] == 1.0
    assert run.timeline.spec.program_file == "mine.py"
    assert "def one_word" in run.timeline.spec.reward
    shown = mine.printed("asked", times=len(run.timeline.attempts))
    assert shown.output.splitlines() == [
        "imported",
        *["asked: What is the capital of Belgium?"] * len(run.timeline.attempts),
    ]
    [past] = list_past_runs(mine.path)
    assert (past.run_id, past.reward, past.n) == (shown.run_id, "one_word", 3)


def test_it_runs_again_with_another_n_reward_and_threshold(mine):
    mine.run()
    shown = mine.run(n=2, reward="broken", threshold="0.5", inputs={"question": "Where?"})
    spec = runs.get(shown.run_id).timeline.spec
    assert (spec.N, spec.threshold, spec.inputs) == (2, 0.5, {"question": "Where?"})
    assert "def broken" in spec.reward
    shown = mine.printed("AttributeError")
    assert re.search(r'mine.py", line \d+, in broken', shown.output)


TYPED_REWARD = """
from refine_core import Score

def typed(args, pred):
    print("typed reward")
    return Score(0.75, "nearly", {"length": 0.25})
"""


def test_a_reward_that_was_typed_runs_in_the_sandbox(mine):
    shown = mine.run(reward=TYPED, source=TYPED_REWARD, n=1, strategy="best_of_n")
    run = runs.get(shown.run_id)
    [attempt] = run.timeline.attempts
    assert (attempt.reward, attempt.score.parts) == (0.75, {"length": 0.25})
    assert run.timeline.spec.reward == TYPED_REWARD
    mine.printed("typed reward")
    hostile = f"def typed(args, pred):\n    return float(len(open({str(mine.path)!r}).read()))\n"
    shown = mine.run(reward=TYPED, source=hostile, n=1, strategy="best_of_n")
    [attempt] = runs.get(shown.run_id).timeline.attempts
    assert attempt.error.line == 2
    assert attempt.reward is None


def test_a_change_of_the_file_starts_it_again(mine):
    assert mine.ready().description.programs[0].n == 3
    mine.write(PROGRAM.replace("Pipeline(), 3", "Pipeline(), 4"))
    again = mine.ready(starts=2)
    assert again.description.programs[0].n == 4
    assert "mine.py has changed" in again.notice


def test_a_change_of_a_module_beside_it_starts_it_again(mine):
    mine.ready()
    (mine.path.parent / "helper.py").write_text("WORDS = 5\n")
    assert "helper.py has changed" in mine.ready(starts=2).notice


WAITING = """
import pathlib
from refine_core import Predict, Refine
HERE = pathlib.Path(__file__).parent

def slow(args, pred):
    print("scoring")
    while not (HERE / "go").exists():
        pass
    return 1.0

refine = Refine(Predict("question -> answer"), 2, slow, 1.0)
INPUTS = {"question": "Why?"}
"""


def test_a_change_during_a_run_waits_for_its_end(open_file):
    mine = open_file(WAITING)
    mine.process.run(mine.request())
    mine.until(lambda one: "scoring" in one.output)
    mine.write(WAITING.replace(", 2, slow", ", 7, slow"))
    waiting = mine.until(lambda one: one.changed)
    assert waiting.busy
    assert "once this run has ended" in waiting.notice
    (mine.path.parent / "go").touch()
    assert mine.ready(starts=2).description.programs[0].n == 7
    assert runs.get(waiting.run_id).timeline.end.reason == "threshold_reached"


def test_a_run_that_does_not_stop_is_killed_and_shows_as_interrupted(open_file):
    mine = open_file(WAITING, cancel_s=0.1)
    mine.process.run(mine.request())
    shown = mine.until(lambda one: "scoring" in one.output and one.run_id is not None)
    mine.process.cancel()
    assert "killed" in mine.until(lambda one: one.notice != "").notice
    mine.ready(starts=2)
    assert runs.get(shown.run_id).state == "interrupted"


def test_a_run_that_can_be_cancelled_ends_as_cancelled(open_file):
    slow = WAITING.replace('while not (HERE / "go").exists():\n        pass', "pass")
    mine = open_file(slow.replace("return 1.0", "return 0.0").replace(", 2, slow", ", 1000, slow"))
    mine.process.run(mine.request())
    mine.until(lambda one: "scoring" in one.output)
    mine.process.cancel()
    shown = mine.ready()
    assert shown.starts == 1
    assert runs.get(shown.run_id).timeline.end.reason == "cancelled"


@pytest.mark.parametrize(
    ("source", "headline", "advice"),
    [
        ("def f(:\n    pass\n", "mine.py, line 1: SyntaxError", "it starts again by itself"),
        ("\nimport no_such_package\n", "mine.py, line 2: there is no module no_such_package", "Start again"),
        ("import sys\nsys.exit(3)\n", "mine.py, line 2: the file ended its process", "__main__"),
        ("\n\nraise ValueError('why')\n", "mine.py, line 3: ValueError: why", "save the file"),
        (
            "import os\nos._exit(3)\n",
            "mine.py: the process ended while the file was imported (exit code 3)",
            "os._exit",
        ),
        (
            "import ctypes\nctypes.string_at(0)\n",
            "the process crashed while the file was imported",
            "native code",
        ),
        ("input('name? ')\n", "mine.py, line 1: EOFError", "save the file"),
        ("x = 1\n", "mine.py defines no program", "top level of the file"),
    ],
)
def test_whatever_keeps_a_file_from_running_is_said_with_what_to_do(rewritten, source, headline, advice):
    before = rewritten.process.snapshot().starts
    rewritten.write(source)
    problem = rewritten.failed(starts=before + 1).problem
    assert headline in problem.headline
    assert advice in problem.advice


def test_a_file_that_is_mended_runs_by_itself(open_file):
    mine = open_file("def f(:\n")
    mine.failed()
    mine.write("from refine_core import Predict\np = Predict('a -> b')\ndef reward(args, pred): return 1.0\n")
    assert mine.ready(starts=2).problem is None


def test_a_missing_package_comes_with_the_command_that_installs_it(open_file):
    problem = open_file("import yaml_of_mine.parts\n").failed().problem
    assert problem.command == f"{sys.executable} -m pip install yaml_of_mine"


def test_a_python_without_refinescope_is_told_how_to_get_it(open_file):
    bare = str(Path(sys.base_prefix) / ("python.exe" if sys.platform == "win32" else "bin/python3"))
    problem = open_file("x = 1\n", python=bare).failed().problem
    assert problem.headline == "This Python has no Refinescope"
    assert problem.command == f"{bare} -m pip install refinescope"


@pytest.mark.skipif(sys.platform == "win32", reason="a shell script stands in for the other Python")
def test_a_python_with_another_refinescope_is_named_with_both_versions(open_file, tmp_path):
    older = "import refine_core, runpy; refine_core.__version__ = '0.0.9'; runpy.run_module('refine_core.program_child', run_name='__main__')"
    python = tmp_path / "older"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" -P -u -c "{older}" "$5"\n')
    python.chmod(0o700)
    problem = open_file("x = 1\n", python=str(python)).failed().problem
    assert problem.headline == f"This Python has Refinescope 0.0.9, and the app is {__version__}"
    assert problem.command == f"{python} -m pip install refinescope=={__version__}"


def test_a_python_that_is_not_there_is_named(open_file):
    problem = open_file("x = 1\n", python="/no/such/python").failed().problem
    assert "/no/such/python cannot be started" in problem.headline


def test_an_import_that_never_ends_can_be_stopped(open_file):
    mine = open_file("print('begun')\nwhile True:\n    pass\n")
    mine.until(lambda one: "begun" in one.output)
    mine.process.stop_import()
    assert "was stopped" in mine.failed().problem.headline


def test_a_file_that_goes_away_is_waited_for(mine):
    mine.ready()
    mine.path.rename(mine.path.with_suffix(".away"))
    assert "mine.py is gone" in mine.failed().problem.headline
    mine.path.with_suffix(".away").rename(mine.path)
    assert mine.ready(starts=2).problem is None


def test_a_process_that_dies_in_a_run_is_explained_and_started_again(open_file):
    source = WAITING.replace('while not (HERE / "go").exists():\n        pass', "import os; os._exit(9)")
    mine = open_file(source)
    mine.process.run(mine.request())
    shown = mine.ready(starts=2)
    assert "exit code 9" in shown.run_problem.headline
    assert runs.get(shown.run_id).state == "interrupted"


def test_what_is_not_ready_takes_no_run(mine):
    request = mine.request()
    mine.write("x = 1\n")
    mine.failed(starts=2)
    with pytest.raises(SpecError, match="fix it first"):
        mine.process.run(request)


def test_what_the_file_prints_cannot_pass_for_an_event(open_file):
    mine = open_file(
        'import os\nos.write(1, b\'{"event": "described"}\\n\')\nprint("\\x1b[31mred\\x1b[0m")\n'
    )
    shown = mine.failed()
    assert "defines no program" in shown.problem.headline
    assert shown.output == '{"event": "described"}\nred\n'


PARENT = """
import pathlib, sys
from refine_core.program_files import ProgramProcess
process = ProgramProcess(pathlib.Path(sys.argv[1]))
process.start()
shown = process.snapshot()
while "pid" not in shown.output:
    shown = process.wait_for_change(shown.revision, 60)
print(shown.output, flush=True)
sys.stdin.read()
"""


def test_the_process_ends_with_the_app_even_if_that_is_killed(tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(
        "import os, subprocess, sys\n"
        "other = subprocess.Popen([sys.executable, '-c', 'while True: pass'])\n"
        "print('pid', os.getpid(), other.pid)\nwhile True: pass\n"
    )
    app = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(file)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    pids = [int(word) for word in app.stdout.readline().split()[1:]]
    app.send_signal(signal.SIGKILL)
    app.communicate(timeout=30)

    def is_gone(pid):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0]
        except OSError:
            state = "gone" if not _lives(pid) else "R"
        return state in ("gone", "Z")

    eventually(lambda: all(map(is_gone, pids)))


def _lives(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
