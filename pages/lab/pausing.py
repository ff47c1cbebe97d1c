"""Whether the next run waits for a person before each step."""

from __future__ import annotations

import streamlit as st

from pages.lab.fields import static_key

_KEY = static_key("stepwise")


def stepwise_box() -> None:
    """Draw the box."""
    st.checkbox(
        "Pause before each step",
        key=_KEY,
        persist_state="session",
        help="The run waits before each attempt and each request for advice. Meanwhile you can edit the next hint.",
    )


def is_stepwise() -> bool:
    """Whether the box is ticked."""
    return bool(st.session_state.get(_KEY))
