"""What the experiment will take, before anything is asked: runs, calls, price and time, and what it can show."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import streamlit as st

from pages.batch.marks import mark_data
from pages.batch.setup.draft import FORM, current
from pages.shared.text import escape_markdown
from pages.shared.web import ARMS, BEFORE, import_script, read_styles
from refine_core import experiments
from refine_core.datasets import Dataset
from refine_core.experiments import ExperimentPlan
from refine_core.experiments.drafts import build_experiment, name_arm_draft
from refine_core.formatting import join_words
from refine_core.unseen import show_unseen

MAX_STEPS: Final = 5  # on the axis
KEY: Final = FORM.static_key("before")
_component = st.components.v2.component(
    "refinescope.before", js=import_script(BEFORE), css=read_styles(ARMS, BEFORE, root=".before")
)


def plan_draft(dataset: Dataset | None) -> ExperimentPlan:
    """What the draft would take, by what is recorded. That is read again where anything has changed, or the page was left."""
    about = (replace(build_experiment(current()), name="", created_at=0.0), dataset is None)
    key = FORM.field_key("plan")
    known: tuple[object, ExperimentPlan] | None = st.session_state.get(key)
    if known is None or known[0] != about:
        known = (about, experiments.plan_experiment(about[0], dataset))
        st.session_state[key] = known
    return known[1]


def write_calls(plan: ExperimentPlan) -> dict[str, str]:
    """Key of an arm -> calls an input, as text: "3.1 to 7.4", "5.0"."""
    return {arm.key: arm.calls_text for arm in plan.by_arm}


def draw_before(plan: ExperimentPlan) -> None:
    """Draw it."""
    draft = current()
    planned = {arm.key: arm for arm in plan.by_arm}
    arms = [
        {
            "mark": mark_data(place),
            "name": show_unseen(name_arm_draft(arm)),
            "low": planned[arm.key].calls[0],
            "high": planned[arm.key].calls[1],
            "text": planned[arm.key].calls_text,
        }
        for place, arm in enumerate(draft.arms)
        if arm.key in planned
    ]
    highest = max((arm.calls[1] for arm in plan.by_arm), default=1.0)
    _component(
        key=KEY,
        data={
            "figures": _list_figures(plan),
            "note": " ".join(part for part in (plan.source, plan.stop, *plan.notes) if part),
            "arms": arms,
            "ticks": _list_ticks(highest),
            "alt": "; ".join(f"{one['name']}: {one['text']} calls an input" for one in arms),
            "shows": plan.shows if plan.inputs else [],
        },
        height="content",
    )


def draw_summary(plan: ExperimentPlan) -> None:
    """The same in a line, for a phone, where the whole of it stands below all that is set up."""
    if plan.inputs and plan.arms:
        facts = [
            f"{plan.runs_text} runs",
            f"{plan.calls_text} calls",
            f"cost {plan.cost_text}",
            f"time {plan.time_text}",
        ]
        st.caption(escape_markdown(", ".join(facts)))


def _list_ticks(highest: float) -> list[int]:
    """Round numbers from 0 to the most calls of an input, or just beyond."""
    steps = (base * 10**power for power in range(9) for base in (1, 2, 5))
    step = next(one for one in steps if highest <= one * MAX_STEPS)
    return list(range(0, step * max(math.ceil(highest / step), 1) + 1, step))


def _list_figures(plan: ExperimentPlan) -> Sequence[tuple[str, str]]:
    if not plan.inputs or not plan.arms:
        missing = [*([] if plan.inputs else ["inputs"]), *([] if plan.arms else ["a program"])]
        return [("runs", f"choose {join_words(missing)} first")]
    at_once = "" if plan.at_once is None else f", {plan.at_once} at once"
    return [
        ("runs", plan.runs_text),
        ("calls", plan.calls_text),
        ("cost", plan.cost_text),
        (f"time{at_once}", plan.time_text),
    ]
