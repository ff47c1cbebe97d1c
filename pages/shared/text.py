"""Text of people and models on its way to the screen: always text, never markup."""

from __future__ import annotations

import re

import streamlit as st

from refine_core.runs import well_formed

SHORT_LINES = 12
ROLES = {"system": "System message", "user": "User message", "assistant": "Example reply"}
_JOIN = "\u2060"  # a word joiner: seen by nobody, it keeps an address from becoming a link
_LINK = re.compile(r"(?<=http)(?=://)|(?<=https)(?=://)|(?<=www)(?=\.)|(?=@)", re.IGNORECASE)
_MARKUP = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$:&^=])")


def plain(text: object) -> str:
    """`text` for a label or a message that Streamlit reads as Markdown: every sign with a meaning is escaped.

    No address in it becomes a link.
    """
    return _MARKUP.sub(r"\\\1", _LINK.sub(_JOIN, well_formed(str(text)))).replace("\n", "  \n")


def block(text: str) -> None:
    """Text as it stands, wrapped, with a button to copy it."""
    st.code(well_formed(text) or " ", language=None, wrap_lines=True)


def printed(text: str, title: str, *, key: str) -> None:
    """What a reward printed, folded where it is long. The worker keeps 64,000 characters and says how many it dropped."""
    lines = text.count("\n") + 1
    if lines <= SHORT_LINES:
        st.caption(title)
        block(text)
        return
    with st.expander(f"{title}: {lines:,} lines", key=key):
        block(text)


def mistake(message: str) -> None:
    """What is wrong with the field above, in its place."""
    st.error(plain(message), icon=":material/error:")
