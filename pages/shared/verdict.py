"""The verdict on a run and its numbers: a headline and one line below it, always in the same place."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from pages.shared.text import escape_markdown

LONG_HEADLINE = 90  # characters, above which what follows a colon goes to the line below


def draw_verdict(
    headline: str,
    numbers: str,
    *,
    more: Sequence[str] = (),
    edited: str = "",
    live: bool = False,
    actions: Callable[[], None] | None = None,
) -> None:
    """Draw both lines.

    more: further sentences of the verdict, which come before the numbers; those on failures are set off. edited: what was
    changed since, set off, too.
    live: each line is kept to one, so that nothing below moves while words come and go.
    actions: draws the buttons beside the headline.
    """
    headline = headline.removesuffix(".")
    if len(headline) > LONG_HEADLINE and ": " in headline:
        headline, _, rest = headline.partition(": ")
        more = (f"{rest[:1].upper()}{rest[1:]}", *more)
    parts = [
        f":blue[{escape_markdown(edited)}]" if edited else "",
        *(_sentence(one) for one in more),
        f":gray[{escape_markdown(numbers)}]",
    ]
    with st.container(gap=None):
        with st.container(horizontal=True, wrap=False, vertical_alignment="center", gap="xsmall"):
            # A heading that must not wrap is shown with its ##; a live one is short.
            st.markdown(f"## {escape_markdown(headline)}", anchors=False, width="stretch")
            if actions is not None:
                actions()
        st.markdown(f":small[{' · '.join(filter(None, parts))}]", wrap=not live)


def _sentence(text: str) -> str:
    escaped = escape_markdown(text.removesuffix("."))
    return f":red[**{escaped}**]" if " failed" in text else escaped
