"""Every text of TEXTS through `escape_markdown`, in each place where the app puts one: `?place=NAME`."""

import streamlit as st

from pages.shared.text import escape_markdown
from tests.browser.escaped_texts import TEXTS

DRAW = {
    "message": lambda text, key: st.error(escape_markdown(text)),
    "caption": lambda text, key: st.caption(escape_markdown(text)),
    "small": lambda text, key: st.markdown(f":small[:gray[{escape_markdown(text)}]]"),
    "bold": lambda text, key: st.markdown(f":small[:red[**{escape_markdown(text)}**]]"),
    "heading": lambda text, key: st.title(escape_markdown(text), anchor=False),
    "button": lambda text, key: st.button(f"**{escape_markdown(text)}**", key=key, type="tertiary"),
    "label": lambda text, key: st.text_input(escape_markdown(text), key=key),
}

for number, text in enumerate(TEXTS):
    with st.container(key=f"text-{number}"):
        DRAW[st.query_params.get("place", "message")](text, f"widget-{number}")
