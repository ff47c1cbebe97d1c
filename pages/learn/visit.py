"""A learner in a lesson: what is kept of it, the learner's own runs, and the figures read off them.

open_visit(lesson, learner) -> Visit        visit.keep(step="run", …) writes        visit.start() runs the lesson's experiment, once
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import streamlit as st

from pages.learn import links
from pages.shared.lesson_values import take_values
from refine_core import experiments, lessons, runs
from refine_core.experiments import Snapshot
from refine_core.formatting import pluralize
from refine_core.lessons import Lesson, Progress

_CLOCK: Final = "learn.clock"
_REST_S: Final = 120.0  # between two looks at a lesson, beyond which the learner was elsewhere
_WRITE_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Visit:
    """snapshot: of the learner's own runs; None before they were begun. values: their figures, once all have ended.

    is_other_model: whether they are the runs on another model that the address names, in place of the learner's own.
    """

    lesson: Lesson
    learner: str
    progress: Progress
    snapshot: Snapshot | None
    values: Mapping[str, Any] | None
    is_other_model: bool = False

    @property
    def is_finished(self) -> bool:
        """Whether all runs have ended."""
        return self.snapshot is not None and self.snapshot.state == "finished"

    @property
    def size(self) -> str:
        """How many runs it takes: "50 runs"."""
        experiment = self.lesson.experiment
        known = lessons.known_values(self.lesson)
        return pluralize(known["rows"] * known["repeats"] * len(experiment.arms), "run")

    def keep(self, **changes: Any) -> Progress:
        """Keep what has changed, with the time that was spent; all that is kept now. Raises StoreError."""
        keep_time(self.lesson.name, self.learner)
        return lessons.keep_progress(runs.default().store, self.learner, self.lesson.name, **changes)

    def start(self) -> None:
        """Run the lesson's experiment in the background, unless this learner has run it. Raises LessonError, SpecError, StoreError."""
        store = runs.default().store
        latest = lessons.read_progress(store, self.learner, self.lesson.name)
        if latest.experiment and experiments.get(latest.experiment) is not None:
            return
        experiment = lessons.build_experiment(self.lesson, store)
        self.keep(step="run", experiment=experiment.id)
        experiments.start(experiment)


def open_visit(lesson: Lesson, learner: str) -> Visit:
    """What is known of this learner in this lesson. Raises LessonError, StoreError."""
    progress = lessons.read_progress(runs.default().store, learner, lesson.name)
    other = _find_other(lesson)
    own = experiments.get(progress.experiment) if progress.experiment else None
    snapshot = other or own
    values = take_values(lesson, snapshot) if snapshot is not None and snapshot.state == "finished" else None
    return Visit(lesson, learner, progress, snapshot, values, is_other_model=other is not None)


def _find_other(lesson: Lesson) -> Snapshot | None:
    """The runs on another model that the address names, if they are of this lesson. Anybody can type it."""
    named = links.named_runs()
    found = experiments.get(named) if named else None
    return found if found is not None and found.experiment.lesson == lesson.name else None


def keep_time(lesson: str, learner: str) -> None:
    """Add the seconds since the last look at this lesson to those that the learner has spent in it."""
    now = time.monotonic()
    before: tuple[str, str, float] | None = st.session_state.get(_CLOCK)
    if before is None or before[:2] != (lesson, learner) or now - before[2] > _REST_S:
        st.session_state[_CLOCK] = (lesson, learner, now)
        return
    spent = now - before[2]
    if spent < _WRITE_S:
        return
    st.session_state[_CLOCK] = (lesson, learner, now)
    store = runs.default().store
    seconds = lessons.read_progress(store, learner, lesson).seconds
    lessons.keep_progress(store, learner, lesson, seconds=seconds + spent)
