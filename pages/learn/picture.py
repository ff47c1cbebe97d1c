"""A lesson's prediction as a picture: the guess, and over it what has come out so far.

build_picture(visit, is_open=…) -> Picture        to_kept(lesson, guess), to_shown(lesson, kept): a guess as it is kept and as it is drawn
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import streamlit as st

from pages.learn.visit import Visit
from pages.shared.guess import Picture, Value, read_axis, read_points, read_theory
from pages.shared.lesson_values import take_values
from refine_core import lessons
from refine_core.experiments import Snapshot
from refine_core.lessons import Gap, Lesson, LessonError

RESETS: Final = "learn.resets"
"""How often progress was reset, so that no old guess comes back from the browser."""
MAX_BARS: Final = 8
"""Of a histogram: of more answers, the rare ones are one bar together."""
_BARS: Final = "learn.bars"


def build_picture(visit: Visit, *, is_open: bool = False, shows_outcome: bool = True) -> Picture:
    """The picture of this visit. is_open: whether the guess can be drawn. shows_outcome: of the learner's runs, as far as they have ended."""
    lesson, prediction = visit.lesson, visit.lesson.prediction
    known = lessons.known_values(lesson)
    snapshot = visit.snapshot if shows_outcome else None
    values = _values_so_far(visit, snapshot)
    running = snapshot is not None and snapshot.state != "finished"
    given = read_given(lesson, known)
    is_early = running and prediction.kind == "choice"  # a leader before the end would be read as a result
    points = (
        read_points(lesson, snapshot, values, partial=running)
        if snapshot is not None and values and not is_early
        else ()
    )
    gap = compare(visit) if not running and points else None
    choice_bars = lessons.list_choice_bars(prediction, values) if values and points else ()
    first = next((one for one in given if one is not None), None)
    return Picture(
        which=f"{visit.learner}/{lesson.name}/{st.session_state.get(RESETS, 0)}",
        kind=prediction.kind,
        label=f"Your guess: {lesson.predicts if prediction.kind == 'choice' else prediction.axis or lesson.predicts}",
        axis=read_axis(prediction, titled=prediction.kind != "choice" or bool(choice_bars)),
        x=prediction.x,
        x_title=prediction.x_axis,
        given=given,
        given_words=""
        if first is None
        else f"given: {lessons.format_measured(first, prediction)} {prediction.unit}".rstrip(),
        choices=prediction.choices,
        choice_bars=choice_bars,
        guess=to_shown(lesson, visit.progress.guess),
        is_open=is_open,
        outcome=points,
        running=running,
        theory=read_theory(lesson, values) if values and not running else None,
        gap=_largest(lesson, gap),
        bars=_bars(lesson, snapshot) if snapshot is not None and not running else (),
    )


def compare(visit: Visit) -> Gap | None:
    """The learner's guess beside what came out; None without either."""
    guess = visit.progress.curve if visit.lesson.prediction.kind == "curve" else visit.progress.guess
    if visit.values is None or guess is None or guess == {}:
        return None
    return lessons.compare_prediction(visit.lesson.prediction, guess, visit.values)


def read_given(lesson: Lesson, values: Mapping[str, Any]) -> tuple[float | None, ...]:
    """The points that are shown from the start, by x."""
    prediction = lesson.prediction
    outcome = lessons.read_outcome(prediction, values) if prediction.given else None
    return tuple((outcome or {}).get(x) if x in prediction.given else None for x in prediction.x)


def to_kept(lesson: Lesson, guess: Value | None) -> Any:
    """A guess as it is kept: of a curve x -> y, without what is not drawn."""
    if not isinstance(guess, tuple):
        return guess
    given = lesson.prediction.given
    pairs = zip(lesson.prediction.x, guess, strict=True)
    return {x: y for x, y in pairs if y is not None and x not in given} or None


def to_shown(lesson: Lesson, kept: Any) -> Value | None:
    """The same as it is drawn; None where it is of another kind."""
    if lesson.prediction.kind != "curve":
        return kept if isinstance(kept, int | float) else None
    if not isinstance(kept, Mapping):
        return None
    points = {float(x): y for x, y in kept.items()}
    given = read_given(lesson, lessons.known_values(lesson))
    pairs = zip(lesson.prediction.x, given, strict=True)
    return tuple(points.get(float(x)) if known is None else known for x, known in pairs)


def _values_so_far(visit: Visit, snapshot: Snapshot | None) -> Mapping[str, Any] | None:
    if snapshot is None or visit.values is not None:
        return visit.values if snapshot is not None else None
    try:
        return take_values(visit.lesson, snapshot)
    except LessonError:  # what cannot be computed of so few runs comes with the others
        return None


def _bars(lesson: Lesson, snapshot: Snapshot) -> tuple[tuple[str, float], ...]:
    """The histogram, read off the runs once."""
    known: dict[str, tuple[tuple[str, float], ...]] = st.session_state.setdefault(_BARS, {})
    key = snapshot.experiment.id
    if key not in known:
        known[key] = join_rare(lessons.list_bars(lesson, snapshot))
    return known[key]


def join_rare(bars: Sequence[tuple[str, int]]) -> tuple[tuple[str, float], ...]:
    """As many as can be drawn; the others together, so that none is left out."""
    if len(bars) <= MAX_BARS:
        return tuple(bars)
    shown, rare = bars[: MAX_BARS - 1], bars[MAX_BARS - 1 :]
    return (*shown, (f"{len(rare)} other answers together", sum(count for _, count in rare)))


def _largest(lesson: Lesson, gap: Gap | None) -> tuple[int, str] | None:
    if gap is None or not gap.by_x:
        return None
    x = max(gap.by_x, key=lambda one: (abs(gap.by_x[one]), -one))
    size = abs(gap.by_x[x])
    unit = " points" if lesson.prediction.unit == "%" else ""  # another one stands in the axis's title
    return lesson.prediction.x.index(x), f"{lessons.format_measured(size, lesson.prediction)}{unit}"
