"""What was typed just before the page was left: the browser hands it over to the page that comes next.

    Threshold 1 -> 0.8, reload at once -> {"lab-1-threshold": {"text": "0.8", "bases": ["1"]}} -> the field says 0.8

A text is taken where the field still holds one of those that it was typed over; anything else came later, and stays.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

import streamlit as st

from pages.lab.fields import FORM, REWARD
from pages.lab.reward_source import read_reward, replace_reward
from refine_core.runs import make_well_formed

_FIELD: Final = re.compile(r"lab[.-]\d+[.-](?P<name>.+)")
_EDITOR: Final = ":text"  # ends the name of an editor in place of a field; see pages/shared/editor.py


def take_unsent(sent: object) -> bool:
    """Put the texts into their fields; whether any had to change. To be called in a callback.

    sent: as the browser has it, which can send anything.
    """
    if not isinstance(sent, Mapping):
        return False
    fields = {_to_class(name): name for name in _names()}
    changed = False
    for name, entry in sent.items():
        text, bases = _read(entry)
        if text is None:
            continue
        if name == REWARD:
            if read_reward() != text and read_reward() in bases:
                replace_reward(text)
                changed = True
        elif (found := _FIELD.fullmatch(str(name))) is not None:
            changed |= _put(fields.get(_to_class(found["name"].removesuffix(_EDITOR)), ""), text, bases)
    return changed


def _names() -> list[str]:
    """The names of the form's fields."""
    prefix = f"{FORM.field_key()}."
    keys = [key for key in st.session_state if isinstance(key, str) and key.startswith(prefix)]
    return [key.removeprefix(prefix) for key in keys if ":" not in key]


def _put(name: str, text: str, bases: Sequence[str]) -> bool:
    """Put a text into the field of that name, if it holds one of the bases, as a value of its type; whether that changed it."""
    if not name:
        return False
    key = FORM.field_key(name)
    now = st.session_state.get(key)
    if isinstance(now, bool) or (_write(now) not in bases and str(now or "") not in bases):
        return False
    try:
        value = type(now)(text) if isinstance(now, int | float) else text
    except ValueError:
        return False
    st.session_state[key] = value
    return value != (now or "") if isinstance(value, str) else value != now


def _write(value: object) -> str:
    """A value as its field shows it."""
    return f"{value:g}" if isinstance(value, float) else "" if value is None else str(value)


def _read(entry: object) -> tuple[str | None, Sequence[str]]:
    """The text of an entry, and what it was typed over; None for what is no entry."""
    if not isinstance(entry, Mapping):
        return None, ()
    text, bases = entry.get("text"), entry.get("bases")
    if not isinstance(text, str) or not isinstance(bases, Sequence):
        return None, ()
    return make_well_formed(text), [str(one) for one in bases]


def _to_class(name: str) -> str:
    """As Streamlit writes a key into a class of CSS."""
    return re.sub(r"[^a-zA-Z0-9_-]", "-", name)
