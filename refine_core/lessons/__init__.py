"""Lessons: one claim each, predicted, run on real programs, compared and checked. Data in assets/lessons, one folder a lesson.

    list_lessons() -> Lesson…                                  find_lesson("02-best-of-n")        list_broken(): why others cannot be read
    build_experiment(lesson, store) -> Experiment              refine_core.experiments runs it, as ever
    take_measures(lesson, snapshot) -> values                  fill_text(lesson, "Compare", values) -> Markdown
    compare_prediction(lesson.prediction, guess, values) -> Gap   list_points(lesson, snapshot, values): the same as a picture has it
    judge_answer(lesson, answer, values) -> Judgement          show_answer(lesson, values)
    check_lesson(folder) -> Report                             whether its numbers come out and its claims hold
    keep_progress(store, learner, lesson.name, step="run")     read_progress, list_progress, reset_progress

document      what a lesson is                        reading, fields, consistency   its folder, with every problem by file and place
library       which there are                         expressions, texts, names      numbers in texts
settings      what is known before a run              expected                       what came out when it was checked
running       its experiment                          measures/, taking              figures off recorded runs
comparing     a prediction and what came out; points   judging/, trying               the task at the end
checking      whether a lesson tells the truth        progress                       how far a learner is
"""

from refine_core.errors import LessonError
from refine_core.lessons.checking import Report, check_lesson
from refine_core.lessons.comparing import Gap, compare_prediction, format_measured, read_outcome
from refine_core.lessons.document import STEPS, Check, Example, Lesson, Measure, Prediction, Step
from refine_core.lessons.judging import Judgement, judge_answer, show_answer
from refine_core.lessons.library import find_lesson, list_broken, list_lessons
from refine_core.lessons.points import Point, list_bars, list_points, list_theory
from refine_core.lessons.progress import (
    Progress,
    clean_name,
    keep_progress,
    list_learners,
    list_progress,
    read_progress,
    rename_learner,
    reset_progress,
)
from refine_core.lessons.reading import read_lesson
from refine_core.lessons.running import build_experiment
from refine_core.lessons.taking import fill_text, fill_words, known_values, take_measures

__all__ = [
    "STEPS",
    "Check",
    "Example",
    "Gap",
    "Judgement",
    "Lesson",
    "LessonError",
    "Measure",
    "Point",
    "Prediction",
    "Progress",
    "Report",
    "Step",
    "build_experiment",
    "check_lesson",
    "clean_name",
    "compare_prediction",
    "fill_text",
    "fill_words",
    "find_lesson",
    "format_measured",
    "judge_answer",
    "keep_progress",
    "known_values",
    "list_bars",
    "list_broken",
    "list_learners",
    "list_lessons",
    "list_points",
    "list_progress",
    "list_theory",
    "read_lesson",
    "read_outcome",
    "read_progress",
    "rename_learner",
    "reset_progress",
    "show_answer",
    "take_measures",
]
