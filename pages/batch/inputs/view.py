"""The section Inputs of the set-up."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from refine_core.datasets import Dataset
from refine_core.errors import Problem
from refine_core.programs import ProgramSpec


def draw_inputs(
    spec: ProgramSpec | None,
    dataset: Dataset | None,
    *,
    key: str,
    choose: Callable[[Dataset | None], None],
) -> list[Problem]:
    """Draw the section, its title too, and return what keeps these inputs from being run; the field of each begins with "inputs".

    spec: a program whose inputs the rows give, without values; None while none is chosen. dataset: what is chosen now; None for
    nothing. key: the beginning of the keys of its widgets: another draft has another one. choose: to be called, in a callback or
    before `st.rerun()`, with a dataset that was chosen or kept, which the draft then names.
    """
    st.subheader("Inputs", anchor=False)
    st.caption("Choose a table.")
    del spec, dataset, key, choose
    return []
