"""An experiment at work: every cell once, whatever comes in between."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from refine_core.errors import SpecError
from refine_core.experiments import Experiments
from refine_core.runs import Runs
from refine_core.store import open_store
from tests.experiments.engine_parts import REFINED, SINGLE, keep_rows, make_experiment

LONG_S = 60.0


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def runs(home: Path) -> Iterator[Runs]:
    opened = Runs(open_store(home))
    yield opened
    opened.close()


@pytest.fixture
def experiments(runs: Runs) -> Experiments:
    return Experiments(runs)


def test_every_cell_is_an_ordinary_run_and_is_run_once(runs, experiments):
    experiment = make_experiment(keep_rows(runs.store, 3), REFINED, SINGLE, repeats=2)
    experiments.join(experiments.start(experiment), LONG_S)
    snapshot = experiments.get(experiment.id)
    assert (snapshot.state, snapshot.done, snapshot.error) == ("finished", 12, "")
    for cell in snapshot.cells:
        timeline = runs.timeline(cell.run_id(experiment.id))
        assert timeline.spec.inputs == {"question": f"What is {cell.row - 1} + {cell.row - 1}?"}
        assert (timeline.spec.experiment, timeline.spec.model.cache) == (experiment.id, False)
        assert timeline.spec.seed == cell.repeat - 1
    assert len(runs.store.cell_runs(experiment.id)) == 12


def test_cells_are_in_no_list_of_runs(runs, experiments):
    experiment = make_experiment(keep_rows(runs.store, 2), SINGLE)
    experiments.join(experiments.start(experiment), LONG_S)
    assert runs.list.search().total == 0
    assert runs.list.choices().models == {}
    assert runs.store.starts() == []
    assert len(runs.list.listed(runs.store.cell_runs(experiment.id))) == 2


def test_another_process_reads_the_same(runs, experiments, home):
    experiment = make_experiment(keep_rows(runs.store, 3), REFINED, repeats=2)
    experiments.join(experiments.start(experiment), LONG_S)
    here, other = experiments.get(experiment.id), Runs(open_store(home))
    there = Experiments(other).get(experiment.id)
    assert (there.state, there.outcomes, there.spent) == (here.state, here.outcomes, here.spent)
    other.close()


def test_what_would_fail_in_every_cell_is_said_before_anything_is_asked(runs, experiments):
    dataset = keep_rows(runs.store, 2)
    wrong = replace(SINGLE, stages=(replace(SINGLE.stages[0], signature="topic -> answer"),))
    with pytest.raises(SpecError, match=r"row 1.*input 'topic' is missing"):
        experiments.start(make_experiment(dataset, SINGLE, wrong))
    assert experiments.list_experiments() == []


def test_a_deleted_experiment_is_in_no_list_until_it_is_brought_back(runs, experiments):
    experiment = make_experiment(keep_rows(runs.store, 2), SINGLE)
    experiments.join(experiments.start(experiment), LONG_S)
    experiments.delete(experiment.id)
    assert experiments.list_experiments() == []
    experiments.undelete(experiment.id)
    assert [one.done for one in experiments.list_experiments()] == [2]


def test_what_was_deleted_a_month_ago_is_removed_with_its_runs_and_outcomes(runs, experiments):
    experiment = make_experiment(keep_rows(runs.store, 2), SINGLE)
    experiments.join(experiments.start(experiment), LONG_S)
    runs.store.delete_experiment(experiment.id, 1.0)
    runs.list.purge()
    assert runs.store.cell_runs(experiment.id) == {}
    assert runs.store.outcomes(experiment.id)[1] == []
    assert experiments.get(experiment.id) is None
