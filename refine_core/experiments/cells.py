"""A cell as a run: the arm's program on the row's values, with a seed and rollouts of its own, and nothing from the cache.

cell_spec(experiment, arm, row, cell) -> ProgramSpec
"""

from __future__ import annotations

from copy import copy
from dataclasses import replace

from refine_core.datasets import DatasetRow
from refine_core.experiments.document import Arm, Cell, Experiment
from refine_core.refine.module import BestOfN
from refine_core.refine.temperatures import find_lm
from refine_core.runs import title
from refine_core.spec import ModelSpec, ProgramSpec


def cell_spec(experiment: Experiment, arm: Arm, row: DatasetRow, cell: Cell) -> ProgramSpec:
    """The description of a cell's run. Its budget is the experiment's, so the arm's own one is left out."""
    spec, seed = arm.spec, experiment.seed + cell.repeat - 1
    return replace(
        spec,
        inputs=row.values,
        title=f"{arm.name} · row {cell.row} · {experiment.name or title(spec)}",  # lists cut it, and cells differ in the first two
        seed=seed,
        model=_fresh(spec.model, seed),
        adviser=None if spec.adviser is None else _fresh(spec.adviser, seed),
        judge=None if spec.judge is None else _fresh(spec.judge, seed),
        first_rollout=spec.first_rollout + (cell.repeat - 1) * spec.attempt_count,
        budget_usd=None,
        budget_tokens=None,
        example=None,
        hint_test=None,
        fork_attempt=None,
        change="",
        experiment=experiment.id,
    )


def _fresh(model: ModelSpec, seed: int) -> ModelSpec:
    """The same model, never answered from the cache, and with that seed where it is sent one."""
    return replace(model, cache=False, seed=None if model.seed is None else seed)


def copy_program(program: BestOfN, rollout: int) -> BestOfN:
    """A program of this process for one cell: its models are not answered from the cache, and repeats differ by their rollouts."""
    twin = copy(program)
    twin.module = program.module.deepcopy()
    configured = find_lm(twin.module)
    for predictor in twin.module.predictors():
        lm = predictor.lm or configured
        if lm is not None:
            own = lm.copy(cache=False)
            predictor.lm = own.copy(rollout_id=rollout) if rollout else own
    return twin
