"""A class at work: its slide over the whole window, and what the teacher's keys and buttons do.

teacher --"asked"--> act -> the store --> slide            looks and keys are assets/teach
phones, another window of the teacher's --> the store --> slide, once a second
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import asdict
from typing import Final

import streamlit as st

from pages.shared import address
from pages.shared.clicks import take_click
from pages.shared.leave import leave_for
from pages.shared.text import show_error
from pages.shared.web import TEACH, import_script, read_styles
from pages.teach.reach import find_address
from pages.teach.scene import Scene, open_scene
from pages.teach.slide import build_slide
from refine_core import experiments, lessons, runs
from refine_core.errors import LMError, SpecError, StoreError
from refine_core.lessons import STEPS, LessonError, Room, RoomError, Step

KEY: Final = "teach"
POLL_S: Final = 1.0
MAX_HANDS: Final = 100  # that one press adds
_PROBLEM: Final = "teach.problem"
_ACTING: Final = threading.Lock()  # a press in one window is over before one in another begins
_Half = tuple[Step, bool]  # a step, and whether its second half is shown
_NEXT: Final[Mapping[_Half, _Half]] = {
    ("example", False): ("predict", False),
    ("compare", False): ("compare", True),
    ("compare", True): ("check", False),
    ("check", False): ("check", True),
}
_BEFORE: Final[Mapping[_Half, _Half]] = {
    ("predict", False): ("example", False),
    ("run", False): ("predict", False),
    ("compare", False): ("predict", False),
    **{after: before for before, after in _NEXT.items() if before[0] != "example"},
}
_component = st.components.v2.component(
    "refinescope.teach", js=import_script(TEACH), css=read_styles(TEACH, root=".teach")
)


@st.fragment(run_every=POLL_S)
def draw_class(code: str) -> None:
    """Draw the step that the class is at. In an AppTest, press with `at.session_state["teach"] = {"asked": {"do": "on", "at": 1}}`."""
    try:
        _draw(code)
    except (LessonError, RoomError, StoreError) as error:  # the page catches none of a fragment's own runs
        show_error(str(error))


def _draw(code: str) -> None:
    leaves = False
    try:
        with _ACTING:
            leaves = _act(code)
            _reveal(open_scene(code))
    except (RoomError, LessonError, SpecError, LMError) as error:
        st.session_state[_PROBLEM] = str(error)  # until the next press, as the slide is drawn every second
    scene = open_scene(code)
    room, lesson = scene.room, scene.lesson
    name = f"Lesson {lesson.number}" if lesson.number else lesson.name
    _component(
        key=KEY,
        data={
            **asdict(build_slide(scene)),
            "place": f"{name}, step {STEPS.index(room.step) + 1} of {len(STEPS)}",
            "address": find_address() or "",
            "code": room.code,
            "problem": st.session_state.get(_PROBLEM, ""),
            "at": _mark(room),
            "can_go_back": _half(room) in _BEFORE,
        },
        on_asked_change=lambda: None,
    )
    if leaves:
        leave_for(address.TEACH)
    elif room.is_over:
        st.rerun()  # the page says so


def _act(code: str) -> bool:
    """Do what was asked for; whether the teacher leaves. A browser can send anything."""
    asked = take_click(KEY, "asked") or {}
    wanted = asked.get("do")
    if wanted in (None, "leave"):
        return wanted == "leave"
    st.session_state.pop(_PROBLEM, None)
    scene = open_scene(code)
    room = scene.room
    if asked.get("from") not in (None, _mark(room)):
        return False  # pressed on a slide that is no longer there
    if wanted == "on":
        return _go_on(scene)
    if wanted == "back" and _half(room) in _BEFORE:
        step, shows_more = _BEFORE[_half(room)]
        scene.show(step, shows_more=shows_more)
    elif wanted == "hand" and room.step == "predict":
        by = asked.get("by")
        if isinstance(by, int | float) and -MAX_HANDS <= by <= MAX_HANDS:
            lessons.change_hands(runs.default().store, code, scene.lesson, asked.get("value"), int(by))
    return False


def _go_on(scene: Scene) -> bool:
    """One step on, as the main button says; whether that leaves the class."""
    room, store = scene.room, runs.default().store
    if room.step == "predict" and not room.question.is_closed:
        lessons.close_guesses(store, room.code, room.lesson)
    elif room.step == "predict" and scene.is_revealed:
        scene.show("compare")
    elif room.step in ("predict", "run"):
        _run(scene)
    elif room.step != "example" and scene.values is None:
        scene.show("predict")
    elif _half(room) in _NEXT:
        step, shows_more = _NEXT[_half(room)]
        scene.show(step, shows_more=shows_more)
    elif scene.following is None:
        return True
    else:
        lessons.show_step(store, room.code, scene.following.name, "example")
    return False


def _run(scene: Scene) -> None:
    """Begin the class's runs, once; those that were stopped go on."""
    room, snapshot, store = scene.room, scene.snapshot, runs.default().store
    if snapshot is None:
        experiment = lessons.build_experiment(scene.lesson, store)
        lessons.change_question(store, room.code, room.lesson, experiment=experiment.id)
        experiments.start(experiment)
    elif not snapshot.is_live and snapshot.state != "finished":
        experiments.resume(snapshot.experiment.id)
    scene.show("run")


def _reveal(scene: Scene) -> None:
    """Once all runs have ended, keep what came out, and show it."""
    room, lesson = scene.room, scene.lesson
    if room.step != "run" or scene.values is None or scene.snapshot is None:
        return
    if room.question.outcome is None:
        points = lessons.list_points(lesson, scene.snapshot, scene.values)
        x = lessons.room_x(lesson.prediction)
        point = points[0 if x is None else lesson.prediction.x.index(x)] if points else None
        outcome = lessons.read_room_outcome(lesson.prediction, scene.values)
        words = "" if point is None else point.words
        lessons.change_question(runs.default().store, room.code, room.lesson, outcome=outcome, words=words)
    scene.show("compare")


def _half(room: Room) -> _Half:
    return room.step, room.shows_more


def _mark(room: Room) -> str:
    """Tells one slide from the next, so that a second press on one does not act on the other."""
    return f"{room.lesson}/{room.step}/{room.question.is_closed}/{room.shows_more}"
