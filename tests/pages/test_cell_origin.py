"""The page of a run that is a cell says which one, and leads back to its experiment."""

from __future__ import annotations

from dataclasses import replace

import pytest

from refine_core import experiments, runs
from refine_core.experiments import Cell
from refine_core.experiments.cell_origins import CellOrigin, find_cell
from refine_core.store.protocol import EXPERIMENT_KIND
from tests.experiments.engine_parts import REFINED, SINGLE, keep_rows, make_experiment
from tests.experiments.live_snapshots import experiment
from tests.pages.run_page import open_run
from tests.pages.test_batch_live import LONG_S, _runs  # noqa: F401  # a fixture
from tests.pages.test_compare import open_compare


@pytest.fixture
def ended() -> str:
    """An experiment of two arms on two rows that has ended."""
    made = make_experiment(keep_rows(runs.default().store, 2), SINGLE, REFINED)
    experiments.start(made)
    experiments.join(made.id, LONG_S)
    return made.id


def origin_of(app) -> list[str]:
    return [link.proto.label for link in app.get("page_link") if "of the experiment" in link.proto.label]


def test_a_cell_leads_back_to_its_experiment(ended):
    cell = experiments.get(ended).cells[-1]
    arm = experiments.get(ended).experiment.arm(cell.arm).name
    (words,) = origin_of(open_run(cell.run_id(ended)))
    assert words.startswith(f"Row 2, {arm}, of the experiment")


def test_a_cell_without_its_experiment_is_shown_all_the_same(ended):
    run_id = experiments.get(ended).cells[0].run_id(ended)
    runs.default().store.drop(EXPERIMENT_KIND, ended)
    app = open_run(run_id)
    assert origin_of(app) == []
    assert "A run of an experiment that is not in this history." in [one.value for one in app.caption]


@pytest.mark.parametrize("cell", [Cell("a", 1, 1), Cell("b", 4, 2, 3), Cell("b", 123_456, 12)])
def test_a_cell_is_told_from_the_id_of_its_run(cell):
    made = experiment()
    assert find_cell(made, cell.run_id(made.id)) == cell


@pytest.mark.parametrize("rest", ["", "-a1-1", "-z00001-1", "-a00001-1-x", "-a00001-1-r", "-a00001"])
def test_other_ids_are_no_cells(rest):
    made = experiment()
    assert find_cell(made, f"{made.id}{rest}") is None
    assert find_cell(made, "another-a00001-1") is None


def test_the_repeat_is_said_where_there_are_several():
    made = experiment(repeats=2)
    assert CellOrigin(made, Cell("b", 3, 2)).describe() == (
        "Row 3, Best of 5, repeat 2, of the experiment Headlines: refine or best of 5?"
    )
    nameless = replace(made, name="", repeats=1)
    assert CellOrigin(nameless, Cell("b", 3, 1)).describe() == "Row 3, Best of 5, of the experiment"


def test_a_comparison_of_two_cells_leads_back_to_their_arms_difference(ended):
    first, second = (cell.run_id(ended) for cell in experiments.get(ended).cells[:2])
    (link,) = [one.proto for one in open_compare(a=first, b=second).get("page_link")]
    assert link.label.startswith("Back to row 1, Arm B against Arm A, of the experiment")
    assert link.query_string == f"experiment={ended}&pair=b.a"
