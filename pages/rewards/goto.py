"""A line of the reward that was pressed elsewhere on the page: the editor takes the cursor there."""

from __future__ import annotations

import time
from typing import Final

import streamlit as st

from pages.rewards.fields import static_key
from pages.shared.editor import Goto

_GOTO: Final = static_key("goto")


def go_to_line(line: int) -> None:
    """Have the editor show this line, from 1, and take the cursor there. Before the editor is drawn."""
    st.session_state[_GOTO] = Goto(line=line, at=time.time())


def wanted_line() -> Goto | None:
    """Where the editor was asked to go last; it goes there once."""
    found: Goto | None = st.session_state.get(_GOTO)
    return found
