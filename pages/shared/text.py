"""Text of people and models on its way to the screen: always text, never markup."""

from __future__ import annotations

import re

import streamlit as st

_MARKUP = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$:&^=])")


def plain(text: object) -> str:
    """`text` for a label or a message that Streamlit reads as Markdown: every sign with a meaning is escaped."""
    return _MARKUP.sub(r"\\\1", str(text)).replace("\n", "  \n")


def block(text: str, *, height: int | None = None) -> None:
    """Long text as it stands, wrapped, with a button to copy it. height: pixels after which it scrolls."""
    st.code(text or " ", language=None, wrap_lines=True, height=height or "content")


def mistake(message: str) -> None:
    """What is wrong with the field above, in its place."""
    st.error(plain(message), icon=":material/error:")
