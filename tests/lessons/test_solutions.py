"""The checks that ask for code or text: ten different right answers pass, ten plausible wrong ones do not.

What Show me shows, and what is there first, are judged with the whole lesson: test_checking.py.
tests/lessons/solutions/<lesson>/right.md and wrong.md hold them (those of lesson 5 are files of their own, as it runs them): a heading that says what each does, then its code.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from refine_core.lessons import Lesson, find_lesson, judge_answer
from refine_core.lessons.running import open_table
from refine_core.lessons.taking import known_values

SOLUTIONS = Path(__file__).with_name("solutions")
ANSWER = re.compile(r"^## ([^\n]+)\n+```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LEAST = 10
NAMES = sorted(file.parent.name for file in SOLUTIONS.glob("*/right.md"))

lesson_of = cache(find_lesson)


def list_answers(kind: str) -> list[tuple[str, str, str]]:
    """Lesson, heading and answer of every right or every wrong one."""
    return [
        (name, *found)
        for name in NAMES
        for found in ANSWER.findall((SOLUTIONS / name / f"{kind}.md").read_text(encoding="utf-8"))
    ]


def name_answers(kind: str) -> list[str]:
    """A short name for each, in their order."""
    return [f"{name}: {heading}" for name, heading, _ in list_answers(kind)]


def judge(lesson: Lesson, answer: str):
    return judge_answer(lesson, answer, known_values(lesson))


@pytest.mark.parametrize(("name", "heading", "answer"), list_answers("right"), ids=name_answers("right"))
def test_a_right_answer_passes(name, heading, answer):
    judged = judge(lesson_of(name), answer)
    assert (judged.passed, judged.reason) == (True, ""), heading


@pytest.mark.parametrize(("name", "heading", "answer"), list_answers("wrong"), ids=name_answers("wrong"))
def test_a_wrong_answer_is_refused_with_a_reason(name, heading, answer):
    judged = judge(lesson_of(name), answer)
    assert not judged.passed, heading
    assert judged.reason.endswith(".")


@pytest.mark.parametrize("name", NAMES)
def test_a_lesson_has_ten_different_answers_of_each_kind(name):
    for kind in ("right", "wrong"):
        answers = [answer for lesson, _, answer in list_answers(kind) if lesson == name]
        assert len(set(answers)) == len(answers) >= LEAST


def test_the_complaint_that_lesson_7_has_answered_is_that_of_its_example():
    lesson = lesson_of("07-gamed")
    complaint = open_table(lesson).records[lesson.example.row - 1].values["complaint"]
    assert f"“{complaint}”" in lesson.texts["Check"]
