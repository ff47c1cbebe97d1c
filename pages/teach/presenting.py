"""A class at work: its slide over the whole window, and what the teacher's keys and buttons do.

teacher --"asked"--> act -> the store --> slide            looks and keys are assets/teach
phones  --pages/guess--> the store --> the count, once a second
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

import streamlit as st

from pages.shared import address
from pages.shared.clicks import take_click
from pages.shared.leave import leave_for
from pages.shared.web import TEACH, import_script, read_styles
from pages.teach import slide
from pages.teach.reach import find_address
from refine_core import experiments, lessons, runs
from refine_core.errors import LMError, SpecError
from refine_core.experiments import Snapshot
from refine_core.lessons import Lesson, LessonError, Room, RoomError

KEY: Final = "teach"
POLL_S: Final = 1.0
_BEFORE: Final[Mapping[lessons.Step, lessons.Step]] = {
    "predict": "example",
    "run": "predict",
    "compare": "predict",
    "check": "compare",
}
MAX_HANDS: Final = 100  # that one press adds
_PROBLEM: Final = "teach.problem"
_SECOND: Final = "teach.second-half"
"""The step whose second half is on the wall: why it came out so, or the answer of the check."""
_component = st.components.v2.component(
    "refinescope.teach", js=import_script(TEACH), css=read_styles(TEACH, root=".teach")
)


def draw_class(code: str) -> None:
    """Draw the step that the class is at. In an AppTest, press with `at.session_state["teach"] = {"asked": {"do": "on", "at": 1}}`."""
    is_live = _is_live(_read(code))
    st.fragment(run_every=POLL_S if is_live else None)(_draw)(code, was_live=is_live)


def _draw(code: str, *, was_live: bool) -> None:
    room = _read(code)
    left = False
    try:
        left = _act(room)
        _reveal(_read(code))
    except (RoomError, LessonError, SpecError, LMError) as error:
        st.session_state[_PROBLEM] = str(error)  # until the next press, as the slide is drawn every second
    room = _read(code)
    lesson = _lesson(room)
    number = lessons.STEPS.index(room.step) + 1
    shown = asdict(_build(lesson, room))
    reached = find_address()
    _component(
        key=KEY,
        data={
            **shown,
            "place": f"{f'Lesson {lesson.number}' if lesson.number else lesson.name}, step {number} of {len(lessons.STEPS)}",
            "address": reached or "",
            "code": room.code,
            "problem": st.session_state.get(_PROBLEM, ""),
            "at": _mark(room),
            "can_go_back": room.step != "example",
        },
        on_asked_change=lambda: None,
    )
    if left:
        leave_for(address.TEACH)
    elif was_live != _is_live(room):
        st.rerun()


def _build(lesson: Lesson, room: Room) -> slide.Slide:
    store, question = runs.default().store, room.question
    guesses = lessons.read_guesses(store, room.code, lesson.name) if question.is_closed else None
    if room.step == "example":
        return slide.build_example(lesson)
    if room.step == "predict":
        typed = lessons.count_guesses(store, room.code, lesson.name)
        return slide.build_question(lesson, room, typed, guesses)
    if room.step == "run":
        return slide.build_run(_snapshot(room))
    values = _values(lesson, room)
    if room.step == "compare":
        if values is not None and _is_second(room):
            return slide.build_reason(lesson, values)
        return slide.build_outcome(lesson, room, guesses or [])
    has_next = _next_lesson(lesson) is not None
    return slide.build_check(lesson, values, is_answered=_is_second(room), has_next=has_next)


# ---- what the teacher does


def _act(room: Room) -> bool:
    """Do what was asked for; whether the teacher leaves. A browser can send anything."""
    asked = take_click(KEY, "asked") or {}
    wanted = asked.get("do")
    if wanted:
        st.session_state.pop(_PROBLEM, None)
    if asked.get("from") not in (None, _mark(room)):
        return False  # pressed on a slide that is no longer there
    if wanted == "leave":
        return True
    if wanted == "on":
        return _go_on(room)
    if wanted == "back" and room.step != "example":
        if _is_second(room):
            del st.session_state[_SECOND]
        else:
            _show(room, _BEFORE[room.step])
    elif wanted == "hand" and room.step == "predict":
        by = asked.get("by")
        if isinstance(by, int | float) and -MAX_HANDS <= by <= MAX_HANDS:
            lessons.change_hands(runs.default().store, room.code, _lesson(room), asked.get("value"), int(by))
    return False


def _go_on(room: Room) -> bool:
    """One step on, as the main button says; whether that leaves the class."""
    store, lesson = runs.default().store, _lesson(room)
    if room.step == "example":
        _show(room, "predict")
    elif room.step == "predict" and not room.question.is_closed:
        lessons.close_guesses(store, room.code, lesson.name)
    elif room.step == "predict" and room.question.outcome is not None:
        _show(room, "compare")
    elif room.step in ("predict", "run"):
        _run(room, lesson)
    elif _values(lesson, room) is None:
        _show(room, "predict")
    elif not _is_second(room):
        st.session_state[_SECOND] = _step(room)
    elif room.step == "compare":
        _show(room, "check")
    else:
        following = _next_lesson(lesson)
        if following is None:
            return True
        lessons.show_step(store, room.code, following.name, "example")
    return False


def _run(room: Room, lesson: Lesson) -> None:
    """Begin the class's runs, once; those that were stopped go on."""
    store, snapshot = runs.default().store, _snapshot(room)
    if snapshot is None:
        experiment = lessons.build_experiment(lesson, store)
        lessons.change_question(store, room.code, lesson.name, experiment=experiment.id)
        experiments.start(experiment)
    elif not snapshot.is_live and snapshot.state != "finished":
        experiments.resume(snapshot.experiment.id)
    _show(room, "run")


def _reveal(room: Room) -> None:
    """Once all runs have ended, keep what came out, and show it."""
    snapshot = _snapshot(room)
    if room.step != "run" or snapshot is None or snapshot.state != "finished":
        return
    lesson, store = _lesson(room), runs.default().store
    values = _values(lesson, room)
    if values is not None and room.question.outcome is None:
        outcome = lessons.read_room_outcome(lesson.prediction, values)
        words = _words(lesson, snapshot, values)
        lessons.change_question(store, room.code, lesson.name, outcome=outcome, words=words)
    lessons.show_step(store, room.code, lesson.name, "compare")


# ---- what is known


def _is_live(room: Room) -> bool:
    """Whether the slide changes by itself."""
    return room.takes_guesses or room.step == "run"


def _read(code: str) -> Room:
    room = lessons.read_room(runs.default().store, code)
    if room is None:
        raise RoomError(f"There is no class {code} any more.")
    return room


def _lesson(room: Room) -> Lesson:
    lesson = lessons.find_lesson(room.lesson)
    if lesson is None:
        raise RoomError(f"The lesson {room.lesson} of this class is not on this machine any more.")
    return lesson


def _next_lesson(lesson: Lesson) -> Lesson | None:
    found = lessons.list_lessons()
    after = [one.name for one in found].index(lesson.name) + 1
    return found[after] if after < len(found) else None


def _snapshot(room: Room) -> Snapshot | None:
    return experiments.get(room.question.experiment) if room.question.experiment else None


def _values(lesson: Lesson, room: Room) -> Mapping[str, Any] | None:
    """The figures of the class's runs, read off them once a session."""
    snapshot = _snapshot(room)
    if snapshot is None or snapshot.state != "finished":
        return None
    key = f"teach.values.{snapshot.experiment.id}"
    if key not in st.session_state:
        st.session_state[key] = lessons.take_measures(lesson, snapshot)
    values: Mapping[str, Any] = st.session_state[key]
    return values


def _words(lesson: Lesson, snapshot: Snapshot, values: Mapping[str, Any]) -> str:
    """What came out in words: "46 of 50"."""
    points = lessons.list_points(lesson, snapshot, values)
    x = lessons.room_x(lesson.prediction)
    index = 0 if x is None else lesson.prediction.x.index(x)
    point = points[index] if points else None
    return "" if point is None else point.words


def _show(room: Room, step: lessons.Step) -> None:
    lessons.show_step(runs.default().store, room.code, room.lesson, step)


def _mark(room: Room) -> str:
    """Tells one slide from the next, so that a second press on one does not act on the other."""
    return f"{room.lesson}/{room.step}/{room.question.is_closed}/{_is_second(room)}"


def _is_second(room: Room) -> bool:
    return bool(st.session_state.get(_SECOND) == _step(room))


def _step(room: Room) -> tuple[str, str, str]:
    return room.code, room.lesson, room.step
