"""Whether a lesson tells the truth: its numbers come out, its claims hold at other seeds, its check judges as it says.

    check_lesson(folder) -> Report(problems, broken, …)        the same with writes=True keeps what came out in expected.json

Everything runs on the practice model, in memory: nothing of it is kept.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from refine_core import practice
from refine_core.errors import LessonError, Problem
from refine_core.experiments import Experiments
from refine_core.lessons.comparing import read_outcome
from refine_core.lessons.document import MAX_WORDS, Lesson
from refine_core.lessons.expected import FILE, count_tried_seeds, is_same, list_shown_before, write_expected
from refine_core.lessons.expressions import ExpressionError, evaluate
from refine_core.lessons.judging import judge_answer, show_answer
from refine_core.lessons.names import list_check_texts, list_plain_texts, names_in_text
from refine_core.lessons.reading import read_lesson
from refine_core.lessons.running import build_experiment
from refine_core.lessons.settings import list_setting_names
from refine_core.lessons.taking import fill_text, fill_words, take_measures
from refine_core.lessons.texts import count_words, find_literal_digits
from refine_core.runs import Runs
from refine_core.store.memory import MemoryStore

OTHER_SEEDS: Final = 20
APART: Final = 1000
"""Between two seeds that are tried, so that no repeat of one is a repeat of another."""
TIMEOUT_S: Final = 300.0
OnProgress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Report:
    """What became of a check.

    problems: what is wrong with the lesson, each with its file and place. broken: seed -> the claims that do not hold there; admitted seeds
    are not among them. seeds: how many were tried. values: settings and measures at the lesson's seed; {} where it could not be run.
    words: how many a learner reads. run_s: seconds that the runs took at the lesson's seed.
    """

    lesson: str
    problems: tuple[Problem, ...] = ()
    broken: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    seeds: int = 0
    values: Mapping[str, Any] = field(default_factory=dict)
    words: int = 0
    run_s: float = 0.0

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems and not self.broken


def check_lesson(
    folder: Path,
    *,
    other_seeds: int = OTHER_SEEDS,
    writes: bool = False,
    on_progress: OnProgress | None = None,
) -> Report:
    """Read, run and judge the lesson in a folder. on_progress: called with seeds done and seeds in all. Raises StoreError, WorkerError."""
    try:
        lesson = read_lesson(folder)
        practice.learn(folder)
    except LessonError as error:
        return Report(folder.name, error.problems)
    except practice.WeightsError as error:
        return Report(folder.name, (Problem("weights.json", str(error)),))
    try:
        return _check(lesson, other_seeds, on_progress or _ignore, writes=writes)
    finally:
        practice.unlearn(folder)


def _ignore(_done: int, _total: int) -> None:
    """Nobody watches."""


def _check(lesson: Lesson, other_seeds: int, on_progress: OnProgress, *, writes: bool) -> Report:
    words = count_lesson_words(lesson)
    problems = [*_check_words(lesson, words)]
    seed = lesson.experiment.seed
    try:
        values, run_s = measure(lesson, seed)
    except LessonError as error:
        return Report(lesson.name, (*problems, *error.problems), words=words)
    on_progress(1, 1 + other_seeds)
    broken = {}
    if missed := _find_broken(lesson, values):
        broken[seed] = missed
    broken |= _try_other_seeds(lesson, other_seeds, on_progress)
    if writes:
        lesson = write_expected(lesson, values, 0 if broken else 1 + other_seeds)
    elif not other_seeds and (tried := count_tried_seeds(lesson, values)) <= OTHER_SEEDS:
        message = f"the claims were tried at {tried} seeds as all is now; they need {1 + OTHER_SEEDS}: check with --write"
        problems.append(Problem(FILE, message))
    problems += [*_check_expected(lesson, values), *_check_prediction(lesson, values)]
    problems += [*_check_texts(lesson, values), *_check_answers(lesson, values)]
    return Report(lesson.name, tuple(problems), broken, 1 + other_seeds, values, words, run_s)


def _try_other_seeds(lesson: Lesson, count: int, on_progress: OnProgress) -> dict[int, tuple[str, ...]]:
    """Seed -> the claims that do not hold there, without admitted seeds."""
    broken = {}
    for place in range(1, 1 + count):
        seed = lesson.experiment.seed + APART * place
        if seed not in lesson.admits:
            try:
                missed = _find_broken(lesson, measure(lesson, seed)[0])
            except LessonError as error:
                missed = tuple(one.message for one in error.problems)
            if missed:
                broken[seed] = missed
        on_progress(1 + place, 1 + count)
    return broken


def measure(lesson: Lesson, seed: int) -> tuple[dict[str, Any], float]:
    """The measures of a lesson at a seed, run in memory, and the seconds that its runs took. Raises LessonError."""
    with closing(Runs(MemoryStore())) as runs:
        known = Experiments(runs)
        experiment = build_experiment(lesson, runs.store, seed)
        began = time.perf_counter()
        with suppress(TimeoutError):  # then not every run has ended, which is a problem below
            known.join(known.start(experiment), TIMEOUT_S)
        took_s = time.perf_counter() - began
        snapshot = known.get(experiment.id)
        if snapshot is None or snapshot.done < len(snapshot.cells):
            raise LessonError(
                lesson.name,
                [Problem("experiment.json", f"at seed {seed} not every run ended in {TIMEOUT_S:.0f} s")],
            )
        failed = [one for one in snapshot.outcomes.values() if one.state == "failed"]
        if failed:
            message = f"at seed {seed} {len(failed)} of {len(snapshot.cells)} runs failed: {failed[0].error}"
            raise LessonError(lesson.name, [Problem("experiment.json", message)])
        return take_measures(lesson, snapshot, runs.timeline), took_s


def count_lesson_words(lesson: Lesson) -> int:
    """The words that every learner reads: of the title, the choices and the texts, but for Another model and Room, which few read."""
    texts = [text for heading, text in lesson.texts.items() if heading not in ("Another model", "Room")]
    return sum(map(count_words, [lesson.title, *texts, *lesson.prediction.choices, *lesson.check.choices]))


def _check_words(lesson: Lesson, words: int) -> Iterator[Problem]:
    if words > MAX_WORDS:
        yield Problem("text.md", f"a lesson shows at most {MAX_WORDS} words, this one {words}")
    for heading, text in lesson.texts.items():
        for line in find_literal_digits(text):
            yield Problem(
                f"text.md # {heading}", f"write the number in “{line}” as an expression, such as {{rows}}"
            )
    for place, text in list_check_texts(lesson.check):
        for line in find_literal_digits(text):
            yield Problem(
                f"lesson.json check.{place}",
                f"write the number in “{line}” as an expression, such as {{rows}}",
            )
    for place, text in list_plain_texts(lesson):
        if any(map(str.isdigit, text)):
            yield Problem(
                f"lesson.json {place}", f"write “{text}” without a number: none can be computed here"
            )
    if not lesson.claims:
        yield Problem("lesson.json claims", "write what must come out, such as right[4] > right[1]")


def _check_expected(lesson: Lesson, values: Mapping[str, Any]) -> Iterator[Problem]:
    for name in list_shown_before(lesson):
        if name not in lesson.expected:
            yield Problem(
                f"{FILE} {name}",
                "it is shown before the run, and nothing was computed yet; check with --write",
            )
        elif not is_same(lesson.expected[name], values[name]):
            yield Problem(
                f"{FILE} {name}",
                f"it says {_shorten(lesson.expected[name])}, but {_shorten(values[name])} comes out; check with --write",
            )


def _check_prediction(lesson: Lesson, values: Mapping[str, Any]) -> Iterator[Problem]:
    """Whether what came out can be guessed."""
    prediction = lesson.prediction
    try:
        outcome = read_outcome(prediction, values)
    except (ExpressionError, TypeError) as error:
        yield Problem("lesson.json prediction.measure", str(error))
        return
    if outcome is None:
        yield Problem("lesson.json prediction.measure", "nothing is measured at the lesson's seed")
    elif prediction.kind == "choice":
        if outcome not in range(len(prediction.choices)):
            yield Problem("lesson.json prediction.measure", f"{outcome!r} is the index of no choice, from 0")
    else:
        points = outcome.values() if isinstance(outcome, Mapping) else [outcome]
        if missing := [x for x in prediction.x if x not in outcome] if isinstance(outcome, Mapping) else []:
            yield Problem("lesson.json prediction.x", f"nothing is measured at {missing[0]:g}")
        if outside := [y for y in points if not prediction.low <= y <= prediction.high]:
            yield Problem(
                "lesson.json prediction.high", f"{outside[0]:g} comes out, which the axis does not have"
            )


def _check_texts(lesson: Lesson, values: Mapping[str, Any]) -> Iterator[Problem]:
    """Whether every text can be filled."""
    if not any(name not in lesson.expected for name in list_shown_before(lesson)):
        yield from _problems_of(lambda: [fill_text(lesson, heading, values) for heading in lesson.texts])
    for place, text in list_check_texts(lesson.check):
        if names_in_text(text) <= {*lesson.measures, *list_setting_names(lesson.experiment.arms)}:
            where = f"lesson.json check.{place}"
            yield from _problems_of(lambda where=where, text=text: fill_words(lesson, where, text, values))  # type: ignore[misc]


def _check_answers(lesson: Lesson, values: Mapping[str, Any]) -> Iterator[Problem]:
    """Whether the right answer passes, and a wrong one is told why not."""
    check = lesson.check
    yield from _problems_of(lambda: show_answer(lesson, values))
    if check.kind in ("reward", "output"):
        with closing(Runs(MemoryStore())) as runs:
            known = Experiments(runs)
            judged = judge_answer(lesson, check.solution, values, known)
            if not judged.passed:
                yield Problem("lesson.json check.solution", f"it does not pass: {judged.reason}")
            if check.kind == "reward" and judge_answer(lesson, check.start, values, known).passed:
                yield Problem("lesson.json check.start", "the code that is there first passes already")
        return
    answers: Sequence[float] = (
        range(len(check.choices))
        if check.kind == "choice"
        else [*_list_bounds(check.low, check.high, values)]
    )
    try:
        judged_all = [judge_answer(lesson, answer, values) for answer in answers]
    except LessonError as error:
        yield from error.problems
        return
    if not any(one.passed for one in judged_all):
        yield Problem("lesson.json check", "no answer passes at the lesson's seed")
    if check.kind == "choice" and sum(one.passed for one in judged_all) > 1:
        yield Problem("lesson.json check.right", "more than one choice passes")


def _list_bounds(low: str, high: str, values: Mapping[str, Any]) -> Iterator[float]:
    for text in (low, high):
        if text and (bound := evaluate(text, values)) is not None:
            yield bound


def _find_broken(lesson: Lesson, values: Mapping[str, Any]) -> tuple[str, ...]:
    """The claims that do not hold of these measures; an unknown one does not."""
    broken = []
    for claim in lesson.claims:
        try:
            holds = evaluate(claim, values)
        except ExpressionError as error:
            raise LessonError(lesson.name, [Problem("lesson.json claims", str(error))]) from None
        if not holds:
            broken.append(claim)
    return tuple(broken)


def _problems_of(work: Callable[[], object]) -> Sequence[Problem]:
    try:
        work()
    except LessonError as error:
        return error.problems
    return ()


def _shorten(value: object) -> str:
    text = str(value)
    return text if len(text) <= 60 else f"{text[:59]}…"  # noqa: PLR2004  # a line
