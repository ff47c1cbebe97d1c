"""Where in Learn one is, as the address says: which lesson, which step of it, and who learns.

/learn?lesson=02-best-of-n&step=predict&learner=Ada        &runs=ID: runs of it on another model, in place of the learner's own
"""

from __future__ import annotations

from typing import Final

import streamlit as st

from pages.shared.query import write
from refine_core.lessons import STEPS, Step

_LESSON, _STEP, _LEARNER, _RUNS = "lesson", "step", "learner", "runs"
_KEPT: Final = "learn.learner-name"  # for links that do not say it


def lesson_name() -> str | None:
    """The lesson that the address names, or None."""
    return st.query_params.get(_LESSON) or None


def lesson_step() -> Step | None:
    """The step that the address names, or None."""
    named = st.query_params.get(_STEP, "")
    return next((one for one in STEPS if one == named), None)


def lesson_query(lesson: str, step: Step | str = "example") -> dict[str, str]:
    """The query of the address of a step of a lesson."""
    return {_LESSON: lesson, _STEP: step, **list_query()}


def list_query() -> dict[str, str]:
    """The query of the address of the list: who learns, if the address said it."""
    named = named_learner()
    return {_LEARNER: named} if named else {}


def show_step(step: Step | str) -> None:
    """Have the address name this step of the lesson, and nothing that was looked at in another one."""
    for name in ("attempt", "tab"):
        if step != st.query_params.get(_STEP):
            write(name, None)
    write(_STEP, step)


def named_runs() -> str | None:
    """The runs of the lesson on another model that the address names, or None."""
    return st.query_params.get(_RUNS) or None


def show_runs(experiment_id: str | None) -> None:
    """Have the address name these runs; None: the learner's own again."""
    write(_RUNS, experiment_id)


def named_learner() -> str | None:
    """The learner that the address names, or that was chosen in this session; None for nobody."""
    named = st.query_params.get(_LEARNER)
    if named is None:
        kept: str | None = st.session_state.get(_KEPT)
        return kept
    st.session_state[_KEPT] = named
    return named


def show_learner(name: str) -> None:
    """Have the address name this learner, at the step that they have reached."""
    st.session_state[_KEPT] = name
    write(_STEP, None)
    write(_LEARNER, name or None)
