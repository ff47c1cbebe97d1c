"""The top of an experiment's page: its name, what state it is in, and what can be done with it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

import streamlit as st

from pages.shared import address
from pages.shared.leave import leave_for
from pages.shared.new_experiment import open_new
from pages.shared.text import escape_markdown
from pages.shared.title import title_page
from pages.shared.viewport import is_narrow
from refine_core import experiments
from refine_core.errors import SpecError, StoreError
from refine_core.experiments.drafts import draft_of

MAX_NAME_CHARACTERS: Final = 120
ONE_LINE_CHARACTERS: Final = 50  # beside what can be done with it


def draw_header(
    name: str,
    caption: str,
    *,
    rename: Callable[[str], None] | None = None,
    actions: Callable[[], None] | None = None,
    key: str,
) -> None:
    """Name and state left, actions right.

    caption: plain text. rename: called, in a callback, with a name that somebody typed; None: the experiment is called so. actions:
    draws the buttons, in a row. key: id of the experiment, or of its draft.
    """
    title_page(name)
    wraps = is_narrow() or len(name) > ONE_LINE_CHARACTERS
    with st.container(horizontal=True, vertical_alignment="center", gap="small", wrap=wraps):
        st.title(escape_markdown(name), anchor=False, width="content")
        _draw_menu(name, rename, key)
        if caption:
            st.caption(escape_markdown(caption), width="content")
        st.space("stretch")
        with st.container(horizontal=True, width="content", gap="xsmall", vertical_alignment="center"):
            if actions is not None:
                actions()
            if st.button(":blue[All experiments]", type="tertiary", key="batch.all-experiments"):
                leave_for(address.BATCH)


def _draw_menu(name: str, rename: Callable[[str], None] | None, key: str) -> None:
    """What is seldom wanted: another name, and a draft that is set up like this experiment."""
    field = f"batch.{key}.rename"
    is_draft = rename is not None
    change = rename or partial(_rename, key)

    def take() -> None:
        typed = " ".join(str(st.session_state.get(field) or "").split())[:MAX_NAME_CHARACTERS]
        if typed and typed != name:
            change(typed)

    words = "Rename" if is_draft else "Rename, or use as a new draft"
    with st.popover("", type="tertiary", icon=":material/edit:", help=words, key=f"batch.{key}.rename-open"):
        st.text_input(
            "Name of the experiment", name, key=field, on_change=take, max_chars=MAX_NAME_CHARACTERS
        )
        if not is_draft:
            _draw_copy(key)


def _rename(experiment_id: str, name: str) -> None:
    try:
        experiments.rename(experiment_id, name)
    except (SpecError, StoreError) as error:
        st.toast(escape_markdown(f"Not renamed: {error}"), icon=":material/error:")


def _draw_copy(experiment_id: str) -> None:
    """What has run is fixed; a copy of how it was set up can be changed."""
    st.caption("What has run stays as it is. A new draft is set up in the same way, and you can change it.")
    if not st.button("Use as a new draft", key="batch.copy"):
        return
    snapshot = experiments.get(experiment_id)
    if snapshot is not None:
        open_new(draft_of(snapshot.experiment))
