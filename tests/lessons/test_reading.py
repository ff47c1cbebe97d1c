"""A lesson is read from its folder, or refused with every problem by file and place."""

from __future__ import annotations

import pytest

from refine_core.errors import LessonError
from refine_core.lessons import find_lesson, list_broken, list_lessons, read_lesson
from tests.lessons.lesson_folder import TEXT, write_lesson


def problems(folder):
    with pytest.raises(LessonError) as caught:
        read_lesson(folder)
    return {one.field: one.message for one in caught.value.problems}


def test_a_lesson_is_read_as_its_folder_says(tmp_path):
    lesson = read_lesson(write_lesson(tmp_path / "03-small"))
    assert (lesson.name, lesson.number, lesson.title) == ("03-small", 3, "How fast does it grow?")
    assert lesson.check.wrong == (("answer < 2", "{answer:0} is too few."), ("", "That is too many."))
    assert (lesson.prediction.x, lesson.texts["Remember"]) == ((1, 2, 3), "More attempts help.")


WRONG = {
    "lesson.json titel": {"titel": "x"},
    "lesson.json measures.right.kind": {"measures": {"right": {"kind": "luck"}}},
    "lesson.json measures.right.arguments.arm": {
        "measures": {"right": {"kind": "reached_by_n", "arguments": {"arm": "z"}}}
    },
    "lesson.json prediction.measure": {
        "prediction": {"kind": "curve", "measure": "wrong", "high": 100, "x": [1]}
    },
    "lesson.json prediction.kind": {"prediction": {"kind": "dance", "measure": "right"}},
    "lesson.json example.arm": {"example": {"arm": "b"}},
    "lesson.json claims[0]": {"claims": ["right[1] ** 2 > 1"]},
    "lesson.json check.low": {"check": {"kind": "number"}},
    "lesson.json check.wrong": {"check": {"kind": "number", "low": "1", "wrong": ["too few"]}},
    "lesson.json minutes": {"minutes": 60},
    "cases.json": {"check": {"kind": "reward"}},
}


@pytest.mark.parametrize("place", WRONG)
def test_a_problem_of_lesson_json_is_named_by_its_place(tmp_path, place):
    assert place in problems(write_lesson(tmp_path / "one", WRONG[place]))


def test_a_text_without_a_step_and_with_an_unknown_name_is_refused(tmp_path):
    found = problems(write_lesson(tmp_path / "one", text=TEXT.replace("# Remember", "# Recall")))
    assert set(found) == {"text.md # Recall", "text.md"}
    found = problems(write_lesson(tmp_path / "two", text=TEXT.replace("{rows}", "{columns}")))
    assert "there is no measure or setting columns" in found["text.md # Predict"]


def test_a_problem_of_the_experiment_has_its_own_place(tmp_path):
    found = problems(write_lesson(tmp_path / "one", experiment={"repeats": 0}))
    assert "experiment.json repeats" in found


def test_a_file_outside_of_the_folder_is_not_read(tmp_path):
    (tmp_path / "secret.py").write_text("key = 1", encoding="utf-8")
    check = {"kind": "number", "low": "1", "start": "../secret.py"}
    assert "outside" in problems(write_lesson(tmp_path / "one", {"check": check}))["lesson.json check.start"]


def test_own_lessons_stand_behind_the_built_in_ones(tmp_path, monkeypatch):
    monkeypatch.setenv("REFINESCOPE_HOME", str(tmp_path))
    built_in = [one.name for one in list_lessons()]
    write_lesson(tmp_path / "lessons" / "mine")
    write_lesson(tmp_path / "lessons" / "broken", {"minutes": "long"})
    write_lesson(tmp_path / "lessons" / "02-best-of-n")
    assert [one.name for one in list_lessons()] == [*built_in, "mine"]
    assert [one.lesson for one in list_broken()] == ["02-best-of-n", "broken"]
    assert find_lesson("mine").folder.parent == tmp_path / "lessons"


def test_a_lesson_that_was_changed_is_read_again(tmp_path, monkeypatch):
    monkeypatch.setenv("REFINESCOPE_HOME", str(tmp_path))
    folder = write_lesson(tmp_path / "lessons" / "mine")
    assert find_lesson("mine").title == "How fast does it grow?"
    told = (folder / "lesson.json").read_text(encoding="utf-8")
    (folder / "lesson.json").write_text(
        told.replace("How fast does it grow?", "How slowly?"), encoding="utf-8"
    )
    assert find_lesson("mine").title == "How slowly?"
