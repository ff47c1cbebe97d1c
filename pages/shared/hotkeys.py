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


def take_hotkey(key: str) -> str | None:
    """The name of the key that was pressed, in the one script run that follows. key: as in `listen_for_keys`.

    In an AppTest, press with `at.session_state[key] = {"pressed": "run"}`.
    """
    state = st.session_state.get(key)
    pressed = state.get("pressed") if state else None
    return None if pressed is None else str(pressed)


def listen_for_keys(keys: Mapping[str, str], *, key: str) -> None:
    """Have the browser tell of these keys. Draws nothing, but takes a gap: call it last.

    keys: "Ctrl+Enter" or "Escape", say -> a name.
    """
    _component(key=key, data={"keys": dict(keys)}, on_pressed_change=lambda: None, height="content")
