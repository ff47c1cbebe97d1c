"""What a component of ours tells: each piece of news carries the time at which it came, and is taken once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st


def take_news(key: str, name: str) -> Mapping[str, Any] | None:
    """What the component of that key says under this name, if it was not taken before. A browser can send anything.

    In an AppTest, choose with `at.session_state[key] = {name: {…, "at": 1}}`.
    """
    state = st.session_state.get(key)
    news = state.get(name) if isinstance(state, Mapping) else None
    if not isinstance(news, Mapping):
        return None
    taken: dict[str, object] = st.session_state.setdefault(f"{key}.taken", {})
    if taken.get(name) == news.get("at"):
        return None
    taken[name] = news.get("at")
    return news
