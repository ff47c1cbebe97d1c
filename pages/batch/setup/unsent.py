"""A number that was typed as the page went away comes into its field when the page is back.

Seed 0 -> 7, reload at once -> {"batch-1-seed": {"text": "7", "bases": ["0"]}} -> the field says 7
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Final

import streamlit as st

from pages.batch.setup.draft import FORM, change, current
from pages.shared.unsent import watch_typing

_FIELD: Final = re.compile(r"batch-\d+-(usd|repeats|at_once|seed|calls|tokens)")
_MAX: Final = 10**12


def watch_fields() -> None:
    """Draws nothing, but takes a gap: call it last."""
    watch_typing(FORM, _take)


def _take(sent: object) -> bool:
    """Put the numbers into their fields; whether any had to change. sent: as the browser has it, which can send anything."""
    if not isinstance(sent, Mapping):
        return False
    changed = False
    for name, entry in sent.items():
        found = _FIELD.fullmatch(str(name))
        if found is None or not isinstance(entry, Mapping):
            continue
        field, now = found[1], getattr(current(), found[1])
        value = _read(str(entry.get("text", "")), whole=field != "usd")
        bases = entry.get("bases")
        known = [_read(str(one), whole=field != "usd") for one in bases] if isinstance(bases, list) else []
        if value is not None and value != now and now in known:
            change(**{field: value})
            st.session_state.pop(FORM.field_key(field), None)
            changed = True
    return changed


def _read(text: str, *, whole: bool) -> float | int | None:
    try:
        value = float(text)
    except ValueError:
        return None
    if not math.isfinite(value) or not 0 <= value <= _MAX:
        return None
    return int(value) if whole else value
