"""A field for a key. What is typed stays in pages/shared/keys.py: it is never sent back to the browser, nor put in the address."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import streamlit as st

from pages.shared.keys import bind_key, get_key, keep_typed, other_address
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


def secret_field(label: str, *, slot: str, placeholder: str = "") -> None:
    """Draw the field; `keys.get_key(slot)` gives what was typed. In an AppTest: `at.session_state[slot] = {"typed": "…"}`."""

    def remember() -> None:
        keep_typed(slot)

    _field(
        key=slot,
        data={"label": label, "placeholder": placeholder, "held": bool(get_key(slot))},
        on_typed_change=remember,
    )


def describe_key_problem(slot: str, address: str) -> str:
    """What is wrong with the key in this slot for this address, as the end of a sentence; "" for nothing."""
    other = other_address(slot, address)
    return f"the key was typed for {other}; type it again, or say that it is for {address}" if other else ""


def offer_key(slot: str, address: str) -> None:
    """Below the field: where its key was typed for another address, say so, and let a person say that it is for this one."""
    other = other_address(slot, address)
    if not other:
        return
    st.warning(
        escape_markdown(
            f"This key was typed for {other}, so it is not sent to {address}. Type it again if it belongs there."
        ),
        icon=":material/key_off:",
    )
    st.button(
        f"Use this key for {escape_markdown(address)}",
        key=f"{slot}:use",
        on_click=bind_key,
        args=(slot, address),
    )
