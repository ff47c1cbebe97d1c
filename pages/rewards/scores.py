"""The first view: the verdict, what would have happened, the rows."""

from __future__ import annotations

import streamlit as st

from pages.rewards.bench import Bench
from pages.rewards.fields import static_key
from pages.rewards.judge import draw_judge
from pages.rewards.sources import draw_empty
from pages.rewards.table import draw_board
from pages.rewards.verdict import describe_rows
from pages.rewards.what_if import describe_run, read_what_if
from pages.shared.text import escape_markdown


def draw_scores(bench: Bench) -> None:
    """All of it, from the top; an invitation where there are no rows."""
    if not bench.rows:
        draw_empty()
        return
    question = read_what_if(bench)
    waits = bench.scores is not None and bench.scores.summary.waiting > 0
    headline, detail = describe_rows(bench) if question is None or waits else describe_run(question)
    with st.container(gap=None, key=static_key("verdict")):
        st.markdown(f"## {escape_markdown(headline)}", anchors=False)
        if detail:
            st.markdown(f":small[:gray[{escape_markdown(detail)}]]")
    draw_judge(bench)
    draw_board(bench, question)
