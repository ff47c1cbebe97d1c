"""Whether what refers to something in a lesson finds it: expressions their measures, the example its arm, a check what it needs."""

from __future__ import annotations

from collections.abc import Callable

from refine_core.experiments.json_document import ExperimentDocument
from refine_core.experiments.json_document.notes import Notes
from refine_core.lessons.document import MAX_MINUTES, Check, Lesson, Prediction
from refine_core.lessons.expressions import ExpressionError
from refine_core.lessons.names import list_check_texts, list_expressions, names_in_expression, names_in_text
from refine_core.lessons.settings import list_setting_names

OF_CODE = ("explained", "given_away")
"""What is known of code that a check runs, beside the check's measures."""
OF_ANSWERS = ("answer", "reward", "held_out")
"""What is known of an answer where it is judged; the last two of an output alone: what both rewards pay it."""
MIN_CHOICES = 2


def note_inconsistencies(notes: Notes, lesson: Lesson) -> None:
    """Note every reference that leads nowhere."""
    if not 1 <= lesson.minutes <= MAX_MINUTES:
        notes.add("lesson.json minutes", f"a lesson takes 1 to {MAX_MINUTES} minutes")
    check = lesson.check
    known = {*list_setting_names(lesson.experiment.arms), *lesson.measures}
    of_check = {*known, *check.measures, *(OF_CODE if check.arm else ())}
    of_answer = {*of_check, *(OF_ANSWERS if check.kind == "output" else OF_ANSWERS[:1])}
    for heading, text in lesson.texts.items():
        _need(notes, f"text.md # {heading}", text, known, names_in_text)
    for place, text in list_check_texts(check):
        _need(notes, f"lesson.json check.{place}", text, of_answer, names_in_text)
    for place, text in list_expressions(lesson):
        names = (
            of_answer if place.startswith("check.wrong") else of_check if place == "check.right" else known
        )
        _need(notes, f"lesson.json {place}", text, names, names_in_expression)
    _need_arm(notes, "example.arm", lesson.example.arm, lesson.experiment)
    _check_prediction(notes, lesson.prediction)
    _check_check(notes, check, lesson.experiment)


def _check_prediction(notes: Notes, prediction: Prediction) -> None:
    where = "lesson.json prediction"
    if prediction.kind == "choice" and len(prediction.choices) < MIN_CHOICES:
        notes.add(f"{where}.choices", "write two choices or more")
    if prediction.kind == "curve" and not prediction.x:
        notes.add(f"{where}.x", "write where the curve has its points, such as [1, 2, 3]")
    if prediction.theory and not prediction.theory_title:
        notes.add(f"{where}.theory_title", "say what the dotted line is")
    _check_bars(notes, where, prediction)
    if prediction.kind != "choice" and not prediction.low < prediction.high:
        notes.add(f"{where}.high", "it must be above low")
    if prediction.room_x is not None and prediction.room_x not in prediction.x:
        notes.add(f"{where}.room_x", "it must be one of x")
    if prediction.kind != "choice" and prediction.step <= 0:
        notes.add(f"{where}.step", "it must be above zero")


def _check_bars(notes: Notes, where: str, part: Prediction | Check) -> None:
    if part.bars and (part.kind != "choice" or len(part.bars) != len(part.choices)):
        notes.add(f"{where}.bars", "write one curve for each of the choices")
    if part.bars and not part.axis:
        notes.add(f"{where}.axis", "say what the bars show")


def _check_check(notes: Notes, check: Check, experiment: ExperimentDocument) -> None:
    where = "lesson.json check"
    if check.arm:
        _need_arm(notes, "check.arm", check.arm, experiment)
        if check.kind != "reward" or not check.right:
            notes.add(f"{where}.arm", "only code is run; say in right what must then hold of its measures")
    for what, needs in (
        ("choices", "choice"),
        ("cases", "reward"),
        ("solution", "reward"),
        ("held_out", "output"),
        ("solution", "output"),
    ):
        if check.kind == needs and not getattr(check, what):
            notes.add(
                "cases.json" if what == "cases" else f"{where}.{what}",
                f"a check of the kind {needs} needs {what}",
            )
    for name in check.hidden:
        if check.cases is None or check.cases.find(name) is None:
            notes.add(f"{where}.hidden", f"no case is called “{name}”")
    _check_bars(notes, where, check)
    if check.kind == "number" and not (check.low or check.high):
        notes.add(f"{where}.low", "say from which number to which an answer is right: low, high or both")
    if check.kind == "choice" and not check.right:
        notes.add(f"{where}.right", "say which choice is right, by its index from 0")


def _need_arm(notes: Notes, where: str, name: str, experiment: ExperimentDocument) -> None:
    if all(name not in (one.key, one.name) for one in experiment.arms):
        keys = ", ".join(one.key for one in experiment.arms)
        notes.add(f"lesson.json {where}", f"no arm has the key {name!r}; there are {keys}")


def _need(notes: Notes, where: str, text: str, known: set[str], read: Callable[[str], set[str]]) -> None:
    try:
        missing = sorted(read(text) - known)
    except ExpressionError as error:
        notes.add(where, str(error))
        return
    if missing:
        notes.add(where, f"there is no measure or setting {missing[0]}; there are {', '.join(sorted(known))}")
