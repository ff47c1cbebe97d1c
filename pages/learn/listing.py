"""The list of lessons: question, what is predicted, guess and outcome on a small line, how far the learner is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import urlencode

import streamlit as st

from pages.learn import links
from pages.learn.learner import draw_learner
from pages.learn.picture import compare
from pages.learn.visit import Visit, open_visit
from pages.shared import address
from pages.shared.clicks import take_click
from pages.shared.leave import leave_for
from pages.shared.text import show_error
from pages.shared.web import LESSONS, import_script, read_styles
from refine_core import lessons
from refine_core.errors import SpecError, StoreError
from refine_core.formatting import pluralize
from refine_core.lessons import Gap, Lesson, LessonError
from refine_core.unseen import show_unseen

KEY: Final = "learn.list"
MINUTE_S: Final = 60.0
MAX_TEXTS: Final = 22  # characters of a guess and what happened, below their line
_component = st.components.v2.component(
    "refinescope.learn.list", js=import_script(LESSONS), css=read_styles(LESSONS, root=".lessons")
)


def draw_list(learner: str) -> None:
    """Draw the page without a lesson."""
    found = lessons.list_lessons()
    _take_click(found)
    visits = [_open(lesson, learner) for lesson in found]
    done = sum(one.progress.is_done for one in visits)
    minutes = round(sum(one.progress.seconds for one in visits) / MINUTE_S)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.title("Learn", anchor=False, width="content")
        total = sum(lesson.minutes for lesson in found)
        st.caption(
            f"{pluralize(len(found), 'lesson')}, about {total} minutes, on the built-in practice model, offline",
            width="content",
        )
        st.space("stretch")
        if any(one.progress.changed_at for one in visits):
            st.caption(f"{done} of {len(found)} done, {minutes} min", width="content")
        st.page_link(address.TEACH, label="Teach a class", icon=":material/co_present:", width="content")
        draw_learner(learner)
    waiting = next((one.lesson.name for one in visits if not one.progress.is_done), None)
    rows = [_row(one, is_next=one.lesson.name == waiting) for one in visits]
    _component(key=KEY, data={"rows": rows}, height="content", on_asked_change=lambda: None)
    if waiting is None:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.caption("All lessons are done. Now try a question of your own:", width="content")
            st.page_link(address.LAB, label="Open the Lab", icon=":material/science:", width="content")
    else:
        st.caption("Any order is fine. In later lessons you write more yourself.")
    for broken in lessons.list_broken():
        show_error(str(broken))


def _open(lesson: Lesson, learner: str) -> Visit:
    """The visit; a lesson whose runs cannot be read stands in the list as one that was not run."""
    try:
        return open_visit(lesson, learner)
    except (LessonError, SpecError, StoreError):
        return Visit(lesson, learner, lessons.Progress(), None, None)


def _take_click(found: Sequence[Lesson]) -> None:
    """In an AppTest: `at.session_state["learn.list"] = {"asked": {"lesson": "…", "step": "example", "at": 1}}`."""
    asked = take_click(KEY, "asked") or {}
    wanted, step = asked.get("lesson"), asked.get("step")
    if any(one.name == wanted for one in found) and step in lessons.STEPS:
        leave_for(address.LEARN, links.lesson_query(str(wanted), str(step)))


def _row(visit: Visit, *, is_next: bool) -> dict[str, object]:
    lesson, progress = visit.lesson, visit.progress
    step = "example" if progress.is_done else progress.step
    gap = compare(visit)
    return {
        "lesson": lesson.name,
        "step": step,
        "href": f"learn?{urlencode(links.lesson_query(lesson.name, step))}",
        "number": str(lesson.number),
        "title": show_unseen(lesson.title),
        "predicts": show_unseen(lesson.predicts),
        "minutes": f"{lesson.minutes} min",
        "start": ("Resume" if progress.changed_at else "Start") if is_next else "",
        "done": _done(visit),
        "line": _line(visit, gap),
        "words": _words(visit, gap),
    }


def _done(visit: Visit) -> str:
    if not visit.progress.is_done:
        return ""
    return "done" if visit.progress.passed else "shown"


def _line(visit: Visit, gap: Gap | None) -> dict[str, object] | None:
    """Guess and outcome of a number; of a curve at its largest gap."""
    prediction, guess = visit.lesson.prediction, visit.progress.guess
    if gap is None or gap.outcome is None or prediction.kind == "choice":
        return None
    outcome: Any = gap.outcome
    if prediction.kind == "curve":
        if not gap.by_x:
            return None
        x = max(gap.by_x, key=lambda one: (abs(gap.by_x[one]), -one))
        guess, outcome = visit.progress.curve[x], outcome[x]
    numbers = [lessons.format_measured(one, prediction) for one in (guess, outcome)]
    unit = f" {prediction.unit}".rstrip()
    texts = [f"{number}{unit}" for number in numbers]
    if sum(map(len, texts)) > MAX_TEXTS:  # the unit once
        texts[0] = numbers[0]
    return {
        "low": min(prediction.low, outcome),
        "high": max(prediction.high, outcome),
        "guess": guess,
        "outcome": outcome,
        "guess_text": texts[0],
        "outcome_text": texts[1],
        "alt": f"Your guess: {texts[0]}. It was {texts[1]}.",
    }


def _words(visit: Visit, gap: Gap | None) -> str:
    """What stands in place of a line."""
    prediction = visit.lesson.prediction
    if prediction.kind == "choice" and gap is not None:
        return "guessed right" if gap.is_near else f"it was “{prediction.choices[int(gap.outcome)]}”"
    return "looked without a guess" if visit.is_finished and gap is None else ""
