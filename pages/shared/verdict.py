"""The verdict on a run and its numbers: a headline and one line below it, always in the same place."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from pages.shared.text import escape_markdown


def draw_verdict(
    headline: str, numbers: str, *, more: Sequence[str] = (), edited: str = "", live: bool = False
) -> None:
    """Draw both lines.

    more: further sentences of the verdict, which come before the numbers; those on failures are set off. edited: what was
    changed since, set off, too.
    live: each line is kept to one, so that nothing below moves while words come and go.
    """
    parts = [
        f":blue[{escape_markdown(edited)}]" if edited else "",
        *(_sentence(one) for one in more),
        escape_markdown(numbers),
    ]
    with st.container(gap=None):
        st.markdown(f"##### {escape_markdown(headline.removesuffix('.'))}", anchors=False, wrap=not live)
        st.caption(" · ".join(filter(None, parts)), wrap=not live)


def _sentence(text: str) -> str:
    escaped = escape_markdown(text.removesuffix("."))
    return f":red[**{escaped}**]" if " failed" in text else escaped
