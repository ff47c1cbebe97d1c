"""The answer of an experiment that has ended or was stopped: the verdict, then pictures, then tables."""

from __future__ import annotations

import streamlit as st

from pages.batch.header import draw_header
from pages.batch.rest import draw_rest
from refine_core.experiments import Snapshot
from refine_core.formatting import pluralize


def draw_result(snapshot: Snapshot) -> None:
    """Draw the whole page of an experiment that is not live, its header too."""
    experiment = snapshot.experiment
    draw_header(experiment.name, snapshot.state, actions=lambda: draw_rest(snapshot), key=experiment.id)
    st.caption(f"{snapshot.done:,} of {pluralize(len(snapshot.cells), 'run')} have ended.")
