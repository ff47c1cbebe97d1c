"""What a class has before it: where it is, its lesson, its runs, and the figures read off them.

open_scene(code) -> Scene        a new one after each change
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pages.shared.lesson_values import take_values
from refine_core import experiments, lessons, runs
from refine_core.experiments import Snapshot
from refine_core.lessons import Lesson, Room, RoomError


@dataclass(frozen=True, slots=True)
class Scene:
    """snapshot: of the class's runs; None before they were begun, and once they were deleted. values: their figures, once all have ended."""

    room: Room
    lesson: Lesson
    snapshot: Snapshot | None
    values: Mapping[str, Any] | None

    @property
    def is_revealed(self) -> bool:
        """Whether what came out is known."""
        return self.values is not None and self.room.question.outcome is not None

    @property
    def following(self) -> Lesson | None:
        """The next lesson; None after the last one."""
        found = lessons.list_lessons()
        after = [one.name for one in found].index(self.lesson.name) + 1
        return found[after] if after < len(found) else None

    def show(self, step: lessons.Step, *, shows_more: bool = False) -> None:
        """Have the class look at this step. Raises RoomError, StoreError."""
        lessons.show_step(runs.default().store, self.room.code, self.room.lesson, step, shows_more=shows_more)

    def read_guesses(self) -> list[float] | None:
        """Those that were sent; None before guessing is closed."""
        if not self.room.question.is_closed:
            return None
        return lessons.read_guesses(runs.default().store, self.room.code, self.lesson.name)

    def count_guesses(self) -> int:
        """How many were sent."""
        return lessons.count_guesses(runs.default().store, self.room.code, self.lesson.name)


def open_scene(code: str) -> Scene:
    """What is known of a class. Raises RoomError, LessonError, StoreError."""
    room = lessons.read_room(runs.default().store, code)
    if room is None:
        raise RoomError(f"There is no class {code} any more.")
    lesson = lessons.find_lesson(room.lesson)
    if lesson is None:
        raise RoomError(f"The lesson {room.lesson} of this class is not on this machine any more.")
    snapshot = experiments.get(room.question.experiment) if room.question.experiment else None
    values = take_values(lesson, snapshot) if snapshot is not None and snapshot.state == "finished" else None
    return Scene(room, lesson, snapshot, values)
