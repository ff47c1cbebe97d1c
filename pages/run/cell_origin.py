"""Of a run that is a cell of an experiment: which one, and the way back to it."""

from __future__ import annotations

import streamlit as st

from pages.shared import address
from pages.shared.text import escape_markdown, one_line
from refine_core import experiments
from refine_core.errors import StoreError
from refine_core.runs import Run


def draw_cell_origin(run: Run) -> None:
    """Draw it; nothing for any other run."""
    experiment_id = run.timeline.spec.experiment
    if not experiment_id:
        return
    try:
        origin = experiments.find_origin(run.run_id, experiment_id)
    except StoreError:  # a damaged document: the run itself can be read all the same
        origin = None
    if origin is None:
        st.caption("A run of an experiment that is not in this history.")
        return
    st.page_link(
        address.BATCH,
        label=escape_markdown(one_line(origin.describe(), 160)),
        icon=":material/table_chart:",
        query_params=address.experiment_query(experiment_id),
    )
