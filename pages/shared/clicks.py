"""What was chosen in a component of ours: each choice carries its time, and is taken once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st


def take_click(key: str, name: str) -> Mapping[str, Any] | None:
    """What the component of that key says under this name, if it was not taken before. A browser can send anything.

    In an AppTest, choose with `at.session_state[key] = {name: {…, "at": 1}}`.
    """
    state = st.session_state.get(key)
    chosen = state.get(name) if isinstance(state, Mapping) else None
    if not isinstance(chosen, Mapping):
        return None
    taken: dict[str, object] = st.session_state.setdefault(f"{key}.taken", {})
    if taken.get(name) == chosen.get("at"):
        return None
    taken[name] = chosen.get("at")
    return chosen
