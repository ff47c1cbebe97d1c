"""Attempts whose reward the run does not hold, and the button that runs the recorded reward on their outputs."""

from __future__ import annotations

from functools import partial
from typing import Final

import streamlit as st

from pages.shared.isolation import why_code_is_refused
from pages.shared.text import escape_markdown, show_error
from refine_core import runs
from refine_core.errors import RewardError, SpecError, StoreError, WorkerError
from refine_core.runs import Run, Timeline

LABEL: Final = "Run the reward"
_HELP: Final = (
    "Runs the recorded reward on the recorded output, in a process of its own. No model is asked. "
    "The result is kept with the run, and marked as computed here."
)
_FOUND: Final = "unknown-rewards.found"


def draw_unknown_rewards(run: Run) -> None:
    """Say whose reward is unknown and offer to compute it; then what came of that. Nothing where all are known."""
    timeline = run.timeline
    if run.live:
        return
    if timeline.unscored:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.caption(_describe(timeline), width="content")
            why = (runs.why_not_computed(timeline) or why_code_is_refused()).removesuffix(".")
            if why:
                st.caption(escape_markdown(f"Not to be computed: {why}."), width="content")
            else:
                st.button(LABEL, key="run-reward", help=_HELP, on_click=partial(_compute, run.run_id))
    run_id, errors = st.session_state.get(_FOUND, ("", []))
    if run_id == run.run_id:
        for words in errors:
            show_error(words)


def _describe(timeline: Timeline) -> str:
    numbers = [str(index + 1) for index in timeline.unscored]
    if len(numbers) == 1:
        return f"The reward of attempt {numbers[0]} is unknown."
    return f"The rewards of attempts {', '.join(numbers[:-1])} and {numbers[-1]} are unknown."


def _compute(run_id: str) -> None:
    """Run it, and note what could not be computed, for the next drawing."""
    try:
        found = runs.compute_rewards(run_id)
    except SpecError as error:
        errors = [error.message]
    except (RewardError, WorkerError, StoreError) as error:
        errors = [f"The recorded reward cannot be run: {error}"]
    else:
        errors = [f"Attempt {i + 1}: {runs.explain_error(error)}" for i, error in found.errors.items()]
        if found.wants_judge:
            errors.append("The reward asks a model, so it is not run here.")
    st.session_state[_FOUND] = (run_id, errors)
