"""The title of the browser's tab: which page it is, or which run."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

NAME = "Refinescope"
TITLE_CHARACTERS = 80
_ICON = Path(__file__).parents[2] / "assets" / "icon.svg"


def title_page(name: str) -> None:
    """Call the tab "name · Refinescope". The last call in a script run stands."""
    words = " ".join(name.split())
    line = "".join(
        letter for letter in words if letter.isprintable()
    )  # nothing that turns the order of letters
    short = line if len(line) <= TITLE_CHARACTERS else f"{line[: TITLE_CHARACTERS - 1]}…"
    st.set_page_config(page_title=f"{short} · {NAME}" if short else NAME, page_icon=str(_ICON), layout="wide")
