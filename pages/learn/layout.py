"""Where things stand in a lesson: text and buttons left, the picture right; on a phone text, picture, buttons."""

from __future__ import annotations

from typing import Final

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.shared.viewport import is_narrow

BESIDE: Final = (34, 66)  # 420 px of text at 1440
CODE_BESIDE: Final = (50, 50)  # where the text holds an editor


def places(beside: tuple[int, int] = BESIDE) -> tuple[DeltaGenerator, DeltaGenerator, DeltaGenerator]:
    """The places of the text, the picture and the buttons."""
    if is_narrow():
        return st.container(gap="small"), st.container(), st.container(gap="small")
    left, right = st.columns(beside, gap="large")
    with left:
        text, actions = st.container(gap="small"), st.container(gap="small")
    return text, right.container(), actions
