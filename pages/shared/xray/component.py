"""The component that draws what `build_xray` made. It tells which call is entered, and which row is moved to: see `take_click`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import streamlit as st

from pages.shared.web import XRAY, import_script, read_styles

_component: Final = st.components.v2.component(
    "refinescope.xray", js=import_script(XRAY), css=read_styles(XRAY)
)


def show_xray(key: str, data: Mapping[str, object]) -> None:
    """Draw it. key: of its clicks, "enter" and "move"."""
    _component(
        key=key,
        data=data,
        height="content",
        on_enter_change=lambda: None,
        on_move_change=lambda: None,
    )
