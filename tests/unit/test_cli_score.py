"""`refinescope score`: rows of a file, scored by a reward function of any known shape."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.commands import call_in

ROOT = Path(__file__).parents[2]
MAIN = "import sys; from refine_core.cli import main; sys.exit(main())"
ROWS = [
    {
        "id": "a",
        "group": "g",
        "inputs": {"question": "2+2"},
        "prediction": {"answer": "4"},
        "expected": {"answer": "4"},
    },
    {
        "id": "b",
        "group": "g",
        "inputs": {"question": "2+3"},
        "prediction": {"answer": "6"},
        "expected": {"answer": "5"},
    },
]
TRL = "def correct(completions, answer, **kwargs):\n    return [float(c == a) for c, a in zip(completions, answer)]\n"
UNKNOWN = "def judge(text, truth):\n    return float(text == truth)\n"


def write(folder, source, rows=ROWS):
    (folder / "reward.py").write_text(source)
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


def command(*arguments, **options):
    return [sys.executable, "-c", MAIN, "score", "reward.py", "rows.jsonl", *arguments], options


def run(folder, *arguments):
    """Exit code, standard output and standard error."""
    return call_in(folder, "score", "reward.py", "rows.jsonl", *arguments)


def test_json_has_shape_functions_rows_and_summary(tmp_path):
    write(tmp_path, TRL)
    code, out, _ = run(tmp_path, "--json")
    found = json.loads(out)
    assert (code, found["shape"], found["functions"]) == (0, "trl", [{"name": "correct", "weight": 1.0}])
    first = found["rows"][0]
    assert {key: first[key] for key in ("id", "group", "value", "parts", "feedback", "error")} == {
        "id": "a",
        "group": "g",
        "value": 1.0,
        "parts": {},
        "feedback": "",
        "error": None,
    }
    assert (found["summary"]["scored"], found["summary"]["mean"]) == (2, 0.5)


def test_an_error_has_type_message_line_and_what_trl_would_have_done(tmp_path):
    write(tmp_path, "def r(completions, **kwargs):\n    return [1 / (c == '4') for c in completions]\n")
    _, out, _ = run(tmp_path, "--json")
    good, bad = json.loads(out)["rows"]
    assert (good["value"], bad["value"]) == (1.0, None)
    assert (bad["error"]["type"], bad["error"]["line"]) == ("ZeroDivisionError", 2)
    assert "division by zero" in bad["error"]["message"]
    assert bad["framework_outcome"] == "TRL stops the training run with this error."


def test_what_is_not_recognised_is_a_question_with_exit_code_2(tmp_path):
    write(tmp_path, UNKNOWN)
    code, out, _ = run(tmp_path, "--json")
    ask = json.loads(out)["ask"]
    assert (code, ask["function"], ask["parameters"]) == (2, "judge", ["text", "truth"])
    assert "column:question" in ask["choices"]


def test_the_answer_to_the_question_is_an_option(tmp_path):
    write(tmp_path, UNKNOWN)
    code, out, _ = run(tmp_path, "--arg", "text=output", "--arg", "truth=expected", "--json")
    found = json.loads(out)
    assert (code, found["shape"], [row["value"] for row in found["rows"]]) == (0, "by_name", [1.0, 0.0])


@pytest.mark.parametrize(("threshold", "code"), [("0", 0), ("0.5", 1)])
def test_a_row_below_the_threshold_is_exit_code_1(tmp_path, threshold, code):
    write(tmp_path, TRL)
    assert run(tmp_path, "--threshold", threshold)[0] == code


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("def r(args, pred)\n    return 1", "SyntaxError"),
        ("import no_such_package\ndef r(args, pred):\n    return 1", "pip install no_such_package"),
        ("x = 1", "no reward function found"),
    ],
)
def test_a_reward_that_cannot_be_loaded_is_exit_code_2(tmp_path, source, sentence):
    write(tmp_path, source)
    code, out, err = run(tmp_path, "--json")
    assert (code, out) == (2, "")
    assert sentence in err
    assert "Traceback" not in err


def test_rows_and_reward_in_the_wrong_order_are_told(tmp_path):
    write(tmp_path, TRL)
    done = subprocess.run(
        [sys.executable, "-c", MAIN, "score", "rows.jsonl", "reward.py"],
        cwd=tmp_path, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "reward.py is Python source, not a file of rows. The reward comes first" in done.stderr
    assert "refinescope score reward.py rows.jsonl" in done.stderr


def test_weights_and_functions_are_chosen_by_name(tmp_path):
    write(tmp_path, TRL + "def long(completions, **kwargs):\n    return [1.0 for c in completions]\n")
    _, out, _ = run(tmp_path, "--function", "correct=2", "--function", "long=0.5", "--json")
    found = json.loads(out)
    assert found["functions"] == [{"name": "correct", "weight": 2.0}, {"name": "long", "weight": 0.5}]
    assert [row["value"] for row in found["rows"]] == [2.5, 0.5]
    assert found["rows"][0]["parts"] == {"correct": 1.0, "long": 1.0}


def test_a_sibling_module_comes_along_where_it_is_named(tmp_path):
    write(tmp_path, "from helper import same\n" + TRL.replace("float(c == a)", "same(c, a)"))
    (tmp_path / "helper.py").write_text("def same(c, a):\n    return float(c == a)\n")
    code, _, err = run(tmp_path)
    assert (code, "--with helper.py" in err) == (2, True)
    code, out, _ = run(tmp_path, "--with", "helper.py", "--json")
    assert (code, json.loads(out)["summary"]["mean"]) == (0, 0.5)


def test_a_data_file_lies_beside_the_reward_too(tmp_path):
    write(tmp_path, "gold = open('gold.txt').read()\ndef r(output):\n    return float(output == gold)\n")
    (tmp_path / "gold.txt").write_text("6")
    _, out, _ = run(tmp_path, "--with", "gold.txt", "--json")
    assert [row["value"] for row in json.loads(out)["rows"]] == [0.0, 1.0]


def test_a_reward_that_asks_a_judge_fails_its_rows_in_words(tmp_path):
    write(tmp_path, "def r(args, pred):\n    return judge('question -> score: float', question='?').score\n")
    code, out, _ = run(tmp_path, "--threshold", "0.5", "--json")
    found = json.loads(out)
    assert (code, found["summary"]["failed"]) == (1, 2)
    assert "calls no model" in found["rows"][0]["error"]["message"]


def test_terminal_sequences_of_a_row_are_not_printed(tmp_path):
    write(tmp_path, "def r(args, pred):\n    return Score(1.0, feedback='\\x1b[2J\\x07 wiped')\n")
    code, out, _ = run(tmp_path)
    assert (code, "\x1b" in out, "wiped" in out) == (0, False, True)


def test_watching_scores_again_when_the_reward_changes(tmp_path):
    write(tmp_path, TRL)
    line, _ = command("--watch", "--json")
    process = subprocess.Popen(
        line, cwd=tmp_path, env={"PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, text=True
    )
    try:
        assert json.loads(process.stdout.readline())["summary"]["mean"] == 0.5
        (tmp_path / "reward.py").write_text(TRL.replace("float(c == a)", "0.25"))
        assert json.loads(process.stdout.readline())["summary"]["mean"] == 0.25
    finally:
        process.kill()
        process.communicate(timeout=30)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--threshold", "nan"), "nan is not a finite number"),
        (("--threshold", "inf"), "inf is not a finite number"),
        (("--timeout", "nan"), "nan is not a finite number"),
        (("--timeout", "inf"), "not in the range"),
        (("--function", "correct=nan"), "the weight must be a finite number"),
        (("--function", "correct=1e400"), "the weight must be a finite number"),
        (("--function", "=2"), "write NAME or NAME=WEIGHT"),
        (("--arg", "completions=banana"), "completions cannot be 'banana'"),
        (("--arg", "nobody=output"), "no function takes nobody; they take completions, answer"),
        (("--arg", "answer=column:gold"), "the rows have no such column; they have answer, question"),
        (("--with", "x/util.py", "--with", "y/util.py"), "two files are called util.py"),
    ],
)
def test_an_option_that_makes_no_sense_is_bad_input(tmp_path, options, sentence):
    """Nothing is scored, nothing printed, and no option is dropped in silence."""
    write(tmp_path, TRL)
    for folder in ("x", "y"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "util.py").write_text("")
    code, out, err = run(tmp_path, *options, "--json")
    assert (code, out) == (2, "")
    assert sentence in err
    assert "Traceback" not in err


def test_a_question_names_the_columns_in_their_order(tmp_path):
    """Whatever seed the process draws for its hashes."""
    names = ["topic", "question", "level", "city"]
    rows = [{"id": "1", "inputs": dict.fromkeys(names, "x"), "prediction": {"reply": "y"}}]
    write(tmp_path, UNKNOWN, rows)
    code, out, _ = run(tmp_path, "--json")
    assert code == 2
    columns = [one for one in json.loads(out)["ask"]["choices"] if one.startswith("column:")]
    assert columns == [f"column:{name}" for name in (*names, "reply")]
