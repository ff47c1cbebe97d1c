"""What adds to an experiment that has ended, and resumes it: further rows of a table, another arm."""

from __future__ import annotations

from pages.batch.keys import collect_keys
from refine_core import experiments
from refine_core.datasets import Dataset
from refine_core.errors import LMError, SpecError, StoreError
from refine_core.experiments import Arm, Snapshot


def count_run(snapshot: Snapshot) -> int:
    """How many rows the experiment has."""
    rows = len(snapshot.dataset.rows)
    return snapshot.experiment.count_rows(rows)


def count_left(snapshot: Snapshot, dataset: Dataset | None = None) -> int:
    """How many rows of the table it does not have."""
    return len((dataset or snapshot.dataset).rows) - count_run(snapshot)


def add_inputs(snapshot: Snapshot, dataset: Dataset, count: int) -> str:
    """Why not; "" where it is done."""
    rows = count_run(snapshot) + count
    experiment = snapshot.experiment
    try:
        experiments.add_rows(experiment.id, dataset.version, None if rows >= len(dataset.rows) else rows)
        experiments.resume(experiment.id, collect_keys(experiment.arms))
    except (SpecError, LMError, StoreError) as error:
        return f"Not run: {error}"
    return ""


def add_arm(snapshot: Snapshot, arm: Arm) -> str:
    """Why not; "" where it is done."""
    experiment = snapshot.experiment
    try:
        experiments.add_arm(experiment.id, arm)
        experiments.resume(experiment.id, collect_keys((*experiment.arms, arm)))
    except (SpecError, LMError, StoreError) as error:
        return f"Not run: {error}"
    return ""
