"""What was typed just before the page went away comes into its field when the page is back."""

from __future__ import annotations

import re
from collections.abc import Mapping

import streamlit as st

from pages.program.fields import FORM
from pages.shared.unsent import watch_typing
from refine_core.runs import make_well_formed


def take_typed() -> None:
    """Draws nothing, but takes a gap: call it last."""
    watch_typing(FORM, _take)


def _take(sent: object) -> bool:
    """Put the texts into their fields; whether any had to change. sent: as the browser has it, which can send anything."""
    if not isinstance(sent, Mapping):
        return False
    prefix = f"{FORM.field_key()}."
    keys = [
        key for key in st.session_state if isinstance(key, str) and key.startswith(prefix) and ":" not in key
    ]
    by_class = {_to_class(key): key for key in keys}
    changed = False
    for name, entry in sent.items():
        key = by_class.get(_to_class(str(name).removesuffix(":text")))
        if key is None or not isinstance(entry, Mapping) or not isinstance(entry.get("text"), str):
            continue
        now, bases = st.session_state[key], entry.get("bases")
        if not isinstance(bases, list) or _write(now) not in map(str, bases):
            continue
        try:
            value = (
                type(now)(entry["text"]) if isinstance(now, int | float) else make_well_formed(entry["text"])
            )
        except ValueError:
            continue
        if value != now:
            st.session_state[key] = value
            changed = True
    return changed


def _write(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else "" if value is None else str(value)


def _to_class(name: str) -> str:
    """As Streamlit writes a key into a class of CSS."""
    return re.sub(r"[^a-zA-Z0-9_-]", "-", name)
