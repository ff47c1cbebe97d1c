"""The top of the page: which reward it is, and what can be done with it."""

from __future__ import annotations

import streamlit as st

from pages.rewards import draft
from pages.rewards.bench import Bench
from pages.shared.text import escape_markdown


def draw_header(bench: Bench) -> None:
    """Name and state left, actions right."""
    base = draft.base()
    edited = bench.code != base.source
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.title(escape_markdown(base.name) if base.name else "Rewards", anchor=False, width="content")
        if base.name:
            st.caption(f"version {base.version}{', edited' if edited else ''}", width="content")
        if problem := draft.draft_error():
            st.caption(escape_markdown(f"draft not saved: {problem}"), width="content")
