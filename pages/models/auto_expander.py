"""A folded part of a form, which opens by itself where something in it needs to be seen, and then stays open."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator


def auto_expander(label: str, *, key: str, needed: bool) -> DeltaGenerator:
    """The expander. needed: whether it must be open now. key: of the form's field, so that loading folds it again.

    Were it open only as long as it is needed, it would close under the hands of whoever fixes what is wrong in it.
    """
    memory = f"{key}:opened"
    st.session_state[memory] = bool(st.session_state.get(memory)) or needed
    return st.expander(label, expanded=st.session_state[memory])
