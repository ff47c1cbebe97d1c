"""Batch: programs over a table of inputs, and which is really better. The address says which experiment; without one, all are listed.

a draft -> pages/batch/setup     until every cell has ended -> pages/batch/live     then -> pages/batch/result
"""

from __future__ import annotations

import streamlit as st

from pages.batch.listing import draw_list
from pages.batch.live.actions import draw_way_back
from pages.batch.live.board import draw_all_runs
from pages.batch.live.view import draw_live
from pages.batch.result.view import draw_result
from pages.batch.setup.view import draw_setup
from pages.shared import address
from pages.shared.text import escape_markdown, show_error, show_store_error
from pages.shared.title import title_page
from pages.shared.viewport import watch_viewport
from refine_core import experiments
from refine_core.errors import SpecError, StoreError
from refine_core.experiments import Snapshot
from refine_core.experiments.drafts import read_draft


def draw_deleted(snapshot: Snapshot) -> None:
    """What there is to say of an experiment that was deleted, maybe in another window, and the way to have it back."""
    name = snapshot.experiment.name or "This experiment"
    title_page(name)
    st.info(
        escape_markdown(f"{name} was deleted. It is kept, with its runs, for 30 days after that."),
        icon=":material/info:",
    )
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if st.button("Bring it back", type="primary", key="batch.bring-back"):
            experiments.undelete(snapshot.experiment.id)
            st.rerun()
        st.page_link(address.BATCH, label="All experiments", icon=":material/table_chart:")


def draw() -> None:
    """What the address asks for."""
    experiment_id = address.experiment_id()
    if experiment_id is None:
        draw_list()
        return
    snapshot = experiments.get(experiment_id)
    if snapshot is not None:
        if experiments.is_deleted(experiment_id):
            draw_deleted(snapshot)
            return
        # Paused, and stopped in between, it is looked at as it was while it ran.
        if snapshot.state == "finished":
            draw_result(snapshot)
            draw_all_runs(snapshot)
        elif address.asks_result() and not snapshot.is_live:
            draw_way_back()
            draw_result(snapshot)
            draw_all_runs(snapshot)
        else:
            draw_live(snapshot)
        return
    draft = read_draft(experiment_id)
    if draft is not None:
        draw_setup(draft)
        return
    title_page("Batch")
    st.info(escape_markdown(f"There is no experiment {experiment_id!r} here."), icon=":material/info:")
    st.page_link(address.BATCH, label="All experiments", icon=":material/table_chart:")


try:
    draw()
except StoreError as error:
    show_store_error(str(error))
except SpecError as error:
    show_error(str(error))
with st.container(gap=None):
    watch_viewport()
