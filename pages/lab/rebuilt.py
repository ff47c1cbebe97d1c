"""What of a recorded program the form could not rebuild: the first point in words, the others behind a press."""

from __future__ import annotations

from typing import Final

import streamlit as st

from pages.lab.fields import static_key
from pages.lab.form_state import FormState
from pages.shared.text import escape_markdown
from refine_core import programs, runs
from refine_core.errors import StoreError
from refine_core.formatting import pluralize

_PX: Final = 48  # two lines


def draw_rebuilt(form: FormState) -> int:
    """Say it; how many pixels that takes. Nothing for a program that was not recorded elsewhere, or that is here as a whole."""
    if form.spec.parent is None:
        return 0
    try:
        recorded = runs.timeline(form.spec.parent)
    except StoreError:  # the page says so
        return 0
    points = () if recorded is None else programs.describe_rebuild(recorded, form.spec)
    if not points:
        return 0
    first, *more = points
    with st.container(horizontal=True, wrap=False, vertical_alignment="center", gap="small"):
        st.caption(f":material/info: {escape_markdown(first)}", width="stretch")
        if more:
            with st.popover(pluralize(len(more), "more point"), key=static_key("rebuilt"), type="tertiary"):
                for words in more:
                    st.markdown(f"- {escape_markdown(words)}")
    return _PX
