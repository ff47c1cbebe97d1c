"""Of two runs that are cells of one experiment: which input they have, and the way back to their arms' difference."""

from __future__ import annotations

import streamlit as st

from pages.shared import address
from pages.shared.text import escape_markdown, one_line
from refine_core import experiments
from refine_core.errors import StoreError
from refine_core.runs import Run


def draw_way_back(first: Run, second: Run) -> None:
    """Draw it, for `second` compared with `first`; nothing for runs that are no such cells."""
    experiment_id = second.timeline.spec.experiment
    if not experiment_id or first.timeline.spec.experiment != experiment_id:
        return
    try:
        one, other = (experiments.find_origin(run.run_id, experiment_id) for run in (second, first))
    except StoreError:  # a damaged document: the runs themselves can be read all the same
        return
    if one is None or other is None:
        return
    arms = [one.cell.arm, other.cell.arm] if one.cell.arm != other.cell.arm else []
    names = (
        " against ".join(one.experiment.arm(arm).name for arm in arms)
        or one.experiment.arm(one.cell.arm).name
    )
    row = f"row {one.cell.row:,}, " if one.cell.row == other.cell.row else ""
    st.page_link(
        address.BATCH,
        label=escape_markdown(
            one_line(f"Back to {row}{names}, of the experiment {one.experiment.name}", 160)
        ),
        icon=":material/table_chart:",
        query_params=address.experiment_query(experiment_id, *arms),
    )
