"""How a class did, as data and a sentence or two. Nothing here reads or writes.

ask_room(prediction) -> Prediction           of a curve, one point of it
summarize_room(prediction, guesses, 92.0) -> RoomSummary(("The room was 32 points too low.", "One of 24 came within 5 points."), …)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median_low
from typing import Any, Final

from refine_core.formatting import format_number
from refine_core.lessons.comparing import format_guess, format_measured, format_size, is_within, read_outcome
from refine_core.lessons.document import Lesson, Prediction
from refine_core.lessons.expressions import Values
from refine_core.lessons.taking import fill_text

_NUMBERS: Final = {0: "None", 1: "One"}


@dataclass(frozen=True, slots=True)
class RoomSummary:
    """What a class guessed, beside what came out.

    sentences: for the screen; () before anything came out. middle: of numbers, the guess in the middle; the lower of two. gap: how far
    that is off, in words; "". counts: (value, how many, whether it counts as right), by value; of choices all of them.
    """

    sentences: tuple[str, ...]
    middle: float | None
    gap: str
    counts: tuple[tuple[float, int, bool], ...]


def room_x(prediction: Prediction) -> float | None:
    """The point of a curve that a class is asked about; None for another kind."""
    if prediction.kind != "curve":
        return None
    free = [x for x in prediction.x if x not in prediction.given] or list(prediction.x)
    return prediction.room_x if prediction.room_x is not None else free[len(free) // 2]


def ask_room(prediction: Prediction) -> Prediction:
    """What a class guesses: of a curve a number, the others as they are. Its outcome: `read_room_outcome`."""
    x = room_x(prediction)
    if x is None:
        return prediction
    return replace(
        prediction, kind="number", axis=f"{prediction.axis}, {_say_x(prediction, x)}", x=(), given=()
    )


def read_question(lesson: Lesson) -> str:
    """What a class is asked, as Markdown: its own text, else the one that a learner reads. Raises LessonError."""
    if own := fill_text(lesson, "Room"):
        return own
    x = room_x(lesson.prediction)
    text = fill_text(lesson, "Predict")
    return text if x is None else f"{text}\n\nYour guess: {_say_x(lesson.prediction, x)}."


def read_room_outcome(prediction: Prediction, values: Values) -> float | None:
    """What came out, in the unit of the guess; None where nothing was measured. prediction: the lesson's. Raises ExpressionError."""
    outcome: Any = read_outcome(prediction, values)
    x = room_x(prediction)
    found = outcome if x is None or outcome is None else outcome.get(x)
    return None if found is None else float(found)


def format_room_guess(prediction: Prediction, value: float) -> str:
    """A guess for a reader: "60 %", or the choice."""
    if prediction.kind == "choice":
        return prediction.choices[int(value)]
    return format_guess(value, prediction)


def summarize_room(prediction: Prediction, guesses: Sequence[float], outcome: float | None) -> RoomSummary:
    """How the class did. prediction: of `ask_room`. guesses: those that were sent, and one for each hand."""
    number = Counter(guesses)
    if prediction.kind == "choice":
        values: list[float] = [float(index) for index in range(len(prediction.choices))]
    else:
        values = sorted(number)
    counts = tuple((value, number[value], _is_right(prediction, value, outcome)) for value in values)
    right = sum(many for _, many, is_right in counts if is_right)
    if prediction.kind == "choice":
        said = () if outcome is None else _say_choices(prediction, number, int(outcome))
        return RoomSummary(said, None, "", counts)
    if not guesses:
        said = (
            ()
            if outcome is None
            else ("Nobody guessed.", f"It was {format_room_guess(prediction, outcome)}.")
        )
        return RoomSummary(said, None, "", counts)
    middle = median_low(guesses)
    if outcome is None:
        return RoomSummary((), middle, "", counts)
    gap = format_size(outcome - middle, prediction)
    return RoomSummary(
        (_say_way(prediction, middle, outcome, gap), _say_near(prediction, right, len(guesses))),
        middle,
        gap,
        counts,
    )


def _is_right(prediction: Prediction, value: float, outcome: float | None) -> bool:
    if outcome is None:
        return False
    if prediction.kind == "choice":
        return int(value) == int(outcome)
    return is_within(value - outcome, _reach(prediction))


def _reach(prediction: Prediction) -> float:
    """How near a guess counts as right."""
    return prediction.near or prediction.step / 2


def _say_way(prediction: Prediction, middle: float, outcome: float, gap: str) -> str:
    if format_measured(middle, prediction) == format_measured(outcome, prediction):
        return f"The middle guess was {format_room_guess(prediction, middle)}, and that is what came out."
    return f"The room was {gap} too {'low' if middle < outcome else 'high'}."


def _say_near(prediction: Prediction, right: int, total: int) -> str:
    if prediction.near:
        what = f"came within {format_size(prediction.near, prediction)}"
    else:
        what = f"{'were' if right > 1 else 'was'} exactly right"
    return f"{_NUMBERS.get(right, f'{right:,}')} of {total:,} {what}."


def _say_choices(prediction: Prediction, number: Counter[float], right: int) -> tuple[str, ...]:
    total = number.total()
    came = f"What came out is “{prediction.choices[right]}”."
    if not total:
        return ("Nobody guessed.", came)
    hits = number[float(right)]
    return (f"{_NUMBERS.get(hits, f'{hits:,}')} of {total:,} {'was' if hits == 1 else 'were'} right.", came)


def _say_x(prediction: Prediction, x: float) -> str:
    return f"{prediction.x_axis.partition(',')[0] or 'x'} = {format_number(x)}"
