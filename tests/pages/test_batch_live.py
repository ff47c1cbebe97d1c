"""The page of an experiment that has not come to its end: its budget, its result so far, its cells for the browser, and nonsense sent to it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from pages.batch.live.cells import ROUTES, write_cells
from refine_core import experiments, runs
from refine_core.experiments import Budget, RateLimit, build_progress
from refine_core.experiments.control import Control, keep_control
from tests.experiments.engine_parts import REFINED, SINGLE, keep_rows, make_experiment
from tests.experiments.live_snapshots import FAILED, FIRST, snapshot
from tests.pages.test_hint_test import open_page, words

LONG_S = 60.0


@pytest.fixture(autouse=True)
def _runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("REFINESCOPE_HOME", str(tmp_path))
    runs.close()
    yield
    runs.close()


def stopped_by_its_budget(calls: int = 2) -> str:
    """An experiment of eight runs on the practice model that could pay for so many calls."""
    dataset = keep_rows(runs.default().store, 4)
    made = make_experiment(dataset, SINGLE, REFINED, at_once=1, budget=Budget(calls=calls))
    experiments.start(made)
    experiments.join(made.id, LONG_S)
    return made.id


def open_batch(experiment_id: str, **query: str):
    return open_page("../batch/page.py", experiment=experiment_id, **query)


def test_a_spent_budget_is_raised_where_the_experiment_is_resumed():
    experiment_id = stopped_by_its_budget()
    app = open_batch(experiment_id)
    (calls,) = [field for field in app.number_input if field.label == "Stop at, calls"]
    assert calls.value == 4
    calls.set_value(500).run()
    (resume,) = [button for button in app.button if button.key == "batch.resume"]
    resume.click().run()
    assert not app.exception
    experiments.join(experiment_id, LONG_S)
    snapshot = experiments.get(experiment_id)
    assert (snapshot.state, snapshot.experiment.budget) == ("finished", Budget(calls=500))


def test_an_arm_that_was_stopped_is_resumed_with_fewer_calls_at_once():
    broken = replace(SINGLE, reward="import no_such_module\n" + SINGLE.reward)
    made = make_experiment(keep_rows(runs.default().store, 4), broken, at_once=4)
    experiments.start(made)
    experiments.join(made.id, LONG_S)
    app = open_batch(made.id)
    fields = {field.label: field for field in app.number_input}
    assert (fields["Calls at once"].value, fields["Requests a minute"].value) == (4, None)
    fields["Calls at once"].set_value(2)
    fields["Requests a minute"].set_value(600).run()
    (resume,) = [button for button in app.button if button.key == "batch.resume"]
    resume.click().run()
    assert not app.exception
    experiments.join(made.id, LONG_S)
    limits = experiments.get(made.id).experiment.rate_limits
    assert limits == {"practice model": RateLimit(2, 600)}


def test_the_result_so_far_is_asked_for_by_the_address():
    app = open_batch(stopped_by_its_budget(4))
    (so_far,) = [button for button in app.button if button.key == "batch.result-so-far"]
    so_far.click().run()
    assert not app.exception
    assert app.query_params["result"] in ("1", ["1"])
    (back,) = [button for button in app.button if button.key == "batch.progress"]
    back.click().run()
    assert "result" not in app.query_params
    assert [button for button in app.button if button.key == "batch.result-so-far"]


def test_below_a_result_every_run_can_be_shown_as_a_cell_that_opens_it():
    experiment_id = stopped_by_its_budget(500)
    app = open_batch(experiment_id)
    (switch,) = [one for one in app.toggle if one.label == "Show all runs"]
    switch.set_value(True).run()
    app.session_state["batch.grid"] = {"asked": {"do": "open", "arm": "b", "row": 2, "repeat": 1, "at": 1}}
    app.run()
    assert not app.exception
    (leaving,) = [one for one in app.get("bidi_component") if f"{experiment_id}-b00002-1" in str(one.proto)]
    assert "run?run=" in str(leaving.proto)


@pytest.mark.parametrize(
    "asked",
    [
        {"do": "open", "arm": "a", "row": 4, "repeat": 1},
        {"do": "open", "arm": "zz", "row": "<b>", "repeat": None},
        {"do": "retry", "kind": "no such kind"},
        {"do": "retry-all"},
        {"do": ["open"]},
    ],
)
def test_a_press_on_nothing_does_nothing(asked):
    experiment_id = stopped_by_its_budget()
    before = experiments.get(experiment_id)
    app = open_batch(experiment_id)
    app.session_state["batch.board"] = {"asked": {**asked, "at": 1}}
    app.run()
    assert not app.exception
    assert experiments.get(experiment_id).cells == before.cells
    assert "Not run again" not in words(app)


def test_the_browser_gets_a_character_for_each_cell_and_only_rewards_there_are():
    made = snapshot(ended={("a", 1, 1): FIRST, ("a", 2, 1): FAILED, ("b", 4, 2): FIRST})
    cells = json.loads(write_cells(made))
    assert (cells["rows"], cells["repeats"], cells["low"], cells["high"]) == (4, 2, 0, 1)
    assert cells["arms"] == [
        {"states": "sf------", "rewards": [0.5]},
        {"states": "-------s", "rewards": [0.5]},
    ]


def test_cells_are_served_for_an_experiment_that_is_there_and_for_no_other():
    experiment_id = stopped_by_its_budget(4)
    with TestClient(Starlette(routes=list(ROUTES))) as client:
        served = client.get("/lib/batch/cells", params={"experiment": experiment_id})
        states = "".join(arm["states"] for arm in served.json()["arms"])
        assert states.count("s") == build_progress(experiments.get(experiment_id)).done
        assert served.headers["cache-control"] == "no-store"
        assert client.get("/lib/batch/cells", params={"experiment": "../gone"}).status_code == 404
        assert client.get("/lib/batch/cells").status_code == 404


def test_a_paused_experiment_offers_no_result_as_it_has_none_yet():
    experiment_id = stopped_by_its_budget()
    assert "batch.result-so-far" in {button.key for button in open_batch(experiment_id).button}
    keep_control(runs.default().store, experiment_id, Control("paused"))
    app = open_batch(experiment_id)
    assert {button.key for button in app.button} & {"batch.resume", "batch.result-so-far"} == {"batch.resume"}
