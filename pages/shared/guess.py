"""A guess, and what happened over it, as data for assets/learn/guess.

draw_guess(picture) -> the guess as it stands        the browser's own while it is open, else the picture's
read_axis, read_points, read_theory                  what a lesson and its runs say for a picture
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

import streamlit as st

from pages.shared.web import GUESS, import_script, read_styles
from refine_core import lessons
from refine_core.experiments import Snapshot
from refine_core.lessons import Lesson, Prediction
from refine_core.unseen import show_unseen

Value = float | int | tuple[float | None, ...]
KEY: Final = "learn.guess"
_component = st.components.v2.component(
    "refinescope.learn.guess", js=import_script(GUESS), css=read_styles(GUESS, root=".guess-root")
)


@dataclass(frozen=True, slots=True)
class Axis:
    """Of a guess. step: of one key. unit: "" or what stands after a number."""

    title: str
    low: float
    high: float
    step: float
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Point:
    """What happened. low, high: its interval, if it has one. words: the same in words. partial: whether more of it is to come."""

    value: float
    low: float | None = None
    high: float | None = None
    words: str = ""
    partial: bool = False


@dataclass(frozen=True, slots=True)
class Picture:
    """Everything that is drawn.

    which: tells one guess from another: the browser keeps what was drawn for it. label: for assistive technology.
    x, x_title: of a curve. given, given_words: points that are shown from the start, None for the others, and what stands at the first.
    choices: of a choice; choice_bars: a small histogram for each, of where a bar stands and its value. is_answer: whether it is the
    answer to a task, not a guess. is_open: whether it can be drawn. outcome: by x; one for the other kinds.
    running: whether points still come. theory: by x, and its name.
    gap: index of the largest, and its words. bars: of a number that is the first bar of a histogram.
    """

    which: str
    kind: Literal["number", "choice", "curve"]
    label: str
    axis: Axis
    x: Sequence[float] = ()
    x_title: str = ""
    given: Sequence[float | None] = ()
    given_words: str = ""
    choices: Sequence[str] = ()
    choice_bars: Sequence[Sequence[tuple[str, float]]] = ()
    is_answer: bool = False
    guess: Value | None = None
    is_open: bool = False
    outcome: Sequence[Point | None] = ()
    running: bool = False
    theory: tuple[Sequence[float | None], str] | None = None
    gap: tuple[int, str] | None = None
    bars: Sequence[tuple[str, float]] = ()


def draw_guess(picture: Picture, key: str = KEY) -> Value | None:
    """Draw it, one for a key. In an AppTest, guess with `at.session_state[KEY] = {"guess": {"which": …, "value": 3, "at": 1}}`."""
    guess = read_guess(picture, key) if picture.is_open else picture.guess
    _component(key=key, data=to_data(picture, guess), on_guess_change=lambda: None, height="content")
    return guess


def to_data(picture: Picture, guess: Value | None = None) -> dict[str, Any]:
    """The picture as assets/learn and assets/shared/curve.js take it, with the guess as it stands."""
    return {
        "which": picture.which,
        "kind": picture.kind,
        "label": show_unseen(picture.label),
        "axis": asdict(picture.axis),
        "x": {"title": show_unseen(picture.x_title), "values": list(picture.x)},
        "given": list(picture.given) or [None] * len(picture.x),
        "given_words": picture.given_words,
        "choices": [show_unseen(text) for text in picture.choices],
        "choice_bars": [list(map(_bar, one)) for one in picture.choice_bars] or None,
        "answer": picture.is_answer,
        "guess": list(guess) if isinstance(guess, tuple) else guess,
        "open": picture.is_open,
        "outcome": [None if one is None else asdict(one) for one in picture.outcome] or None,
        "running": picture.running,
        "theory": _pair(picture.theory, "values", "words"),
        "gap": _pair(picture.gap, "at", "words"),
        "bars": list(map(_bar, picture.bars)) or None,
    }


def read_axis(prediction: Prediction, *, titled: bool = True) -> Axis:
    """The axis of what is guessed."""
    return Axis(
        prediction.axis if titled else "", prediction.low, prediction.high, prediction.step, prediction.unit
    )


def read_points(
    lesson: Lesson, snapshot: Snapshot, values: Mapping[str, Any], *, partial: bool = False
) -> tuple[Point | None, ...]:
    """What happened, as far as runs have ended. Raises ExpressionError."""
    return tuple(
        None if one is None else Point(one.value, one.low, one.high, one.words, partial=partial)
        for one in lessons.list_points(lesson, snapshot, values)
    )


def read_theory(lesson: Lesson, values: Mapping[str, Any]) -> tuple[tuple[float | None, ...], str] | None:
    """The dotted line and its name; None where there is none. Raises ExpressionError."""
    found = lessons.list_theory(lesson, values)
    return (found, lesson.prediction.theory_title) if found else None


def read_guess(picture: Picture, key: str = KEY) -> Value | None:
    """What the browser says of this guess; what it said before, or was kept, where it says nothing. A browser can send anything."""
    state = st.session_state.get(key)
    sent = state.get("guess") if isinstance(state, Mapping) else None
    if not isinstance(sent, Mapping) or sent.get("which") != picture.which:
        return picture.guess
    return check_guess(picture, sent.get("value"))


def check_guess(picture: Picture, value: Any) -> Value | None:
    """The value, if it can be one of this guess; None for anything else."""
    if picture.kind == "curve":
        if not isinstance(value, list) or len(value) != len(picture.x):
            return None
        given = tuple(picture.given) or (None,) * len(picture.x)
        return tuple(
            known if known is not None else _clamp(picture.axis, one)
            for known, one in zip(given, value, strict=True)
        )
    if picture.kind == "choice":
        is_index = isinstance(value, int) and not isinstance(value, bool)
        return value if is_index and 0 <= value < len(picture.choices) else None
    return _clamp(picture.axis, value)


def count_left(picture: Picture, guess: Value | None) -> int:
    """How many points, or how much else, is still to be guessed."""
    if picture.kind != "curve":
        return int(guess is None)
    given = sum(one is not None for one in picture.given)
    known = sum(one is not None for one in guess) if isinstance(guess, tuple) else given
    return len(picture.x) - known


def _clamp(axis: Axis, value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return min(axis.high, max(axis.low, value))


def _bar(bar: tuple[str, float]) -> dict[str, Any]:
    text, value = bar
    return {"text": show_unseen(text), "value": value}


def _pair(pair: tuple[Any, str] | tuple[int, str] | None, first: str, second: str) -> dict[str, Any] | None:
    if pair is None:
        return None
    one, words = pair
    return {first: list(one) if isinstance(one, Sequence) else one, second: words}
