"""Step 4: the guess beside what happened: the gap in a sentence, and why."""

from __future__ import annotations

import streamlit as st

from pages.learn.guess import draw_guess
from pages.learn.layout import places
from pages.learn.picture import build_picture, compare
from pages.learn.predict import draw_next
from pages.learn.running import draw_not_run, draw_run_step
from pages.learn.visit import Visit
from pages.shared.text import escape_markdown
from refine_core import lessons


def draw_compare(visit: Visit) -> None:
    """Draw the comparison; before the runs have ended, what there is of them."""
    if visit.snapshot is None:
        draw_not_run(visit)
        return
    if visit.values is None:
        draw_run_step(visit)
        return
    text, right, actions = places()
    with text:
        gap = compare(visit)
        words = gap.sentence if gap is not None else "You looked without a guess."
        st.header(escape_markdown(words), anchor=False)
        st.markdown(lessons.fill_text(visit.lesson, "Compare", visit.values))
    with right:
        draw_guess(build_picture(visit))
    with actions:
        draw_next("Check", "check")
