"""The figures of a lesson: its settings and its measures, of runs, or as its test has computed them.

take_measures(lesson, snapshot) -> values        fill_text(lesson, "Compare", values) -> Markdown
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from refine_core import runs
from refine_core.errors import LessonError, Problem
from refine_core.experiments import Snapshot
from refine_core.lessons.document import Lesson
from refine_core.lessons.expected import BEFORE_THE_RUN
from refine_core.lessons.expressions import ExpressionError, Values
from refine_core.lessons.measures import KINDS
from refine_core.lessons.measures.recorded import FindTimeline, Recorded
from refine_core.lessons.names import names_in_text
from refine_core.lessons.running import settings_of
from refine_core.lessons.settings import read_settings
from refine_core.lessons.texts import fill_places


def take_measures(
    lesson: Lesson, snapshot: Snapshot, find_timeline: FindTimeline | None = None
) -> dict[str, Any]:
    """Name -> value of the settings and measures of an experiment that `build_experiment` made, as far as its runs have ended.

    find_timeline: reads a run; None: of the user's data folder. Raises LessonError for a measure that cannot be computed; StoreError;
    WorkerError where one scores outputs with another reward.
    """
    experiment = snapshot.experiment
    rows = experiment.count_rows(len(snapshot.dataset.rows))
    values = read_settings(experiment.arms, rows=rows, repeats=experiment.repeats, seed=experiment.seed)
    find = find_timeline or runs.default().timeline
    recorded = Recorded(snapshot, find, values)
    for name, measure in lesson.measures.items():
        try:
            values[name] = KINDS[measure.kind](recorded, **measure.arguments)
        except (ValueError, KeyError, TypeError) as error:
            raise LessonError(lesson.name, [Problem(f"lesson.json measures.{name}", str(error))]) from error
    return values


def fill_text(lesson: Lesson, heading: str, values: Values | None = None) -> str:
    """The text under a heading as Markdown; "" where there is none. Raises LessonError.

    values: of `take_measures`. Before the run, what its test has computed at the lesson's seed stands for them, and None is enough.
    """
    text = lesson.texts.get(heading, "")
    if values is None or heading in BEFORE_THE_RUN:
        values = known_values(lesson)
    where = f"text.md # {heading}"
    if heading in BEFORE_THE_RUN and (missing := sorted(names_in_text(text) - values.keys())):
        message = (
            f"{missing[0]} is shown before the run, and nothing was computed yet: "
            f"refinescope lesson check {lesson.folder} --write"
        )
        raise LessonError(lesson.name, [Problem(where, message)])
    return fill_words(lesson, where, text, values)


def known_values(lesson: Lesson) -> Mapping[str, Any]:
    """What may be said before the run: settings, and the measures at the lesson's seed as its test has computed them."""
    return {**settings_of(lesson), **lesson.expected}


def fill_words(lesson: Lesson, where: str, text: str, values: Values) -> str:
    """A text of a lesson with its numbers. where: its file and place. Raises LessonError."""
    try:
        return fill_places(text, values)
    except ExpressionError as error:
        raise LessonError(lesson.name, [Problem(where, str(error))]) from None
