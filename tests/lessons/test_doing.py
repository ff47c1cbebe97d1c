"""A lesson is run as ordinary runs, measured, compared with the guess, checked, and its progress kept."""

from __future__ import annotations

from dataclasses import replace

import pytest

from refine_core import datasets
from refine_core.experiments import Experiments
from refine_core.lessons import (
    Check,
    LessonError,
    Prediction,
    build_experiment,
    compare_prediction,
    fill_text,
    judge_answer,
    keep_progress,
    list_progress,
    read_lesson,
    read_progress,
    reset_progress,
    take_measures,
)
from refine_core.runs import Runs
from refine_core.spec import ModelSpec
from refine_core.store.memory import MemoryStore
from tests.lessons.lesson_folder import TEXT, write_lesson


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """The small lesson, run: (lesson, experiments, snapshot, values)."""
    lesson = read_lesson(write_lesson(tmp_path_factory.mktemp("lessons") / "02-small"))
    known = Experiments(Runs(MemoryStore()))
    experiment_id = known.start(build_experiment(lesson, known.runs.store))
    known.join(experiment_id, 60)
    snapshot = known.get(experiment_id)
    return lesson, known, snapshot, take_measures(lesson, snapshot, known.runs.timeline)


def test_the_runs_of_a_lesson_are_in_no_list(done):
    _lesson, known, snapshot, _values = done
    assert snapshot.state == "finished"
    assert known.list_experiments() == []
    assert not known.has_any()
    assert known.runs.list.search().total == 0
    assert datasets.list_datasets(known.runs.store) == []
    assert known.get(snapshot.experiment.id).experiment.lesson == "02-small"


def test_a_table_that_somebody_brings_too_is_listed(done):
    lesson, _known, _snapshot, _values = done
    store = MemoryStore()
    build_experiment(lesson, store)
    table = datasets.open_table(
        '[{"question": "What is the capital of Peru?"}, {"question": "What is the capital of France?"}, '
        '{"question": "What is the capital of Italy?"}, {"question": "What is the capital of Japan?"}]',
        name=lesson.title,
    )
    columns = [one.column for one in datasets.suggest_columns(table, lesson.experiment.arms[0].spec)]
    datasets.keep(store, table, columns)
    assert len(datasets.list_datasets(store)) == 1


def test_measures_are_read_off_the_runs_and_fill_the_texts(done):
    lesson, _known, snapshot, values = done
    first = [outcome.attempts[0].reaches for outcome in snapshot.outcomes.values()]
    assert values["right"][1] == sum(first) / 4
    assert (values["rows"], values["n_a"], values["seed"]) == (4, 3, 0)
    assert f"in the end {100 * values['right'][3]:.0f}\N{NO-BREAK SPACE}%." in fill_text(
        lesson, "Compare", values
    )
    assert fill_text(lesson, "Predict") == "How many of 4 questions are right after N attempts?"


def test_what_was_never_computed_is_not_shown_before_the_run(tmp_path):
    text = TEXT.replace("up to {n_a} attempts", "right for {right[1]:percent}")
    lesson = read_lesson(write_lesson(tmp_path / "one", text=text))
    with pytest.raises(LessonError, match="right is shown before the run, and nothing was computed yet"):
        fill_text(lesson, "Example", {"right": {1: 0.5}})


def test_another_model_keeps_the_temperatures_of_the_lesson(done):
    lesson = done[0]
    model = ModelSpec("litellm", "openai/tiny", temperature=1.0)
    (arm,) = build_experiment(lesson, MemoryStore(), seed=7, model=model).arms
    assert (arm.spec.model.model, arm.spec.model.temperature) == ("openai/tiny", 0.0)
    assert arm.spec.schedule.temperatures == (2, 2, 2)


def test_an_answer_is_judged_with_a_reason_where_it_is_wrong(done):
    lesson, _known, _snapshot, values = done
    assert judge_answer(lesson, 3, values).passed
    assert judge_answer(lesson, 1, values).reason == "1 is too few."
    assert judge_answer(lesson, 9, values).reason == "That is too many."
    assert judge_answer(lesson, "many", values).reason == "Write a number."


CURVE = Prediction("curve", "right", 0, 100, 1, "%", x_axis="N", x=(1, 2, 4), given=(1,), scale=100)
RIGHT = {"right": {1: 0.4, 2: 0.64, 3: 0.8, 4: 0.92}, "count": 14, "which": 1}


@pytest.mark.parametrize(
    ("guess", "sentence"),
    [
        (
            {1: 40, 2: 60, 4: 58},
            "You were low by 19 points on average, most at N\u00a0=\u00a04: 58 against 92.",
        ),
        (
            {1: 40, 2: 84, 4: 86},
            "You were off by 13 points on average, too high in some places and too low in others, most at N\u00a0=\u00a02: 84 against 64.",
        ),
        ({1: 40, 2: 64, 4: 92}, "You were within 0 points everywhere."),
    ],
)
def test_a_curve_is_compared_at_its_points(guess, sentence):
    assert compare_prediction(CURVE, guess, RIGHT).sentence == sentence


def test_a_point_that_was_given_counts_for_nothing():
    gap = compare_prediction(CURVE, {1: 0, 2: 64, 4: 92}, RIGHT)
    assert (gap.is_near, set(gap.by_x)) == (True, {2, 4})


def test_a_number_and_a_choice_are_compared_in_a_sentence():
    number = Prediction("number", "count", 0, 20, 1, "answers")
    said = "You said 20\N{NO-BREAK SPACE}answers and 14 came out, so you were high by 6\N{NO-BREAK SPACE}answers."
    assert compare_prediction(number, 20, RIGHT).sentence == said
    assert compare_prediction(number, 14, RIGHT).is_near
    choice = Prediction("choice", "which", choices=("Refine", "Best of 5"))
    assert compare_prediction(choice, 0, RIGHT).sentence == "You said “Refine”. What came out is “Best of 5”."
    assert compare_prediction(choice, 1, RIGHT).is_near


def test_a_guess_that_is_off_by_just_what_is_allowed_counts_as_near():
    """57 % and 62 % are five points apart, though 100 * 0.57 is 56.99999999999999."""
    share = Prediction("number", "share", 0, 100, 1, "%", scale=100, near=5)
    assert compare_prediction(share, 62, {"share": 0.57}).is_near
    assert not compare_prediction(share, 63, {"share": 0.57}).is_near


@pytest.mark.parametrize("answer", [0, 1])
def test_no_choice_is_called_wrong_where_the_runs_do_not_show_the_right_one(done, answer):
    lesson, _known, _snapshot, values = done
    check = Check(
        "choice", right="1 * (unknown > 0)", choices=("no", "yes"), wrong=(("", "It is the other."),)
    )
    judged = judge_answer(replace(lesson, check=check), answer, {**values, "unknown": None})
    assert (judged.passed, judged.reason) == (False, "These runs do not show what the right answer is.")


def test_progress_never_goes_back_and_is_kept_by_learner():
    store = MemoryStore()
    keep_progress(store, "Ada", "02-small", step="run", guess={1: 40.0, 2: 60.0}, shown=True)
    keep_progress(store, " Ada ", "02-small", step="predict", tries=2, shown=False)
    kept = read_progress(store, "Ada", "02-small")
    assert (kept.step, kept.shown, kept.tries, kept.curve) == ("run", True, 2, {1.0: 40.0, 2.0: 60.0})
    keep_progress(store, "Bo/b", "01-alike", step="check")
    assert list(list_progress(store, "Bo/b")) == ["01-alike"]
    reset_progress(store, "Ada")
    assert (list_progress(store, "Ada"), len(list_progress(store, "Bo/b"))) == ({}, 1)
