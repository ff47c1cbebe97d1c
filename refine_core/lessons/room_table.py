"""What classes predicted and how learners did in the checks, by lesson, without names, codes or tokens: a table, and the same as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from refine_core.lessons.document import Lesson
from refine_core.lessons.progress import Progress, list_learners, list_progress
from refine_core.lessons.room_summary import RoomSummary, ask_room, format_room_guess, summarize_room
from refine_core.lessons.rooms import Question, list_hands, list_rooms, read_guesses
from refine_core.rows.formats.attempts import defuse
from refine_core.store.protocol import Store

COLUMNS: Final = (
    "lesson", "kind", "class", "value", "value_text", "outcome", "right", "passed", "tries", "hints", "shown",
)  # fmt: skip
_MARK: Final = "\N{ZERO WIDTH NO-BREAK SPACE}"  # which Excel needs to read UTF-8


@dataclass(frozen=True, slots=True)
class AskedClass:
    """A question that was closed. number: of the class, from 1, the oldest first. typed, hands: one value a guess, by size."""

    number: int
    question: Question
    typed: Sequence[float]
    hands: Sequence[float]
    summary: RoomSummary


@dataclass(frozen=True, slots=True)
class LessonTable:
    """A lesson: the classes that guessed, and every learner's check that was tried or shown."""

    lesson: Lesson
    classes: Sequence[AskedClass]
    checks: Sequence[Progress]


def list_tables(store: Store, lessons: Sequence[Lesson]) -> list[LessonTable]:
    """One for each lesson; what is still open for guesses is left out. Raises StoreError."""
    rooms = list(enumerate(reversed(list_rooms(store)), 1))
    checks = _list_checks(store)
    tables = []
    for lesson in lessons:
        asked = []
        for number, room in rooms:
            question = room.questions.get(lesson.name)
            if question is None or not question.is_closed:
                continue
            typed, hands = read_guesses(store, room.code, lesson.name), list_hands(question)
            summary = summarize_room(ask_room(lesson.prediction), [*typed, *hands], question.outcome)
            asked.append(AskedClass(number, question, typed, hands, summary))
        tables.append(LessonTable(lesson, asked, checks.get(lesson.name, [])))
    return tables


def write_class_csv(tables: Sequence[LessonTable]) -> str:
    """A line for each guess, hand and check. kind: "guess" was sent, "hand" was counted, "check" is a learner's task at the end."""
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_NONNUMERIC)
    writer.writerow(COLUMNS)
    for table in tables:
        name, asked = defuse(table.lesson.name), ask_room(table.lesson.prediction)
        for one in table.classes:
            right = {value: is_right for value, _, is_right in one.summary.counts}
            outcome = "" if one.question.outcome is None else one.question.outcome
            for kind, values in (("guess", one.typed), ("hand", one.hands)):
                for value in values:
                    text = defuse(format_room_guess(asked, value).replace("\N{NO-BREAK SPACE}", " "))
                    hit = "" if outcome == "" else int(right[value])
                    writer.writerow([name, kind, one.number, value, text, outcome, hit, "", "", "", ""])
        for check in table.checks:
            row = [int(check.passed), check.tries, check.hints, int(check.shown)]
            writer.writerow([name, "check", "", "", "", "", "", *row])
    return _MARK + out.getvalue()


def _list_checks(store: Store) -> Mapping[str, list[Progress]]:
    """The checks by lesson, in an order that says nothing of who is who."""
    found: dict[str, list[Progress]] = {}
    for learner in list_learners(store):
        for lesson, progress in list_progress(store, learner).items():
            if progress.tries or progress.is_done:
                found.setdefault(lesson, []).append(progress)
    return {
        lesson: sorted(those, key=lambda one: (not one.passed, one.shown, one.tries, one.hints))
        for lesson, those in found.items()
    }
