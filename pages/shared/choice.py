"""A choice among a few things, each a press away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import streamlit as st


def choose(
    label: str, options: Mapping[Any, str], *, key: str, width: Literal["content", "stretch"] = "content"
) -> None:
    """Draw a segmented control; what is chosen is `st.session_state[key]`. label: for assistive technology.

    The chosen option is written in the theme's blue for text. Streamlit would write it in the accent colour, which cannot
    be dark enough for white words on it and light enough to be read on a dark page.
    """

    def describe(option: object) -> str:
        return f":blue[{options[option]}]" if option == st.session_state.get(key) else options[option]

    st.segmented_control(
        label,
        list(options),
        format_func=describe,
        required=True,
        key=key,
        persist_state="session",
        label_visibility="collapsed",
        width=width,
    )


def describe_tabs(names: Sequence[str]) -> list[str]:
    """The labels of `st.tabs`, each in the theme's grey for text; a bar marks the one that is open.

    Streamlit would write that one in the accent colour, which is too dark on a dark page; see `choose`.
    """
    return [f":gray[{name}]" for name in names]
