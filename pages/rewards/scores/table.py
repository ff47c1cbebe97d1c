"""The component that shows the scores: what is chosen in it goes into the address.

draw_board(bench) --data--> assets/rewards --row, threshold, action--> take_clicks
"""

from __future__ import annotations

import math
from typing import Final

import streamlit as st

from pages.rewards import fields
from pages.rewards.bench import Bench
from pages.rewards.board import build_table
from pages.rewards.cases.pin import ask_to_pin
from pages.rewards.fields import static_key
from pages.rewards.scores.labels import label_rows
from pages.rewards.scores.what_if import Question
from pages.shared.clicks import take_click
from pages.shared.web import REWARDS, import_script, read_styles
from pages.shared.what_if_pictures import build_curve, build_strip, mark_of

KEY: Final = static_key("board")
COMPARES: Final = static_key("compares")
_component = st.components.v2.component(
    "refinescope.rewards",
    js=import_script(REWARDS),
    css=read_styles(REWARDS),
)


def take_clicks() -> None:
    """Put what was chosen in the component into the address. Before anything is drawn; a browser can send anything."""
    row = take_click(KEY, "row")
    if row is not None and str(row.get("key", "")).isdecimal():
        fields.write_row(int(row["key"]) - 1)
    threshold = take_click(KEY, "threshold")
    if (
        threshold is not None
        and isinstance(value := threshold.get("value"), int | float)
        and math.isfinite(value)
    ):
        fields.write_threshold(float(value))
    match take_click(KEY, "labels"):
        case {"given": dict() as given}:
            label_rows(given)
    action = take_click(KEY, "action")
    match action:
        case {"name": "page", "detail": int() as page}:
            fields.write_page(page)
        case {"name": "only", "detail": str() as only} if only in fields.ONLY:
            fields.write_only(only)
        case {"name": "pin", "detail": str() as key} if key.isdecimal():
            ask_to_pin(int(key) - 1)
        case {"name": "xray", "detail": str() as key} if key.isdecimal():
            fields.write_row(int(key) - 1)
            fields.write_view("xray")
        case {"name": "compare"}:
            st.session_state[COMPARES] = not st.session_state.get(COMPARES, False)


def draw_board(bench: Bench, question: Question | None) -> None:
    """Draw the pictures of a run, if there is one, and the rows.

    In an AppTest, choose with `at.session_state[KEY] = {"row": {"key": "2", "at": 1}}`.
    """
    marks = {}
    if question is not None:
        positions = question.positions
        marks = {
            positions[one.attempt]: mark_of(question, one)
            for one in question.answer.attempts
            if one.attempt in positions
        }
    selected = fields.read_row()
    _component(
        key=KEY,
        data={
            "strip": build_strip(question) if question is not None else None,
            "curve": build_curve(question) if question is not None else None,
            "table": build_table(bench, only=fields.read_only(), page=fields.read_page(), marks=marks),
            "selected": "" if selected is None else str(selected + 1),
            "pending": bench.scores is not None and not bench.is_current,
        },
        height="content",
        on_row_change=lambda: None,
        on_threshold_change=lambda: None,
        on_action_change=lambda: None,
        on_labels_change=lambda: None,
    )
