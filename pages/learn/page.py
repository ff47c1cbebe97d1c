"""Learn: lessons on the real instrument, each a prediction, a run and a check. The address says which lesson, and which step of it."""

from __future__ import annotations

import streamlit as st

from pages.learn import links
from pages.learn.learner import current_learner
from pages.learn.lesson import draw_lesson
from pages.learn.listing import draw_list
from pages.shared import address
from pages.shared.text import escape_markdown, show_error, show_store_error
from pages.shared.viewport import watch_viewport
from refine_core import lessons
from refine_core.errors import SpecError, StoreError
from refine_core.lessons import LessonError


def draw() -> None:
    """What the address asks for."""
    name = links.lesson_name()
    learner = current_learner()
    if name is None:
        draw_list(learner)
        return
    lesson = lessons.find_lesson(name)
    if lesson is None:
        st.info(escape_markdown(f"There is no lesson {name!r} here."), icon=":material/info:")
        st.page_link(address.LEARN, label="All lessons", icon=":material/school:")
        return
    draw_lesson(lesson, learner)


try:
    draw()
except StoreError as error:
    show_store_error(str(error))
except (LessonError, SpecError) as error:
    show_error(str(error))
with st.container(gap=None):
    watch_viewport()
