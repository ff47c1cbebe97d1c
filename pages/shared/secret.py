"""A field for a key: kept in this session's memory, never sent back to the browser, never in the address.

A key is for the address that the form named when it was typed. Where another address is put in, `held_for` gives it out no
more until it is typed again, or somebody says that it belongs there, too.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import streamlit as st

from pages.shared.text import escape_markdown

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


def held_for(key: str, address: str) -> str:
    """The key in the field `key`, if it was typed for this address; else "".

    To be called in every run of a form with what its address says now: a key that is new was typed for that one.
    address: "" while the form names none; a key then waits for the first that is named.
    """
    text = held(key)
    bound: tuple[str, str] | None = st.session_state.get(_bound(key))
    if not text or (bound is not None and bound[0] != text):
        st.session_state.pop(_bound(key), None)
        bound = None
    if text and address and bound is None:
        bound = st.session_state[_bound(key)] = (text, address)
    return text if bound is not None and bound[1] == address else ""


def typed_for(key: str, address: str) -> str:
    """The other address that the key in the field `key` was typed for; "" where there is none."""
    bound: tuple[str, str] | None = st.session_state.get(_bound(key))
    return bound[1] if held(key) and address and bound is not None and bound[1] != address else ""


def key_problem(key: str, address: str) -> str:
    """What is wrong with the key in the field `key` for this address, as the end of a sentence; "" for nothing."""
    other = typed_for(key, address)
    return f"the key was typed for {other}; type it again, or say that it is for {address}" if other else ""


def offer_key(key: str, address: str) -> None:
    """Below the field: where its key was typed for another address, say so, and let a person say that it is for this one."""
    other = typed_for(key, address)
    if not other:
        return
    st.warning(
        escape_markdown(
            f"This key was typed for {other}, so it is not sent to {address}. Type it again if it belongs there."
        ),
        icon=":material/key_off:",
    )
    st.button(
        f"Use this key for {escape_markdown(address)}", key=f"{key}:use", on_click=_bind, args=(key, address)
    )


def _bind(key: str, address: str) -> None:
    st.session_state[_bound(key)] = (held(key), address)


def hold(key: str, text: str) -> None:
    """Hold `text` for the field `key`, in memory alone. To be called before it is drawn."""
    st.session_state.pop(key, None)
    st.session_state.pop(_bound(key), None)
    st.session_state[_memory(key)] = text


def forget(key: str) -> None:
    """Hold nothing any more for the field `key`. To be called before it is drawn."""
    st.session_state.pop(key, None)
    st.session_state.pop(_bound(key), None)
    st.session_state.pop(_memory(key), None)


def _typed(key: str) -> str | None:
    """What the browser sent last, if the field is on the page and was typed in."""
    state = st.session_state.get(key)
    value = state.get("typed") if state else None
    return None if value is None else str(value)


def _memory(key: str) -> str:
    return f"{key}:held"


def _bound(key: str) -> str:
    """Where it is kept for which address the key was typed, with the key, so that a new one is known."""
    return f"{key}:for"
