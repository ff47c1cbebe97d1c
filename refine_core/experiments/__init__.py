"""Experiments: several programs on the same table of inputs, each cell an ordinary run, and one honest answer.

plan_experiment(experiment, dataset) -> ExperimentPlan     runs, calls, cost, time, problems: before anything is asked
start(experiment, credentials) -> id                       in the background, several cells at once; what has ended is never lost
get(id) -> Snapshot                                        what has become of each cell so far
result.build_result(snapshot) -> Result                    the verdict, arms and pairs of arms, once it has ended

drafts   an experiment that is being set up      json_document   an experiment as a JSON file
result   what it shows                           marks           the shape and colour of each arm
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping
from typing import Unpack

from refine_core import runs as _runs
from refine_core.datasets import Dataset
from refine_core.experiments.cell_origins import CellOrigin
from refine_core.experiments.credentials import join_credentials
from refine_core.experiments.document import Arm, Budget, Cell, Experiment, RateLimit
from refine_core.experiments.failure_kinds import FailureKind
from refine_core.experiments.outcomes import Outcome
from refine_core.experiments.pilots import find_pilot
from refine_core.experiments.plan import ExperimentPlan
from refine_core.experiments.planning import plan_experiment as _plan_experiment
from refine_core.experiments.progress import Progress, build_grid, build_progress
from refine_core.experiments.running import Experiments, ListedExperiment, new_experiment_id
from refine_core.experiments.snapshot import Snapshot
from refine_core.experiments.what_ifs import ExperimentWhatIf, WhatIfJob
from refine_core.experiments.what_ifs import start_what_if as _start_what_if
from refine_core.refine.module import BestOfN
from refine_core.runs import Credentials
from refine_core.what_if import Changes

__all__ = [
    "Arm",
    "Budget",
    "Cell",
    "Experiment",
    "ExperimentPlan",
    "ExperimentWhatIf",
    "Experiments",
    "FailureKind",
    "ListedExperiment",
    "Outcome",
    "Progress",
    "RateLimit",
    "Snapshot",
    "WhatIfJob",
    "add_arm",
    "add_rows",
    "build_grid",
    "build_progress",
    "cancel",
    "delete",
    "find_origin",
    "get",
    "has_experiments",
    "is_deleted",
    "join",
    "join_credentials",
    "list_experiments",
    "new_experiment_id",
    "pause",
    "plan_experiment",
    "rename",
    "resume",
    "retry_failed",
    "set_budget",
    "set_rate_limits",
    "start",
    "start_what_if",
    "undelete",
    "wait_for_change",
]


class _Default:
    """The experiments of the user's data folder, one for this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._experiments: Experiments | None = None

    def open(self) -> Experiments:
        """Those of the runs that are open now; another data folder has others."""
        runs = _runs.default()
        with self._lock:
            if self._experiments is None or self._experiments.runs is not runs:
                self._experiments = Experiments(runs)
            return self._experiments


default = _Default().open


def plan_experiment(
    experiment: Experiment,
    dataset: Dataset | None,
    *,
    pilot: Snapshot | None = None,
    credentials: Credentials | None = None,
) -> ExperimentPlan:
    """What an experiment will take and can show, and what keeps it from being run. See refine_core.experiments.planning.

    Without a pilot, what became of the same arms in an earlier experiment is looked up. Raises StoreError.
    """
    pilot = pilot if pilot is not None else find_pilot(default(), experiment)
    return _plan_experiment(_runs.default(), experiment, dataset, pilot=pilot, credentials=credentials)


def start(
    experiment: Experiment,
    credentials: Credentials | None = None,
    programs: Mapping[str, BestOfN] | None = None,
) -> str:
    """Begin an experiment and return its id. Raises SpecError, LMKeyError, StoreError. See Experiments.start."""
    return default().start(experiment, credentials, programs)


def resume(
    experiment_id: str,
    credentials: Credentials | None = None,
    programs: Mapping[str, BestOfN] | None = None,
) -> bool:
    """Run what is left; False if it is at work already. Raises as `start`. See Experiments.resume."""
    return default().resume(experiment_id, credentials, programs)


def retry_failed(
    experiment_id: str,
    cells: Collection[Cell] | None = None,
    credentials: Credentials | None = None,
    programs: Mapping[str, BestOfN] | None = None,
) -> bool:
    """Run failed cells again, or these of them; False if there are none. Raises as `start`. See Experiments.retry_failed."""
    return default().retry_failed(experiment_id, cells, credentials, programs)


def add_rows(experiment_id: str, dataset_version: int, rows: int | None = None) -> None:
    """Go over to a later version of the dataset, of which the first `rows` are run; None: all. Raises SpecError, StoreError."""
    default().add_rows(experiment_id, dataset_version, rows)


def add_arm(experiment_id: str, arm: Arm) -> None:
    """Add an arm, under a key that no arm has had. Raises SpecError, StoreError."""
    default().add_arm(experiment_id, arm)


def set_rate_limits(experiment_id: str, rate_limits: Mapping[str, RateLimit]) -> None:
    """Give the models of an experiment other limits. See Experiments.set_rate_limits."""
    default().set_rate_limits(experiment_id, rate_limits)


def set_budget(experiment_id: str, budget: Budget) -> None:
    """Give an experiment another budget; what was spent before counts. Raises SpecError, StoreError."""
    default().set_budget(experiment_id, budget)


def has_experiments() -> bool:
    """Whether there is any but those of lessons, so that its runs are left out of the list of runs. Raises StoreError."""
    return default().has_any()


def rename(experiment_id: str, name: str) -> None:
    """Call it by another name; runs that have begun keep theirs. Raises SpecError, StoreError."""
    default().rename(experiment_id, name)


def pause(experiment_id: str) -> bool:
    """Begin no further cell; those under way end. False if it is not at work in this process."""
    return default().pause(experiment_id)


def cancel(experiment_id: str) -> bool:
    """Begin no further cell, and cancel those under way. False if it is not at work in this process."""
    return default().cancel(experiment_id)


def get(experiment_id: str) -> Snapshot | None:
    """The experiment as far as it is recorded; None if there is no such one. Raises SpecError, StoreError."""
    return default().get(experiment_id)


def find_origin(run_id: str, experiment_id: str) -> CellOrigin | None:
    """Which cell of an experiment a run is; None where it is none of its, or the experiment is not here. Raises StoreError."""
    return default().find_origin(run_id, experiment_id)


def list_experiments() -> list[ListedExperiment]:
    """The experiments, the newest first, without deleted ones and those of lessons. Raises StoreError."""
    return default().list_experiments()


def delete(experiment_id: str) -> None:
    """Cancel an experiment and take it and its runs out of the lists; for a month `undelete` brings it back. See Experiments.delete."""
    default().delete(experiment_id)


def is_deleted(experiment_id: str) -> bool:
    """Whether it was deleted, and can be brought back. See Experiments.is_deleted."""
    return default().is_deleted(experiment_id)


def undelete(experiment_id: str) -> None:
    """Bring a deleted experiment back, with its runs. Raises StoreError."""
    default().undelete(experiment_id)


def wait_for_change(experiment_id: str, revision: str, timeout_s: float) -> str:
    """The revision of its snapshot, as soon as it is another one than this, or after `timeout_s` seconds. Raises StoreError."""
    return default().wait_for_change(experiment_id, revision, timeout_s)


def join(experiment_id: str, timeout_s: float) -> None:
    """Wait until nothing of it is at work in this process. Raises TimeoutError after `timeout_s` seconds."""
    default().join(experiment_id, timeout_s)


def start_what_if(snapshot: Snapshot, **changes: Unpack[Changes]) -> WhatIfJob:
    """Score all that an experiment recorded with another reward, other validators or another threshold, in the background.

    No model is asked. See refine_core.experiments.what_ifs.
    """
    return _start_what_if(_runs.default(), snapshot, **changes)
