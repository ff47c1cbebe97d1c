"""Classes: open one, resume one, and how all of them did, by lesson, without names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import streamlit as st

from pages.shared import address
from pages.shared.leave import leave_for
from pages.shared.text import escape_markdown
from pages.teach.reach import HOW, find_address
from refine_core import lessons, runs
from refine_core.formatting import format_time, pluralize
from refine_core.lessons import Lesson, LessonTable, Room

CSV: Final = "refinescope-classes.csv"


def draw_list() -> None:
    """Draw the page without a class. Raises StoreError."""
    store, found = runs.default().store, lessons.list_lessons()
    st.title("Teach a class", anchor=False)
    st.markdown(
        "The room guesses, you run the lesson, and all see how far off the room was. Guesses have no names."
    )
    chosen = _draw_open(found)
    reached = find_address()
    st.caption(
        HOW if reached is None else escape_markdown(f"Phones guess at {reached}, with the code of the class.")
    )
    rooms = [room for room in lessons.list_rooms(store) if not room.is_over]
    if rooms:
        st.header("Open classes", anchor=False)
        for room in rooms:
            _draw_room(room, chosen)
    _draw_tables(lessons.list_tables(store, found))


def _draw_open(found: Sequence[Lesson]) -> Lesson:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        chosen = st.selectbox(
            "Lesson",
            found,
            format_func=lambda one: f"{one.number} {one.title}",
            key="teach.lesson",
            width=460,
        )
        if st.button("Open a class", type="primary", key="teach.open"):
            leave_for(
                address.TEACH, address.class_query(lessons.open_room(runs.default().store, chosen.name).code)
            )
    return chosen


def _draw_room(room: Room, chosen: Lesson) -> None:
    number = lessons.STEPS.index(room.step) + 1
    lesson = lessons.find_lesson(room.lesson)
    what = room.lesson if lesson is None else f"lesson {lesson.number}"
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(
            escape_markdown(f"{room.code}: {what}, step {number} of {len(lessons.STEPS)}"), width="content"
        )
        st.caption(f"since {format_time(room.opened_at)}", width="content")
        st.space("stretch")
        if st.button("Resume", key=f"teach.resume.{room.code}"):
            leave_for(address.TEACH, address.class_query(room.code))
        if chosen.name != room.lesson and st.button(
            f"To lesson {chosen.number}", key=f"teach.to.{room.code}"
        ):
            lessons.show_step(runs.default().store, room.code, chosen.name, "example")
            leave_for(address.TEACH, address.class_query(room.code))
        st.button("End class", key=f"teach.end.{room.code}", on_click=_end, args=(room.code,))


def _end(code: str) -> None:
    lessons.end_room(runs.default().store, code)


def _draw_tables(tables: list[LessonTable]) -> None:
    """Predictions and checks by lesson, of those that have any."""
    shown = [table for table in tables if table.classes or table.checks]
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.header("Predictions and checks", anchor=False, width="content")
        st.space("stretch")
        if shown:
            st.download_button(
                "CSV", lessons.write_class_csv(shown), CSV, "text/csv", key="teach.csv", on_click="ignore"
            )
    if not shown:
        st.caption("No class has guessed, and nobody has done a check.")
        return
    st.table([row for table in shown for row in _list_rows(table)])
    st.caption(
        "Predictions are those of classes. Checks are those of all learners on this machine, on their own."
    )


def _list_rows(table: LessonTable) -> list[dict[str, str]]:
    """A row for each class, with the checks of the lesson in the first one."""
    lesson, checks = table.lesson, table.checks
    passed = sum(one.passed for one in checks)
    shown = sum(one.shown for one in checks)
    tries = sum(one.tries for one in checks)
    said = (
        f"{passed} of {len(checks)} passed, {pluralize(tries, 'try', 'tries')}, {shown} shown"
        if checks
        else "none yet"
    )
    name = escape_markdown(f"{lesson.number} {lesson.title}".removeprefix("0 "))
    rows = []
    for one in table.classes:
        asked = lessons.ask_room(lesson.prediction)
        outcome = one.question.outcome
        came = "not revealed" if outcome is None else lessons.format_room_guess(asked, outcome)
        rows.append(
            {
                "Lesson": name,
                "Class": str(one.number),
                "Guesses": f"{len(one.typed)} typed, {pluralize(len(one.hands), 'hand')}",
                "What came out": escape_markdown(came),
                "The room": escape_markdown(" ".join(one.summary.sentences)),
                "Checks": said,
            }
        )
        said = ""
    none = {"Class": "", "Guesses": "", "What came out": "", "The room": ""}
    return rows or [{"Lesson": name, **none, "Checks": said}]
