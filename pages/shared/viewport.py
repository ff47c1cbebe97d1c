"""Whether the browser's window is narrow: a phone, or a page that is zoomed to 200 %.

The server does not see the window. It guesses by what a phone says of itself, and the browser corrects it, once.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import streamlit as st

NARROW_PX: Final = 900
"""Below this width, in CSS pixels, two columns leave neither of them room enough."""
_KEY: Final = "viewport"
_component = st.components.v2.component(
    "refinescope.viewport",
    js=(Path(__file__).parents[2] / "assets" / "viewport" / "viewport.js").read_text(encoding="utf-8"),
)


def is_narrow() -> bool:
    """Whether it is narrow, as far as is known. In an AppTest, set `at.session_state["viewport"] = {"narrow": True}`."""
    state = st.session_state.get(_KEY)
    told = state.get("narrow") if state else None
    return bool(told) if told is not None else _says_phone()


def watch_viewport() -> None:
    """Have the browser tell whether it is narrow, and when that changes. Draws nothing, but takes a gap: call it last."""
    data = {"below": NARROW_PX, "known": is_narrow()}
    _component(key=_KEY, data=data, on_narrow_change=lambda: None, height="content")


def _says_phone() -> bool:
    headers = st.context.headers
    mobile = headers.get("Sec-Ch-Ua-Mobile")
    return mobile == "?1" if mobile else "Mobi" in headers.get("User-Agent", "")
