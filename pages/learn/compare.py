"""Step 4: the guess beside what happened: the gap in a sentence, and why."""

from __future__ import annotations

import streamlit as st

from pages.learn.failures import draw_failures, draw_retry
from pages.learn.layout import places
from pages.learn.picture import build_picture, compare
from pages.learn.predict import draw_next
from pages.learn.running import draw_until_measured
from pages.learn.visit import Visit
from pages.shared.guess import draw_guess
from pages.shared.text import escape_markdown
from refine_core import lessons


def draw_compare(visit: Visit) -> None:
    """Draw the comparison; before the runs have ended, what there is of them."""
    if draw_until_measured(visit) or visit.values is None:
        return
    text, right, actions = places()
    with text:
        gap = compare(visit)
        words = gap.sentence if gap is not None else "You looked without a guess."
        st.header(escape_markdown(words), anchor=False)
        draw_failures(visit)
        st.markdown(lessons.fill_text(visit.lesson, "Compare", visit.values))
        if visit.is_other_model:
            words = lessons.fill_text(visit.lesson, "Another model", visit.values)
            about = "The numbers are from your model. The sentences were written for the practice model."
            st.markdown(f"**On a real model.** {about} {words}".rstrip())
    with right:
        draw_guess(build_picture(visit))
    with actions:
        draw_next("Check", "check")
        draw_retry(visit, is_primary=False)
