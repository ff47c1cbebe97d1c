"""The keyboard's place on a page: a choice that is drawn anew keeps the focus, and Tab leads into a popover that was opened."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import streamlit as st

_KEY: Final = "focus"
_component = st.components.v2.component(
    "refinescope.focus",
    js=(Path(__file__).parents[2] / "assets" / "focus" / "focus.js").read_text(encoding="utf-8"),
)


def keep_focus(choice: str, chosen: str) -> None:
    """Keep it in the choice with this label, also where it moves on the page. Draws nothing, but takes a gap: call it last."""
    _component(key=_KEY, data={"choice": choice, "chosen": chosen}, height="content")
