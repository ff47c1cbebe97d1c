"""Keys of a whole page, such as Ctrl-Enter for Run.

Streamlit's own `shortcut=` writes the key on the button in a grey that fails WCAG AA on a filled one, and takes Escape from
whatever is open over the page.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import streamlit as st

_component = st.components.v2.component(
    "refinescope.hotkeys",
    js=(Path(__file__).parents[2] / "assets" / "hotkeys" / "hotkeys.js").read_text(encoding="utf-8"),
)


def take_hotkey(keys: Mapping[str, str], *, key: str) -> str | None:
    """Listen for these keys; return the name of the one that was pressed, in the one script run that follows.

    keys: "Ctrl+Enter" or "Escape", say -> a name.
    """
    pressed = _component(key=key, data={"keys": dict(keys)}, on_pressed_change=lambda: None, height="content")
    name = pressed.get("pressed")
    return str(name) if name in keys.values() else None
