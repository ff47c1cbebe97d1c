"""The verdict on a run and its numbers: a headline and one line below it, always in the same place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import streamlit as st

from pages.shared.text import escape_markdown

LONG_HEADLINE: Final = 90  # characters, above which what follows a colon goes to the line below
ABOUT_PX: Final = 23  # of the line on a worked example


def draw_verdict(
    headline: str,
    numbers: str,
    *,
    edited: str = "",
    note: str = "",
    failures: str = "",
    whole: str = "",
    wrap: bool = True,
    about: str = "",
    actions: Callable[[], None] | None = None,
    aside: Callable[[], None] | None = None,
    keep_px: int | None = None,
) -> None:
    """Draw both lines.

    edited, note, failures: stand before the numbers: what was changed since, what else the verdict is, which attempts failed.
    whole: all that there is to say, shown on hover and focus, where the line says it in fewer words.
    wrap: whether the line below may take more than one, where it is longer than the screen is wide.
    about: what a worked example has to show, on a line of its own. actions: draws the buttons beside the headline.
    aside: draws one without a border at the end of the line below it.
    keep_px: height of the headline, however many lines it takes, so that nothing below it moves; None for what it needs.
    """
    headline = headline.removesuffix(".")
    if len(headline) > LONG_HEADLINE and ": " in headline:
        headline, _, rest = headline.partition(": ")
        note = " · ".join(filter(None, [f"{rest[:1].upper()}{rest[1:]}", note]))
    parts = [
        f":blue[{escape_markdown(edited)}]" if edited else "",
        f":red[**{escape_markdown(failures)}**]" if failures else "",
        escape_markdown(note),
        f":gray[{escape_markdown(numbers)}]",
    ]
    with st.container(gap=None):
        with st.container(
            horizontal=True,
            wrap=False,
            vertical_alignment="center",
            gap="xsmall",
            height=keep_px or "content",
            border=False,
        ):
            # Not `st.markdown("## …")`: its margins reach out of the row, which then has a scrollbar.
            st.header(escape_markdown(headline), anchor=False, width="stretch")
            if actions is not None:
                actions()
        line = f":small[{' · '.join(filter(None, parts))}]"
        told = escape_markdown(whole) if whole else None
        if aside is None:
            st.markdown(line, wrap=wrap, help=told)
        else:
            with st.container(horizontal=True, wrap=False, vertical_alignment="center", gap="xsmall"):
                st.markdown(line, wrap=wrap, help=told, width="stretch")
                aside()
        if about:
            st.markdown(f":small[**What to look for.** {escape_markdown(about)}]")
