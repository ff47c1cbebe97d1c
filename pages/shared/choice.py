"""A choice among a few things, each a press away."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import streamlit as st


def choose(
    label: str,
    options: Mapping[Any, str],
    *,
    key: str,
    width: Literal["content", "stretch"] = "content",
    on_change: Callable[[], None] | None = None,
) -> None:
    """Draw a segmented control; what is chosen is `st.session_state[key]`. label: for assistive technology.

    on_change: called when another is chosen; whoever gives one keeps the choice, and sets the state before each drawing.
    The options are written in the theme's blue for text. Streamlit would write the chosen one in the accent colour, which cannot
    be dark enough for white words on it and light enough to be read on a dark page. All of them: to Streamlit an option
    whose label changes is another button, and what had the focus has it no longer.
    """
    st.segmented_control(
        label,
        list(options),
        format_func=lambda option: f":blue[{options[option]}]",
        required=True,
        key=key,
        persist_state=None if on_change is not None else "session",
        label_visibility="collapsed",
        width=width,
        on_change=on_change,
    )


def describe_tabs(names: Sequence[str]) -> list[str]:
    """The labels of `st.tabs`, each in the theme's grey for text; a bar marks the one that is open.

    Streamlit would write that one in the accent colour, which is too dark on a dark page; see `choose`.
    """
    return [f":gray[{name}]" for name in names]
