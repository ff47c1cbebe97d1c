"""Answers that are code or text are judged in the reward's worker, with a reason when they are wrong."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from refine_core.lessons import LessonError, judge_answer, read_lesson, show_answer
from tests.lessons.lesson_folder import write_lesson

CASES = {
    "threshold": 1.0,
    "cases": [
        {"name": "one word", "want": "good", "inputs": {"question": "?"}, "prediction": {"answer": "Paris"}},
        {"name": "a sentence", "want": "bad", "inputs": {"question": "?"}, "prediction": {"answer": "It is Paris."}},
        {"name": "nothing", "want": "bad", "inputs": {"question": "?"}, "prediction": {"answer": ""}},
    ],
}  # fmt: skip
START = "def reward(args, pred):\n    return 1.0\n"
SOLUTION = "def reward(args, pred):\n    return float(len(pred.answer.split()) == 1)\n"


@pytest.fixture
def code(tmp_path):
    check = {"kind": "reward", "start": "start.py", "solution": "solution.py"}
    files = {"cases_json": json.dumps(CASES), "start_py": START, "solution_py": SOLUTION}
    return read_lesson(write_lesson(tmp_path / "one", {"check": check}, **files))


def test_code_passes_that_scores_every_case_as_wanted(code):
    assert judge_answer(code, show_answer(code, {}), {}).passed


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (
            START,
            "In the case “a sentence” your reward gave 1; wanted was < 1. 1 more case of 3 is wrong, too.",
        ),
        (
            "def reward(args, pred):\n    return 1 / 0\n",
            "In the case “one word” your code stopped with an error: `line 2: ",
        ),
        ("def reward(args, pred)\n    return 1\n", "Your code cannot be run: "),
        ("", "Your code cannot be run: "),
        ("while True:\n    pass\n", "Your code cannot be run: "),
    ],
)
def test_wrong_code_is_told_which_case_failed_and_how(code, source, reason):
    judged = judge_answer(code, source, {})
    assert not judged.passed
    assert judged.reason.startswith(reason)


def test_code_for_the_cases_that_can_be_seen_fails_on_a_hidden_one(code):
    hidden = replace(code, check=replace(code.check, hidden=("a sentence",)))
    judged = judge_answer(hidden, START, {})
    assert [one.name for one in judged.trials] == ["nothing"]
    seen = "def reward(args, pred):\n    return float(pred.answer != '')\n"
    judged = judge_answer(hidden, seen, {})
    assert (judged.passed, judged.trials) == (False, ())
    assert "This case is hidden" in judged.reason


def test_what_code_says_in_its_error_is_no_markup(code):
    source = "def reward(args, pred):\n    raise ValueError('![a](http://x/y.png)')\n"
    judged = judge_answer(code, source, {})
    assert "`line 2: ValueError: ![a](http://x/y.png)`" in judged.reason
    assert (judged.line, judged.error) == (2, "line 2: ValueError: ![a](http://x/y.png)")


@pytest.fixture
def output(tmp_path):
    held_out = "def reward(args, pred):\n    return float('Lima' in pred.answer)\n"
    wrong = [["held_out > 0", "It is right, too."], ["", "The reward pays {reward:1}."]]
    check = {
        "kind": "output",
        "low": 1,
        "high": 0,
        "held_out": "held_out.py",
        "solution": "Ha",
        "wrong": wrong,
    }
    return read_lesson(write_lesson(tmp_path / "one", {"check": check}, **{"held_out.py": held_out}))


def test_an_output_has_to_be_paid_by_the_reward_and_not_by_the_held_out_one(output):
    assert judge_answer(output, "Ha", {}).passed
    judged = judge_answer(output, "Lima", {})
    assert judged.reason == "It is right, too."
    assert [(one.name, one.wanted, one.got) for one in judged.trials] == [("The held-out reward", "≤ 0", "1")]
    assert judge_answer(output, "a sentence of many words", {}).reason == "The reward pays 0.0."


def test_a_held_out_reward_that_cannot_be_read_is_a_fault_of_the_lesson(output):
    broken = replace(output, check=replace(output.check, held_out="def reward(args"))
    with pytest.raises(LessonError, match="the held_out of the check"):
        judge_answer(broken, "Ha", {})
