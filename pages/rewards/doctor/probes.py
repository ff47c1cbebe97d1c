"""The probes as the browser draws them: two lists, each line with the exact text, a bar and the points. A press pins one.

draw_probes(…) --data--> assets/rewards/probes.js --pin--> take_probe_clicks
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import streamlit as st

from pages.rewards.cases import state as case_state
from pages.rewards.doctor.right_answer import Probes, ShownProbe
from pages.rewards.exact_text import show_exactly
from pages.rewards.fields import static_key
from pages.shared.clicks import take_click
from pages.shared.web import PROBES, import_script, read_styles
from refine_core.cases import BAD, GOOD, Want, case_from_row, maximum, minimum
from refine_core.doctor import PAID_ALIKE, ProbeResult, RowProbes
from refine_core.formatting import format_score
from refine_core.unseen import show_unseen_in
from refine_core.workbench import Row

KEY: Final = static_key("probes")
NOTHING_PAID: Final = "Nothing. No text without the right answer is paid like it."
NOTHING_REFUSED: Final = "Nothing. However the right answer was written, it is paid the same."
NOT_VARIED: Final = "Not tried: in which other ways a whole output would be as right, nobody has said."
LITTLE, MUCH = (
    0.2,
    0.8,
)  # of what the right answer is paid: the most for a wrong text, the least for a right one
RIGHT: Final = "the right answer"
ROUNDING: Final = 1e-9
_OF: Final = static_key("probes-of")
_component = st.components.v2.component(
    "refinescope.rewards.probes",
    js=import_script(PROBES),
    css=read_styles(PROBES.with_name("doctor.css")),
)


def take_probe_clicks() -> None:
    """Pin what was pressed, and with it the right answer. Before anything is drawn; a browser can send anything."""
    click, probes = take_click(KEY, "press"), st.session_state.get(_OF)
    if click is None or not isinstance(probes, Probes):
        return
    chosen = {0: probes.paid, 1: probes.refused}.get(click.get("list", -1), ())
    place = click.get("place")
    if not isinstance(place, int) or not 0 <= place < len(chosen):
        return
    row, one = chosen[place]
    pinned = case_state.read_case_set()
    if not any(case.same_output(_right_row(row)) for case in pinned):
        case_state.pin_case(case_from_row(_right_row(row), _want(row, right=True), RIGHT))
    case_state.pin_case(case_from_row(_row_of(row, one), _want(row, right=one.claim == "right"), one.name))


def draw_probes(probes: Probes, *, pending: bool) -> None:
    """Draw both lists. pending: they are of the text before.

    In an AppTest, pin with `at.session_state[KEY] = {"press": {"list": 0, "place": 0, "at": 1}}`.
    """
    st.session_state[_OF] = probes
    _component(
        key=KEY,
        data=show_unseen_in(
            {
                "lists": [
                    _list(_title_paid(probes.paid), probes.paid, NOTHING_PAID, probes.lead),
                    _list(
                        "Right, but paid differently",
                        probes.refused,
                        NOTHING_REFUSED if probes.varied else NOT_VARIED,
                        probes.lead,
                    ),
                ],
                "pending": pending,
            }
        ),
        height="content",
        on_press_change=lambda: None,
    )


def _title_paid(paid: Sequence[ShownProbe]) -> str:
    """Some are paid only most of it: the title says so."""
    nearly = any(one.share is not None and one.share < PAID_ALIKE for _, one in paid)
    return "Paid like the right answer, or nearly" if nearly else "Paid like the right answer"


def _list(title: str, found: Sequence[ShownProbe], none: str, lead: str) -> dict[str, object]:
    return {"title": title, "none": none, "probes": [_describe(row, one, lead) for row, one in found]}


def _describe(row: RowProbes, one: ProbeResult, lead: str) -> dict[str, object]:
    text = show_exactly(one.text, lead)
    share = max(0.0, min(1.0, one.share)) if one.share is not None else None
    return {
        "name": one.name,
        "short": text.short,
        "whole": text.whole,
        "said": text.said,
        "share": share,
        "value": _write(one),
        "error": one.error,
        "pinned": any(case.same_output(_row_of(row, one)) for case in case_state.read_case_set()),
    }


def _row_of(row: RowProbes, one: ProbeResult) -> Row:
    return replace(row.right.row, prediction=one.prediction)


def _right_row(row: RowProbes) -> Row:
    right = row.right
    answer = row.text if isinstance(right.value, str) else right.value
    return replace(right.row, prediction={**right.row.prediction, **right.others, right.field: answer})


def _want(row: RowProbes, *, right: bool) -> Want:
    """A score near that of the right answer, or far below it."""
    if row.value is None or row.value <= 0:
        return GOOD if right else BAD
    return minimum(round(MUCH * row.value, 4)) if right else maximum(round(LITTLE * row.value, 4))


def _write(one: ProbeResult) -> str:
    """The points, all with two digits where that is exact enough."""
    if one.value is None:
        return "failed" if one.error else "None"
    return f"{one.value:.2f}" if abs(one.value - round(one.value, 2)) < ROUNDING else format_score(one.value)
