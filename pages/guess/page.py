"""Guess along: a phone in a class. The code, the question, a guess; it can be changed until the teacher closes guessing.

What is on the wall is not shown here before it is shown there.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import streamlit as st

from pages.shared import address
from pages.shared.guess import Picture, draw_guess, read_axis
from pages.shared.query import write
from pages.shared.text import escape_markdown, show_error
from refine_core import lessons, runs
from refine_core.errors import StoreError
from refine_core.lessons import Lesson, LessonError, Room, RoomError

BROWSER: Final = "guess.token"
POLL_S: Final = 1.0
_NOTE: Final = "Your guess is kept without a name."
_REFUSED: Final = "guess.refused"
_token = st.components.v2.component(
    "refinescope.guess.token",
    js=(Path(__file__).parents[2] / "assets" / "guess" / "token.js").read_text(encoding="utf-8"),
)


def draw() -> None:
    """What the class of the address is asked now."""
    store, code = runs.default().store, lessons.clean_code(address.class_code() or "")
    room = lessons.read_room(store, code) if code else None
    if room is None:
        _draw_join(code)
        return
    token = _read_token()
    lesson = lessons.find_lesson(room.lesson)
    if room.is_over or lesson is None:
        st.header("This class is over.", anchor=False)
        st.button("Join another class", key="guess.leave", on_click=_leave)
        return
    own = lessons.own_guess(store, code, lesson.name, token) if token else None
    if room.step == "predict":
        _draw_question(room, lesson, token, own)
    else:
        _draw_wait(room, lesson, own)
    st.caption(f"Class {room.code}")
    st.fragment(run_every=POLL_S)(_watch)(code, _state(room))


def _draw_join(code: str) -> None:
    st.header("Guess along", anchor=False)
    if code:
        show_error(f"There is no class {code}. Check the code on the screen.")
    with st.form("guess.join", border=False):
        st.text_input("Class code", key="guess.code", max_chars=8, placeholder="such as KT44")
        st.form_submit_button("Join", type="primary", on_click=_join)


def _join() -> None:
    code = lessons.clean_code(str(st.session_state.get("guess.code") or ""))
    write("class", code or None)


def _leave() -> None:
    write("class", None)


def _draw_question(room: Room, lesson: Lesson, token: str, own: float | None) -> None:
    asked, is_open = lessons.ask_room(lesson.prediction), room.takes_guesses
    lead, _, question = lessons.read_question(lesson).rpartition("\n\n")
    if lead:
        st.markdown(lead)
    st.header(question, anchor=False)
    picture = Picture(
        which=f"{room.code}/{lesson.name}",
        kind="choice" if asked.kind == "choice" else "number",
        label=f"Your guess: {asked.axis or lesson.predicts}",
        axis=read_axis(asked),
        choices=asked.choices,
        guess=None if own is None else int(own) if asked.kind == "choice" else own,
        is_open=is_open,
    )
    value = draw_guess(picture)
    said = "" if own is None else lessons.format_room_guess(asked, own)
    if not is_open:
        st.subheader("Guessing is closed. Look at the screen.", anchor=False)
        st.markdown(escape_markdown(f"Your guess: {said}." if said else "You sent no guess."))
        return
    if said:
        st.subheader(escape_markdown(f"Your guess is in: {said}. Look at the screen."), anchor=False)
    can_send = isinstance(value, int | float) and bool(token) and value != own
    if not said or can_send:
        label = "Send the new guess" if said else "Send"
        # no on_click: an app that was started again would call none
        if st.button(label, type="primary", key="guess.send", width="stretch", disabled=not can_send):
            _send(room.code, lesson, token, value)
            st.rerun()
    if refused := st.session_state.pop(_REFUSED, ""):
        show_error(refused)
    st.caption("You can change it until guessing is closed." if said else _NOTE)


def _draw_wait(room: Room, lesson: Lesson, own: float | None) -> None:
    """Between questions; what came out stands here once it stands on the wall."""
    asked, outcome = lessons.ask_room(lesson.prediction), room.question.outcome
    st.header("Look at the screen.", anchor=False)
    if room.step == "example":
        st.markdown("The question comes next.")
    if own is not None:
        st.markdown(escape_markdown(f"Your guess: {lessons.format_room_guess(asked, own)}."))
    if outcome is not None and room.step in ("compare", "check"):
        st.markdown(escape_markdown(f"It was: {lessons.format_room_guess(asked, outcome)}."))


def _send(code: str, lesson: Lesson, token: str, value: object) -> None:
    try:
        lessons.keep_guess(runs.default().store, code, lesson, token, value)
    except (RoomError, StoreError) as error:
        st.session_state[_REFUSED] = str(error)


def _read_token() -> str:
    """The token that this browser drew and keeps; "" until it has said it. A browser can send anything."""
    state = st.session_state.get(BROWSER)
    sent = state.get("token") if isinstance(state, Mapping) else None
    token = sent if isinstance(sent, str) and lessons.is_token(sent) else ""
    _token(key=BROWSER, data={"known": token}, on_token_change=lambda: None, height="content")
    return token


def _watch(code: str, state: tuple[object, ...]) -> None:
    """Draw the page anew once the class is elsewhere."""
    try:
        room = lessons.read_room(runs.default().store, code)
    except StoreError:  # the next look may read it
        return
    if room is not None and _state(room) != state:
        st.rerun()


def _state(room: Room) -> tuple[object, ...]:
    return room.lesson, room.step, room.is_over, room.question.is_closed, room.question.outcome


try:
    draw()
except (LessonError, RoomError, StoreError) as error:
    show_error(str(error))
