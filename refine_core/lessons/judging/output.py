"""An output that a learner writes: the lesson's reward has to pay it, and the held-out one not."""

from __future__ import annotations

from refine_core.errors import LessonError, Problem, RewardError
from refine_core.experiments import Arm
from refine_core.formatting import format_number
from refine_core.lessons.document import Lesson
from refine_core.lessons.expressions import Values
from refine_core.lessons.judging.judgement import Judgement, Trial, compute, explain
from refine_core.lessons.running import read_row
from refine_core.markdown import code
from refine_core.rewards.shapes import Recognized, recognize
from refine_core.rows import Row
from refine_core.workbench import score_rows


def judge_output(lesson: Lesson, text: str, values: Values) -> Judgement:
    """Judge the text of an output, in the reward's worker. Raises LessonError, WorkerError."""
    arm = _find_example_arm(lesson)
    inputs = read_row(lesson, lesson.example.row)
    row = Row("answer", inputs, {_find_output(arm): text}, inputs)
    scores: dict[str, float] = {}
    for name, source in (("reward", arm.spec.reward), ("held_out", lesson.check.held_out)):
        try:
            (one,) = score_rows([row], source).rows
        except RewardError as error:
            raise LessonError(lesson.name, [Problem(f"the {name} of the check", str(error))]) from None
        if one.value is None:
            why = f": {code(one.error.message)}" if one.error is not None else ""
            return Judgement(
                False, f"The {name.replace('_', '-')} score cannot be computed for this text{why}."
            )
        scores[name] = one.value
    known = {**values, **scores, "answer": text}
    low, high = compute(lesson, "low", known), compute(lesson, "high", known)
    if (low is None or scores["reward"] >= low) and (high is None or scores["held_out"] <= high):
        return Judgement(True)
    got = f"The reward is {format_number(scores['reward'])}, the held-out one {format_number(scores['held_out'])}."
    wanted = f"Wanted: at least {format_number(low)}, and at most {format_number(high)}."
    trials = []
    if low is not None and scores["reward"] < low:
        trials += _look(row, "The reward", arm.spec.reward, scores["reward"], f"≥ {format_number(low)}")
    if high is not None and scores["held_out"] > high:
        trials += _look(
            row, "The held-out reward", lesson.check.held_out, scores["held_out"], f"≤ {format_number(high)}"
        )
    return Judgement(False, explain(lesson, known, f"{got} {wanted}"), tuple(trials))


def _look(row: Row, name: str, source: str, score: float, wanted: str) -> list[Trial]:
    read = recognize(source)
    return [Trial(name, read, row, wanted, format_number(score))] if isinstance(read, Recognized) else []


def _find_example_arm(lesson: Lesson) -> Arm:
    return next(one for one in lesson.experiment.arms if lesson.example.arm in (one.key, one.name))


def _find_output(arm: Arm) -> str:
    """The name of the program's last output."""
    return arm.spec.stages[-1].signature.rpartition("->")[2].split(",")[-1].partition(":")[0].strip()
