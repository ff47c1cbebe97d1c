"""What becomes of an answer, and the sentences that a lesson has for wrong ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from refine_core.errors import LessonError, Problem
from refine_core.lessons.document import Lesson
from refine_core.lessons.expressions import ExpressionError, Values, evaluate
from refine_core.lessons.taking import fill_words
from refine_core.rewards.shapes import Recognized
from refine_core.rows import Row


@dataclass(frozen=True, slots=True)
class Trial:
    """An output that a reward did not score as wanted. name: what it is called. wanted, got: in words, such as "≥ 0.95" and "0.33"."""

    name: str
    reward: Recognized
    row: Row
    wanted: str
    got: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """passed: whether the answer is right. reason: Markdown where it is not, which says what is wrong; "" where it is right.

    trials: what was not scored as wanted, for a look at why; without what a lesson keeps hidden. experiment_id: of code that was run, its
    runs; "" where it was not. line, error: of code, where its error is, from 1, and what it is, as plain text.
    """

    passed: bool
    reason: str = ""
    trials: tuple[Trial, ...] = ()
    experiment_id: str = ""
    line: int | None = None
    error: str = ""


def compute(lesson: Lesson, name: str, values: Values, expression: str | None = None) -> Any:
    """An expression of the check by the name of its field; None where there is none. Raises LessonError."""
    text: str = getattr(lesson.check, name) if expression is None else expression
    if not text:
        return None
    try:
        return evaluate(text, values)
    except ExpressionError as error:
        raise LessonError(lesson.name, [Problem(f"lesson.json check.{name}", str(error))]) from None


def explain(lesson: Lesson, values: Values, otherwise: str = "That is not right yet.") -> str:
    """What is said to a wrong answer: the first of the lesson's sentences whose condition holds. Raises LessonError."""
    for place, (condition, sentence) in enumerate(lesson.check.wrong):
        if not condition or compute(lesson, f"wrong[{place}]", values, condition):
            return fill_words(lesson, f"lesson.json check.wrong[{place}]", sentence, values)
    return otherwise
