"""A person's verdict on a row: good, bad or none. On an attempt of a run it is the attempt's label, as on the run's own page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

import streamlit as st

from pages.rewards import fields
from pages.rewards.bench import Bench
from pages.rewards.fields import static_key
from pages.shared.text import escape_markdown
from refine_core import workbench
from refine_core.errors import StoreError

Verdict = Literal["good", "bad"]
VERDICTS: Final[dict[str, Verdict | None]] = {"good": "good", "bad": "bad", "": None}
_ERROR: Final = static_key("label-error")


def label_rows(given: Mapping[object, object]) -> None:
    """Label rows: their numbers, from 1, as text -> label, "" for none. Before the rows are read; a browser can send anything."""
    for key, label in given.items():
        if str(key).isdecimal() and label in VERDICTS:
            _write(int(str(key)) - 1, VERDICTS[str(label)])


def draw_label(bench: Bench, position: int) -> None:
    """The two verdicts, the row's own pressed. One that came with a file, in other words, stands beside them."""
    label = bench.rows[position].label
    # One widget a label, so that each is only ever set to one value.
    key, shown = static_key("label", position, label or ""), label if label in ("good", "bad") else None
    st.session_state[key] = shown
    st.segmented_control(
        "Label",
        ("good", "bad"),
        format_func=lambda verdict: f":blue[{verdict}]",  # as in pages/shared/choice.py
        key=key,
        width="content",
        label_visibility="collapsed",
        on_change=_press,
        args=(position, key, shown),
        help="Your verdict on this output. The doctor compares scores with it, and cases can be made of it. Key: l",
    )
    if label is not None and label not in VERDICTS:
        st.caption(escape_markdown(f"labelled {label}"), width="content")
    if problem := st.session_state.pop(_ERROR, ""):
        st.caption(escape_markdown(f"not kept: {problem}"), width="content")


def _press(position: int, key: str, shown: Verdict | None) -> None:
    """Take a press. What was set and is not changed is none.

    A browser says by itself what a widget was set to. Where the next label is there by then, its widget has left the page, and
    Streamlit takes that word for a change of a widget without a value.
    """
    pressed: Verdict | None = st.session_state[key]
    if pressed != shown:
        _write(position, pressed)


def _write(position: int, label: Verdict | None) -> None:
    found = _find(position)
    if found is None:
        return
    source, place = found
    try:
        workbench.label_row(source, place, label)
    except StoreError as error:
        st.session_state[_ERROR] = str(error)


def _find(position: int) -> tuple[workbench.RowSource, int] | None:
    """The source of the row at this position, and its place there."""
    place = position
    for ref in fields.read_sources():
        source = workbench.load_source(ref)
        if source is None:
            continue
        if 0 <= place < len(source.rows):
            return source, place
        place -= len(source.rows)
    return None
