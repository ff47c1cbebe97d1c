"""The list of experiments: what has ended is not read again, however many runs it has."""

from __future__ import annotations

from collections import Counter

import pytest

from refine_core import datasets
from refine_core.experiments import Experiments
from refine_core.experiments.running import MAX_LEDGERS
from refine_core.runs import Runs
from refine_core.store import MemoryStore
from tests.experiments.engine_parts import SINGLE, keep_rows, make_experiment

LONG_S = 60.0


@pytest.fixture
def runs():
    made = Runs(MemoryStore())
    yield made
    made.close()


def test_an_experiment_that_has_ended_is_listed_without_reading_it_again(runs):
    """More than are kept in memory, so each would be read anew."""
    reads: Counter[str] = Counter()

    def find_dataset(store, dataset_id, version):
        reads[dataset_id] += 1
        return datasets.get(store, dataset_id, version)

    experiments = Experiments(runs, find_dataset)
    rows = keep_rows(runs.store, 1)
    for _ in range(MAX_LEDGERS + 1):
        experiments.join(experiments.start(make_experiment(rows, SINGLE)), LONG_S)
    first = experiments.list_experiments()
    reads.clear()
    assert experiments.list_experiments() == first
    assert [(one.state, one.done, one.total) for one in first] == [("finished", 1, 1)] * (MAX_LEDGERS + 1)
    assert not reads


def test_one_that_has_ended_and_got_more_rows_is_listed_with_what_is_left(runs):
    experiments = Experiments(runs)
    rows = keep_rows(runs.store, 3)
    experiment = make_experiment(rows, SINGLE, rows=1)
    experiments.join(experiments.start(experiment), LONG_S)
    (before,) = experiments.list_experiments()
    experiments.add_rows(experiment.id, rows.version)
    (after,) = experiments.list_experiments()
    assert (before.state, before.done, before.total) == ("finished", 1, 1)
    assert (after.state, after.done, after.total) == ("stopped", 1, 3)
