"""Teach a class: the address names a class, whose lesson fills the window; without one, all classes, and how they did."""

from __future__ import annotations

import streamlit as st

from pages.shared import address
from pages.shared.text import escape_markdown, show_error
from pages.shared.title import title_page
from pages.teach.listing import draw_list
from pages.teach.presenting import draw_class
from refine_core import lessons, runs
from refine_core.errors import SpecError, StoreError
from refine_core.lessons import LessonError, RoomError


def draw() -> None:
    """What the address asks for."""
    code = address.class_code()
    if code is None:
        draw_list()
        return
    room = lessons.read_room(runs.default().store, code)
    if room is None:
        st.info(escape_markdown(f"There is no class {code!r} here."), icon=":material/info:")
        st.page_link(address.TEACH, label="All classes", icon=":material/school:")
        return
    if room.is_over:
        st.info(f"Class {room.code} is over. What it guessed is under All classes.", icon=":material/info:")
        st.page_link(address.TEACH, label="All classes", icon=":material/school:")
        return
    title_page(f"Class {room.code}")
    draw_class(room.code)


try:
    draw()
except (LessonError, RoomError, SpecError, StoreError) as error:
    show_error(str(error))
