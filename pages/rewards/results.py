"""What is shown of the rows: one of several views, each with its count on its tab. Every view has files of its own.

OFFERED[name].draw(bench)       the results' side of the page, or the whole width of it
OFFERED[name].bar(bench)        beside the tabs
OFFERED[name].under(bench)      under the editor
OFFERED[name].count(bench)      on the tab: a word in markdown, "" where there is nothing to count yet
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import streamlit as st

from pages.rewards import fields
from pages.rewards.bench import Bench
from pages.rewards.cases import view as cases
from pages.rewards.doctor import view as doctor
from pages.rewards.fields import VIEWS, static_key
from pages.rewards.scores.row import draw_row
from pages.rewards.scores.view import draw_scores
from pages.rewards.sources import draw_sources
from pages.rewards.starters import draw_starters
from pages.rewards.xray import choice as xray_choice
from pages.rewards.xray.view import draw_xray
from pages.shared.choice import choose
from pages.shared.viewport import is_narrow

SHOWN: Final = "What is shown"
"""The label of the tabs, for assistive technology."""


def draw_under(bench: Bench) -> None:
    """Under the editor: the selected row; rewards to start from where there are none."""
    if bench.rows:
        draw_row(bench)
    else:
        draw_starters(bench)


def _draw_sources(bench: Bench) -> None:
    if bench.rows:
        draw_sources(bench)


@dataclass(frozen=True, slots=True)
class View:
    """How a view is drawn. wide: it takes the whole width, so that there is no editor beside it."""

    draw: Callable[[Bench], None]
    bar: Callable[[Bench], None] = _draw_sources
    under: Callable[[Bench], None] = draw_under
    count: Callable[[Bench], str] = lambda _: ""
    wide: bool = False


OFFERED: Final[dict[str, View]] = {
    "scores": View(draw_scores),
    "xray": View(draw_xray, xray_choice.draw_bar, wide=True),
    "doctor": View(doctor.draw_doctor, doctor.draw_bar, doctor.draw_under, doctor.count_doctor),
    "cases": View(cases.draw_cases, cases.draw_bar, cases.draw_under, cases.count_cases),
}


def current_view() -> View:
    """The view that the address asks for; the scores where it is not offered."""
    return OFFERED.get(fields.read_view(), OFFERED["scores"])


def draw_results(bench: Bench) -> None:
    """The tabs, what belongs beside them, and the view."""
    view = current_view()
    with st.container(
        horizontal=not is_narrow(), vertical_alignment="center", gap="small", key=static_key("bar")
    ):
        _choose_view(bench)
        with st.container(width="stretch"):
            view.bar(bench)
    view.draw(bench)
    cases.wait_for_cases(bench)
    doctor.wait_for_doctor(bench)


def _choose_view(bench: Bench) -> None:
    """The tabs, each with its count."""
    if len(OFFERED) == 1:
        return
    chosen, key = fields.read_view(), static_key("view")
    chosen = chosen if chosen in OFFERED else "scores"
    st.session_state[key] = chosen
    labels = {name: f"{VIEWS[name]} {view.count(bench)}".rstrip() for name, view in OFFERED.items()}
    choose(SHOWN, labels, key=key, on_change=lambda: fields.write_view(st.session_state[key]))
