"""A new experiment, from wherever one is: its draft is kept at once, and the page Batch shows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from pages.shared import address
from pages.shared.leave import leave_for
from pages.shared.text import escape_markdown
from refine_core import runs
from refine_core.errors import StoreError
from refine_core.experiments.drafts import ExperimentDraft, ProgramChoice, new_draft, propose_arms, save_draft
from refine_core.programs import ProgramSpec

TO_TABLE = "Compare over a table …"


def choose_spec(spec: ProgramSpec, run_id: str = "") -> ProgramChoice:
    """A program as somebody described it. run_id: of its run. Where it came in a file, a person is asked about its models' addresses."""
    origin = run_id if run_id and runs.list_foreign(run_id, spec) else ""
    return ProgramChoice(runs.title(spec), spec, origin)


def compare_over_table(spec: ProgramSpec, run_id: str = "") -> None:
    """Open a new draft that compares this program in three ways."""
    draft = replace(new_draft(), program=choose_spec(spec, run_id))
    open_new(propose_arms(draft))


def is_untouched(draft: ExperimentDraft) -> bool:
    """Whether nobody has typed or chosen anything in it."""
    return replace(draft, saved_at=0.0) == ExperimentDraft(draft.id)


def open_new(draft: ExperimentDraft, drafts: Sequence[ExperimentDraft] = ()) -> None:
    """Keep a draft and go to its page; or say that it cannot be kept. drafts: among which one may be just like it; then that is opened."""
    like = next((one for one in drafts if replace(draft, id=one.id, saved_at=one.saved_at) == one), None)
    if like is not None:
        leave_for(address.BATCH, address.experiment_query(like.id))
        return
    try:
        saved = save_draft(draft)
    except StoreError as error:
        st.toast(escape_markdown(f"The draft could not be kept: {error}"), icon=":material/error:")
    else:
        leave_for(address.BATCH, address.experiment_query(saved.id))
