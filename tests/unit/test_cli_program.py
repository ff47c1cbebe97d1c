"""`refinescope run PROGRAM.py`: the user's own Python, recorded like any other run."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from refine_core import runs
from refine_core.errors import SpecError
from refine_core.export import FORMATS
from refine_core.program_child.function_source import collect_source
from tests.unit.test_cli_runs import call, eventually, own_home, start  # noqa: F401  # a fixture for every test

PROGRAM = """
import re
from refine_core import ChainOfThought, Module, Predict, Score

WORDS = 3


class Program(Module):
    def __init__(self):
        super().__init__()
        self.draft = ChainOfThought("topic, year: int -> text")
        self.polish = Predict("text, mood -> answer")

    def forward(self, topic, year, mood="calm"):
        print("written by the program")
        return self.polish(text=self.draft(topic=topic, year=year).text, mood=mood)


def count(text):
    return len(re.findall(r"\\w+", text))


def reward(inputs, pred):
    return Score(min(1.0, count(pred.answer) / 100), feedback=f"{inputs['year'] + WORDS}")


if __name__ == "__main__":
    raise SystemExit("run as a script")
"""
INPUTS = ("--input", "topic=rain", "--input", "year=2026")


def write(folder, source=PROGRAM, name="mine.py"):
    file = folder / name
    file.write_text(source)
    return file


def test_a_program_and_its_reward_run_as_written(tmp_path, capfdbinary):
    file = write(tmp_path)
    code, out, err = call(capfdbinary, "run", file, "--model", "practice", *INPUTS, "--n", "2", "--json")
    told = json.loads(out)
    assert (code, told["reason"], told["title"]) == (1, "attempts_used_up", "mine.py")
    assert err == "written by the program\n" * 2
    assert told["attempts"][0]["feedback"] == "2029", "an input has the type that the signature names"
    spec = runs.timeline(told["run"]).spec
    assert [stage.name for stage in spec.stages] == ["draft", "polish"]
    assert (spec.inputs, spec.program_file, spec.N) == ({"topic": "rain", "year": 2026}, "mine.py", 2)
    assert {run.name for one in runs.timeline(told["run"]).attempts for run in one.predictors} == {
        "draft.predict",
        "polish",
    }


def test_what_a_script_of_the_library_defines_runs_too(tmp_path, capfdbinary):
    """A refinement with its own model, validators and settings; the script's own end is not run."""
    file = write(
        tmp_path,
        """
from refine_core import BestOfN, Predict, ScriptedLM

answer = Predict("question -> answer")
answer.set_lm(ScriptedLM([{"answer": "no"}, {"answer": "yes"}]))
refine = BestOfN(answer, N=4, reward_fn=lambda args, pred: float(pred.answer == "yes"),
                 threshold=1.0, validators=[("short", lambda args, pred: len(pred.answer) < 4, "Be short.")])
INPUTS = {"question": "Well?"}
""",
    )
    told = json.loads(call(capfdbinary, "run", file, "--json")[1])
    assert [one["reward"] for one in told["attempts"]] == [0.0, 1.0]
    assert (told["N"], told["strategy"], told["outputs"]) == (4, "best_of_n", {"answer": "yes"})


@pytest.mark.parametrize(
    ("source", "options", "words"),
    [
        ("x = 1\n", [], "defines no program"),
        ("import nothing_such\n", [], "mine.py, line 1: ModuleNotFoundError"),
        ("def f(:\n", [], "mine.py, line 1: SyntaxError"),
        ("import sys\nsys.exit(3)\n", [], "mine.py, line 2: SystemExit"),
        (
            'from refine_core import Predict\nprogram = Predict("q -> a")\n',
            ["--model", "practice"],
            "defines no reward",
        ),
        (
            'from refine_core import Predict\nprogram = Predict("q -> a")\ndef one(a, b): ...\ndef two(a, b): ...\n',
            ["--model", "practice"],
            "several functions that may be the reward: one, two. Add --function NAME",
        ),
        (PROGRAM, [], "mine.py sets no model"),
        (PROGRAM, ["--model", "practice"], "2 inputs have no value:\n  topic  str\n  year   int\n"),
        (PROGRAM, ["--model", "practice", "--n", "0"], "0 is not in the range"),
    ],
)
def test_a_file_that_cannot_run_says_what_is_missing(source, options, words, tmp_path, capfdbinary):
    code, out, err = call(capfdbinary, "run", write(tmp_path, source), *options)
    assert (code, out, words in err, "Traceback" in err) == (2, "", True, False), err


def test_a_run_of_a_file_goes_on_with_the_file_alone(tmp_path, capfdbinary):
    marker = tmp_path / "go"
    source = PROGRAM.replace(
        '        print("written by the program")\n',
        f"        import pathlib, threading\n        while not pathlib.Path({str(marker)!r}).exists():\n"
        "            threading.Event().wait(0.02)\n",
    )
    file = write(tmp_path, source)
    process = start("run", file, "--model", "practice", *INPUTS, "--n", "3")
    run_id = eventually(lambda: next((one.run_id for one in runs.recent() if one.summary.rewards), None))
    process.kill()
    process.communicate(timeout=30)
    assert eventually(lambda: runs.get(run_id).state == "interrupted")
    marker.touch()
    assert not runs.get(run_id).resumable, "the app has no file to go on with"
    with pytest.raises(SpecError, match=f"refinescope resume {run_id} --program mine.py"):
        runs.resume(run_id)
    with pytest.raises(SpecError, match="which only its file can run again"):
        runs.start(runs.timeline(run_id).spec)
    other = write(tmp_path, name="other.py")
    assert call(capfdbinary, "resume", run_id, "--program", other)[0] == 2
    told = json.loads(call(capfdbinary, "resume", run_id, "--program", file, "--json")[1])
    assert (told["run"], told["reason"], len(told["attempts"])) == (run_id, "attempts_used_up", 3)
    assert told["attempts"][2]["feedback"] == "2029"


def test_a_reward_comes_with_what_it_uses_and_without_keys():
    source = (
        "import os, re\nimport json\nTOKEN = 'x'\nSECRET = 'sk-abcdefgh'\nA = 2\nB = A + 1\n\n@dec\ndef helper(x):\n    return B\n\n"
        "def dec(f):\n    return f\n\ndef other():\n    return json\n\ndef reward(a, b):\n    return helper(re) + len(SECRET + TOKEN)\n"
    )
    collected = collect_source(source, "reward")
    assert collected == (
        "import os, re\nA = 2\nB = A + 1\n@dec\ndef helper(x):\n    return B\ndef dec(f):\n    return f\n"
        "def reward(a, b):\n    return helper(re) + len(SECRET + TOKEN)\n"
    )


def test_the_recorded_reward_of_a_file_is_tried_again_in_the_sandbox(tmp_path, capfdbinary):
    file = write(tmp_path)
    run_id = json.loads(call(capfdbinary, "run", file, "--model", "practice", *INPUTS, "--json")[1])["run"]
    rewards = [one.reward for one in runs.timeline(run_id).attempts]
    told = json.loads(call(capfdbinary, "what-if", run_id, "--threshold", "0.01", "--json")[1])
    assert told["stop"] == 1
    code, out, _ = call(capfdbinary, "show", run_id)
    assert (code, len(rewards), "mine.py" in out) == (0, 5, True)
    for to in FORMATS:
        code, _, err = call(capfdbinary, "export", run_id, "--to", to, "-o", tmp_path)
        refused = "this ran the Python program mine.py: that file is its script" in err
        assert (code, refused) == ((2, True) if to in ("py", "dspy") else (0, False)), err


def test_the_program_of_the_docs_runs_as_they_say(tmp_path, capfdbinary):
    docs = (Path(__file__).parents[2] / "docs" / "command-line.md").read_text(encoding="utf-8")
    (program,) = re.findall(r"```python\n(.*?)```", docs, re.DOTALL)
    file = write(tmp_path, program, "haiku.py")
    code, out, err = call(capfdbinary, "run", file, "--input", "topic=rain", "--model", "practice")
    assert (code in (0, 1), err, "haiku.py" in out) == (True, "", True)


def test_the_least_description_of_the_docs_runs(tmp_path, capfdbinary):
    docs = (Path(__file__).parents[2] / "docs" / "command-line.md").read_text(encoding="utf-8")
    (least,) = [
        one for one in re.findall(r"```json\n(.*?)```", docs, re.DOTALL) if one.startswith('{"stages"')
    ]
    assert call(capfdbinary, "run", write(tmp_path, least, "least.json"))[0] == 0


MAIN_CALLS = """
import sys
from refine_core import BestOfN, Predict, ScriptedLM, context

def reward(args, pred):
    return float(pred.answer == "yes")

def main():
    assert len(sys.argv) == 1, "the arguments of refinescope are not those of the script"
    with context(lm=ScriptedLM([{{"answer": "no"}}, {{"answer": "yes"}}])):
        {call}
    raise SystemExit("what follows the call is not run")
"""


@pytest.mark.parametrize(
    ("call_in_main", "options", "rewards"),
    [
        ('BestOfN(Predict("q -> answer"), 3, reward, 1.0)(q="?")', [], [0.0, 1.0]),
        ('BestOfN(Predict("q -> answer"), 3, reward, 1.0)(q="?")', ["--n", "1"], [0.0]),
        ('Predict("q -> answer")(q="?")', [], [0.0]),
    ],
)
def test_a_script_runs_up_to_the_call_of_its_main_which_is_recorded(
    call_in_main, options, rewards, tmp_path, capfdbinary
):
    file = write(tmp_path, MAIN_CALLS.format(call=call_in_main))
    code, out, err = call(capfdbinary, "run", file, "--json", *options)
    assert (code, err) == (int(1.0 not in rewards), "")
    told = json.loads(out)
    assert [one["reward"] for one in told["attempts"]] == rewards
    assert runs.timeline(told["run"]).spec.inputs == {"q": "?"}


def test_a_main_that_fails_says_at_which_line(tmp_path, capfdbinary):
    file = write(tmp_path, "def main():\n    x = 1\n    raise ValueError('of mine')\n")
    code, out, err = call(capfdbinary, "run", file)
    assert (code, out, err) == (2, "", "Error: mine.py, line 3: ValueError: of mine\n")


@pytest.mark.parametrize("changes", [{}, {"strategy": "best_of_n", "N": 3}, {"strategy": "single"}])
def test_an_exported_script_runs_to_the_end_of_its_run(changes, tmp_path, capfdbinary):
    document = json.loads(call(capfdbinary, "spec", "--example", "two_stages")[1]) | changes
    first = json.loads(call(capfdbinary, "run", write(tmp_path, json.dumps(document), "a.json"), "--json")[1])
    script = tmp_path / "exported.py"
    assert call(capfdbinary, "export", first["run"], "--to", "py", "-o", script)[0] == 0
    again = json.loads(call(capfdbinary, "run", script, "--json")[1])
    assert [(one["reward"], one["hints"], one["outputs"]) for one in again["attempts"]] == [
        (one["reward"], one["hints"], one["outputs"]) for one in first["attempts"]
    ]
    assert again["attempts"]
