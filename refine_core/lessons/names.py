"""Which measures and settings the texts and expressions of a lesson name."""

from __future__ import annotations

from refine_core.lessons.document import Check, Lesson
from refine_core.lessons.expressions import parse
from refine_core.lessons.texts import list_places


def names_in_text(text: str) -> set[str]:
    """The measures and settings that a text names. Raises ExpressionError."""
    return {name for place in list_places(text) for name in place.expression.names}


def names_in_expression(text: str) -> set[str]:
    """Those of one expression. Raises ExpressionError."""
    return set(parse(text).names)


def list_check_texts(check: Check) -> list[tuple[str, str]]:
    """The sentences of a check that may hold expressions, with their places. Code does not."""
    found = [(f"wrong[{i}]", text) for i, (_, text) in enumerate(check.wrong)]
    found += [(f"hints[{i}]", text) for i, text in enumerate(check.hints)]
    found += [(f"choices[{i}]", text) for i, text in enumerate(check.choices)]
    if check.kind in ("number", "choice"):
        found.append(("solution", check.solution))
    return found


def list_plain_texts(lesson: Lesson) -> list[tuple[str, str]]:
    """The words of lesson.json that hold no expressions, with their places."""
    prediction = lesson.prediction
    found = [("title", lesson.title), ("predicts", lesson.predicts)]
    found += [(f"prediction.{name}", getattr(prediction, name)) for name in ("unit", "axis", "x_axis")]
    return found + [(f"prediction.choices[{i}]", text) for i, text in enumerate(prediction.choices)]


def list_expressions(lesson: Lesson) -> list[tuple[str, str]]:
    """The expressions of lesson.json outside of texts, with their places."""
    check, prediction = lesson.check, lesson.prediction
    found = [("prediction.measure", prediction.measure), ("prediction.theory", prediction.theory)]
    found += [(f"prediction.bars[{i}]", curve) for i, curve in enumerate(prediction.bars)]
    found += [(f"check.bars[{i}]", curve) for i, curve in enumerate(check.bars)]
    found += [("check.low", check.low), ("check.high", check.high), ("check.right", check.right)]
    found += [(f"check.wrong[{i}]", condition) for i, (condition, _) in enumerate(check.wrong)]
    found += [(f"claims[{i}]", claim) for i, claim in enumerate(lesson.claims)]
    return [(place, text) for place, text in found if text]
