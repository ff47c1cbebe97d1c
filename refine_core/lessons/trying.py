"""A learner's reward, run: one arm of the lesson's experiment with that reward in place of its own."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from refine_core import experiments
from refine_core.errors import LessonError, Problem
from refine_core.lessons.document import Lesson
from refine_core.lessons.running import build_experiment
from refine_core.lessons.taking import take_measures

TIMEOUT_S: Final = 60.0


def run_code(
    lesson: Lesson, source: str, known: experiments.Experiments | None = None
) -> tuple[str, dict[str, Any]]:
    """The id of the experiment, and settings and measures of the lesson's check. It is run at the lesson's seed, on the practice model.

    known: where; None: with the user's own experiments.
    Raises LessonError where it does not end in a minute; StoreError.
    """
    check = lesson.check
    known = known or experiments.default()
    whole = build_experiment(lesson, known.runs.store)
    (arm,) = (one for one in whole.arms if check.arm in (one.key, one.name))
    arm = replace(arm, spec=replace(arm.spec, reward=source, reward_name=None))
    experiment_id = known.start(replace(whole, arms=(arm,)))
    try:
        known.join(experiment_id, TIMEOUT_S)
    except TimeoutError:
        known.cancel(experiment_id)
        raise LessonError(
            lesson.name,
            [Problem("lesson.json check", f"the runs with this code took more than {TIMEOUT_S:.0f} seconds")],
        ) from None
    snapshot = known.get(experiment_id)
    assert snapshot is not None  # noqa: S101  # it was started above
    return experiment_id, take_measures(
        replace(lesson, measures=check.measures), snapshot, known.runs.timeline
    )
