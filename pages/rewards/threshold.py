"""The one threshold of the page: from which score an output is good enough. Cases, doctor, what-if and wobble all ask here.

read_threshold(bench)       of the address, else saved with the cases, else of the run
draw_threshold(bench)       the field for it, which writes it into the address and to the cases
"""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from pages.rewards import fields
from pages.rewards.bench import Bench
from pages.rewards.cases import state as case_state
from pages.rewards.fields import static_key


def read_threshold(bench: Bench) -> float | None:
    """The threshold that holds on this page, None for none; of a run it is that of the first one among the rows."""
    return choose_threshold(
        next((one.timeline.spec.threshold for one in bench.sources if one.timeline is not None), None)
    )


def choose_threshold(recorded: float | None) -> float | None:
    """The same where the run that is asked about had this one."""
    own = case_state.read_case_set().threshold
    return fields.read_threshold(recorded if own is None else own)


def draw_threshold(bench: Bench) -> None:
    """The field; empty: there is none."""
    key = static_key("threshold")
    st.session_state[key] = read_threshold(bench)

    def change() -> None:
        value: float | None = st.session_state[key]
        if not case_state.find_problem():  # else they are left as they are
            case_state.write_case_set(replace(case_state.read_case_set(), threshold=value))
        fields.write_threshold(value)

    st.number_input(
        "Threshold: good enough from",
        value=None,
        step=0.05,
        format="%.10g",
        key=key,
        placeholder="none",
        width=220,
        on_change=change,
        help=(
            "The score from which an output is good enough, such as the one at which a run stops. The doctor says whether "
            "any output can reach it. Good cases have to reach it and bad ones must not; without one, every good case has "
            "to score above every bad one."
        ),
    )
