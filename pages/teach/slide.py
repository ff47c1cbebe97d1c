"""A step of a lesson as a class sees it on the wall: one sentence in large type, and below it what belongs to it.

build_slide(lesson, room, typed) -> Slide        typed: how many have guessed; the guesses themselves once guessing is closed
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from refine_core import lessons
from refine_core.experiments import Snapshot
from refine_core.formatting import format_number, pluralize
from refine_core.lessons import Lesson, Prediction, Room, RoomSummary
from refine_core.unseen import show_unseen

HIDDEN: Final = "Shown only once guessing is closed, so nobody copies. No names are kept."


@dataclass(frozen=True, slots=True)
class Slide:
    """What stands on the wall.

    headline: the sentence. lead, texts: paragraphs above and below it. source: code, below them. choices: of a question: (text, how many or None, whether it came out).
    chart: of a number: axis, marks and what came out; None elsewhere. total, total_words: guesses so far. main: on the button that leads on.
    note: in the last line. progress: runs that have ended, of how many.
    """

    headline: str
    lead: Sequence[str] = ()
    source: str = ""
    texts: Sequence[str] = ()
    choices: Sequence[tuple[str, int | None, bool]] = ()
    chart: Mapping[str, Any] | None = None
    total: int | None = None
    total_words: str = ""
    hands: Mapping[str, Any] | None = None
    main: str = ""
    note: str = ""
    progress: tuple[int, int] | None = None


def build_example(lesson: Lesson) -> Slide:
    """Step 1: what the lesson is about."""
    return Slide(lesson.title, texts=_paragraphs(lessons.fill_text(lesson, "Example")), main="Next: guess")


def build_question(lesson: Lesson, room: Room, typed: int, guesses: Sequence[float] | None) -> Slide:
    """Step 2: the question. guesses: those that were sent, once guessing is closed; None before."""
    question, asked = room.question, lessons.ask_room(lesson.prediction)
    hands = lessons.list_hands(question)
    summary = None if guesses is None else lessons.summarize_room(asked, [*guesses, *hands], None)
    *lead, headline = _paragraphs(lessons.read_question(lesson))
    revealed = question.outcome is not None
    main = "Close guessing" if summary is None else "What came out" if revealed else "Run and reveal"
    return Slide(
        headline,
        lead,
        "",
        (),
        _list_choices(asked, summary, None),
        _chart(asked, summary, None, ""),
        typed + len(hands),
        _say_total(typed, len(hands), is_closed=summary is not None),
        None if revealed else _describe_hands(asked, question.hands),
        main,
        HIDDEN,
    )


def build_run(snapshot: Snapshot | None) -> Slide:
    """Step 3: the runs are under way, or rest."""
    if snapshot is None:
        return Slide("Nothing has run yet.", main="Run and reveal")
    done, total = snapshot.done, len(snapshot.cells)
    if snapshot.is_live or snapshot.state == "finished":
        return Slide(
            f"Running: {done:,} of {total:,} runs", progress=(done, total), note="What came out follows."
        )
    texts = [snapshot.error] if snapshot.error else []
    return Slide(
        f"Stopped: {done:,} of {total:,} runs have ended.", texts=texts, main="Resume", progress=(done, total)
    )


def build_outcome(lesson: Lesson, room: Room, guesses: Sequence[float]) -> Slide:
    """Step 4: what came out, and how the class did."""
    question, asked = room.question, lessons.ask_room(lesson.prediction)
    hands = lessons.list_hands(question)
    summary = lessons.summarize_room(asked, [*guesses, *hands], question.outcome)
    total = _say_total(len(guesses), len(hands), is_closed=True)
    return Slide(
        "\n".join(summary.sentences) or "Nothing was measured, so there is nothing to compare.",
        (),
        "",
        (),
        _list_choices(asked, summary, question.outcome),
        _chart(asked, summary, question.outcome, question.words),
        len(guesses) + len(hands),
        total,
        main="Next: why",
    )


def build_reason(lesson: Lesson, values: Mapping[str, Any]) -> Slide:
    """Step 4, its second half: why it came out so. values: of the class's runs."""
    return Slide(
        lesson.title, texts=_paragraphs(lessons.fill_text(lesson, "Compare", values)), main="Next: check"
    )


def build_check(
    lesson: Lesson, values: Mapping[str, Any] | None, *, is_answered: bool, has_next: bool
) -> Slide:
    """Step 5: the task, then its answer and the line to remember. values: of the runs; without them nothing can be asked."""
    if values is None:
        return Slide("Run the lesson first.", main="Back to the question")
    check = lesson.check
    *lead, task = _paragraphs(lessons.fill_text(lesson, "Check", values))
    if not is_answered:
        texts = [
            lessons.fill_words(lesson, "lesson.json check.choices", text, values) for text in check.choices
        ]
        if bars := lessons.list_choice_bars(check, values):  # as numbers, which the last row can read
            texts = [
                f"{text}: {', '.join(format_number(value) for _, value in one)}"
                for text, one in zip(texts, bars, strict=True)
            ]
        choices = [(show_unseen(text), None, False) for text in texts]
        return Slide(task, lead, show_unseen(check.start), choices=choices, main="Show the answer")
    answer = show_unseen(lessons.show_answer(lesson, values))
    remember = " ".join(_paragraphs(lessons.fill_text(lesson, "Remember", values)))
    is_code = check.kind == "reward"
    return Slide(
        remember,
        source=answer if is_code else "",
        texts=[*lead, task, *([] if is_code else [answer])],
        main="Next lesson" if has_next else "Leave",
    )


def _paragraphs(text: str) -> list[str]:
    return [show_unseen(" ".join(one.split())) for one in text.split("\n\n") if one.strip()]


def _say_total(typed: int, hands: int, *, is_closed: bool) -> str:
    state = "closed" if is_closed else "open"
    return f"{state}; {typed:,} typed, {hands:,} by show of hands" if hands else f"{state}; {typed:,} typed"


def _list_choices(
    asked: Prediction, summary: RoomSummary | None, outcome: float | None
) -> list[tuple[str, int | None, bool]]:
    if asked.kind != "choice":
        return []
    texts = [show_unseen(text) for text in asked.choices]
    if summary is None:
        return [(text, None, False) for text in texts]
    return [
        (text, many, index == outcome)
        for index, (text, (_, many, _)) in enumerate(zip(texts, summary.counts, strict=True))
    ]


def _chart(
    asked: Prediction, summary: RoomSummary | None, outcome: float | None, words: str
) -> Mapping[str, Any] | None:
    """The axis; over it, once guessing is closed, a mark for each guess, and what came out. The browser is not sent more."""
    if asked.kind == "choice":
        return None
    ends = [asked.low, asked.high, *([] if outcome is None else [outcome])]
    marks = () if summary is None else summary.counts
    return {
        "title": show_unseen(asked.axis),
        "low": min(ends),
        "high": max(ends),
        "unit": asked.unit,
        "marks": [{"value": value, "count": many, "near": near} for value, many, near in marks],
        "outcome": None
        if outcome is None
        else {"value": outcome, "words": _say_outcome(asked, outcome, words)},
        "middle": None
        if summary is None or summary.middle is None or outcome is None
        else {
            "value": summary.middle,
            "words": f"middle guess {lessons.format_room_guess(asked, summary.middle)}",
            "gap": summary.gap,
        },
        "alt": _describe_marks(asked, summary, outcome, words),
    }


def _say_outcome(asked: Prediction, outcome: float, words: str) -> str:
    value = lessons.format_room_guess(asked, outcome)
    if not words:
        return value
    own = lessons.format_measured(outcome, asked)
    return f"{value}{words.removeprefix(own)}" if words.startswith(own) else f"{value}: {words}"


def _describe_marks(asked: Prediction, summary: RoomSummary | None, outcome: float | None, words: str) -> str:
    if summary is None:
        return f"{asked.axis}. The guesses are hidden until guessing is closed."
    guesses = "; ".join(
        f"{lessons.format_room_guess(asked, value)}: {pluralize(many, 'guess', 'guesses')}"
        for value, many, _ in summary.counts
    )
    came = "" if outcome is None else f" It was {_say_outcome(asked, outcome, words)}."
    return f"{guesses or 'No guesses'}.{came}"


def _describe_hands(asked: Prediction, hands: Mapping[str, int]) -> Mapping[str, Any]:
    """What the panel for a show of hands offers: every choice, or a number to type; and those that were counted."""
    values = range(len(asked.choices)) if asked.kind == "choice" else sorted(map(float, hands))
    return {
        "kind": asked.kind,
        "low": asked.low,
        "high": asked.high,
        "step": asked.step,
        "unit": asked.unit,
        "counted": [
            {
                "value": value,
                "text": show_unseen(lessons.format_room_guess(asked, value)),
                "count": hands.get(f"{value:g}", 0),
            }
            for value in values
        ],
    }
