"""The page Learn: learners by name, progress that is begun anew, addresses that name nothing, and what another model takes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pages.learn.picture import MAX_BARS, join_rare
from pages.shared.guess import KEY as GUESS
from refine_core import connections, experiments, lessons, runs
from refine_core.programs import ModelSpec
from tests.pages.test_hint_test import open_page, words
from tests.pages.test_rewards_doctor import component

LESSON = "02-best-of-n"
LONG_S = 60.0
DRAWN = {2: 50.0, 3: 55.0, 4: 60.0, 5: 65.0, 6: 70.0, 7: 75.0, 8: 80.0, 9: 85.0, 10: 90.0}


@pytest.fixture(autouse=True)
def _runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("REFINESCOPE_HOME", str(tmp_path))
    runs.close()
    yield
    runs.close()


def keep(learner: str = "", **changes: object) -> lessons.Progress:
    return lessons.keep_progress(runs.default().store, learner, LESSON, **changes)


def progress(learner: str = "") -> lessons.Progress:
    return lessons.read_progress(runs.default().store, learner, LESSON)


def run_lesson(name: str = LESSON, **kept: object) -> str:
    """The lesson's runs, as a press on Run begins them, at their end."""
    store = runs.default().store
    experiment = lessons.build_experiment(lessons.find_lesson(name), store)
    experiments.start(experiment)
    experiments.join(experiment.id, LONG_S)
    lessons.keep_progress(
        store, "", name, experiment=experiment.id, step="compare", **(kept or {"guess": DRAWN})
    )
    return experiment.id


def open_learn(**query: str):
    return open_page("../learn/page.py", **query)


def press(app, key: str):
    (button,) = [one for one in app.button if one.key == key]
    button.click().run()
    assert not app.exception
    return app


def test_a_learner_is_added_renamed_and_begins_anew_after_a_question():
    keep("Ada", step="predict", seconds=60)
    app = open_learn(learner="Ada")
    (field,) = [one for one in app.text_input if one.label == "Rename"]
    field.set_value("Ada L.").run()
    assert not app.exception
    assert lessons.list_learners(runs.default().store) == ["Ada L."]
    assert app.query_params["learner"] in ("Ada L.", ["Ada L."])
    press(app, "learn.reset")
    assert progress("Ada L.").step == "predict"
    assert "Forget all guesses and answers of Ada L" in words(app)
    press(app, "learn.reset-sure")
    assert lessons.list_learners(runs.default().store) == []
    (field,) = [one for one in app.text_input if one.label == "Add a learner"]
    field.set_value("  Grace \n").run()
    assert app.query_params["learner"] in ("Grace", ["Grace"])


def test_another_learner_is_chosen_by_name_and_stands_in_the_address():
    keep("Ada", step="check")
    keep("Grace", step="run")
    app = open_learn(lesson=LESSON, step="check", learner="Ada")
    (field,) = [one for one in app.selectbox if one.label == "Who is learning"]
    assert (field.value, field.options) == ("Ada", ["Ada", "Grace"])
    field.select("Grace").run()
    assert not app.exception
    assert app.query_params["learner"] in ("Grace", ["Grace"])
    assert app.query_params["step"] in ("run", ["run"])


def test_a_name_that_another_learner_has_is_not_taken():
    keep("Ada")
    keep("Grace", step="run")
    app = open_learn(learner="Ada")
    (field,) = [one for one in app.text_input if one.label == "Rename"]
    field.set_value("Grace").run()
    assert progress("Grace").step == "run"
    assert lessons.list_learners(runs.default().store) == ["Ada", "Grace"]


def test_without_a_name_in_the_address_the_last_learner_goes_on():
    keep("Grace")
    keep("Ada")
    assert "1 of" not in words(open_learn())
    keep("Ada", passed=True)
    app = open_learn()
    assert f"1 of {len(lessons.list_lessons())} done" in words(app)


def test_an_address_that_names_no_lesson_leads_to_the_list():
    app = open_learn(lesson="99-nothing", step="check")
    assert not app.exception
    assert "There is no lesson '99" in words(app)


@pytest.mark.parametrize("step", ["example", "predict", "run", "compare", "check", "nonsense"])
def test_each_step_opens_by_its_address_before_anything_was_done(step):
    app = open_learn(lesson=LESSON, step=step)
    assert not app.exception
    assert not app.error
    assert progress().experiment == ""


@pytest.mark.parametrize(
    "value", [None, "text", [], [1] * 99, [None] * 10, [float("nan")] * 10, {"2": 3}, [True] * 10]
)
def test_a_guess_that_is_none_unlocks_nothing(value):
    app = open_learn(lesson=LESSON, step="predict")
    which = f"/{LESSON}/0"
    app.session_state[GUESS] = {"guess": {"which": which, "value": value, "at": 1}}
    app.run()
    assert not app.exception
    press(app, "learn.run")
    assert "Make your prediction first: 9 points left to draw." in words(app)
    assert (progress().guess, progress().experiment) == (None, "")


def test_a_guess_unlocks_the_run_is_kept_within_the_axis_and_is_not_run_twice():
    app = open_learn(lesson=LESSON, step="predict")
    drawn = [None, *[50.0] * 8, 4000.0]
    app.session_state[GUESS] = {"guess": {"which": f"/{LESSON}/0", "value": drawn, "at": 1}}
    app.run()
    assert progress().curve[10] == 100.0
    press(app, "learn.run")
    first = progress().experiment
    experiments.join(first, LONG_S)
    other = open_learn(lesson=LESSON, step="predict")
    assert not other.exception
    assert [one for one in other.button if one.key == "learn.run"] == []
    assert progress().experiment == first


def test_the_gap_is_said_in_a_sentence_and_a_wrong_answer_gets_a_reason():
    run_lesson()
    app = open_learn(lesson=LESSON, step="compare")
    assert not app.exception
    assert "points on average, most at N" in app.header[0].value
    app = open_learn(lesson=LESSON, step="check")
    (field,) = app.number_input
    field.set_value(3).run()
    press(app, "learn.check")
    assert "Not yet." in words(app)
    assert (progress().tries, progress().passed) == (1, False)
    (field,) = app.number_input
    field.set_value(6).run()
    press(app, "learn.check")
    assert "Right." in words(app)
    assert (progress().tries, progress().passed) == (2, True)


def test_a_number_between_two_steps_is_shown_as_it_is_judged():
    run_lesson("08-threshold", guess={0.8: 3.0, 0.9: 6.0, 1.0: 10.0})
    (field,) = open_learn(lesson="08-threshold", step="check").number_input
    field.set_value(0.85)
    assert field.proto.format % field.value == "0.85"


def test_code_that_scores_a_case_wrongly_is_shown_line_by_line_on_it():
    run_lesson("06-graded", guess=3.0)
    app = press(open_learn(lesson="06-graded", step="check"), "learn.check")
    assert "In the case “all three facts, in another order” your reward gave 0; wanted was ≥ 0.95." in words(
        app
    )
    drawn = component(app, "xray")
    assert [one["number"] for one in drawn["lines"]] == [1, 2, 3]
    assert drawn["columns"] == [{"label": "all three facts, in another order", "score": "0"}]
    assert drawn["outputs"][0]["fields"][0]["text"] == "52 euros, QX-3308, 17 May"
    (case,) = app.selectbox
    case.set_value(1).run()
    assert component(app, "xray")["columns"][0]["label"] == "all three facts, in a sentence"


def test_another_model_says_its_price_before_the_button():
    model = ModelSpec("litellm", "openai/tiny", api_base="http://127.0.0.1:9/v1")
    connections.save_connection(connections.Connection("mine", "compatible", model))
    run_lesson()
    app = open_learn(lesson=LESSON, step="compare")
    assert not app.exception
    press(app, "learn.other-model")
    price = [one.value for one in app.caption if "calls, cost: " in one.value]
    assert len(price) == 1
    assert [one.label for one in app.button if one.key == "learn.other-model.run"] == [
        f"Run {price[0].split(' calls')[0]} calls"
    ]


def test_runs_that_all_failed_say_why_without_a_figure_and_can_be_run_again():
    run_lesson("10-judge", guess=3.0)
    lesson = lessons.find_lesson("10-judge")
    whole = lessons.build_experiment(lesson, runs.default().store)
    (arm,) = whole.arms
    broken = replace(arm, spec=replace(arm.spec, reward="def reward(args, pred):\n    return 1 / 0\n"))
    experiments.start(replace(whole, arms=(broken,), rows=2))
    experiments.join(whole.id, LONG_S)
    for step in ("run", "compare", "check"):
        app = open_learn(lesson=lesson.name, step=step, runs=whole.id)
        assert not app.exception
        assert [one.value for one in app.header] == ["All 2 runs failed"]
        assert "division by zero" in app.error[0].value
        assert "marks were equal" not in words(app)
    press(app, "learn.retry")
    experiments.join(whole.id, LONG_S)
    assert {one.again for one in experiments.get(whole.id).outcomes} == {1}


def test_runs_of_something_else_are_not_shown_as_those_of_the_lesson():
    own = run_lesson()
    app = open_learn(lesson="01-alike", step="compare", runs=own)
    assert not app.exception
    assert "Nothing has run yet." in words(app)


def test_no_answer_is_left_out_of_a_histogram():
    bars = [(f"answer {i}", 30 - i) for i in range(20)]
    drawn = join_rare(bars)
    assert len(drawn) == MAX_BARS
    assert sum(count for _, count in drawn) == sum(count for _, count in bars)
    assert drawn[-1][0] == "13 other answers together"
    assert join_rare(bars[:MAX_BARS]) == tuple(bars[:MAX_BARS])


def test_runs_that_were_stopped_say_why_and_keep_the_guess():
    learn = lessons.find_lesson(LESSON)
    experiment = lessons.build_experiment(learn, runs.default().store)
    experiments.start(experiment)
    experiments.cancel(experiment.id)
    experiments.join(experiment.id, LONG_S)
    keep(experiment=experiment.id, guess=DRAWN, step="run")
    app = open_learn(lesson=LESSON, step="compare")
    assert not app.exception
    assert "You cancelled them. What has ended is kept, and so is your guess." in words(app)
    assert [one.label for one in app.button if one.key == "learn.resume"] == ["Resume"]
    assert progress().curve == DRAWN
