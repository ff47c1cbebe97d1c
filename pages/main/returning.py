"""A page that was open while its app was started anew is drawn again by itself, with whatever stands in its address."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final

import streamlit as st

_SCRIPT: Final = Path(__file__).parents[2] / "assets" / "alive" / "back.js"
_component = st.components.v2.component("refinescope.back", js=_SCRIPT.read_text(encoding="utf-8"))


def draw_again_on_return() -> None:
    """Have the browser run the whole page again once the app answers after a stop. Draws nothing, but takes a gap: call it last."""
    _component(key="back", data={"drawn": time.time()}, on_back_change=lambda: None, height="content")
