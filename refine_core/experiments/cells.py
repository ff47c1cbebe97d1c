"""A cell as a run: the arm's program on the row's values, with a seed and rollouts of its own, and nothing from the cache.

cell_spec(experiment, arm, row, cell) -> ProgramSpec          check_arms(experiment, dataset) raises what would fail everywhere
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import copy
from dataclasses import replace
from typing import Final

from refine_core.datasets import Dataset, DatasetRow
from refine_core.errors import Problem, SpecError
from refine_core.experiments.document import MAX_REPEATS, Arm, Cell, Experiment
from refine_core.left_out import is_left_out
from refine_core.refine.build import find_problems, list_program_inputs
from refine_core.refine.module import BestOfN
from refine_core.refine.temperatures import find_lm
from refine_core.runs import title
from refine_core.signatures import Field
from refine_core.signatures.types import format_type, validate
from refine_core.spec import ModelSpec, ProgramSpec

MAX_PROBLEMS: Final = 20  # that are named; the others are counted


def cell_spec(experiment: Experiment, arm: Arm, row: DatasetRow, cell: Cell) -> ProgramSpec:
    """The description of a cell's run. Its budget is the experiment's, so the arm's own one is left out."""
    spec, seed = arm.spec, experiment.seed + cell.repeat - 1
    return replace(
        spec,
        inputs=row.values,
        title=f"{experiment.name or title(spec)} · {arm.name} · row {cell.row}",
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


def check_arms(experiment: Experiment, dataset: Dataset, *, is_live: bool = False) -> None:
    """Raise SpecError with whatever keeps cells from running: of each arm once, and of each row the values that do not fit.

    is_live: whether the arms' programs are Python of this process, so that there is no description to check.
    """
    problems = [*_document_problems(experiment, dataset)]
    for arm in () if is_live or problems else experiment.arms:
        problems += [replace(one, message=f"{arm.name}: {one.message}") for one in _arm_problems(arm)]
        if not problems:
            problems += _row_problems(experiment, arm, dataset)
    if len(problems) > MAX_PROBLEMS:
        more = len(problems) - MAX_PROBLEMS
        problems = [*problems[:MAX_PROBLEMS], Problem("dataset", f"there are {more:,} further problems")]
    if problems:
        raise SpecError(problems)


def explain_pending(dataset: Dataset) -> str:
    """Why nothing may begin with these rows as long as nobody has agreed to leave bad ones out; "" where nothing is in the way."""
    if not dataset.pending:
        return ""
    name = dataset.name or "the table"
    return f"{name} has rows that cannot be run: correct them, or say in Inputs that the others are run without them"


def count_rows(experiment: Experiment, dataset: Dataset) -> int:
    """How many of the dataset's rows are run."""
    count = len(dataset.rows)
    return count if experiment.rows is None else min(experiment.rows, count)


def _document_problems(experiment: Experiment, dataset: Dataset) -> Iterator[Problem]:
    if not experiment.arms:
        yield Problem("arms", "an experiment needs at least one arm")
    keys = [arm.key for arm in experiment.arms]
    for key in keys:
        if not (key.isascii() and key.isalpha() and key.islower()) or keys.count(key) > 1:
            yield Problem(
                "arms", f"{key!r} cannot be the key of an arm: each has its own, of lower-case letters"
            )
    if not 1 <= experiment.repeats <= MAX_REPEATS:
        yield Problem("repeats", f"each input is run at least once, and at most {MAX_REPEATS} times")
    if count_rows(experiment, dataset) < 1:
        yield Problem("dataset", f"{dataset.name or 'the dataset'} has no rows")
    elif waits := explain_pending(dataset):
        yield Problem("dataset", waits)


def find_replays(spec: ProgramSpec) -> Iterator[Problem]:
    """A problem for each role of an arm whose model is a replay, which has no replies for other inputs."""
    for role, model in spec.models.items():
        if model.kind == "replay":
            message = "an arm makes new calls, and a replay has only recorded replies; choose another model"
            yield Problem(f"{role}.kind", message)


def _arm_problems(arm: Arm) -> Iterator[Problem]:
    """What is wrong with an arm, whatever its inputs."""
    yield from find_replays(arm.spec)
    for problem in find_problems(arm.spec):
        if not problem.field.startswith("inputs."):
            yield problem


def _row_problems(experiment: Experiment, arm: Arm, dataset: Dataset) -> Iterator[Problem]:
    wanted = list_program_inputs(arm.spec)
    for number in range(count_rows(experiment, dataset)):
        row = dataset.rows[number]
        for name, field in wanted.items():
            if why := _find_fault(field, row.values, name):
                where = f"row {row.number}" + (f" ({row.source})" if row.source else "")
                yield Problem(f"inputs.{name}", f"{where}: {why}")


def _find_fault(field: Field, values: Mapping[str, object], name: str) -> str:
    """Why a row's value cannot be that input; "" if it can."""
    if name not in values:
        return f"input {name!r} is missing; give a value of type {format_type(field.type)}"
    value = values[name]
    if is_left_out(value):
        return f"input {name!r} was left out when it was shared"
    try:
        validate(field, value)
    except ValueError as why:
        return f"input {name!r} must be {format_type(field.type)}: {why}"
    return ""
