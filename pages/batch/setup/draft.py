"""The draft of an experiment, as this window of the browser has it: every change is kept in the store at once.

    open_draft(stored) -> draft     what this window goes on from: what it changed last, or what is stored
    change(repeats=2)               in a callback, or between two widgets

Two windows may have one draft. The one that changes it first keeps it; the other goes on with a copy, and its address says so.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import streamlit as st

from pages.shared import address
from pages.shared.forms import Form
from refine_core.errors import StoreError
from refine_core.experiments.drafts import ExperimentDraft, save_draft

FORM: Final = Form("batch")
_DRAFT: Final = FORM.static_key("draft")
_ERROR: Final = FORM.static_key("draft", "error")
_COPIED: Final = FORM.static_key("draft", "copied")
_DRAWN: Final = FORM.static_key("draft", "drawn")


def open_draft(stored: ExperimentDraft) -> ExperimentDraft:
    """What this window goes on from. To be called before its widgets are drawn.

    Whoever comes back from another page finds what is stored: it may have been changed elsewhere.
    """
    mine = st.session_state.get(_DRAFT)
    is_here = FORM.field_key("seed") in st.session_state  # its fields go with the page
    if not isinstance(mine, ExperimentDraft) or mine.id != stored.id or not is_here:
        if not isinstance(mine, ExperimentDraft) or mine.id != stored.id:
            st.session_state.pop(_COPIED, None)
            st.session_state.pop(_ERROR, None)
        load_draft(stored)
    return current()


def load_draft(draft: ExperimentDraft) -> None:
    """Have the page show this draft, its fields filled anew."""
    FORM.clear()
    st.session_state[_DRAFT] = draft


def current() -> ExperimentDraft:
    """The draft as it is now."""
    draft: ExperimentDraft = st.session_state[_DRAFT]
    return draft


def change(**fields: Any) -> ExperimentDraft:
    """Give the draft these fields, keep it, and return it. What is as it was is not written."""
    return replace_draft(replace(current(), **fields))


def replace_draft(draft: ExperimentDraft) -> ExperimentDraft:
    """Keep this in place of what the draft was."""
    before = current()
    if draft == before:
        return before
    st.session_state[_DRAFT] = draft
    try:
        saved = save_draft(draft)
    except StoreError as error:
        st.session_state[_ERROR] = str(error)
        return draft
    st.session_state.pop(_ERROR, None)
    st.session_state[_DRAFT] = saved
    if saved.id != before.id:
        st.session_state[_COPIED] = True
        address.show_experiment(saved.id)
    return saved


def describe_state() -> str:
    """What is said beside the name: that it is kept, or that it could not be."""
    if error := st.session_state.get(_ERROR):
        return f"draft, not saved: {error}"
    if st.session_state.get(_COPIED):
        return "draft, saved as a copy: the other one was changed in another window"
    return "draft, saved"
