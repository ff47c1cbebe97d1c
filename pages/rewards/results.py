"""The results' side of the page: where the rows come from, the verdict, what would have happened, the rows."""

from __future__ import annotations

import streamlit as st

from pages.rewards import fields
from pages.rewards.bench import Bench
from pages.rewards.fields import VIEWS, static_key
from pages.rewards.judge import draw_judge
from pages.rewards.sources import draw_empty, draw_sources
from pages.rewards.table import draw_board
from pages.rewards.verdict import describe_rows
from pages.rewards.views import list_positions
from pages.rewards.what_if import describe_run, read_what_if
from pages.shared.text import escape_markdown

_BAR = [55, 45]


def draw_results(bench: Bench) -> None:
    """All of it, from the top; an invitation where there are no rows."""
    for ref in bench.missing:
        st.caption(escape_markdown(f"{ref} is not in this app's store, so its rows are left out."))
    if not bench.rows:
        draw_empty()
        return
    views, sources = st.columns(_BAR, gap="xsmall", vertical_alignment="center")
    with views:
        _choose_view(bench)
    with sources:
        draw_sources(bench)
    question = read_what_if(bench)
    waits = bench.scores is not None and bench.scores.summary.waiting > 0
    headline, detail = describe_rows(bench) if question is None or waits else describe_run(question)
    with st.container(gap=None, key=static_key("verdict")):
        st.markdown(f"## {escape_markdown(headline)}", anchors=False)
        if detail:
            st.markdown(f":small[:gray[{escape_markdown(detail)}]]")
    draw_judge(bench)
    draw_board(bench, question)


def _choose_view(bench: Bench) -> None:
    """Which rows are shown, with their counts; only those views that have rows."""
    counts = {view: len(list_positions(bench, view)) for view in VIEWS}
    chosen = fields.read_view()
    options = [view for view in VIEWS if view in ("all", chosen) or counts[view]]
    if len(options) == 1:
        return
    key = static_key("view")
    st.session_state[key] = chosen
    st.segmented_control(
        "Which rows",
        options,
        key=key,
        format_func=lambda view: (
            f":blue[{VIEWS[view]} {counts[view]:,}]" if view == chosen else f"{VIEWS[view]} {counts[view]:,}"
        ),
        required=True,
        label_visibility="collapsed",
        on_change=lambda: fields.write_view(st.session_state[key]),
    )
