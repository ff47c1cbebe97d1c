"""What assistive technology is told when something has happened; the lesson's head says it once.

announce("Not yet. …")        before a rerun: the head has been drawn when a step knows it
"""

from __future__ import annotations

from typing import Final

import streamlit as st

_SAID: Final = "learn.said"
_OF: Final = "learn.said-of"


def announce(text: str) -> None:
    """Say it, also where the same was said before."""
    _, count = latest()
    st.session_state[_SAID] = (text, count + 1)


def announce_once(text: str, of: object) -> None:
    """Say it, unless the last thing that was said in this way was of the same."""
    if st.session_state.get(_OF) != of:
        st.session_state[_OF] = of
        announce(text)


def latest() -> tuple[str, int]:
    """What is to be said, and how much has been said until then."""
    text, count = st.session_state.get(_SAID, ("", 0))
    return text, count
