"""The reward's part of the form: the function, the threshold, how often to try."""

from __future__ import annotations

import streamlit as st

from pages.lab.program import faults
from pages.lab.state import REWARD, Typed, fixed, key, revision
from pages.shared.editor import editor
from pages.shared.text import plain
from refine_core import programs
from refine_core.words import number

LISTED = 60  # temperatures in one line
_STRATEGIES = {"refine": "Refine", "best_of_n": "Best of N", "single": "Once"}
_MEANS = {
    "refine": "Try, score, ask for advice, try again with the advice as hints.",
    "best_of_n": "Try at several temperatures without advice, and keep the best.",
    "single": "Try once.",
}


def reward(typed: Typed) -> bool:
    """The editor. Returns whether Ctrl-Enter was pressed in it."""
    st.header(
        "Reward",
        anchor=False,
        help="A Python function of the inputs and the prediction that returns a number, higher being better; or a "
        "`Score(value, feedback, parts)`, whose feedback the adviser reads. It runs in a sandbox: no network, no other "
        "programs, no files but its own folder, and imports only from the packages installed with Refinescope.",
    )
    state = st.session_state
    typed_reward = editor(
        state[fixed("reward", "code")],
        key=REWARD,
        rev=revision(),
        label="def reward(args, pred): args are the inputs, pred the outputs (Esc, then Tab, leaves the editor)",
        problems=typed.at("reward"),
        height="17rem",
    )
    between = programs.rewards_in(typed.spec.reward)
    if between:
        st.selectbox(
            "Which function is the reward?",
            between,
            index=None,
            key=key("reward", "name"),
            format_func=plain,
            persist_state="session",
        )
    elif state[key("reward", "name")] is not None:
        state[key("reward", "name")] = None
    faults(typed, "reward")
    return typed_reward.run


def refinement(typed: Typed) -> None:
    """N, threshold, failures, and the temperatures that will be used."""
    st.header("Refinement", anchor=False)
    strategy = st.radio(
        "Strategy",
        list(_STRATEGIES),
        format_func=_STRATEGIES.__getitem__,
        horizontal=True,
        key=key("strategy"),
        persist_state="session",
        label_visibility="collapsed",
    )
    st.caption(_MEANS[strategy or "refine"])
    attempts, threshold, failures = st.columns(3)
    with attempts:
        st.number_input(
            "N, attempts at most",
            key=key("N"),
            step=1,
            persist_state="session",
            disabled=strategy == "single",
        )
        faults(typed, "N")
    with threshold:
        st.text_input(
            "Threshold",
            key=key("threshold"),
            placeholder="none",
            persist_state="session",
            help="The run stops at the first attempt whose reward is at least this. Left empty, it never stops early.",
        )
        faults(typed, "threshold")
    with failures:
        st.text_input(
            "Failures tolerated",
            key=key("fail_count"),
            placeholder=f"{typed.spec.N} (as N)",
            persist_state="session",
            help="Attempts that may fail before the run gives up (dspy calls it fail_count).",
        )
        faults(typed, "fail_count")
    used = programs.temperatures(typed.spec)
    if used:
        more = " …" if len(used) > LISTED else ""
        st.caption(f"Temperatures that will be used: {' · '.join(map(number, used[:LISTED]))}{more}")
