"""Fill the form from a program description."""

from __future__ import annotations

from typing import Final

import streamlit as st
from streamlit.runtime.state import SessionStateProxy

from pages.lab.fields import FORM, field_key, static_key
from pages.lab.model_fields import load_models
from pages.lab.stages import load_stage
from pages.lab.tables import REFERENCE_VALUES, VALIDATORS
from refine_core import programs
from refine_core.programs import ProgramSpec

FIRST_EXAMPLE: Final = "one_word"
"""What a first visit finds, ready to run."""


def load(spec: ProgramSpec) -> None:
    """Fill the widgets from a description. To be called before they are drawn: at first, or in a callback."""
    state = st.session_state
    FORM.clear()
    state[static_key("stages")] = list(range(len(spec.stages)))
    state[field_key("stages", "selected")] = 0
    for i, stage in enumerate(spec.stages):
        load_stage(state, i, stage)
    asked = programs.list_form_inputs(spec.stages)
    for one in asked:
        if one.name in spec.inputs:
            state[field_key("in", one.name, one.kind)] = programs.write_value(one, spec.inputs[one.name])
    rest = {n: v for n, v in spec.inputs.items() if n not in {one.name for one in asked}}
    REFERENCE_VALUES.load(programs.write_reference_values(rest))
    VALIDATORS.load(
        [{"name": one.name, "check": one.check, "message": one.message} for one in spec.validators]
    )
    state[static_key("reward", "code")] = spec.reward
    asked_call = programs.find_reward_question(spec)
    # What was recorded was called so, and keeps its meaning.
    state[static_key("reward", "call")] = asked_call.subject if asked_call is not None else ""
    state[static_key("reward", "form")] = (
        None if spec.reward_shape == "refine" else programs.read_reward_form(spec)
    )
    state[field_key("reward", "name")] = spec.reward_name
    state[static_key("title")] = spec.title
    state[static_key("example")] = spec.example
    state[static_key("parent")] = spec.parent
    state[field_key("strategy")] = spec.strategy
    state[field_key("N")] = spec.N
    state[field_key("threshold")] = "" if spec.threshold is None else programs.write_number(spec.threshold)
    state[field_key("fail_count")] = "" if spec.fail_count is None else str(spec.fail_count)
    state[field_key("reward_timeout")] = spec.reward_timeout_s
    state[field_key("seed")] = spec.seed
    load_hints(state, spec)
    load_budget(state, spec)
    load_models(state, spec)


def load_hints(state: SessionStateProxy, spec: ProgramSpec) -> None:
    """Fill in where hints come from, and the schedule."""
    state[field_key("hints")] = spec.hints
    state[field_key("schedule")] = spec.schedule.kind
    state[field_key("temperatures")] = programs.write_temperatures(spec.schedule.temperatures)
    state[field_key("advice_instructions")] = spec.advice_instructions
    state[field_key("compact_advice")] = spec.advice_form == "compact"


def load_budget(state: SessionStateProxy, spec: ProgramSpec) -> None:
    """Fill in what the run may spend."""
    state[field_key("budget", "usd")] = (
        "" if spec.budget_usd is None else programs.write_number(spec.budget_usd)
    )
    state[field_key("budget", "tokens")] = "" if spec.budget_tokens is None else str(spec.budget_tokens)


def is_filled() -> bool:
    """Whether the widgets have been filled in this session."""
    return static_key("stages") in st.session_state
