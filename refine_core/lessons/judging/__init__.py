"""The task at the end of a lesson: whether an answer is right, and if not, why.

    judge_answer(lesson, answer, values) -> Judgement(passed, reason)        show_answer(lesson, values): what "Show me" shows

number, choice   compared with expressions over the learner's own measures      judgement   what becomes of an answer
code             a reward, scored on the lesson's cases, and run                output      a text, scored by two rewards
"""

from __future__ import annotations

from refine_core.errors import LessonError, Problem
from refine_core.experiments import Experiments
from refine_core.formatting import format_number
from refine_core.lessons.document import Lesson
from refine_core.lessons.expressions import Values
from refine_core.lessons.judging.code import judge_code
from refine_core.lessons.judging.judgement import Judgement, Trial, compute, explain
from refine_core.lessons.judging.output import judge_output
from refine_core.lessons.taking import fill_words

__all__ = ["Answer", "Judgement", "Trial", "judge_answer", "show_answer"]

Answer = float | int | str


def judge_answer(
    lesson: Lesson, answer: Answer, values: Values, known: Experiments | None = None
) -> Judgement:
    """Judge an answer. values: of `take_measures`.

    answer: a number, the index of a choice, the code of a reward, or the text of an output. known: where code is run; None: with the
    user's own experiments. Raises LessonError where the lesson's own check cannot be computed; WorkerError; StoreError.
    """
    check = lesson.check
    if check.kind == "reward":
        return judge_code(lesson, str(answer), values, known)
    if check.kind == "output":
        return judge_output(lesson, str(answer), values)
    try:
        number = float(answer)
    except ValueError:
        return Judgement(False, "Write a number.")
    measures = {**values, "answer": number}
    unknown = Judgement(False, "These runs do not show what the right answer is.")  # as of another model
    if check.kind == "number":
        low, high = compute(lesson, "low", measures), compute(lesson, "high", measures)
        if (check.low and low is None) or (check.high and high is None):
            return unknown
        passed = (low is None or number >= low) and (high is None or number <= high)
    else:
        right = compute(lesson, "right", measures)
        if right is None:
            return unknown
        passed = number == right
    return Judgement(passed, "" if passed else explain(lesson, measures))


def show_answer(lesson: Lesson, values: Values) -> str:
    """What "Show me" shows: the code or output that passes, or the answer in words. Raises LessonError."""
    check = lesson.check
    if check.kind in ("reward", "output"):
        return check.solution
    if check.solution:
        return fill_words(lesson, "lesson.json check.solution", check.solution, values)
    if check.kind == "choice":
        right = compute(lesson, "right", values)
        if right is None:
            return ""
        if right not in range(len(check.choices)):
            message = f"it comes to {right!r}, and there are {len(check.choices)} choices, from 0"
            raise LessonError(lesson.name, [Problem("lesson.json check.right", message)])
        choice = check.choices[int(right)]
        return fill_words(lesson, "lesson.json check.choices", choice, values)
    bounds = [compute(lesson, name, values) for name in ("low", "high")]
    low, high = (None if one is None else format_number(one) for one in bounds)
    if low and high and low != high:
        return f"from {low} to {high}"
    return low or high or ""
