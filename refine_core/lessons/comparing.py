"""A prediction beside what came out, and the gap in a sentence.

compare_prediction(prediction, guess, values) -> Gap("You were low by 19 points on average, most at N = 4: 58 against 92.", …)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from refine_core.formatting import format_number
from refine_core.lessons.document import Prediction
from refine_core.lessons.expressions import Values, evaluate

Guess = float | int | Mapping[float, float]
"""A number, the index of a choice from 0, or x -> y."""


@dataclass(frozen=True, slots=True)
class Gap:
    """How far a guess was from what came out, in the guess's own unit.

    sentence: for the reader. outcome: a number, an index, or x -> y; None where nothing was measured. difference: outcome less guess, of a
    curve its mean; of a choice None. by_x: the same at each point of a curve. is_near: whether the guess counts as right.
    """

    sentence: str
    outcome: Any
    difference: float | None = None
    by_x: Mapping[float, float] = field(default_factory=dict)
    is_near: bool = False


def compare_prediction(prediction: Prediction, guess: Guess, values: Values) -> Gap:
    """The guess beside the measure. Raises ExpressionError where the measure is not there, ValueError for a guess of another kind."""
    measured = read_outcome(prediction, values)
    if measured is None:
        return Gap("Nothing was measured, so there is nothing to compare your guess with.", None)
    if prediction.kind == "curve":
        if not isinstance(guess, Mapping) or not isinstance(measured, Mapping):
            raise ValueError("a curve is guessed as x -> y")
        return _compare_curves(prediction, guess, measured)
    if isinstance(guess, Mapping) or isinstance(measured, Mapping):
        raise ValueError("a number or a choice is guessed as one number")  # noqa: TRY004  # as above
    return (_compare_choices if prediction.kind == "choice" else _compare_numbers)(
        prediction, guess, measured
    )


def read_outcome(prediction: Prediction, values: Values, expression: str | None = None) -> Any:
    """What the prediction is a guess of, in the guess's unit: a number, an index, or {x: y} at the points that are guessed."""
    measured = evaluate(prediction.measure if expression is None else expression, values)
    if prediction.kind != "curve":
        return measured if measured is None or prediction.kind == "choice" else measured * prediction.scale
    if not isinstance(measured, Mapping):
        return None
    points = {x: measured.get(x) for x in prediction.x}
    known = {x: y * prediction.scale for x, y in points.items() if y is not None}
    return known or None


def _compare_numbers(prediction: Prediction, guess: float, measured: float) -> Gap:
    difference = measured - guess
    said, came = format_guess(guess, prediction), format_guess(measured, prediction)
    if said == came:
        return Gap(f"You said {said}, and that is what came out.", measured, difference, is_near=True)
    size = format_size(difference, prediction)
    way = "low" if difference > 0 else "high"
    is_near = is_within(difference, prediction.near)
    close = "Close: you" if is_near else "You"
    if prediction.unit != "%":  # a word is said once
        came = format_measured(measured, prediction)
    return Gap(
        f"{close} said {said} and {came} came out, so you were {way} by {size}.",
        measured,
        difference,
        is_near=is_near,
    )


def _compare_choices(prediction: Prediction, guess: float, measured: float) -> Gap:
    came = prediction.choices[int(measured)]
    if int(guess) == int(measured):
        return Gap(f"You said “{came}”, and that is what came out.", int(measured), is_near=True)
    return Gap(f"You said “{prediction.choices[int(guess)]}”. What came out is “{came}”.", int(measured))


def _compare_curves(
    prediction: Prediction, guess: Mapping[float, float], measured: Mapping[float, float]
) -> Gap:
    by_x = {x: measured[x] - guess[x] for x in measured if x in guess and x not in prediction.given}
    if not by_x:
        return Gap("You drew no point that can be compared.", measured)
    mean = sum(by_x.values()) / len(by_x)
    size = sum(map(abs, by_x.values())) / len(by_x)
    worst = max(by_x, key=lambda x: (abs(by_x[x]), -x))
    if is_within(by_x[worst], max(prediction.near, prediction.step / 2)):
        sentence = f"You were within {format_size(by_x[worst], prediction)} everywhere."
        return Gap(sentence, measured, mean, by_x, is_near=True)
    at = (
        f"most at {prediction.x_axis.partition(',')[0] or 'x'}\u00a0=\u00a0{format_number(worst)}: "
        f"{format_measured(guess[worst], prediction)} against {format_measured(measured[worst], prediction)}"
    )
    one_way = all(one >= 0 for one in by_x.values()) or all(one <= 0 for one in by_x.values())
    if one_way:
        sentence = (
            f"You were {'low' if mean > 0 else 'high'} by {format_size(mean, prediction)} on average, {at}."
        )
    else:
        sentence = f"You were off by {format_size(size, prediction)} on average, too high in some places and too low in others, {at}."
    return Gap(sentence, measured, mean, by_x, is_near=is_within(size, prediction.near))


def format_measured(value: float, prediction: Prediction) -> str:
    """A number as the axis of the prediction has it, without its unit: as many decimals as its step."""
    step = prediction.step
    decimals = 0 if float(step).is_integer() else min(4, len(f"{step:.4f}".rstrip("0").partition(".")[2]))
    return f"{value:,.{decimals}f}".replace("-", "\N{MINUS SIGN}")


def is_within(difference: float, reach: float) -> bool:
    """Whether a difference is no larger than `reach`; 5.000000000000007 points are 5, as they are shown."""
    return abs(difference) <= reach + 1e-9


def format_guess(value: float, prediction: Prediction) -> str:
    """A number of the axis with its unit: "60 %"."""
    return f"{format_measured(value, prediction)}\N{NO-BREAK SPACE}{prediction.unit}".rstrip()


def format_size(difference: float, prediction: Prediction) -> str:
    """How large a difference is: points of a share in percent, else in the unit."""
    text = format_measured(abs(difference), prediction)
    if prediction.unit == "%":
        return f"{text} {'point' if text == '1' else 'points'}"
    return f"{text}\N{NO-BREAK SPACE}{prediction.unit}" if prediction.unit else text
