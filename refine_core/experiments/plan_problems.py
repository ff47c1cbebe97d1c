"""What keeps an experiment from being run, each with its field, and what is worth knowing before. Nothing is asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from refine_core.datasets import Dataset
from refine_core.errors import Problem, SignatureError
from refine_core.estimates import models_of
from refine_core.experiments.cells import count_rows, explain_pending, find_replays
from refine_core.experiments.document import MAX_REPEATS, Arm, Experiment
from refine_core.formatting import pluralize
from refine_core.refine.build import find_problems, list_program_inputs
from refine_core.runs import Credentials
from refine_core.spec import ModelSpec, ProgramSpec
from refine_core.spec.limits import is_whole
from refine_core.spec.secrets import environment_key

MAX_CELLS: Final = 100_000
PRACTICE: Final = "The practice model answers: no key, no cost. It is not a language model."


def find_plan_problems(
    experiment: Experiment, dataset: Dataset | None, credentials: Credentials | None = None
) -> list[Problem]:
    """Everything that keeps it from being run. Fields: "arms", "arms.a", "arms.a.model.key", "inputs", "rows", "repeats", "budget.usd"."""
    problems = [*_arms(experiment), *_numbers(experiment)]
    if dataset is None:
        problems.append(Problem("inputs", "choose a table of inputs"))
    elif not dataset.rows:
        problems.append(Problem("inputs", f"{dataset.name or 'the table'} has no rows"))
    elif waits := explain_pending(dataset):
        problems.append(Problem("inputs", waits))
    for arm in experiment.arms:
        problems += _arm(arm, dataset)
        problems += _keys(arm, credentials)
    if dataset is not None and not problems:
        problems += _size(experiment, dataset)
    return problems


def list_notes(experiment: Experiment) -> list[str]:
    """What is worth knowing before it runs, a sentence each."""
    notes = []
    specs = [arm.spec for arm in experiment.arms]
    models = [model for spec in specs for model in _asked(spec)]
    if any(model.kind == "practice" for model in models):
        notes.append(PRACTICE)
    if len({_reward(spec) for spec in specs}) > 1:
        notes.append(
            "The arms have different rewards, so their numbers cannot be compared; \N{LEFT DOUBLE QUOTATION MARK}What if\N{RIGHT DOUBLE QUOTATION MARK} "
            "scores all outputs with one reward afterwards."
        )
    if len({spec.threshold for spec in specs}) > 1:
        notes.append("The arms have different thresholds, so they stop at different rewards.")
    fixed = [arm.name for arm in experiment.arms if _is_fixed(arm.spec)]
    if experiment.repeats > 1 and fixed:
        who = "every arm" if len(fixed) == len(specs) else " and ".join(fixed)
        notes.append(
            f"At temperature 0 the first attempts of {who} may come out alike each time: repeats then tell little. More inputs tell more."
        )
    return notes


def _arms(experiment: Experiment) -> Iterator[Problem]:
    if not experiment.arms:
        yield Problem("arms", "add an arm")
    names: dict[str, str] = {}
    known: list[tuple[ProgramSpec, str]] = []
    keys: set[str] = set()
    for arm in experiment.arms:
        if arm.key in keys:
            yield Problem(f"arms.{arm.key}", f"two arms have the key {arm.key!r}")
        keys.add(arm.key)
        name = " ".join(arm.name.split()).casefold()
        if not name:
            yield Problem(f"arms.{arm.key}", "give the arm a name")
        elif name in names:
            yield Problem(f"arms.{arm.key}", f"two arms are called {arm.name}; give one another name")
        names.setdefault(name, arm.key)
        spec = replace(arm.spec, title="", inputs={})
        twin = next((other for one, other in known if one == spec), None)
        if twin is not None:
            yield Problem(f"arms.{arm.key}", f"this is the same as {twin}; change one, or remove it")
        known.append((spec, arm.name))


def _numbers(experiment: Experiment) -> Iterator[Problem]:
    if not is_whole(experiment.repeats, 1) or experiment.repeats > MAX_REPEATS:
        yield Problem("repeats", f"repeats must be a whole number from 1 to {MAX_REPEATS}")
    if experiment.rows is not None and not is_whole(experiment.rows, 1):
        yield Problem("rows", "run at least one row")
    if not is_whole(experiment.seed, 0):
        yield Problem("seed", "the seed must be a whole number, at least 0")
    budget = experiment.budget
    for name, value in (("calls", budget.calls), ("tokens", budget.tokens), ("usd", budget.usd)):
        if value is not None and not value > 0:
            yield Problem(f"budget.{name}", "a limit must be more than 0; leave it empty for none")
    for label, limit in experiment.rate_limits.items():
        numbers = (limit.at_once, limit.requests_per_minute, limit.tokens_per_minute)
        if not all(number is None or is_whole(number, 1) for number in numbers):
            yield Problem(f"rate_limits.{label}", f"each limit of {label} must be a whole number, at least 1")


def _arm(arm: Arm, dataset: Dataset | None) -> Iterator[Problem]:
    where = f"arms.{arm.key}"
    for one in find_replays(arm.spec):
        yield replace(one, field=f"{where}.{one.field.removesuffix('.kind')}")
    missing: list[str] = []
    if dataset is not None:
        known = {*dataset.fields("input"), *dataset.fields("reward only")}
        try:
            missing = [name for name in list_program_inputs(arm.spec) if name not in known]
        except SignatureError:
            missing = []  # it is said below
        if missing:
            listed = ", ".join(missing)
            yield Problem(
                f"{where}.inputs", f"no column of {dataset.name or 'the table'} is the input {listed}"
            )
    row = dataset.rows[0] if dataset is not None and dataset.rows else None
    for one in find_problems(replace(arm.spec, inputs=row.values if row is not None else {})):
        if not one.field.startswith("inputs") or (row is not None and not missing):
            at = f"row {row.number}: " if one.field.startswith("inputs") and row is not None else ""
            yield replace(one, field=f"{where}.{one.field}", message=f"{at}{one.message}")


def _keys(arm: Arm, credentials: Credentials | None) -> Iterator[Problem]:
    typed = credentials.keys if credentials is not None else {}
    asked = [("model", arm.spec.model), ("judge", arm.spec.judge)]
    if arm.spec.hint_source == "adviser":
        asked.append(("adviser", arm.spec.adviser))
    for role, model in asked:
        if model is None or model.kind != "litellm" or not model.key_env or environment_key(model.key_env):
            continue
        if not (typed.get(role) or typed.get(f"{arm.key}.{role}")):
            yield Problem(
                f"arms.{arm.key}.{role}.key",
                f"{model.label} needs a key: the environment variable {model.key_env} is not set; type the key",
            )


def _size(experiment: Experiment, dataset: Dataset) -> Iterator[Problem]:
    rows, arms = count_rows(experiment, dataset), len(experiment.arms)
    cells = rows * arms * experiment.repeats
    if cells > MAX_CELLS:
        most = MAX_CELLS // (arms * experiment.repeats)
        runs = f"{rows:,} inputs, {pluralize(arms, 'arm')} and {pluralize(experiment.repeats, 'repeat')} are {cells:,} runs, and {MAX_CELLS:,} is the most"
        lower = "fewer repeats" if rows <= MAX_CELLS // arms else f"at most {most:,} rows"
        yield Problem("repeats" if rows <= MAX_CELLS // arms else "rows", f"{runs}: choose {lower}")


def _asked(spec: ProgramSpec) -> Sequence[ModelSpec]:
    models = models_of(spec)
    return [models["predict"], *([models["advice"]] if spec.hint_source == "adviser" else [])]


def _reward(spec: ProgramSpec) -> tuple[str, str | None, str]:
    return spec.reward, spec.reward_name, spec.reward_shape


def _is_fixed(spec: ProgramSpec) -> bool:
    """Whether its first attempt is drawn at temperature 0 by a model that no other seed reaches."""
    return spec.model.temperature == 0 and spec.model.seed is None and spec.model.kind != "practice"
