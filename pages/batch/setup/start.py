"""Run, or try three inputs first; and what keeps it from being run, beside the button."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Final

import streamlit as st

from pages.batch.setup.before import Before
from pages.batch.setup.draft import FORM
from pages.shared.text import escape_markdown
from refine_core.errors import Problem
from refine_core.formatting import pluralize

TRIED: Final = 3
_PRESSED: Final = FORM.static_key("pressed")
logger = logging.getLogger("refine_core")


def draw_start(before: Before, problems: Sequence[Problem]) -> None:
    """Draw the buttons."""
    ready = not problems
    label = f"Run {before.runs:,}" if ready else f"Fix {pluralize(len(problems), 'problem')}"
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button(label, type="primary", key=FORM.static_key("run"), disabled=not ready)
        if before.inputs > TRIED or not before.inputs:
            st.button(f"Try {TRIED} inputs first", key=FORM.static_key("try"), disabled=not ready)
    if ready:
        st.caption("You can close this page: it goes on, and can be resumed.")
    else:
        for one in problems:
            st.caption(escape_markdown(f"✕ {one.message[:1].upper()}{one.message[1:]}."))
