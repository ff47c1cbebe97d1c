"""A step of a lesson as a class sees it on the wall: one sentence in large type, and below it what belongs to it.

build_slide(scene) -> Slide
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pages.teach.pictures import draw_chart, draw_curve, list_choices, list_hands
from pages.teach.scene import Scene
from refine_core import lessons
from refine_core.formatting import format_number
from refine_core.unseen import show_unseen

HIDDEN: Final = "Shown only once guessing is closed, so nobody copies. No names are kept."
Text = str | Sequence[Sequence[str]]
"""A paragraph, or the rows of a table, its head first."""


@dataclass(frozen=True, slots=True)
class Slide:
    """What stands on the wall.

    headline: the sentence. lead, texts: what stands above and below it. source: code, below them.
    choices: of a question: (text, how many or None, whether it came out). chart: of a number: axis, marks and what came out; None elsewhere.
    curve: beside the texts; None elsewhere. total, total_words: guesses so far. hands: what the panel for a show of hands offers.
    main: on the button that leads on. note: in the last line. progress: runs that have ended, of how many.
    """

    headline: str
    lead: Sequence[Text] = ()
    texts: Sequence[Text] = ()
    source: str = ""
    choices: Sequence[tuple[str, int | None, bool]] = ()
    chart: Mapping[str, Any] | None = None
    curve: Mapping[str, Any] | None = None
    total: int | None = None
    total_words: str = ""
    hands: Mapping[str, Any] | None = None
    main: str = ""
    note: str = ""
    progress: tuple[int, int] | None = None


def build_slide(scene: Scene) -> Slide:
    """The slide of the step, and of its half, that the class is at. Raises LessonError, RoomError, StoreError."""
    step, shows_more = scene.room.step, scene.room.shows_more
    if step == "example":
        return _build_example(scene)
    if step == "predict":
        return _build_question(scene)
    if step == "run":
        return _build_run(scene)
    if step == "compare":
        return _build_reason(scene) if shows_more else _build_outcome(scene)
    return _build_answer(scene) if shows_more else _build_check(scene)


def _build_example(scene: Scene) -> Slide:
    """Step 1: what the lesson is about."""
    texts = _paragraphs(lessons.fill_text(scene.lesson, "Example"))
    return Slide(scene.lesson.title, texts=texts, main="Next: guess")


def _build_question(scene: Scene) -> Slide:
    """Step 2: the question, and what was guessed once guessing is closed."""
    question, asked = scene.room.question, lessons.ask_room(scene.lesson.prediction)
    hands, guesses = lessons.list_hands(question), scene.read_guesses()
    summary = None if guesses is None else lessons.summarize_room(asked, [*guesses, *hands], None)
    *lead, headline = lessons.read_question(scene.lesson).split("\n\n")
    typed = scene.count_guesses()
    after_closing = "What came out" if scene.is_revealed else "Run and reveal"
    return Slide(
        show_unseen(headline),
        _paragraphs("\n\n".join(lead)),
        choices=list_choices(asked, summary, None),
        chart=draw_chart(asked, summary, None, ""),
        total=typed + len(hands),
        total_words=_say_total(typed, len(hands), is_closed=question.is_closed),
        hands=None if question.outcome is not None else list_hands(asked, question.hands),
        main=after_closing if question.is_closed else "Close guessing",
        note=HIDDEN,
    )


def _build_run(scene: Scene) -> Slide:
    """Step 3: the runs are under way, or rest."""
    snapshot = scene.snapshot
    if snapshot is None:
        return Slide("Nothing has run yet.", main="Run and reveal")
    done, total = snapshot.done, len(snapshot.cells)
    if snapshot.is_live or snapshot.state == "finished":
        headline = f"Running: {done:,} of {total:,} runs"
        return Slide(headline, progress=(done, total), note="What came out follows.")
    headline = f"Stopped: {done:,} of {total:,} runs have ended."
    texts = [
        "What has ended is kept. Resume runs what is left.",
        *([snapshot.error] if snapshot.error else []),
    ]
    return Slide(headline, texts=texts, main="Resume", progress=(done, total))


def _build_outcome(scene: Scene) -> Slide:
    """Step 4: what came out, and how the class did."""
    question, asked = scene.room.question, lessons.ask_room(scene.lesson.prediction)
    typed, hands = scene.read_guesses() or [], lessons.list_hands(question)
    summary = lessons.summarize_room(asked, [*typed, *hands], question.outcome)
    return Slide(
        "\n".join(summary.sentences) or "Nothing was measured, so there is nothing to compare.",
        choices=list_choices(asked, summary, question.outcome),
        chart=draw_chart(asked, summary, question.outcome, question.words),
        total=len(typed) + len(hands),
        total_words=_say_total(len(typed), len(hands), is_closed=True),
        main="Back to the question" if scene.values is None else "Next: why",
    )


def _build_reason(scene: Scene) -> Slide:
    """Step 4, its second half: why it came out so."""
    if scene.values is None or scene.snapshot is None:
        return _build_gone()
    texts = _paragraphs(lessons.fill_text(scene.lesson, "Compare", scene.values))
    curve = draw_curve(scene.lesson, scene.snapshot, scene.values)
    return Slide(scene.lesson.title, texts=texts, curve=curve, main="Next: check")


def _build_check(scene: Scene) -> Slide:
    """Step 5: the task."""
    if scene.values is None:
        return _build_gone()
    lesson, values, check = scene.lesson, scene.values, scene.lesson.check
    lead, task, after = _read_task(scene)
    texts = [lessons.fill_words(lesson, "lesson.json check.choices", text, values) for text in check.choices]
    if bars := lessons.list_choice_bars(check, values):  # as numbers, which the last row can read
        texts = [
            f"{text}: {', '.join(format_number(value) for _, value in one)}"
            for text, one in zip(texts, bars, strict=True)
        ]
    choices = [(show_unseen(text), None, False) for text in texts]
    return Slide(task, lead, after, show_unseen(check.start), choices, main="Show the answer")


def _build_answer(scene: Scene) -> Slide:
    """Step 5, its second half: the answer, and the line to remember."""
    if scene.values is None:
        return _build_gone()
    lesson, values = scene.lesson, scene.values
    answer = show_unseen(lessons.show_answer(lesson, values))
    lead, task, after = _read_task(scene)
    is_code = lesson.check.kind == "reward"
    return Slide(
        show_unseen(" ".join(lessons.fill_text(lesson, "Remember", values).split())),
        texts=[*lead, task, *after, *([] if is_code else [answer])],
        source=answer if is_code else "",
        main="Leave" if scene.following is None else "Next lesson",
    )


def _build_gone() -> Slide:
    return Slide("The runs of this class no longer exist.", main="Back to the question")


def _read_task(scene: Scene) -> tuple[list[Text], str, list[Text]]:
    """The task of the check: its last paragraph, with what stands before and after it."""
    texts = _paragraphs(lessons.fill_text(scene.lesson, "Check", scene.values))
    last = max((at for at, text in enumerate(texts) if isinstance(text, str)), default=0)
    return texts[:last], str(texts[last]), texts[last + 1 :]


def _paragraphs(markdown: str) -> list[Text]:
    """The paragraphs and tables of a lesson's text."""
    return [_read_block(block.strip()) for block in markdown.split("\n\n") if block.strip()]


def _read_block(block: str) -> Text:
    if not block.startswith("|"):
        return show_unseen(" ".join(block.split()))
    head, _, *rows = block.splitlines()
    cells = (row.strip().removeprefix("|").removesuffix("|").split("|") for row in (head, *rows))
    return [[show_unseen(cell.strip()) for cell in row] for row in cells]


def _say_total(typed: int, hands: int, *, is_closed: bool) -> str:
    state = "closed" if is_closed else "open"
    return f"{state}; {typed:,} typed, {hands:,} by show of hands" if hands else f"{state}; {typed:,} typed"
