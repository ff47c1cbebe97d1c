"""The task at the end of a lesson: whether an answer is right, and if not, why.

number, choice   compared with expressions over the learner's own measures
reward           code, scored on the lesson's cases in the reward's worker, and run, where the check names an arm
output           a text that the lesson's reward has to pay, and the held-out one not
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from refine_core.cases import CaseReport, CaseResult, run_cases
from refine_core.errors import LessonError, Problem, RewardError
from refine_core.experiments import Arm
from refine_core.formatting import format_number
from refine_core.lessons.document import Lesson
from refine_core.lessons.expressions import ExpressionError, Values, evaluate
from refine_core.lessons.running import open_table
from refine_core.lessons.taking import fill_words
from refine_core.lessons.trying import run_code
from refine_core.rewards.shapes import ArgumentQuestion, recognize
from refine_core.rows import Row
from refine_core.workbench import score_rows

Answer = float | int | str


@dataclass(frozen=True, slots=True)
class Judgement:
    """passed: whether the answer is right. reason: a sentence where it is not, which says what is wrong; "" where it is right.

    cases: of code, what became of each case. experiment_id: of code that was run, its runs; "" where it was not. line: of code, where its error is, from 1.
    """

    passed: bool
    reason: str = ""
    cases: CaseReport | None = None
    experiment_id: str = ""
    line: int | None = None


def judge_answer(lesson: Lesson, answer: Answer, values: Values) -> Judgement:
    """Judge an answer. values: of `take_measures`.

    answer: a number, the index of a choice, the code of a reward, or the text of an output. Raises LessonError where the lesson's own
    check cannot be computed; WorkerError; StoreError.
    """
    check = lesson.check
    if check.kind == "reward":
        judged = judge_code(lesson, str(answer))
        return _judge_runs(lesson, str(answer), values, judged) if judged.passed and check.arm else judged
    if check.kind == "output":
        return _judge_output(lesson, str(answer), values)
    try:
        number = float(answer)
    except ValueError:
        return Judgement(False, "Write a number.")
    known = {**values, "answer": number}
    if check.kind == "number":
        low, high = _compute(lesson, "low", check.low, known), _compute(lesson, "high", check.high, known)
        passed = (low is None or number >= low) and (high is None or number <= high)
    else:
        passed = number == _compute(lesson, "right", check.right, known)
    return Judgement(True) if passed else Judgement(False, _explain(lesson, known))


def judge_code(lesson: Lesson, source: str) -> Judgement:
    """Judge the code of a reward by the lesson's cases. Raises WorkerError."""
    cases = lesson.check.cases
    assert cases is not None  # noqa: S101  # read_lesson takes no such check without cases
    try:
        recognized = recognize(source)
        if isinstance(recognized, ArgumentQuestion):
            return Judgement(False, recognized.message)
        report = run_cases(recognized, cases)
    except RewardError as error:
        reason = f"Your code cannot be run. {_sentence(str(error))}"
        return Judgement(False, reason, line=error.line)
    wrong = [one for one in report.results if one.state != "passed"]
    if not wrong:
        return Judgement(True, cases=report)
    first = wrong[0]
    more = f" {len(wrong) - 1} more of {len(report.results)} cases fail." if len(wrong) > 1 else ""
    return Judgement(
        False,
        f"On “{first.case.name}” wanted: {first.wanted}. Got: {first.got}.{more}",
        report,
        line=_line_of(first),
    )


def _judge_runs(lesson: Lesson, source: str, values: Values, judged: Judgement) -> Judgement:
    """Judge code that scores the cases as wanted by what becomes of the runs that it scores."""
    assert judged.cases is not None  # noqa: S101  # judge_code gives them where it passes
    experiment_id, measured = run_code(lesson, source)
    known = {**values, **measured, "answer": source, **_count_feedback(judged.cases)}
    passed = bool(_compute(lesson, "right", lesson.check.right, known))
    return Judgement(passed, "" if passed else _explain(lesson, known), judged.cases, experiment_id)


def _count_feedback(report: CaseReport) -> dict[str, int]:
    """How many cases get feedback (explained), and feedback with a value that only the reward should see (given_away)."""
    explained = given_away = 0
    for one in report.results:
        feedback, shown = one.score.feedback, " ".join(map(str, one.case.prediction.values()))
        hidden = [str(value) for value in one.case.expected.values()]
        explained += bool(feedback)
        given_away += any(value in feedback and value not in shown for value in hidden if value)
    return {"explained": explained, "given_away": given_away}


def show_answer(lesson: Lesson, values: Values) -> str:
    """What "Show me" shows: the code or output that passes, or the answer in words. Raises LessonError."""
    check = lesson.check
    if check.kind in ("reward", "output"):
        return check.solution
    if check.solution:
        return fill_words(lesson, "lesson.json check.solution", check.solution, values)
    if check.kind == "choice":
        right = _compute(lesson, "right", check.right, values)
        return (
            ""
            if right is None
            else fill_words(lesson, "lesson.json check.choices", check.choices[int(right)], values)
        )
    bounds = [
        _compute(lesson, name, text, values) for name, text in (("low", check.low), ("high", check.high))
    ]
    low, high = (None if one is None else format_number(one) for one in bounds)
    return f"from {low} to {high}" if low and high and low != high else (low or high or "")


def _judge_output(lesson: Lesson, text: str, values: Values) -> Judgement:
    """Whether the lesson's reward pays the text, and the held-out one does not."""
    check = lesson.check
    low, high = _compute(lesson, "low", check.low, values), _compute(lesson, "high", check.high, values)
    row = _make_row(lesson, text)
    scores = {}
    for name, source in (("reward", _reward_of(lesson)), ("held_out", check.held_out)):
        (one,) = score_rows([row], source).rows
        if one.value is None:
            return Judgement(False, f"The {name.replace('_', '-')} gives this text no score.")
        scores[name] = one.value
    known = {**values, **scores, "answer": text}
    if (low is None or scores["reward"] >= low) and (high is None or scores["held_out"] <= high):
        return Judgement(True)
    paid, true = format_number(scores["reward"]), format_number(scores["held_out"])
    wanted = f"{f'at least {format_number(low)}' if low is not None else ''}"
    return Judgement(
        False,
        _explain(lesson, known)
        if any(condition for condition, _ in check.wrong)
        else f"The reward pays {paid} (wanted: {wanted}); the held-out reward gives {true} (wanted: at most {format_number(high)}).",
    )


def _reward_of(lesson: Lesson) -> str:
    return _example_arm(lesson).spec.reward


def _example_arm(lesson: Lesson) -> Arm:
    arms = lesson.experiment.arms
    return next(one for one in arms if lesson.example.arm in (one.key, one.name))


def _make_row(lesson: Lesson, text: str) -> Row:
    """The text as the last output of the example's program on the example's input."""
    stage = _example_arm(lesson).spec.stages[-1]
    name = stage.signature.rpartition("->")[2].split(",")[-1].partition(":")[0].strip()
    record = open_table(lesson).records[lesson.example.row - 1]
    return Row("answer", dict(record.values), {name: text}, dict(record.values))


def _explain(lesson: Lesson, known: Mapping[str, Any]) -> str:
    """What is said to a wrong answer: the first sentence whose condition holds."""
    for place, (condition, sentence) in enumerate(lesson.check.wrong):
        if not condition or _compute(lesson, f"wrong[{place}]", condition, known):
            return fill_words(lesson, f"lesson.json check.wrong[{place}]", sentence, known)
    return "That is not right yet."


def _compute(lesson: Lesson, name: str, expression: str, values: Values) -> Any:
    if not expression:
        return None
    try:
        return evaluate(expression, values)
    except ExpressionError as error:
        raise LessonError(lesson.name, [Problem(f"lesson.json check.{name}", str(error))]) from None


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _line_of(result: CaseResult) -> int | None:
    """Where a case met an error, if it did."""
    return result.score.error.line if result.score.error is not None else None
