"""The page of an experiment that has ended: more inputs, another arm, and what if over all of it, without a call."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from refine_core import experiments, runs, workbench
from tests.experiments.engine_parts import REFINED, SINGLE, keep_rows, make_experiment
from tests.pages.test_hint_test import open_page

LONG_S = 60.0
BEST = replace(REFINED, strategy="best_of_n", threshold=0.5)


@pytest.fixture(autouse=True)
def _runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("REFINESCOPE_HOME", str(tmp_path))
    runs.close()
    yield
    runs.close()


def ended(rows: int = 6, run: int = 4) -> str:
    """An experiment that has run on the first rows of its table."""
    made = make_experiment(keep_rows(runs.default().store, rows), SINGLE, BEST, rows=run)
    experiments.start(made)
    experiments.join(made.id, LONG_S)
    return made.id


def open_batch(experiment_id: str, **query: str):
    app = open_page("../batch/page.py", experiment=experiment_id, **query)
    assert not app.exception
    return app


def press(app, ending: str):
    (button,) = [one for one in app.button if (one.key or "").endswith(ending)]
    button.click().run()
    assert not app.exception
    return app


def shown(app) -> str:
    """The data of the page's component."""
    return "\n".join(str(one.proto) for one in app.get("bidi_component"))


def test_further_rows_of_the_table_are_run_and_nothing_twice():
    experiment_id = ended()
    app = press(open_batch(experiment_id), "more.button")
    (count,) = [one for one in app.number_input if one.label == "Inputs to add"]
    assert (count.value, count.max) == (2, 2)
    count.set_value(1).run()
    (run,) = [one for one in app.button if one.key.endswith("run-inputs")]
    assert run.label == "Run 2 more runs"
    run.click().run()
    assert not app.exception
    experiments.join(experiment_id, LONG_S)
    snapshot = experiments.get(experiment_id)
    assert (snapshot.state, snapshot.done, snapshot.experiment.rows) == ("finished", 10, 5)


def ask_for_an_arm(experiment_id: str):
    app = press(open_batch(experiment_id), "more.button")
    (what,) = [one for one in app.button_group if one.key.endswith(".what")]
    what.set_value("arm").run()
    assert not app.exception
    return app


def test_another_arm_is_run_on_the_same_rows_and_not_proposed_again():
    experiment_id = ended()
    press(ask_for_an_arm(experiment_id), "run-arm")
    experiments.join(experiment_id, LONG_S)
    snapshot = experiments.get(experiment_id)
    assert [(arm.key, arm.name) for arm in snapshot.experiment.arms][-1] == ("c", "Refine, N 5")
    assert (snapshot.state, snapshot.done) == ("finished", 12)
    app = ask_for_an_arm(experiment_id)
    (run,) = [one for one in app.button if one.key.endswith("run-arm")]
    assert not run.disabled
    assert "Refine, N 5" not in [one.placeholder for one in app.text_input if one.label == "Name"]


def not_enough(rows: int) -> str:
    """An experiment on 12 rows that ten more would show a difference in; the practice model always answers alike."""
    reward = "def reward(args, pred):\n    return float(len(pred.answer) * 7 % 11) / 10\n"
    alike = replace(SINGLE, reward=reward), replace(BEST, reward=reward, threshold=0.9)
    made = make_experiment(keep_rows(runs.default().store, rows), *alike, rows=12)
    experiments.start(made)
    experiments.join(made.id, LONG_S)
    return made.id


def ask_enough(app):
    app.session_state["result"] = {"asked": {"act": "enough", "at": 1}}
    app.run()
    assert not app.exception
    return app


def test_as_many_inputs_as_are_needed_are_added_at_a_press():
    experiment_id = not_enough(40)
    app = open_batch(experiment_id)
    assert "Add 10 inputs" in shown(app)
    ask_enough(app)
    experiments.join(experiment_id, LONG_S)
    snapshot = experiments.get(experiment_id)
    assert (snapshot.state, snapshot.experiment.rows, snapshot.done) == ("finished", 22, 44)


def test_where_the_table_has_too_few_rows_further_ones_are_asked_for():
    experiment_id = not_enough(13)
    app = ask_enough(open_batch(experiment_id))
    assert any("at least 9 further rows" in one.value for one in app.caption)
    (pasted,) = [one for one in app.text_area if (one.key or "").endswith("rows.pasted")]
    pasted.set_value("\n".join(f"Why {n}?" for n in range(20))).run()
    press(app, "take-pasted")
    (count,) = [one for one in app.number_input if one.label == "Inputs to add"]
    assert (count.value, count.max) == (10, 21)
    press(app, "run-inputs")
    experiments.join(experiment_id, LONG_S)
    snapshot = experiments.get(experiment_id)
    assert (snapshot.experiment.dataset_version, snapshot.experiment.rows, snapshot.done) == (2, 22, 44)


def test_a_bad_row_that_is_brought_is_named_and_the_others_can_be_run():
    """The dialog said that there were bad rows, and had nowhere to agree to leave them out."""
    experiment_id = ended(rows=4)
    app = press(open_batch(experiment_id), "more.button")
    (pasted,) = [one for one in app.text_area if (one.key or "").endswith("rows.pasted")]
    pasted.set_value("question,expected\nWhy not?,so\n,nobody\n").run()
    press(app, "take-pasted")
    assert any("Row 6" in one.value and "question" in one.value for one in app.markdown)
    (run,) = [one for one in app.button if one.key.endswith("run-inputs")]
    assert run.disabled
    (agree,) = [one for one in app.checkbox if one.label.startswith("Run the other")]
    agree.check().run()
    press(app, "run-inputs")
    experiments.join(experiment_id, LONG_S)
    assert experiments.get(experiment_id).done == 10


def test_another_reward_over_all_runs_is_marked_and_left_again():
    experiment_id = ended()
    workbench.save_reward("all alike", "def reward(args, pred):\n    return 0.25\n")
    app = press(open_batch(experiment_id), "what-if.switch")
    assert app.query_params["mode"] in ("what-if", ["what-if"])
    (reward,) = [one for one in app.selectbox if one.label == "Reward"]
    reward.set_value("saved:all alike@1").run(timeout=30)
    for _ in range(20):
        if "What if: reward all alike, version 1" in shown(app):
            break
        app.run()
    assert not app.exception
    assert "every run got 0.25" in shown(app)
    assert "As recorded: " in shown(app)
    press(app, "what-if.switch")
    assert "What if:" not in shown(app)
    assert "mode" not in app.query_params


def test_a_reward_that_is_gone_shows_everything_as_recorded():
    app = open_batch(ended(), mode="what-if", reward="saved:gone@3")
    assert "is no saved reward" in " ".join(one.value for one in app.error)
    assert "What if:" not in shown(app)


@pytest.mark.parametrize("reward", ["x", "saved:x"])
def test_an_address_that_names_no_reward_is_told_so(reward):
    app = open_batch(ended(), mode="what-if", reward=reward)
    (error,) = [one.value for one in app.error]
    assert f"address says '{reward}', which names no reward" in error.replace("\\", "")
