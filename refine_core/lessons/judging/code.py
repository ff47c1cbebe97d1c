"""Code of a learner: a reward that has to score the lesson's cases as wanted, and, where the check names an arm, to work in a run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from refine_core.cases import CaseReport, CaseResult, run_cases
from refine_core.errors import RewardError
from refine_core.experiments import Experiments
from refine_core.formatting import pluralize
from refine_core.lessons.document import Lesson
from refine_core.lessons.expressions import Values
from refine_core.lessons.judging.judgement import Judgement, Trial, compute, explain
from refine_core.lessons.trying import run_code
from refine_core.markdown import code
from refine_core.rewards.shapes import ArgumentQuestion, Recognized, recognize

TIMEOUT_S: Final = 2.0
"""Of one call: the learner waits for it, and code that never ends has to be told soon."""


def judge_code(lesson: Lesson, source: str, values: Values, known: Experiments | None) -> Judgement:
    """Judge the code of a reward, in the reward's worker. Raises LessonError, WorkerError, StoreError."""
    cases = lesson.check.cases
    assert cases is not None  # noqa: S101  # read_lesson takes no such check without cases
    try:
        recognized = recognize(source)
        if isinstance(recognized, ArgumentQuestion):
            return Judgement(False, recognized.message)
        report = run_cases(recognized, cases, timeout_s=TIMEOUT_S)
    except RewardError as error:
        return Judgement(
            False, f"Your code cannot be run: {_quote(str(error))}", line=error.line, error=str(error)
        )
    wrong = [one for one in report.results if one.state != "passed"]
    if wrong:
        return _refuse(lesson, recognized, wrong, len(cases))
    if not lesson.check.arm:
        return Judgement(True)
    experiment_id, measured = run_code(lesson, source, known)
    measures = {**values, **measured, "answer": source, **_count_feedback(report)}
    passed = bool(compute(lesson, "right", measures))
    return Judgement(passed, "" if passed else explain(lesson, measures), experiment_id=experiment_id)


def _refuse(lesson: Lesson, reward: Recognized, wrong: Sequence[CaseResult], count: int) -> Judgement:
    """What is said to code that scores cases otherwise than wanted."""
    shown = [one for one in wrong if one.case.name not in lesson.check.hidden]
    first, others = (shown or wrong)[0], len(wrong) - 1
    sentences = [f"In the case “{first.case.name}” {_describe(first)}"]
    if others:
        verb = "is" if others == 1 else "are"
        sentences.append(f"{pluralize(others, 'more case')} of {count} {verb} wrong, too.")
    if not shown:
        sentences.append("This case is hidden: a reward has to work on outputs that you have not seen.")
    trials = tuple(Trial(one.case.name, reward, one.case.to_row(), _wanted(one), one.got) for one in shown)
    broke = first.score.error
    line, error = (None, "") if broke is None else (broke.line, first.got)
    return Judgement(False, " ".join(sentences), trials, line=line, error=error)


def _describe(one: CaseResult) -> str:
    if one.score.error is not None:
        return f"your code stopped with an error: {_quote(one.got)}"
    if one.value is None:
        return f"your reward returned no number; wanted was {_wanted(one)}."
    return f"your reward gave {one.got}; wanted was {_wanted(one)}."


def _wanted(one: CaseResult) -> str:
    """What is wanted of the score: "≥ 1" of "good: ≥ 1"."""
    return one.wanted.rpartition(": ")[2]


def _quote(error: str) -> str:
    """An error as the end of a sentence in Markdown."""
    return f"{code(error.rstrip('.'))}."


def _count_feedback(report: CaseReport) -> dict[str, int]:
    """How many cases get feedback (explained), and feedback with a value that only the reward should see (given_away)."""
    explained = given_away = 0
    for one in report.results:
        feedback, shown = one.score.feedback, " ".join(map(str, one.case.prediction.values()))
        hidden = [str(value) for value in one.case.expected.values()]
        explained += bool(feedback)
        given_away += any(value in feedback and value not in shown for value in hidden if value)
    return {"explained": explained, "given_away": given_away}
