"""The list of experiments, and what there is to say while there is none."""

from __future__ import annotations

import streamlit as st

from pages.shared import address
from pages.shared.leave import leave_for
from pages.shared.text import escape_markdown
from refine_core import experiments


def draw_list() -> None:
    """Draw the list."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.title("Batch", anchor=False, width="content")
        st.space("stretch")
        if st.button("New experiment", icon=":material/add:", key="batch.new"):
            draft = experiments.save_experiment_draft(experiments.new_draft())
            leave_for(address.BATCH, address.experiment_query(draft.id))
    for draft in experiments.list_experiment_drafts():
        name = draft.name or experiments.name_draft(draft)
        st.page_link(
            address.BATCH, label=escape_markdown(name), query_params=address.experiment_query(draft.id)
        )
