"""A lesson on screen: its question, its five steps, and below them the step that the address names.

text left, picture right, in the same place from the prediction to the check; on a phone one below the other
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final
from urllib.parse import urlencode

import streamlit as st

from pages.learn import links
from pages.learn.announcing import announce_once, latest
from pages.learn.compare import draw_compare
from pages.learn.example import draw_example
from pages.learn.learner import draw_learner
from pages.learn.other_model import draw_other_model, draw_way_back
from pages.learn.picture import compare
from pages.learn.predict import draw_predict
from pages.learn.running import draw_run_step
from pages.learn.task import draw_check
from pages.learn.visit import Visit, keep_time, open_visit
from pages.shared import address
from pages.shared.clicks import take_click
from pages.shared.leave import leave_for
from pages.shared.title import title_page
from pages.shared.web import LESSON_HEAD, import_script, read_styles
from refine_core import lessons
from refine_core.lessons import Lesson, Step
from refine_core.unseen import show_unseen

KEY: Final = "learn.head"
_STEPS: Final[Mapping[Step, tuple[str, Callable[[Visit], None]]]] = {
    "example": ("Example", draw_example),
    "predict": ("Predict", draw_predict),
    "run": ("Run", draw_run_step),
    "compare": ("Compare", draw_compare),
    "check": ("Check", draw_check),
}
_component = st.components.v2.component(
    "refinescope.learn.head", js=import_script(LESSON_HEAD), css=read_styles(LESSON_HEAD, root=".lesson-head")
)


def draw_lesson(lesson: Lesson, learner: str) -> None:
    """Draw the step that the address names, or else the farthest one that was reached. Raises LessonError, StoreError."""
    title_page(lesson.title)
    _take_click()
    visit = open_visit(lesson, learner)
    step = links.lesson_step() or visit.progress.step
    links.show_step(step)
    if lessons.STEPS.index(step) > lessons.STEPS.index(visit.progress.step) and (
        visit.snapshot is not None or step in ("example", "predict")
    ):
        visit = replace(visit, progress=visit.keep(step=step))
    keep_time(lesson.name, learner)
    _say_step(visit, step)
    _draw_head(visit, step)
    _STEPS[step][1](visit)
    _draw_foot(visit, step)


def _take_click() -> None:
    """In an AppTest: `at.session_state["learn.head"] = {"asked": {"step": "predict", "at": 1}}`."""
    asked = take_click(KEY, "asked") or {}
    if asked.get("list"):
        leave_for(address.LEARN, links.list_query())
    elif asked.get("step") in lessons.STEPS:
        links.show_step(asked["step"])


def _say_step(visit: Visit, step: Step) -> None:
    """Say which step is shown, and what came out."""
    place = f"Step {lessons.STEPS.index(step) + 1} of {len(lessons.STEPS)}: {_STEPS[step][0]}."
    if step == "run" and visit.snapshot is not None and visit.snapshot.is_live:
        place = f"{place} {visit.size} are under way."
    elif step == "run" and visit.snapshot is not None and not visit.is_finished:
        place = f"{place} Stopped: {visit.snapshot.done:,} of {visit.size} have ended."
    elif step == "compare" and (gap := compare(visit)) is not None:
        place = f"{place} The runs have finished. {gap.sentence}"
    announce_once(place, (visit.lesson.name, visit.learner, step, visit.snapshot and visit.snapshot.state))


def _draw_head(visit: Visit, step: Step) -> None:
    lesson, reached = visit.lesson, lessons.STEPS.index(visit.progress.step)
    finished = visit.progress.is_done
    count = len(lessons.list_lessons())
    steps = [
        {
            "key": key,
            "label": label,
            "href": f"learn?{urlencode(links.lesson_query(lesson.name, key))}",
            "state": "done" if finished or lessons.STEPS.index(key) < reached else "open",
            "here": key == step,
        }
        for key, (label, _) in _STEPS.items()
    ]
    data = {
        "number": str(lesson.number),
        "title": show_unseen(lesson.title),
        "place": f"{lesson.number} of {count}",
        "list": f"learn?{urlencode(links.list_query())}".rstrip("?"),
        "steps": steps,
        "learner": show_unseen(visit.learner),
        "said": dict(zip(("text", "at"), latest(), strict=True)),
    }
    _component(key=KEY, data=data, height="content", on_asked_change=lambda: None)


def _draw_foot(visit: Visit, step: Step) -> None:
    """What was run, and the way to it."""
    seed = visit.lesson.experiment.seed
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(f"Step {lessons.STEPS.index(step) + 1} of {len(lessons.STEPS)}", width="content")
        draw_learner(visit.learner)
        st.space("stretch")
        if visit.is_other_model:
            draw_way_back(visit)
        else:
            st.caption(f"practice model, seed {seed}", width="content")
        if step in ("compare", "check") and visit.is_finished and not visit.is_other_model:
            draw_other_model(visit)
        if visit.is_finished and visit.snapshot is not None:
            query = address.experiment_query(visit.snapshot.experiment.id)
            st.page_link(address.BATCH, label="Open these runs in Batch", query_params=query, width="content")
