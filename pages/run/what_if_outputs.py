"""The output that would be returned beside the one that was."""

from __future__ import annotations

from typing import Final

import streamlit as st

from pages.shared.text import escape_markdown
from refine_core.runs import Timeline, format_value
from refine_core.unseen import show_unseen
from refine_core.what_if import WhatIf

_VALUE_CHARACTERS: Final = 2_000


def draw_outputs(timeline: Timeline, answer: WhatIf) -> None:
    """Draw both, or the only one there is."""
    was = None if timeline.returned_index is None else timeline.returned_index + 1
    now = answer.returned if answer.is_known else answer.first
    title = "Would be returned"
    if not answer.is_known:
        values = {one.attempt: one.new for one in answer.attempts}
        first = values.get(answer.first or 0)
        reached = first is not None and answer.threshold is not None and first >= answer.threshold
        title = "First at the threshold" if reached else "Best of these outputs"
    if now is None or now == was:
        if was is not None:
            same = "Returned, as before" if answer.is_known else f"{title}, as before"
            _draw_output(timeline, was, same if now == was else "Was returned")
        return
    if was is None:
        _draw_output(timeline, now, title)
        return
    left, right = st.columns(2, gap="medium")
    with left:
        _draw_output(timeline, now, title)
    with right:
        _draw_output(timeline, was, "Was returned")


def _draw_output(timeline: Timeline, number: int, title: str) -> None:
    attempt = next((a for a in timeline.attempts if a.index == number - 1), None)
    if attempt is None or attempt.outputs is None:
        return
    st.markdown(f"**{title}, attempt {number}**")
    for name, value in attempt.outputs.items():
        text = show_unseen(format_value(value))
        with st.container(gap=None):
            st.caption(escape_markdown(name))
            st.text(text if len(text) <= _VALUE_CHARACTERS else f"{text[:_VALUE_CHARACTERS]} …")
