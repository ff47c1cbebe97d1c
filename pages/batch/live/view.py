"""An experiment that has not come to its end: progress by arm, the grid of rewards, failures by kind; no ranking before the end.

A closed tab stops nothing; a reload shows the same; once all has ended, the page turns into the result by itself.
"""

from __future__ import annotations

from typing import Final

import streamlit as st

from pages.batch.header import draw_header
from pages.batch.live.actions import draw_actions, open_retry_dialog, retry
from pages.batch.live.board import draw_board, take_clicks
from refine_core import experiments
from refine_core.experiments import Snapshot

POLL_S: Final = 0.5
REST_S: Final = 2.0
"""While nothing of it is at work: another window, or a terminal, may resume it."""


def draw_live(snapshot: Snapshot) -> None:
    """Draw the whole page, its header too."""
    experiment_id = snapshot.experiment.id
    draw_header(snapshot.experiment.name, "", actions=lambda: draw_actions(snapshot), key=experiment_id)

    @st.fragment(run_every=POLL_S if snapshot.is_live else REST_S)
    def view() -> None:
        """What changes while it runs; the whole page is drawn anew when there is something else to do with it."""
        latest = experiments.get(experiment_id)
        if latest is None or experiments.is_deleted(experiment_id):
            st.rerun()
        if latest.state != snapshot.state:
            st.rerun()
        if cells := take_clicks(latest):
            retry(latest, cells)
        draw_board(latest)

    view()
    open_retry_dialog(snapshot)
