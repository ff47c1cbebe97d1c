"""Code of a learner: a reward that has to score the lesson's cases as wanted, and, where the check names an arm, to work in a run."""

from __future__ import annotations

from refine_core.cases import CaseReport, run_cases
from refine_core.errors import RewardError
from refine_core.experiments import Experiments
from refine_core.formatting import pluralize
from refine_core.lessons.document import Lesson
from refine_core.lessons.expressions import Values
from refine_core.lessons.judging.judgement import Judgement, compute, explain
from refine_core.lessons.trying import run_code
from refine_core.rewards.shapes import ArgumentQuestion, recognize


def judge_code(lesson: Lesson, source: str, values: Values, known: Experiments | None) -> Judgement:
    """Judge the code of a reward, in the reward's worker. Raises LessonError, WorkerError, StoreError."""
    judged = _judge_by_cases(lesson, source)
    if judged.cases is None or not judged.passed or not lesson.check.arm:
        return judged
    experiment_id, measured = run_code(lesson, source, known)
    measures = {**values, **measured, "answer": source, **_count_feedback(judged.cases)}
    passed = bool(compute(lesson, "right", measures))
    return Judgement(passed, "" if passed else explain(lesson, measures), judged.cases, experiment_id)


def _judge_by_cases(lesson: Lesson, source: str) -> Judgement:
    cases = lesson.check.cases
    assert cases is not None  # noqa: S101  # read_lesson takes no such check without cases
    try:
        recognized = recognize(source)
        if isinstance(recognized, ArgumentQuestion):
            return Judgement(False, recognized.message)
        report = run_cases(recognized, cases)
    except RewardError as error:
        said = str(error)
        sentence = said if said.endswith((".", "!", "?")) else f"{said}."
        return Judgement(False, f"Your code cannot be run. {sentence}", line=error.line)
    wrong = [one for one in report.results if one.state != "passed"]
    if not wrong:
        return Judgement(True, cases=report)
    first, others = wrong[0], len(wrong) - 1
    more = f" {pluralize(others, 'more case')} of {len(report.results)} failed." if others else ""
    reason = f"The case “{first.case.name}” failed. Wanted: {first.wanted}. Got: {first.got}.{more}"
    broke = first.score.error
    return Judgement(False, reason, report, line=None if broke is None else broke.line)


def _count_feedback(report: CaseReport) -> dict[str, int]:
    """How many cases get feedback (explained), and feedback with a value that only the reward should see (given_away)."""
    explained = given_away = 0
    for one in report.results:
        feedback, shown = one.score.feedback, " ".join(map(str, one.case.prediction.values()))
        hidden = [str(value) for value in one.case.expected.values()]
        explained += bool(feedback)
        given_away += any(value in feedback and value not in shown for value in hidden if value)
    return {"explained": explained, "given_away": given_away}
