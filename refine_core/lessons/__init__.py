"""Lessons: one claim each, predicted, run on real programs, compared and checked. Data in assets/lessons, one folder a lesson.

    list_lessons() -> Lesson…                                  find_lesson("02-best-of-n")        list_broken(): why others cannot be read
    build_experiment(lesson, store) -> Experiment              refine_core.experiments runs it, as ever
    take_measures(lesson, snapshot) -> values                  fill_text(lesson, "Compare", values) -> Markdown
    compare_prediction(lesson.prediction, guess, values) -> Gap   list_points(lesson, snapshot, values): the same as a picture has it
    judge_answer(lesson, answer, values) -> Judgement          show_answer(lesson, values)
    check_lesson(folder) -> Report                             whether its numbers come out and its claims hold
    keep_progress(store, learner, lesson.name, step="run")     read_progress, list_progress, reset_progress
    open_room(store, lesson.name) -> Room                      keep_guess, change_hands, close_guesses, read_guesses: a class guesses

document      what a lesson is                        reading, fields, consistency   its folder, with every problem by file and place
library       which there are                         expressions, texts, names      numbers in texts
settings      what is known before a run              expected                       what came out when it was checked
running       its experiment                          measures/, taking              figures off recorded runs
comparing     a prediction and what came out; points   judging/, trying               the task at the end
checking      whether a lesson tells the truth        progress                       how far a learner is
rooms         a class that guesses                    room_summary, room_table       how it did
"""

from refine_core.errors import LessonError, RoomError
from refine_core.lessons.checking import Report, check_lesson
from refine_core.lessons.comparing import Gap, compare_prediction, format_measured, read_outcome
from refine_core.lessons.document import STEPS, Check, Example, Lesson, Measure, Prediction, Step
from refine_core.lessons.judging import Judgement, Trial, judge_answer, show_answer
from refine_core.lessons.library import find_lesson, list_broken, list_lessons
from refine_core.lessons.points import Point, list_bars, list_choice_bars, list_points, list_theory
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
from refine_core.lessons.room_summary import (
    RoomSummary,
    ask_room,
    format_room_guess,
    read_question,
    read_room_outcome,
    room_x,
    summarize_room,
)
from refine_core.lessons.room_table import LessonTable, list_tables, write_class_csv
from refine_core.lessons.rooms import (
    Question,
    Room,
    change_hands,
    change_question,
    check_room_guess,
    clean_code,
    close_guesses,
    count_guesses,
    end_room,
    is_token,
    keep_guess,
    list_hands,
    list_rooms,
    open_room,
    own_guess,
    read_guesses,
    read_room,
    show_step,
)
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
    "LessonTable",
    "Measure",
    "Point",
    "Prediction",
    "Progress",
    "Question",
    "Report",
    "Room",
    "RoomError",
    "RoomSummary",
    "Step",
    "Trial",
    "ask_room",
    "build_experiment",
    "change_hands",
    "change_question",
    "check_lesson",
    "check_room_guess",
    "clean_code",
    "clean_name",
    "close_guesses",
    "compare_prediction",
    "count_guesses",
    "end_room",
    "fill_text",
    "fill_words",
    "find_lesson",
    "format_measured",
    "format_room_guess",
    "is_token",
    "judge_answer",
    "keep_guess",
    "keep_progress",
    "known_values",
    "list_bars",
    "list_broken",
    "list_choice_bars",
    "list_hands",
    "list_learners",
    "list_lessons",
    "list_points",
    "list_progress",
    "list_rooms",
    "list_tables",
    "list_theory",
    "open_room",
    "own_guess",
    "read_guesses",
    "read_lesson",
    "read_outcome",
    "read_progress",
    "read_question",
    "read_room",
    "read_room_outcome",
    "rename_learner",
    "reset_progress",
    "room_x",
    "show_answer",
    "show_step",
    "summarize_room",
    "take_measures",
    "write_class_csv",
]
