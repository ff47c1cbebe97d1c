"""The choice of a reply format, alike wherever a model is described."""

from __future__ import annotations

from typing import Final

import streamlit as st

from refine_core.programs import ReplyFormat

REPLY_FORMATS: Final[dict[ReplyFormat, str]] = {
    "auto": "Automatic (chat, then JSON schema)",
    "chat": "Chat markers",
    "json_schema": "JSON schema",
    "json": "JSON object",
}
_HELP: Final = (
    "How the model is asked to lay out its replies. Automatic asks by chat first, by JSON schema where that reply cannot be "
    "read, and remembers what works. A JSON schema is kept even by small models, if their server knows it."
)


def select_reply_format(key: str) -> None:
    """The field. key: of its widget."""
    st.selectbox(
        "Reply format",
        list(REPLY_FORMATS),
        format_func=REPLY_FORMATS.__getitem__,
        key=key,
        persist_state="session",
        help=_HELP,
    )
