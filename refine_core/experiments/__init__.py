"""Experiments: several programs on the same table of inputs, each cell an ordinary run, and one honest answer.

plan = plan_experiment(experiment)        runs, calls, cost, time, problems: before anything is asked
start(experiment, credentials)            in the background, a few cells at once; a reload, a crash or a cancel loses nothing that ended
get(id) -> Snapshot                       what has become of each cell so far
"""

from __future__ import annotations

from refine_core.experiments.document import Arm, Budget, Cell, Experiment, RateLimit
from refine_core.experiments.marks import ArmMark, mark_arm
from refine_core.experiments.outcomes import AttemptFigures, Outcome, fold_outcome
from refine_core.experiments.snapshot import ExperimentState, Snapshot

__all__ = [
    "Arm",
    "ArmMark",
    "AttemptFigures",
    "Budget",
    "Cell",
    "Experiment",
    "ExperimentState",
    "Outcome",
    "RateLimit",
    "Snapshot",
    "fold_outcome",
    "mark_arm",
]
