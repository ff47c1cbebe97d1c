"""What a plan learns from an earlier experiment with the same arms, and how long an experiment was at work."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from refine_core.experiments import Experiment, ListedExperiment, Snapshot
from refine_core.experiments.pilots import find_pilot
from refine_core.experiments.planning import plan_experiment
from refine_core.runs import Runs
from refine_core.store import MemoryStore
from tests.experiments.made import make_snapshot


@dataclass
class Known:
    """Experiments that have run, as a plan asks for them."""

    snapshots: tuple[Snapshot, ...]

    def list_experiments(self):
        return [
            ListedExperiment(one.experiment, one.state, one.done, len(one.cells)) for one in self.snapshots
        ]

    def get(self, experiment_id):
        return next(one for one in self.snapshots if one.experiment.id == experiment_id)


def named(snapshot: Snapshot, experiment_id: str, **changes: object) -> Snapshot:
    return replace(
        snapshot, experiment=replace(snapshot.experiment, id=experiment_id, name="A try", **changes)
    )


def planned(snapshot: Snapshot) -> Experiment:
    """The same arms under other keys and names, not begun."""
    arms = tuple(replace(arm, key=f"n{arm.key}", name=f"My {arm.name}") for arm in snapshot.experiment.arms)
    return replace(snapshot.experiment, id="new", name="New", arms=arms)


def test_a_plan_learns_from_a_try_of_the_same_arms_and_says_so():
    tried = named(make_snapshot(rows=6), "try")
    pilot = find_pilot(Known((tried,)), planned(tried))
    runs = Runs(MemoryStore())
    try:
        plan = plan_experiment(runs, planned(tried), tried.dataset, pilot=pilot)
    finally:
        runs.close()
    assert plan.source == "From 18 runs of the same arms in “A try”."
    assert "in the 6 inputs that were run" in plan.basis
    calls = [one.calls for cell, one in tried.outcomes.items() if cell.arm == "a"]
    low, high = plan.by_arm[0].calls
    assert low <= sum(calls) / len(calls) <= high


def test_of_several_tries_that_with_the_most_runs_on_the_same_table_counts():
    few, many = named(make_snapshot(rows=3), "few"), named(make_snapshot(rows=9), "many")
    elsewhere = named(make_snapshot(rows=30), "elsewhere", dataset_id="other")
    found = find_pilot(Known((few, elsewhere, many)), planned(few))
    assert found.experiment.id == "many"
    assert {cell.arm for cell in found.outcomes} == {"na", "nb", "nc"}


def test_arms_that_run_something_else_teach_nothing():
    tried = named(make_snapshot(rows=3), "try")
    other = [replace(arm, spec=replace(arm.spec, threshold=0.1)) for arm in planned(tried).arms]
    assert find_pilot(Known((tried,)), replace(planned(tried), arms=tuple(other))) is None
    assert find_pilot(Known((named(make_snapshot(done=0.0), "try"),)), planned(tried)) is None


def test_a_pause_is_no_time_at_work():
    """Two runs at once for 10 s, an hour's pause, then one for 5 s."""
    spans = {1: (10.0, 1000.0), 2: (4.0, 998.0), 3: (5.0, 4605.0)}
    made = make_snapshot(arms=1, rows=3)
    outcomes = {
        cell: replace(one, took_s=spans[cell.row][0], ended_at=spans[cell.row][1])
        for cell, one in made.outcomes.items()
    }
    assert replace(made, outcomes=outcomes).worked_s == pytest.approx(15.0)
    assert replace(made, outcomes={}).worked_s is None
