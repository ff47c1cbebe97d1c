"""A file with a dspy program, opened: run by dspy's own Python, on both versions, and recorded."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest

from refine_core import events as ev
from refine_core import programs, runs
from refine_core.program_files import TYPED
from refine_core.programs import ModelSpec
from tests.program_files.conftest import OpenFile

pytestmark = pytest.mark.timeout(600)  # the first test may have to wait for pip
PROGRAM = """
import threading
import dspy
from tests.interop.scenes import Model, reply
from refine_core.interop import dspy_recorder

dspy.configure(lm=Model(lambda: reply(discussion="d", advice={"answer": "one word"})), callbacks=[dspy_recorder()])


class Pipeline(dspy.Module):
    def __init__(self):
        super().__init__()
        self.answer = dspy.Predict("question, year: int -> answer")

    def forward(self, question: str, year: int = 2026):
        print("asked in", year + 0)
        return self.answer(question=question, year=year)


def one_word(args, pred):
    return 1.0 if len(pred.answer.split()) == 1 else 0.0


def broken(args, pred):
    return 1 / len(pred.answr)


def waits(args, pred):
    print("it waits")
    threading.Event().wait()


class Noted(dspy.LM):
    def __init__(self, *args, **settings):
        print("asked for", args, settings["api_base"], len(settings["api_key"]))
        super().__init__(*args, **settings)


dspy.LM = Noted
bare = dspy.Predict("question -> answer")
program = Pipeline()
refine = dspy.Refine(module=program, N=3, reward_fn=one_word, threshold=1.0)
devset = [dspy.Example(question="Capital of Belgium?", answer="Brussels").with_inputs("question")]
"""


ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def mine(dspy_python, tmp_path_factory):
    """The program, open once a version, as importing dspy takes seconds."""
    folder = tmp_path_factory.mktemp("mine")
    path = folder / "mine.py"
    path.write_text(PROGRAM)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(ROOT))
        patch.setenv("REFINESCOPE_HOME", str(folder / "home"))
        one = OpenFile(path, str(dspy_python))
        one.ready()
        yield one
        one.process.close()


@pytest.fixture(autouse=True)
def _own_home(mine, monkeypatch):
    monkeypatch.setenv("REFINESCOPE_HOME", str(mine.path.parent / "home"))
    runs.close()
    yield
    runs.close()


def events_of(run_id):
    return [one.event for one in runs.events(run_id)]


def test_a_dspy_program_is_found_run_and_recorded_once(mine, dspy_version):
    found = mine.ready().description
    assert found.libraries == (f"dspy {dspy_version}",)
    assert [(one.name, one.kind) for one in found.programs] == [
        ("refine", "Refine of Pipeline"),
        ("program", "Pipeline"),
        ("bare", "Predict"),
    ]
    assert [(one.name, one.type, one.optional) for one in found.programs[0].inputs] == [
        ("question", "str", False),
        ("year", "int", True),
    ]
    shown = mine.run()
    [row] = runs.recent()
    assert (row.run_id, row.summary.rewards) == (shown.run_id, (0.0, 1.0))
    start = events_of(shown.run_id)[0]
    assert isinstance(start, ev.RunStarted)
    assert start.recorded_from == f"dspy {dspy_version}"
    assert (start.spec.program_file, start.spec.N) == ("mine.py", 3)
    mine.printed("asked in 2026", times=2)


def test_another_program_n_and_a_buggy_reward_show_a_traceback(mine):
    asked = {"program": "program", "reward": "broken", "n": 2, "strategy": "best_of_n"}
    shown = mine.run(**asked, inputs={"question": "Why?", "year": 7})
    log = events_of(shown.run_id)
    assert (log[0].spec.strategy, log[0].spec.N) == ("best_of_n", 2)
    assert [one.phase for one in log if isinstance(one, ev.AttemptFailed)] == ["reward", "reward"]
    mine.printed("asked in 7")
    output = mine.printed("AttributeError", times=2).output
    assert re.search(r'mine.py", line \d+, in broken\n    return 1 / len\(pred.answr\)', output)


def test_a_reward_that_was_typed_is_recorded_and_shown_to_the_adviser(mine):
    typed = "import math\n\ndef typed(args, pred):\n    return math.sqrt(len(pred.answer.split()))\n"
    shown = mine.run(reward=TYPED, source=typed, n=2, threshold="9")
    log = events_of(shown.run_id)
    assert [round(one.value, 2) for one in log if isinstance(one, ev.RewardScored)] == [1.41, 1.0]
    assert "return math.sqrt(len(pred.answer.split()))" in log[0].spec.reward
    [asked] = [one for one in log if isinstance(one, ev.LMRequested) and one.purpose == "advice"]
    assert "math.sqrt" in str(asked.messages)


def test_a_dspy_run_that_waits_is_cancelled(mine):
    mine.process.run(mine.request(reward="waits"))
    mine.until(lambda one: "it waits" in one.output and one.run_id is not None)
    mine.process.cancel()
    shown = mine.ready()
    assert shown.starts == 1
    assert runs.get(shown.run_id).timeline.end.reason == "cancelled"


def test_a_model_of_the_app_is_asked_with_its_key_where_the_file_sets_none(mine):
    """The key goes through the pipe; what the file prints of it is its own."""
    asked = {"program": "bare", "reward": "one_word", "n": 1, "inputs": {"question": "Why?"}}
    model = ModelSpec("litellm", "openai/some", "http://127.0.0.1:9/v1", retries=0)
    request = dataclasses.replace(mine.request(**asked), model=programs.model_to_data(model))
    mine.process.run(request, "secret-key-of-mine")
    shown = mine.until(lambda one: not one.busy and one.run_id is not None)
    mine.printed("asked for ('openai/some',) http://127.0.0.1:9/v1 18")
    assert "secret-key-of-mine" not in f"{shown} {events_of(shown.run_id)}"
    assert runs.get(shown.run_id).timeline.attempts[0].error is not None
