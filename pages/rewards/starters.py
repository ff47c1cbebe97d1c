"""Rewards to start from, while there is nothing else to look at."""

from __future__ import annotations

import streamlit as st

from pages.rewards import draft
from pages.rewards.draft import Base
from pages.rewards.fields import static_key
from refine_core import programs


def draw_starters() -> None:
    """A list of them; a press puts one into the editor, and Undo there brings back what stood in it."""
    st.markdown("**Or start from one of these**")
    with st.container(gap="xxsmall"):
        for starter in programs.list_reward_starters(programs.NEW_PROGRAM):
            with st.container(gap=None):
                st.button(
                    f"**{starter.title}**",
                    key=static_key("starter", starter.key),
                    type="tertiary",
                    on_click=draft.load_reward,
                    args=(Base(starter.source),),
                )
                st.caption(starter.about)
