"""What a tab says on top: a headline, and a line below it."""

from __future__ import annotations

import streamlit as st

from pages.rewards.fields import static_key
from pages.shared.text import escape_markdown


def draw_headline(headline: str, detail: str) -> None:
    """Draw both, as text and not as markdown. detail: "" for none."""
    with st.container(gap=None, key=static_key("verdict")):
        st.markdown(f"## {escape_markdown(headline)}", anchors=False)
        if detail:
            st.markdown(f":small[:gray[{escape_markdown(detail)}]]")
