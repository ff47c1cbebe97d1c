"""What the checks of lessons 1 to 5 say to wrong answers, and what their texts say without a number. See test_checking for the rest."""

from __future__ import annotations

from functools import cache

import pytest

from refine_core.experiments import Experiments
from refine_core.lessons import build_experiment, judge_answer, read_lesson, take_measures
from refine_core.lessons.library import built_in_folder
from refine_core.runs import Runs
from refine_core.store.memory import MemoryStore


@cache
def run(name):
    """Lesson, snapshot, values at its seed."""
    lesson = read_lesson(built_in_folder() / name)
    known = Experiments(Runs(MemoryStore()))
    experiment_id = known.start(build_experiment(lesson, known.runs.store))
    known.join(experiment_id, 120)
    snapshot = known.get(experiment_id)
    return lesson, snapshot, take_measures(lesson, snapshot, known.runs.timeline)


@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [
        ("01-alike", 2, {0: "more mixed than", 1: "more alike than"}),
        (
            "02-best-of-n",
            6,
            {
                0: "At least one",
                1: "leave 60\N{NO-BREAK SPACE}%",
                5: "leave 8\N{NO-BREAK SPACE}%",
                7: "Fewer attempts",
                5.5: "whole numbers",
                30: "Far fewer",
            },
        ),
        ("03-hint", 2, {0: "without any effect could give the same runs", 1: "not right less often"}),
        ("04-advice", 2, {0: "over your limit", 1: "your limit allows more"}),
    ],
)
def test_the_right_answer_passes_and_wrong_ones_are_told_why(name, right, wrong):
    lesson, _snapshot, values = run(name)
    assert judge_answer(lesson, right, values).passed
    for answer, reason in wrong.items():
        judged = judge_answer(lesson, answer, values)
        assert not judged.passed
        assert reason in judged.reason


def test_the_groups_of_the_first_check_lie_as_its_reasons_say():
    values = run("01-alike")[2]
    counts = [values[name]["count"] for name in ("group_b", "warm", "group_c", "hot", "group_a")]
    assert counts == sorted(set(counts), reverse=True)


def test_four_in_ten_is_the_chance_by_the_weights_and_six_are_enough():
    values = run("02-best-of-n")[2]
    assert values["four_in_ten"][1] == pytest.approx(values["chance"], abs=0.05)
    assert values["four_in_ten"][6] >= 0.95 > values["four_in_ten"][5]


def test_the_run_that_shows_a_hint_is_right():
    snapshot = run("03-hint")[1]
    shown = next(cell for cell in snapshot.cells if (cell.arm, cell.row, cell.repeat) == ("b", 1, 1))
    assert snapshot.outcomes[shown].reward == 1.0


def test_the_run_that_shows_advice_has_some_and_none_gives_an_answer_away():
    snapshot = run("04-advice")[1]
    shown = next(cell for cell in snapshot.cells if (cell.arm, cell.row) == ("a", 1))
    assert snapshot.outcomes[shown].calls == 5
    assert not any(one.given_away for one in snapshot.outcomes.values())
