"""Text of people and models on its way to the screen: always text, never markup."""

from __future__ import annotations

import hashlib
import math
import re
import time
from itertools import count
from typing import Final

import streamlit as st

from refine_core import runs
from refine_core.formatting import clip
from refine_core.runs import make_well_formed
from refine_core.unseen import show_unseen

LOOK_S: Final = 2.0  # between two looks whether the history can be read again
AGAIN_S: Final = 30.0  # a page that the history is read for, and that still fails, is not drawn all the time
_TRIED: Final = "store.tried"
SHORT_LINES = 12
MESSAGE_CHARACTERS = 1_000  # of a label or a message; what is longer is shown by its beginning and its end
ONE_PAGE = (8_000, 200)  # characters and lines, up to which a text is shown as a whole
PAGE_CHARACTERS, PAGE_LINES = 4_000, 80
COMPONENT_CHARACTERS = 20_000  # of a value in a component of ours, which folds what is long
_JOIN = (
    "\u2060"  # a word joiner: seen by nobody, it keeps two letters apart that Streamlit would read together
)
_LINK = r"(?<=http)(?=://)|(?<=https)(?=://)|(?<=www)(?=\.)|(?=@)"
_ICON = r"(?<=:)(?=[\w+-]+:)|(?<=:)(?=material[/_])"  # :smile:, :streamlit: and :material/home:
_ARROW = r"(?:(?<=\s[-<>~])|(?<=\A[-<>~]))(?=(?:->|[-=>])(?:\s|\Z))"  # " -> " would be shown as an arrow
_BLANK_LINE = r"(?<=\n)(?=[ \t]*\n)|(?<=\n)(?=[ \t]*\Z)|\A(?=\s)|(?<=\s)\Z"  # would end a colour or bold words, or begin code
_APART = re.compile(f"{_LINK}|{_ICON}|{_ARROW}|{_BLANK_LINE}", re.IGNORECASE)
# What needs no backslash gets none, as Streamlit hands a label to screen readers as it is written.
_ANYWHERE = r"[\\`*\[\]{<~$]|:(?!\s|\Z)|&(?=[#\w])|(?<![^\W_])_|_(?![^\W_])"
_AT_A_LINES_BEGINNING = (
    r"(?m:^(?P<before>[ \t\u2060]*\d{1,9})(?P<sign>[.)])|^(?P<blank>[ \t\u2060]*)(?P<first>[-+=#>|]))"
)
_MARKUP = re.compile(f"{_AT_A_LINES_BEGINNING}|{_ANYWHERE}")


def escape_markdown(text: object) -> str:
    """`text` for a label or a message that Streamlit reads as Markdown: every sign that has a meaning there is escaped.

    No address in it becomes a link, no name between colons a picture, and no "->" an arrow. What a screen would hide or obey
    is made visible: "␛", "⟨U+202E⟩". A long text is shown by its beginning and its end.
    """
    seen = show_unseen(_shorten(make_well_formed(str(text))))
    return _MARKUP.sub(_escape, _APART.sub(_JOIN, seen)).replace("\n", "  \n")


def _escape(found: re.Match[str]) -> str:
    before = found["before"] or found["blank"] or ""
    return f"{before}\\{found[0].removeprefix(before)}"


def show_text(text: str, *, key: str) -> None:
    """Text as it stands, wrapped, with a button to copy it; page by page where it is long. key: of the pager."""
    text = make_well_formed(text) or " "
    pages = page_ends(text)
    if len(pages) == 1:
        st.code(text, language=None, wrap_lines=True)
        return
    key = f"{key}-{hashlib.blake2b(text.encode(), digest_size=6).hexdigest()}"  # another text begins at its first page
    page = int(st.session_state.get(f"{key}-page") or 1)
    start, end = [0, *pages][page - 1 : page + 1]
    st.code(text[start:end], language=None, wrap_lines=True)
    with st.container(horizontal=True, vertical_alignment="center", key=f"{key}-pager"):
        st.pagination(len(pages), key=f"{key}-page", max_visible_pages=5)
        st.caption(f"{len(text):,} characters", width="content")
        st.download_button(
            ":blue[Download all]",
            text.encode,
            file_name="text.txt",
            mime="text/plain",
            key=f"{key}-download",
            type="tertiary",
            icon=":material/download:",
            on_click="ignore",
        )


def show_output(text: str, title: str, *, key: str) -> None:
    """What a reward printed, folded where it is long. The worker keeps 64,000 characters and says how many it dropped."""
    lines = text.count("\n") + 1
    if lines <= SHORT_LINES:
        st.caption(title)
        show_text(text, key=f"{key}-text")
        return
    with st.expander(f"{title}: {lines:,} lines", key=key):
        show_text(text, key=f"{key}-text")


def show_error(message: str) -> None:
    """What is wrong with the field above, in its place; a sentence, so it begins with a capital."""
    st.error(escape_markdown(capitalize(message)), icon=":material/error:")


def show_store_error(message: str, *, key: str = "store.again") -> None:
    """Why the history cannot be read, and a button that reads it again. A server that is back is noticed without it, too. key: of the button."""
    show_error(message)
    st.button("Try again", icon=":material/refresh:", key=key)
    looks = count()

    def draw_again_once_it_answers() -> None:
        """The first look comes with the page, which has just asked."""
        tried_at = st.session_state.get(_TRIED, -math.inf)
        if not next(looks) or time.monotonic() - tried_at < AGAIN_S or not runs.can_be_read():
            return
        st.session_state[_TRIED] = time.monotonic()
        st.rerun()

    st.fragment(draw_again_once_it_answers, run_every=LOOK_S)()


def capitalize(text: str) -> str:
    """The text with a capital at its beginning; all else stays as it is."""
    return f"{text[:1].upper()}{text[1:]}"


def one_line(text: str, characters: int) -> str:
    """A text on one line of at most so many characters, its end cut off where it is longer."""
    return clip(" ".join(text.split()), characters)


def cut_text(text: str) -> str:
    """The text as a component gets it: very long ones cut, with their length said."""
    if len(text) <= COMPONENT_CHARACTERS:
        return text
    return f"{text[:COMPONENT_CHARACTERS]} … ({len(text):,} characters in all)"


def _shorten(text: str) -> str:
    if len(text) <= MESSAGE_CHARACTERS:
        return text
    rest = MESSAGE_CHARACTERS // 4
    return f"{text[: MESSAGE_CHARACTERS - rest]} … ({len(text):,} characters in all) … {text[-rest:]}"


def page_ends(text: str) -> list[int]:
    """Where the pages of a text end: after so many characters or lines, whichever come first."""
    if len(text) <= ONE_PAGE[0] and text.count("\n") < ONE_PAGE[1]:
        return [len(text)]
    ends: list[int] = []
    start = 0
    while start < len(text):
        end = min(start + PAGE_CHARACTERS, len(text))
        if text.count("\n", start, end) > PAGE_LINES:
            at = start
            for _ in range(PAGE_LINES):
                at = text.index("\n", at) + 1
            end = at
        ends.append(end)
        start = end
    return ends
