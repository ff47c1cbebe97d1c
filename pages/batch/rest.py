"""After a try on the first rows: run the rest of the table. What has run is kept, and not paid for again."""

from __future__ import annotations

from typing import Final

import streamlit as st

from pages.batch.keys import ask_for_keys, collect_keys, list_keys
from pages.shared.text import escape_markdown, show_error
from refine_core import experiments
from refine_core.errors import LMError, SpecError, StoreError
from refine_core.experiments import Snapshot
from refine_core.formatting import pluralize

_KEY: Final = "batch.rest"


def draw_rest(snapshot: Snapshot) -> None:
    """Draw the button, where rows of the table are left out."""
    experiment = snapshot.experiment
    total = len(snapshot.dataset.rows)
    left = total - (experiment.rows if experiment.rows is not None else total)
    if left <= 0:
        return
    label = f"Run the other {pluralize(left, 'input')}"
    words = f"{left * len(experiment.arms) * experiment.repeats:,} more runs; those that have ended are kept and cost nothing."
    fields = list_keys(snapshot)
    if not fields:
        if st.button(label, icon=":material/play_arrow:", key=_KEY, help=words):
            _run(snapshot)
        return
    with st.popover(label, icon=":material/play_arrow:"):
        st.markdown(words)
        ask_for_keys(fields)
        if st.button("Run", type="primary", key=_KEY):
            _run(snapshot)


def _run(snapshot: Snapshot) -> None:
    experiment = snapshot.experiment
    try:
        experiments.add_rows(experiment.id, experiment.dataset_version)
        experiments.resume(experiment.id, collect_keys(experiment.arms))
    except (SpecError, LMError, StoreError) as error:
        show_error(escape_markdown(f"Not run: {error}"))
    else:
        st.rerun()
