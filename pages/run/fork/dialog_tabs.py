"""Tab reaches what is inside our components in a dialog, too, whose focus trap does not see into them."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

_component = st.components.v2.component(
    "refinescope.dialog_tabs",
    js=(Path(__file__).parents[3] / "assets" / "dialog" / "tabs.js").read_text(encoding="utf-8"),
)


def reach_by_tab(key: str) -> None:
    """Make each component of this dialog a stop of the Tab key. Draws nothing, but takes a gap: call it last, in the dialog."""
    _component(key=key, data={}, height="content")
