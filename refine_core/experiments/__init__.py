"""Experiments: several programs on the same table of inputs, each cell an ordinary run, and one honest answer.

plan = plan_experiment(experiment)        runs, calls, cost, time, problems: before anything is asked
start(experiment, credentials)            in the background, a few cells at once; a reload, a crash or a cancel loses nothing that ended
get(id) -> Snapshot                       what has become of each cell so far
build_result(snapshot) -> Result          the verdict, arms and pairs of arms, once it has ended
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping

from refine_core import runs as _runs
from refine_core.experiments.cells import cell_spec
from refine_core.experiments.credentials import join_credentials
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
    draft_of,
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
from refine_core.experiments.result import (
    MIN_FOR_CURVES,
    ArmResult,
    BestOfK,
    Comparison,
    CurvePoint,
    EqualBudget,
    InputDifference,
    PartDifference,
    Result,
    Spending,
    SurvivalBand,
    Unit,
    Verdict,
    build_result,
    cost_of_more,
    count_more,
    describe_change,
    describe_pair,
    result_to_json,
    write_verdict,
)
from refine_core.experiments.running import Experiments, ListedExperiment, new_experiment_id
from refine_core.experiments.snapshot import ExperimentState, Snapshot, Spent, StoppedBy
from refine_core.refine.module import BestOfN
from refine_core.runs import Credentials

__all__ = [
    "MIN_FOR_CURVES",
    "Arm",
    "ArmDraft",
    "ArmMark",
    "ArmProgress",
    "ArmResult",
    "AttemptFigures",
    "BestOfK",
    "Budget",
    "Cell",
    "Comparison",
    "CurvePoint",
    "EqualBudget",
    "Experiment",
    "ExperimentDraft",
    "ExperimentState",
    "Experiments",
    "FailureKind",
    "Grid",
    "GridArm",
    "InputDifference",
    "ListedExperiment",
    "Outcome",
    "PartDifference",
    "ProgramChoice",
    "Progress",
    "RateLimit",
    "Result",
    "RewardChoice",
    "Snapshot",
    "Spending",
    "Spent",
    "StoppedBy",
    "SurvivalBand",
    "Unit",
    "Verdict",
    "add_arm",
    "add_arm_draft",
    "add_rows",
    "arm_spec",
    "build_experiment",
    "build_grid",
    "build_progress",
    "build_result",
    "cancel",
    "cell_spec",
    "cost_of_more",
    "count_more",
    "default",
    "delete",
    "describe_change",
    "describe_pair",
    "describe_strategy",
    "draft_of",
    "drop_experiment_draft",
    "find_draft_problems",
    "fold_outcome",
    "get",
    "go_on",
    "join",
    "join_credentials",
    "list_experiment_drafts",
    "list_experiments",
    "list_models",
    "mark_arm",
    "name_arm_draft",
    "name_draft",
    "new_draft",
    "new_experiment_id",
    "pause",
    "propose_arms",
    "read_experiment_draft",
    "rename",
    "result_to_json",
    "retry_failed",
    "save_experiment_draft",
    "set_budget",
    "start",
    "undelete",
    "wait",
    "wait_for_change",
    "write_verdict",
]
