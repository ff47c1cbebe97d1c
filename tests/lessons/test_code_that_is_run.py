"""Lesson 5 asks for feedback that works: code is run, and what becomes of its runs decides."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from refine_core.experiments import Experiments
from refine_core.lessons import Judgement, LessonError, judge_answer, read_lesson
from refine_core.lessons.library import built_in_folder
from refine_core.runs import Runs
from refine_core.store.memory import MemoryStore
from tests.lessons.lesson_folder import REWARD, write_lesson

SOLUTIONS = Path(__file__).parent / "solutions" / "05"
LESSON = built_in_folder() / "05-feedback"
RIGHT = [LESSON / "solution.py", *sorted((SOLUTIONS / "right").glob("*.py"))]
WRONG = {
    "start": "cannot tell from your feedback",
    "02_try_again": "cannot tell from your feedback",
    "03_no_feedback": "gives no feedback",
    "04_empty_feedback": "gives no feedback",
    "05_only_the_full_stop": "four in five are wanted",
    "06_only_one_word": "sees nothing else",
    "07_think_harder": "cannot tell from your feedback",
    "08_gives_the_word_away": "tells the model the right answer",
    "09_the_opposite": "cannot tell from your feedback",
    "10_pays_any_single_word": "In the case “a full stop after it” your reward gave 1",
}
"""Code -> what its reason says."""


@pytest.fixture(scope="module")
def judge() -> Iterator[Callable[[Path], Judgement]]:
    """Judges the code in a file; all of its runs are in one place in memory."""
    lesson = read_lesson(LESSON)
    with closing(Runs(MemoryStore())) as runs:
        known = Experiments(runs)
        yield lambda file: judge_answer(lesson, file.read_text(), {"n_b": 2}, known)


@pytest.mark.parametrize("file", RIGHT, ids=lambda file: file.stem)
def test_feedback_that_names_both_faults_passes(judge, file):
    judged = judge(file)
    assert judged.passed, judged.reason
    assert judged.experiment_id


@pytest.mark.parametrize("name", WRONG)
def test_feedback_that_does_not_help_enough_fails_with_a_reason(judge, name):
    judged = judge(LESSON / "start.py" if name == "start" else SOLUTIONS / "wrong" / f"{name}.py")
    assert not judged.passed
    assert WRONG[name] in judged.reason


def test_there_are_ten_solutions_of_either_kind():
    assert (len(RIGHT), len(WRONG), len([*SOLUTIONS.rglob("*.py")])) == (10, 10, 18)


def test_a_check_that_runs_code_has_an_arm_to_run_and_says_what_holds(tmp_path):
    cases = '[{"name": "short", "want": 1, "prediction": {"answer": "Lima"}}]'
    check = {"kind": "reward", "start": REWARD, "arm": "z"}
    with pytest.raises(LessonError) as caught:
        read_lesson(write_lesson(tmp_path / "01-code", {"check": check}, cases_json=cases))
    assert "check.arm: no arm has the key 'z'" in str(caught.value)
    assert "say in right what must then hold" in str(caught.value)
