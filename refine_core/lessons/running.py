"""A lesson's experiment: ordinary runs, under a mark that keeps them off the pages Batch and Runs.

build_experiment(lesson, store) -> Experiment --refine_core.experiments.start--> id
"""

from __future__ import annotations

import json
import time
from dataclasses import replace
from functools import lru_cache

from refine_core import datasets, practice
from refine_core.datasets import Column, Dataset, Table
from refine_core.datasets.checking import RowReader
from refine_core.errors import LessonError, Problem, RefineError
from refine_core.experiments import Arm, Experiment, new_experiment_id
from refine_core.lessons.document import Lesson
from refine_core.lessons.library import is_built_in
from refine_core.lessons.settings import read_settings
from refine_core.spec import ModelSpec, ProgramSpec
from refine_core.store.protocol import Store


def build_experiment(
    lesson: Lesson, store: Store, seed: int | None = None, model: ModelSpec | None = None
) -> Experiment:
    """The experiment of a lesson, whose table is kept in the store; it is not started.

    seed: of the first repeat; None: the lesson's own. model: asked in place of the practice model, at the temperatures of the lesson.
    Raises LessonError for a table that the program cannot have; StoreError.
    """
    document = lesson.experiment
    _teach_practice_model(lesson)
    dataset = keep_dataset(lesson, store)
    arms = document.arms if model is None else tuple(_on_model(arm, model) for arm in document.arms)
    return Experiment(
        new_experiment_id(),
        lesson.title,
        time.time(),
        dataset.id,
        dataset.version,
        arms,
        document.rows,
        document.repeats,
        document.seed if seed is None else seed,
        document.budget,
        document.rate_limits,
        lesson=lesson.name,
    )


def _teach_practice_model(lesson: Lesson) -> None:
    """Have the practice model know the lesson's weights; those that come with the app it knows, if they can be read. Raises LessonError."""
    try:
        if not is_built_in(lesson):
            practice.learn(lesson.folder)
        elif (file := lesson.folder / practice.FILE).exists():
            practice.read_weights(file)
    except practice.WeightsError as error:
        raise LessonError(lesson.name, [Problem(practice.FILE, str(error))]) from None


def keep_dataset(lesson: Lesson, store: Store) -> Dataset:
    """The table of a lesson, in the store; lists of datasets leave it out. Raises LessonError, StoreError."""
    table = open_table(lesson)
    spec = lesson.experiment.arms[0].spec
    columns = _list_columns(lesson, table, spec)
    check = datasets.check_table(table, columns, spec)
    problems = [*check.blocking, *check.problems]
    if problems or not check.good:
        raise LessonError(
            lesson.name, [Problem("experiment.json dataset", str(one)) for one in problems] or [_empty()]
        )
    return datasets.keep(store, table, columns, is_hidden=True)


def open_table(lesson: Lesson) -> Table:
    """The table of a lesson. Raises LessonError."""
    said = lesson.experiment.dataset
    assert said is not None  # noqa: S101  # read_lesson takes no lesson without one
    try:
        if said.file is not None:
            return _open_file(said.file, said.file.stat().st_mtime_ns)
        text = json.dumps([dict(row) for row in said.rows], ensure_ascii=False)
        return datasets.open_table(text, name=said.name or lesson.title)
    except (RefineError, OSError) as error:
        raise LessonError(lesson.name, [Problem("experiment.json dataset", str(error))]) from None


def read_row(lesson: Lesson, number: int) -> dict[str, object]:
    """The values of a row of a lesson's table, from 1, as a run gets them. Raises LessonError."""
    table = open_table(lesson)
    if not 1 <= number <= len(table):
        raise LessonError(
            lesson.name, [Problem("lesson.json example.row", f"the table has {len(table)} rows")]
        )
    columns = _list_columns(lesson, table, lesson.experiment.arms[0].spec)
    return RowReader(columns).read(table.records[number - 1])[0]


def settings_of(lesson: Lesson) -> dict[str, object]:
    """What is known before a run: see refine_core.lessons.settings. Raises LessonError."""
    document = lesson.experiment
    rows = len(open_table(lesson))
    if document.rows is not None:
        rows = min(rows, document.rows)
    return read_settings(document.arms, rows=rows, repeats=document.repeats, seed=document.seed)


def _list_columns(lesson: Lesson, table: Table, spec: ProgramSpec) -> tuple[Column, ...]:
    """What each column is: as the document says, else as it is guessed."""
    said = {
        column.name: column
        for column in (lesson.experiment.dataset.columns if lesson.experiment.dataset else ())
    }
    inputs = datasets.list_inputs(spec)
    chosen = []
    for guess in datasets.suggest_columns(table, spec):
        name = guess.column.name
        told = said.get(name)
        if told is None:
            chosen.append(guess.column)
        elif told.role == "left out":
            chosen.append(replace(guess.column, role="left out"))
        elif told.role == "input" and (told.field or name) in inputs:
            chosen.append(datasets.input_column(name, inputs[told.field or name]))
        else:
            column = datasets.reward_column(name, spec.reward, inputs)
            chosen.append(replace(column, field=told.field or name))
    return tuple(chosen)


def _on_model(arm: Arm, model: ModelSpec) -> Arm:
    """The arm on another model, at the temperature that the lesson asks for where that model takes one."""
    spec = arm.spec

    def swap(old: ModelSpec) -> ModelSpec:
        temperature = old.temperature if model.temperature is not None else None
        return replace(model, temperature=temperature, max_tokens=model.max_tokens or old.max_tokens)

    return replace(
        arm,
        spec=replace(
            spec,
            model=swap(spec.model),
            adviser=None if spec.adviser is None else swap(spec.adviser),
            judge=None if spec.judge is None else swap(spec.judge),
        ),
    )


def _empty() -> Problem:
    return Problem("experiment.json dataset", "it has no row that can be run")


@lru_cache(maxsize=32)
def _open_file(path: object, _changed_at: int) -> Table:
    return datasets.open_table(path)  # type: ignore[arg-type]  # a Path
