"""The runs of this file, the newest first, also those of earlier days."""

from __future__ import annotations

from typing import Final

import streamlit as st

from pages.shared import address
from pages.shared.text import escape_markdown
from refine_core import program_files, runs
from refine_core.errors import StoreError
from refine_core.formatting import format_clock, format_number, format_time
from refine_core.messages import format_reward
from refine_core.program_files import OWN, TYPED, PastRun, Snapshot
from refine_core.runs import Run

MAX_SHOWN: Final = 8
_REWARDS: Final = {OWN: "its own reward", TYPED: "typed reward"}


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
    reward = _REWARDS.get(one.reward, one.reward)
    words = (
        f"{format_clock(run.timeline.started_at)} · {reward} · N {one.n} · {threshold} · {_describe_end(run)}"
    )
    st.button(
        escape_markdown(words),
        key=f"opened.past.{one.run_id}",
        type="tertiary",
        icon=":material/arrow_right:" if address.run_id() == one.run_id else ":material/history:",
        help=f"{format_time(run.timeline.started_at)} · {escape_markdown(one.program)} · {escape_markdown(run.verdict.headline)}",
        on_click=address.show_run,
        args=(one.run_id,),
        wrap=False,
    )


def _describe_end(run: Run) -> str:
    """How it went, in a few words."""
    if run.live:
        return "running"
    if run.state == "interrupted":
        return "interrupted"
    timeline = run.timeline
    best = next((each for each in timeline.attempts if each.index == timeline.best), None)
    if best is None:
        return "no reward"
    return f"best {format_reward(timeline, best.reward)} at attempt {best.index + 1}"
