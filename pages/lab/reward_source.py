"""The text of the reward in the editor, and what a person decided about it."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from pages.lab.fields import FORM, REWARD, static_key
from pages.shared.editor import current_text
from refine_core.programs import ProgramSpec, RewardForm, read_reward_form


def read_reward() -> str:
    """The reward as it stands in the editor."""
    state = st.session_state
    return current_text(state[static_key("reward", "code")], key=REWARD, rev=reward_revision())


def reward_revision() -> int:
    """How often the reward was replaced in this session, by loading or by a fix."""
    return FORM.revision + int(st.session_state.get(static_key("reward", "fixes"), 0))


def replace_reward(source: str) -> None:
    """Put another text into the editor; one undo there brings the old one back. To be called in a callback."""
    state = st.session_state
    state[static_key("reward", "code")] = source
    state[static_key("reward", "fixes")] = int(state.get(static_key("reward", "fixes"), 0)) + 1


def confirm_call(header: str) -> None:
    """Say that the reward with this header is called with the inputs first and the prediction second."""
    st.session_state[static_key("reward", "call")] = header


def confirm_form(form: RewardForm) -> None:
    """Say that the reward with this header is called as the framework does that it was written for."""
    st.session_state[static_key("reward", "form")] = form


def forget_form() -> None:
    """Ask again how the reward is called. To be called in a callback."""
    st.session_state.pop(static_key("reward", "form"), None)
    st.session_state[static_key("reward", "call")] = ""


def with_form(spec: ProgramSpec) -> ProgramSpec:
    """The program whose reward is called as a person has said, as long as it has the same header."""
    said: RewardForm | None = st.session_state.get(static_key("reward", "form"))
    if said is None:
        return spec
    changed = replace(spec, reward_shape=said.shape, reward_arguments=said.arguments)
    now = read_reward_form(changed)
    return changed if now is not None and now.header == said.header else spec


def run_anyway(source: str) -> None:
    """Run this reward in spite of what reading it finds. To be called in a callback."""
    st.session_state[static_key("reward", "anyway")] = source
    st.session_state[static_key("reward", "run")] = True


def may_run_anyway(source: str) -> bool:
    """Whether somebody said that this reward is to run in spite of what reading it finds."""
    return bool(st.session_state.get(static_key("reward", "anyway")) == source)


def take_run_anyway() -> bool:
    """Whether "Run anyway" was just pressed; true once."""
    return bool(st.session_state.pop(static_key("reward", "run"), False))
