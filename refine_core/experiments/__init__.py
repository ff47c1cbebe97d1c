"""Experiments: several programs on the same table of inputs, each cell an ordinary run, and one honest answer.

plan = plan_experiment(experiment)        runs, calls, cost, time, problems: before anything is asked
start(experiment, credentials)            in the background, a few cells at once; a reload, a crash or a cancel loses nothing that ended
get(id) -> Snapshot                       what has become of each cell so far
"""

from __future__ import annotations

from refine_core.experiments.document import Arm, Budget, Cell, Experiment, RateLimit
from refine_core.experiments.drafts import (
    ArmDraft,
    ExperimentDraft,
    ProgramChoice,
    RewardChoice,
    add_arm_draft,
    arm_spec,
    build_experiment,
    describe_strategy,
    drop_experiment_draft,
    find_draft_problems,
    list_experiment_drafts,
    list_models,
    name_arm_draft,
    name_draft,
    new_draft,
    propose_arms,
    read_experiment_draft,
    save_experiment_draft,
)
from refine_core.experiments.failure_kinds import FailureKind
from refine_core.experiments.marks import ArmMark, mark_arm
from refine_core.experiments.outcomes import AttemptFigures, Outcome, fold_outcome
from refine_core.experiments.progress import ArmProgress, Grid, GridArm, Progress, build_grid, build_progress
from refine_core.experiments.snapshot import ExperimentState, Snapshot

__all__ = [
    "Arm",
    "ArmDraft",
    "ArmMark",
    "ArmProgress",
    "AttemptFigures",
    "Budget",
    "Cell",
    "Experiment",
    "ExperimentDraft",
    "ExperimentState",
    "FailureKind",
    "Grid",
    "GridArm",
    "Outcome",
    "ProgramChoice",
    "Progress",
    "RateLimit",
    "RewardChoice",
    "Snapshot",
    "add_arm_draft",
    "arm_spec",
    "build_experiment",
    "build_grid",
    "build_progress",
    "describe_strategy",
    "drop_experiment_draft",
    "find_draft_problems",
    "fold_outcome",
    "list_experiment_drafts",
    "list_models",
    "mark_arm",
    "name_arm_draft",
    "name_draft",
    "new_draft",
    "propose_arms",
    "read_experiment_draft",
    "save_experiment_draft",
]
