"""The checks of lessons 1 to 5 judge as they say, and the runs that they show are what their texts call them. The rest: test_checking."""

from __future__ import annotations

from functools import cache

import pytest

from refine_core.experiments import Experiments
from refine_core.lessons import (
    build_experiment,
    fill_words,
    judge_answer,
    read_lesson,
    show_answer,
    take_measures,
)
from refine_core.lessons.library import built_in_folder
from refine_core.runs import Runs
from refine_core.store.memory import MemoryStore

RIGHT = {"01-alike": 2, "02-best-of-n": 6, "03-hint": 2, "04-advice": 2}
WRONG = {"01-alike": (0, 1), "02-best-of-n": (0, 1, 5, 7, 5.5, 30), "03-hint": (0, 1), "04-advice": (0, 1)}


def run(name, seed=None):
    """Lesson, snapshot, values."""
    lesson = read_lesson(built_in_folder() / name)
    known = Experiments(Runs(MemoryStore()))
    experiment_id = known.start(build_experiment(lesson, known.runs.store, seed))
    known.join(experiment_id, 120)
    snapshot = known.get(experiment_id)
    assert {one.state for one in snapshot.outcomes.values()} == {"scored"}
    return lesson, snapshot, take_measures(lesson, snapshot, known.runs.timeline)


@cache
def at_its_seed(name):
    return run(name)


@pytest.mark.parametrize("name", RIGHT)
def test_the_right_answer_passes_and_others_get_a_reason(name):
    lesson, _snapshot, values = at_its_seed(name)
    assert judge_answer(lesson, RIGHT[name], values).passed
    for answer in WRONG[name]:
        judged = judge_answer(lesson, answer, values)
        assert not judged.passed
        assert judged.reason not in ("", "That is not right yet.")
        assert "unknown" not in judged.reason
    assert show_answer(lesson, values)
    assert all(fill_words(lesson, "hint", hint, values) for hint in lesson.check.hints)


def test_the_groups_of_the_first_check_lie_as_its_reasons_say():
    values = at_its_seed("01-alike")[2]
    counts = [values[name]["count"] for name in ("group_b", "warm", "group_c", "hot", "group_a")]
    assert counts == sorted(set(counts), reverse=True)


def test_four_in_ten_is_the_chance_that_the_weights_give():
    values = at_its_seed("02-best-of-n")[2]
    assert values["four_in_ten"][1] == 0.4
    assert values["four_in_ten"][6] >= 0.95 > values["four_in_ten"][5]


def test_the_run_that_shows_a_hint_is_right():
    snapshot = at_its_seed("03-hint")[1]
    shown = next(cell for cell in snapshot.cells if (cell.arm, cell.row, cell.repeat) == ("b", 1, 1))
    assert snapshot.outcomes[shown].reward == 1.0


def test_the_run_that_shows_advice_has_some_and_no_hint_gives_an_answer_away():
    snapshot = at_its_seed("04-advice")[1]
    shown = next(cell for cell in snapshot.cells if (cell.arm, cell.row) == ("a", 1))
    assert snapshot.outcomes[shown].calls == 5
    assert not any(one.given_away for one in snapshot.outcomes.values())
