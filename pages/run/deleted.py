"""A deleted run can still be read, through a link or in a window that was open: say that it is deleted, and bring it back."""

from __future__ import annotations

import streamlit as st

from pages.shared.text import escape_markdown, show_error
from refine_core import runs
from refine_core.errors import StoreError
from refine_core.formatting import format_time
from refine_core.runs import KEEP_DELETED_S, Annotation


def draw_deleted_notice(run_id: str, annotation: Annotation) -> None:
    """Draw the notice with a button to restore the run; nothing for one that is in the list."""
    if annotation.deleted_at is None:
        return
    until = format_time(annotation.deleted_at + KEEP_DELETED_S)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.warning(
            escape_markdown(f"This run is deleted, and kept until {until}."),
            icon=":material/delete:",
            width="stretch",
        )
        if st.button("Restore", key="restore"):
            try:
                runs.undelete([run_id])
            except StoreError as error:
                show_error(f"Not restored: {error}")
            else:
                st.rerun()
