"""What keeps an experiment from being run, each problem with its field. Nothing is asked.

    find_problems       everything, for whoever plans it on a screen or in a terminal
    require_runnable    what no experiment may have, of every row: raised as one SpecError before it begins

Fields: "arms", "arms.a", "arms.a.model.key", "arms.a.inputs.question", "inputs", "rows", "repeats", "seed", "budget.usd", "rate_limits.gpt-5".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import Final

from refine_core.datasets import Dataset
from refine_core.errors import Problem, SignatureError, SpecError
from refine_core.experiments.document import MAX_REPEATS, Arm, Experiment
from refine_core.formatting import pluralize
from refine_core.refine import build
from refine_core.runs import Credentials
from refine_core.spec import ProgramSpec
from refine_core.spec.limits import is_whole
from refine_core.spec.secrets import environment_key

MAX_CELLS: Final = 100_000
MAX_PROBLEMS: Final = 20  # that are raised; the others are counted


def find_problems(
    experiment: Experiment, dataset: Dataset | None, credentials: Credentials | None = None
) -> list[Problem]:
    """Everything that keeps it from being run. Of the rows only the first one is looked at: a table is checked when it is kept.

    credentials: keys that were typed, by role or by "a.role".
    """
    problems = [*_document(experiment, dataset)]
    if dataset is not None and not problems:
        problems += _size(experiment, dataset)
    problems += _likeness(experiment)
    for arm in experiment.arms:
        problems += [*_program(arm), *_inputs(arm, dataset, 1), *_keys(arm, credentials)]
    return problems


def require_runnable(experiment: Experiment, dataset: Dataset, *, is_live: bool = False) -> None:
    """Raise SpecError with whatever would fail in every cell, and with each row that does not fit; the first MAX_PROBLEMS of them.

    Arms that are alike may run: whoever starts them from Python may mean it. Keys are not looked at.
    is_live: whether the arms' programs are Python of this process, so that there is no description to check.
    """
    problems = [*_document(experiment, dataset)]
    for arm in () if is_live or problems else experiment.arms:
        own = [*_program(arm)] or [*_inputs(arm, dataset, experiment.count_rows(len(dataset.rows)))]
        problems += [replace(one, message=f"{arm.name}: {one.message}") for one in own]
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
    return f"some rows of {name} cannot be run: correct the table, or agree in Inputs to run the others"


def _document(experiment: Experiment, dataset: Dataset | None) -> Iterator[Problem]:
    """What is wrong whatever the arms run."""
    if not experiment.arms:
        yield Problem("arms", "add an arm")
    keys = [arm.key for arm in experiment.arms]
    for key in dict.fromkeys(keys):
        if not (key.isascii() and key.isalpha() and key.islower()) or keys.count(key) > 1:
            message = f"{key!r} cannot be the key of an arm: each has its own, of lower-case letters"
            yield Problem(f"arms.{key}", message)
    yield from _numbers(experiment)
    if dataset is None:
        yield Problem("inputs", "choose a table of inputs")
    elif not dataset.rows:
        yield Problem("inputs", f"{dataset.name or 'the table'} has no rows")
    elif waits := explain_pending(dataset):
        yield Problem("inputs", waits)


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


def _likeness(experiment: Experiment) -> Iterator[Problem]:
    """Arms that nobody could tell apart, and those that run the same, so that their difference is chance alone."""
    names: set[str] = set()
    known: list[tuple[ProgramSpec, str]] = []
    for arm in experiment.arms:
        where, name = f"arms.{arm.key}", " ".join(arm.name.split()).casefold()
        spec = replace(arm.spec, title="", inputs={})
        if twin := next((other for one, other in known if one == spec), ""):
            yield Problem(where, f"this is the same as {twin}; change one, or remove it")
        elif not name:
            yield Problem(where, "give the arm a name")
        elif name in names:
            yield Problem(where, f"two arms are called {arm.name}; give one another name")
        names.add(name)
        known.append((spec, arm.name))


def _program(arm: Arm) -> Iterator[Problem]:
    """What is wrong with what an arm runs, whatever its inputs."""
    where = f"arms.{arm.key}"
    for role, model in arm.spec.models.items():
        if model.kind == "replay":
            message = "an arm makes new calls, and a replay has only recorded replies; choose another model"
            yield Problem(f"{where}.{role}", message)
    for one in build.find_problems(arm.spec):
        if not one.field.startswith("inputs."):
            yield replace(one, field=f"{where}.{one.field}")


def _inputs(arm: Arm, dataset: Dataset | None, count: int) -> Iterator[Problem]:
    """The inputs of an arm that no column is, else the values that do not fit, of the first `count` rows."""
    if dataset is None:
        return
    try:
        wanted = build.list_program_inputs(arm.spec)
    except SignatureError:
        return  # _program says it
    where = f"arms.{arm.key}.inputs"
    columns = {*dataset.fields("input"), *dataset.fields("reward only")}
    if missing := [name for name in wanted if name not in columns]:
        table = dataset.name or "the table"
        yield Problem(where, f"no column of {table} is the input {', '.join(missing)}")
        return
    for row in islice(dataset.rows, count):
        for name, field in wanted.items():
            if fault := build.find_input_fault(name, field, row.values):
                at = f" ({row.source})" if row.source else ""
                yield Problem(f"{where}.{name}", f"row {row.number}{at}: {fault}")


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
    rows, arms = experiment.count_rows(len(dataset.rows)), len(experiment.arms)
    cells = rows * arms * experiment.repeats
    if cells > MAX_CELLS:
        most = MAX_CELLS // (arms * experiment.repeats)
        runs = f"{rows:,} inputs, {pluralize(arms, 'arm')} and {pluralize(experiment.repeats, 'repeat')} are {cells:,} runs, and {MAX_CELLS:,} is the most"
        lower = "fewer repeats" if rows <= MAX_CELLS // arms else f"at most {most:,} rows"
        yield Problem("repeats" if rows <= MAX_CELLS // arms else "rows", f"{runs}: choose {lower}")
