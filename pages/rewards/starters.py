"""Rewards to start from. A press puts one into the editor with its cases, and Undo there brings back what stood in it."""

from __future__ import annotations

import streamlit as st

from pages.rewards import draft
from pages.rewards.bench import Bench
from pages.rewards.draft import Base
from pages.rewards.fields import static_key
from pages.shared.viewport import is_narrow
from refine_core import programs

_TITLE_AND_ABOUT = (45, 55)


def draw_starters(bench: Bench) -> None:
    """The list, while there is nothing else to look at."""
    st.caption(
        "Rewards written for dspy, TRL, verifiers, promptfoo, OpenAI graders and eleven others run as they are."
    )
    st.markdown("**Or start from one of these**")
    list_starters(bench, "empty")


def list_starters(bench: Bench, where: str = "menu") -> None:
    """Title and purpose of each. where: "empty" for a list on the page, where a purpose stands beside its title."""
    beside = where == "empty" and not is_narrow()
    outputs = list(bench.rows[0].prediction) if bench.rows else []
    with st.container(gap="xxsmall"):
        for starter in programs.list_starters_for_outputs(outputs):
            title, about = (
                st.columns(_TITLE_AND_ABOUT, vertical_alignment="center") if beside else (None, None)
            )
            with title or st.container(gap=None):
                st.button(
                    f":blue[**{starter.title}**]",
                    key=static_key("starter", where, starter.key),
                    type="tertiary",
                    on_click=draft.load_reward,
                    args=(Base(starter.source, cases=starter.cases),),
                )
                if about is None:
                    st.caption(starter.about)
            if about is not None:
                about.caption(starter.about)
