"""What the Lab says of a reward before it runs, and that it asks before it spends anything on one that will fail."""

from __future__ import annotations

import pytest

from refine_core import runs
from tests.pages.test_pages import (
    _own_runs,  # noqa: F401 - each test opens its own store here, too
    button,
    ended,
    errors,
    marks,
    open_app,
    press_fix,
    press_run,
    write_reward,
)

MISSPELT = "def reward(args, pred):\n    return float(len(pred.anwser) < 20)\n"
FOREIGN = "def grade(sample, item):\n    return float(sample['output_text'] == item['answer'])\n"


def source_of(app):
    return app.session_state["lab.reward.code"]


@pytest.mark.fault(17)
def test_run_asks_before_it_pays_for_a_reward_that_will_fail():
    app = open_app()
    write_reward(app, MISSPELT)
    press_run(app)
    assert any("Fix it, or run it anyway" in e and "anwser" in e for e in errors(app))
    assert list(runs.recent()) == []


@pytest.mark.fault(17)
def test_run_anyway_runs_it_once_it_is_asked():
    app = open_app()
    write_reward(app, MISSPELT)
    press_run(app)
    button(app, "Run anyway").click().run()
    run = ended(app)
    assert {a.state for a in run.timeline.attempts} == {"failed"}


@pytest.mark.fault(17)
def test_a_misspelt_field_is_fixed_by_one_press():
    app = open_app()
    write_reward(app, MISSPELT)
    (label,) = [label for mark in marks(app) for label in mark["fixes"]]
    press_fix(app, label)
    assert "pred.answer" in source_of(app)
    assert not errors(app)


@pytest.mark.fault(12)
def test_a_function_for_another_framework_is_not_run_before_somebody_says_how():
    app = open_app()
    write_reward(app, FOREIGN)
    assert "grade(sample, item)" in "".join(errors(app))
    press_run(app)
    (refused,) = [said for said in errors(app) if "Not started" in said]
    assert "Reward: the function" in refused
    assert ".." not in refused
    assert list(runs.recent()) == []
    press_fix(app, "Call it with (inputs, prediction)")
    assert "grade(sample, item)" not in "".join(errors(app))


@pytest.mark.fault(12)
def test_parameters_for_another_framework_are_renamed_by_one_press():
    app = open_app()
    write_reward(app, "def get_assert(output, context):\n    return float(bool(output) and bool(context))\n")
    press_fix(app, "Rename its parameters to args and pred")
    assert source_of(app).startswith("def get_assert(args, pred):")
    assert not errors(app)


def test_a_function_for_another_framework_runs_as_there_after_one_press():
    app = open_app()
    write_reward(app, "def grade(sample, item):\n    return float(len(sample['output_text']) > 0)\n")
    press_fix(app, "Call it as an OpenAI grader")
    assert not errors(app)
    assert "Read as an OpenAI grader" in "".join(one.value for one in app.markdown)
    press_run(app)
    run = ended(app)
    assert run.timeline.spec.reward_shape == "openai"
    assert [attempt.reward for attempt in run.timeline.attempts] == [1.0]
    button(app, "Change").click().run()
    assert "grade(sample, item)" in "".join(errors(app))


def test_a_function_that_takes_other_arguments_is_called_as_there_by_one_press():
    app = open_app()
    write_reward(app, "def r(completions, **kwargs):\n    return [1.0 for one in completions]\n")
    press_fix(app, "Call it as a TRL reward")
    press_run(app)
    assert [attempt.reward for attempt in ended(app).timeline.attempts] == [1.0]


def test_a_note_is_no_problem_and_is_fixed_by_one_press():
    app = open_app()
    write_reward(app, "def reward(args, pred):\n    return float(pred.answer in args['question'])\n")
    (mark,) = marks(app)
    assert (mark["severity"], mark["note"]) == ("info", False)
    assert not errors(app)
    assert any("passes this test when it is empty" in e.value for e in app.markdown)
    button(app, ":blue[Refuse an empty output]").click().run()
    assert "(bool(pred.answer.strip()) and pred.answer in args['question'])" in source_of(app)
    press_run(app)
    assert ended(app).timeline.attempts
