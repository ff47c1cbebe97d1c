"""An experiment while it runs: progress by arm, the grid of rewards, failures by kind; no ranking before the end."""

from __future__ import annotations

import streamlit as st

from pages.batch.header import draw_header
from refine_core.experiments import Snapshot
from refine_core.formatting import pluralize


def draw_live(snapshot: Snapshot) -> None:
    """Draw the whole page of a live experiment, its header too."""
    experiment = snapshot.experiment
    draw_header(experiment.name, snapshot.state, key=experiment.id)
    st.caption(f"{snapshot.done:,} of {pluralize(len(snapshot.cells), 'run')} have ended.")
