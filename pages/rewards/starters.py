"""Rewards to start from. A press puts one into the editor, and Undo there brings back what stood in it."""

from __future__ import annotations

import streamlit as st

from pages.rewards import draft
from pages.rewards.draft import Base
from pages.rewards.fields import static_key
from refine_core import programs


def draw_starters() -> None:
    """The list, while there is nothing else to look at."""
    st.markdown("**Or start from one of these**")
    list_starters("empty")


def list_starters(where: str = "menu") -> None:
    """Title and purpose of each. where: tells two lists on one page apart."""
    with st.container(gap="xxsmall"):
        for starter in programs.list_reward_starters(programs.NEW_PROGRAM):
            with st.container(gap=None):
                st.button(
                    f"**{starter.title}**",
                    key=static_key("starter", where, starter.key),
                    type="tertiary",
                    on_click=draft.load_reward,
                    args=(Base(starter.source),),
                )
                st.caption(starter.about)
