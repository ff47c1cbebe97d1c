"""Leave for another page of the app, so that Back leads to where one was."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from urllib.parse import urlencode

import streamlit as st

from pages.shared import address

_component = st.components.v2.component(
    "refinescope.leave",
    js=(Path(__file__).parents[2] / "assets" / "leave" / "leave.js").read_text(encoding="utf-8"),
)


def leave_for(page: str, query: Mapping[str, str | Sequence[str]] | None = None) -> None:
    """Have the browser go to that page, as one step of its history. The page that one leaves goes on being drawn until then.

    `st.switch_page` makes two steps of it: the first is the page that one leaves, with the query of the one that comes.

    page: one of those in `address`. query: what its address says, several values of a name one by one; None for nothing.
    """
    name = "." if page == address.LAB else PurePosixPath(page).parent.name.replace("_", "-")
    to = f"{name}?{urlencode(query, doseq=True)}" if query else name
    _component(key="leave", data={"to": to, "at": time.time()}, height="content")
