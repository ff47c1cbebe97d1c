"""Step 1: one run of the lesson's experiment, whole, on the app's own timeline and story."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Final

import streamlit as st

from pages.learn import links
from pages.learn.layout import places
from pages.learn.visit import Visit
from pages.shared import address
from pages.shared.run.view import draw_run
from pages.shared.text import show_error
from refine_core import experiments, lessons, runs
from refine_core.experiments import Cell
from refine_core.runs import Run

WAIT_S: Final = 60.0
ROOM_PX: Final = 660  # of the screen's height, so that a prompt stands on it below the story of many attempts


def draw_example(visit: Visit) -> None:
    """Draw the text and the run; it is run first, once for everybody on this machine."""
    text, picture, actions = places()
    with text:
        st.markdown(lessons.fill_text(visit.lesson, "Example"))
    with picture:
        run = _find_run(visit)
        if run is None:
            show_error("The example has not run. Open the page again; if this stays, restart the app.")
        else:
            draw_run(run, room_px=ROOM_PX)
    with actions, st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if st.button("Predict", type="primary", key="learn.to-predict"):
            links.show_step("predict")
            st.rerun()
        if run is not None:
            st.page_link(
                address.RUN, label="Open this run", query_params={"run": run.run_id}, width="content"
            )


def _find_run(visit: Visit) -> Run | None:
    """The run of the example, a cell of the lesson's experiment. Raises LessonError, SpecError, StoreError."""
    lesson = visit.lesson
    whole = lessons.build_experiment(lesson, runs.default().store)
    arm = next(one for one in whole.arms if lesson.example.arm in (one.key, one.name))
    # The same experiment has the same id, so that it is run once.
    marks = repr((arm, whole.dataset_id, whole.dataset_version, lesson.example.row, whole.seed))
    digest = hashlib.blake2b(marks.encode(), digest_size=6).hexdigest()
    part = replace(whole, id=f"{lesson.name}-{digest}", arms=(arm,), rows=lesson.example.row, repeats=1)
    cell = Cell(arm.key, lesson.example.row, 1)
    run_id = cell.run_id(part.id)
    run = runs.get(run_id)
    if run is None or run.live:
        with st.spinner("Running the example …"):
            experiments.start(part)
            experiments.join(part.id, WAIT_S)
        run = runs.get(run_id)
    return run
