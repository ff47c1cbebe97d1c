"""The top of an experiment's page: its name, what state it is in, and what can be done with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import streamlit as st

from pages.shared import address
from pages.shared.text import escape_markdown
from pages.shared.title import title_page
from pages.shared.viewport import is_narrow

MAX_NAME_CHARACTERS: Final = 120


def draw_header(
    name: str,
    caption: str,
    *,
    rename: Callable[[str], None] | None = None,
    actions: Callable[[], None] | None = None,
    key: str,
) -> None:
    """Name and state left, actions right.

    caption: plain text. rename: called, in a callback, with a name that somebody typed; None where it cannot be renamed. actions:
    draws the buttons, in a row. key: of the experiment.
    """
    title_page(name)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", wrap=is_narrow()):
        st.title(escape_markdown(name), anchor=False, width="content")
        if rename is not None:
            _draw_rename(name, rename, key)
        if caption:
            st.caption(escape_markdown(caption), width="content")
        st.space("stretch")
        with st.container(horizontal=True, width="content", gap="xsmall", vertical_alignment="center"):
            if actions is not None:
                actions()
            st.page_link(address.BATCH, label="All experiments", width="content")


def _draw_rename(name: str, rename: Callable[[str], None], key: str) -> None:
    field = f"batch.{key}.rename"

    def take() -> None:
        typed = " ".join(str(st.session_state.get(field) or "").split())[:MAX_NAME_CHARACTERS]
        if typed and typed != name:
            rename(typed)

    with st.popover(
        "", type="tertiary", icon=":material/edit:", help="Rename", key=f"batch.{key}.rename-open"
    ):
        st.text_input(
            "Name of the experiment", name, key=field, on_change=take, max_chars=MAX_NAME_CHARACTERS
        )
