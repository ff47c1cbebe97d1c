"""A field for a key: kept in this session's memory, never sent back to the browser, never in the address."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import streamlit as st

_ASSETS: Final = Path(__file__).parents[2] / "assets" / "secret"
_HTML: Final = """
<div class="row">
  <label><span></span><input type="password" autocomplete="off" spellcheck="false"></label>
  <button type="button">Forget</button>
</div>
"""
_field = st.components.v2.component(
    "refinescope.secret",
    html=_HTML,
    css=(_ASSETS / "secret.css").read_text(encoding="utf-8"),
    js=(_ASSETS / "secret.js").read_text(encoding="utf-8"),
)


def secret(label: str, *, key: str, placeholder: str = "") -> None:
    """Draw the field; `held(key)` gives what was typed. In an AppTest: `at.session_state[key] = {"typed": "…"}`."""

    def remember() -> None:
        st.session_state[_memory(key)] = _typed(key) or ""

    _field(
        key=key,
        data={"label": label, "placeholder": placeholder, "held": bool(held(key))},
        on_typed_change=remember,
    )


def held(key: str) -> str:
    """The key that was typed into the field `key`, or ""."""
    typed = _typed(key)
    return str(st.session_state.get(_memory(key), "")) if typed is None else typed


def hold(key: str, text: str) -> None:
    """Hold `text` for the field `key`, in memory alone. To be called before it is drawn."""
    st.session_state.pop(key, None)
    st.session_state[_memory(key)] = text


def forget(key: str) -> None:
    """Hold nothing any more for the field `key`. To be called before it is drawn."""
    st.session_state.pop(key, None)
    st.session_state.pop(_memory(key), None)


def _typed(key: str) -> str | None:
    """What the browser sent last, if the field is on the page and was typed in."""
    state = st.session_state.get(key)
    value = state.get("typed") if state else None
    return None if value is None else str(value)


def _memory(key: str) -> str:
    return f"{key}:held"
