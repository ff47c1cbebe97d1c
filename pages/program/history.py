"""The runs of this file, the newest first, also those of earlier days."""

from __future__ import annotations

from typing import Final

import streamlit as st

from pages.shared import address
from pages.shared.text import escape_markdown
from refine_core import program_files, runs
from refine_core.errors import StoreError
from refine_core.formatting import format_clock, format_number, format_time
from refine_core.program_files import OWN, PastRun, Snapshot

MAX_SHOWN: Final = 8


def draw_history(shown: Snapshot) -> None:
    """Each with what it was asked and how it ended; a press shows it."""
    try:
        past = program_files.list_past_runs(shown.path)
    except StoreError:  # the page says so elsewhere
        return
    if not past:
        return
    st.markdown("**Runs of this file**")
    with st.container(gap=None):
        for one in past[:MAX_SHOWN]:
            _draw(one)
    if len(past) > MAX_SHOWN:
        st.page_link(address.RUNS, label="All runs", icon=":material/history:")


def _draw(one: PastRun) -> None:
    run = runs.get(one.run_id)
    if run is None:
        return
    threshold = "no threshold" if one.threshold is None else f"threshold {format_number(one.threshold)}"
    asked = f"{one.reward if one.reward != OWN else 'its own reward'} · N {one.n} · {threshold}"
    verdict = run.verdict.headline.removesuffix(".")
    chosen = address.run_id() == one.run_id
    st.button(
        escape_markdown(f"{format_clock(run.timeline.started_at)} · {asked} · {verdict}"),
        key=f"opened.past.{one.run_id}",
        type="tertiary",
        icon=":material/arrow_right:" if chosen else None,
        help=f"{format_time(run.timeline.started_at)} · {escape_markdown(one.program)}",
        on_click=address.show_run,
        args=(one.run_id,),
    )
