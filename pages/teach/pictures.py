"""What is drawn below a slide's sentence, as data for assets/teach: choices with their counts, a chart of the guesses, a curve, hands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pages.shared.guess import Picture, read_axis, read_points, read_theory, to_data
from refine_core import lessons
from refine_core.experiments import Snapshot
from refine_core.formatting import pluralize
from refine_core.lessons import Lesson, Prediction, RoomSummary
from refine_core.unseen import show_unseen


def list_choices(
    asked: Prediction, summary: RoomSummary | None, outcome: float | None
) -> list[tuple[str, int | None, bool]]:
    """(text, how many, whether it came out); how many is None while guessing is open."""
    if asked.kind != "choice":
        return []
    texts = [show_unseen(text) for text in asked.choices]
    if summary is None:
        return [(text, None, False) for text in texts]
    return [
        (text, many, index == outcome)
        for index, (text, (_, many, _)) in enumerate(zip(texts, summary.counts, strict=True))
    ]


def draw_chart(
    asked: Prediction, summary: RoomSummary | None, outcome: float | None, words: str
) -> Mapping[str, Any] | None:
    """The axis; over it, once guessing is closed, a mark for each guess, and what came out. The browser is not sent more."""
    if asked.kind == "choice":
        return None
    ends = [asked.low, asked.high, *([] if outcome is None else [outcome])]
    marks = () if summary is None else summary.counts
    return {
        "title": show_unseen(asked.axis),
        "low": min(ends),
        "high": max(ends),
        "unit": asked.unit,
        "marks": [{"value": value, "count": many, "near": near} for value, many, near in marks],
        "outcome": None
        if outcome is None
        else {"value": outcome, "words": _say_outcome(asked, outcome, words)},
        "middle": None
        if summary is None or summary.middle is None or outcome is None
        else {
            "value": summary.middle,
            "words": f"middle guess {lessons.format_room_guess(asked, summary.middle)}",
            "gap": summary.gap,
        },
        "alt": _describe_marks(asked, summary, outcome, words),
    }


def _say_outcome(asked: Prediction, outcome: float, words: str) -> str:
    value = lessons.format_room_guess(asked, outcome)
    if not words:
        return value
    own = lessons.format_measured(outcome, asked)
    return f"{value}{words.removeprefix(own)}" if words.startswith(own) else f"{value}: {words}"


def _describe_marks(asked: Prediction, summary: RoomSummary | None, outcome: float | None, words: str) -> str:
    if summary is None:
        return f"{asked.axis}. The guesses are hidden until guessing is closed."
    guesses = "; ".join(
        f"{lessons.format_room_guess(asked, value)}: {pluralize(many, 'guess', 'guesses')}"
        for value, many, _ in summary.counts
    )
    came = "" if outcome is None else f" It was {_say_outcome(asked, outcome, words)}."
    return f"{guesses or 'No guesses'}.{came}"


def list_hands(asked: Prediction, hands: Mapping[str, int]) -> Mapping[str, Any]:
    """What the panel for a show of hands offers: every choice, or a number to type; and those that were counted."""
    values = range(len(asked.choices)) if asked.kind == "choice" else sorted(map(float, hands))
    return {
        "kind": asked.kind,
        "low": asked.low,
        "high": asked.high,
        "step": asked.step,
        "unit": asked.unit,
        "counted": [
            {
                "value": value,
                "text": show_unseen(lessons.format_room_guess(asked, value)),
                "count": hands.get(f"{value:g}", 0),
            }
            for value in values
        ],
    }


def draw_curve(lesson: Lesson, snapshot: Snapshot, values: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The whole curve of which the class guessed one point, with its dotted line; None where the prediction is no curve."""
    prediction = lesson.prediction
    if prediction.kind != "curve":
        return None
    picture = Picture(
        which=lesson.name,
        kind="curve",
        label=prediction.axis,
        axis=read_axis(prediction),
        x=prediction.x,
        x_title=prediction.x_axis,
        outcome=read_points(lesson, snapshot, values),
        theory=read_theory(lesson, values),
    )
    return to_data(picture)
