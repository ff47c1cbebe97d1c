"""The menus of a run's header: Replay (play it, run it again) and Compare (an attempt with the one before it, this run with another)."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from pages.shared import address
from pages.shared.leave import leave_for
from pages.shared.run_view import selected_attempt
from refine_core.runs import Run


def draw_replay_menu(run: Run) -> None:
    """What stands at the top of Replay: the ways to see the run once more that ask no model."""
    if st.button("Play step by step", icon=":material/play_arrow:", key="play-run", width="stretch"):
        leave_for(address.PLAY, {"run": run.run_id})


def draw_compare(run: Run) -> None:
    """The menu Compare: two attempts of this run, or this run with another."""
    pairs = _list_pairs(run)
    chosen = st.menu_button(
        "Compare",
        list(pairs),
        key="compare-run",
        disabled=not pairs,
        help=None if pairs else "There is nothing to compare yet.",
    )
    if chosen in pairs:
        leave_for(address.COMPARE, pairs[chosen])


def _list_pairs(run: Run) -> dict[str, Mapping[str, str]]:
    """What to compare, in words -> the query of the page that does."""
    shown = selected_attempt(run.timeline)
    if shown is None:
        return {}
    number = shown + 1
    pairs: dict[str, Mapping[str, str]] = {}
    if len(run.timeline.attempts) > 1:
        first, second = (number - 1, number) if number > 1 else (1, 2)
        pairs[f"Attempt {second} with attempt {first}"] = {
            "a": f"{run.run_id}.{first}",
            "b": f"{run.run_id}.{second}",
        }
    pairs[f"Attempt {number} with another run …"] = {"a": f"{run.run_id}.{number}"}
    return pairs
