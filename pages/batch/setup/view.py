"""Setting up an experiment: inputs, arms and limits left; what it will take, and Run, right."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import streamlit as st

from pages.batch.header import draw_header
from pages.batch.inputs.view import draw_inputs
from pages.batch.setup.arm_dialog import draw_arm_dialog
from pages.batch.setup.arms import draw_arms, take_arm_clicks
from pages.batch.setup.before import draw_before, draw_summary, plan_draft, write_calls
from pages.batch.setup.draft import FORM, change, current, describe_state, open_draft
from pages.batch.setup.keys import draw_keys, list_specs
from pages.batch.setup.limits import draw_limits
from pages.batch.setup.pickers import draw_pickers
from pages.batch.setup.start import draw_notes, draw_start
from pages.batch.setup.unsent import watch_fields
from pages.shared.viewport import is_narrow
from refine_core import datasets, runs
from refine_core.datasets import Dataset
from refine_core.errors import Problem
from refine_core.experiments import ExperimentPlan
from refine_core.experiments.drafts import (
    ExperimentDraft,
    arm_spec,
    find_draft_problems,
    list_models,
    name_draft,
)
from refine_core.programs import ModelSpec, ProgramSpec

_LEFT_AND_RIGHT: Final = [880, 350]
_DATASET: Final = FORM.static_key("dataset")


def draw_setup(stored: ExperimentDraft) -> None:
    """Draw the whole page of a draft, its header too."""
    draft = open_draft(stored)
    take_arm_clicks()
    state = describe_state()
    draw_header(
        draft.name or name_draft(draft),
        state,
        rename=_rename,
        key=draft.id,
    )
    dataset = _read_dataset()
    narrow = is_narrow()
    if narrow:
        top = st.container()  # Run stays within reach
        problems, plan = _draw_left(dataset, narrow=True)
        with top:
            draw_start(plan, problems)
            draw_summary(plan)
            draw_notes(problems, plan.warnings)
        draw_before(plan)
    else:
        left, right = st.columns(_LEFT_AND_RIGHT, gap="large")
        with left:
            problems, plan = _draw_left(dataset, narrow=False)
        with right:
            draw_before(plan)
            draw_start(plan, problems)
            draw_notes(problems, plan.warnings)
    draw_arm_dialog()
    with st.container(gap=None):
        watch_fields()
    if (
        describe_state() != state
    ):  # a field below has changed the draft, which could not be kept, or only as a copy
        st.rerun()


def _rename(name: str) -> None:
    change(name=name)


def _draw_left(dataset: Dataset | None, *, narrow: bool) -> tuple[Sequence[Problem], ExperimentPlan]:
    spec = _first_spec()
    at_inputs = draw_inputs(spec, dataset, key=FORM.field_key("inputs"), choose=_choose)
    problems = find_draft_problems(current(), dataset)
    planned, plan = current(), plan_draft(dataset)
    draw_arms(write_calls(plan), problems)
    draw_pickers(problems)
    draft = current()
    specs = list_specs(draft).values()
    labels = dict.fromkeys(label for spec in specs for label in list_models(spec))
    models = [label for label in labels if label != ModelSpec().label]  # no server limits the practice model
    at_keys = draw_keys(draft)
    draw_limits(models, narrow=narrow)
    own = [one for one in problems if one.field != "inputs" or not at_inputs]
    if current() != planned:  # a field has changed it
        plan = plan_draft(dataset)
    return [*at_inputs, *own, *at_keys], plan


def _first_spec() -> ProgramSpec | None:
    """A program that takes the inputs: that of the first arm."""
    draft = current()
    if draft.arms:
        return arm_spec(draft, draft.arms[0])
    return draft.program.spec if draft.program is not None else None


def _choose(dataset: Dataset | None) -> None:
    if dataset is None:
        change(dataset_id="", dataset_version=0)
    else:
        change(dataset_id=dataset.id, dataset_version=dataset.version)


def _read_dataset() -> Dataset | None:
    """The table that is chosen. A version never changes, so it is read once a session."""
    draft = current()
    known: Dataset | None = st.session_state.get(_DATASET)
    if known is not None and (known.id, known.version) == (draft.dataset_id, draft.dataset_version):
        return known
    found = (
        datasets.get(runs.default().store, draft.dataset_id, draft.dataset_version)
        if draft.dataset_id
        else None
    )
    st.session_state[_DATASET] = found
    return found
