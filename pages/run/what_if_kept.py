"""The what-ifs that were kept beside a run, each with a way back to it."""

from __future__ import annotations

from functools import partial

import streamlit as st

from pages.run.what_if_changes import reset
from pages.shared import what_if_choice
from pages.shared.query import write
from pages.shared.text import escape_markdown, show_error
from refine_core import runs
from refine_core.errors import StoreError
from refine_core.formatting import format_clock
from refine_core.runs import KeptWhatIf, Timeline
from refine_core.what_if import describe_changes


def draw_kept(timeline: Timeline) -> None:
    """Draw the list; nothing where there is none."""
    try:
        kept = runs.kept_what_ifs_of(timeline.run_id)
    except StoreError as error:
        show_error(str(error))
        return
    if not kept:
        return
    st.markdown("### Kept beside this run", anchors=False)
    for one in kept:
        with st.container(horizontal=True, gap="xsmall", vertical_alignment="center"):
            st.markdown(
                f":small[{escape_markdown(_describe_kept(timeline, one))}]",
                width="stretch",
            )
            st.button("Open", key=f"what-if.open.{one.id}", on_click=partial(_open, timeline, one))
            st.button(
                "Remove",
                key=f"what-if.drop.{one.id}",
                icon=":material/delete:",
                on_click=partial(_drop, one),
            )


def _describe_kept(timeline: Timeline, kept: KeptWhatIf) -> str:
    changes = ", ".join(describe_changes(timeline, kept.spec))
    return f"{changes[:1].upper()}{changes[1:]}: {kept.headline} ({format_clock(kept.saved_at)})"


def _open(timeline: Timeline, kept: KeptWhatIf) -> None:
    reset()
    for name, text in what_if_choice.kept_query(timeline, kept).items():
        write(name, text)


def _drop(kept: KeptWhatIf) -> None:
    try:
        runs.drop_what_if(kept.run_id, kept.id)
    except StoreError as error:
        st.toast(escape_markdown(f"Not removed: {error}"), icon=":material/error:")
