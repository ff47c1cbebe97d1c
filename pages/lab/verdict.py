"""The two lines at the head of the right column before a run: what Run will do, or what has to be fixed first."""

from __future__ import annotations

import streamlit as st

from pages.lab.fields import static_key
from pages.lab.form_state import FormState
from pages.lab.problem_words import describe_problems, list_fields, list_wrong
from pages.lab.reward_source import run_anyway
from pages.lab.start import Refusal
from pages.shared import address
from pages.shared.run.actions import draw_idle_actions
from pages.shared.run.verdict import draw_verdict
from pages.shared.share.menu import draw_idle_share
from pages.shared.text import escape_markdown
from pages.shared.viewport import is_narrow
from refine_core import programs
from refine_core.formatting import pluralize
from refine_core.programs import ProgramSpec


def draw_ready(form: FormState) -> None:
    """What will happen, with the most that it can take; or which fields stand in the way."""
    headline, numbers = describe_plan(form)
    draw_verdict(headline, numbers, about=look_for(form.spec), actions=_draw_idle)


def _draw_idle() -> None:
    draw_idle_actions()
    if not is_narrow():
        draw_idle_share()


def look_for(spec: ProgramSpec) -> str:
    """What a run of this program has to show, if it is a worked example as it came; "" otherwise."""
    example = programs.EXAMPLES.get(spec.example or "")
    return example.look_for if example is not None else ""


def describe_plan(form: FormState) -> tuple[str, str]:
    """The headline and the line below it."""
    if wrong := list_wrong(form):
        count = pluralize(len(wrong), "problem")
        return f"Fix {count} in the form: {list_fields(form, wrong)}", describe_problems(form)
    if form.missing:
        return f"Fill in first: {list_fields(form, form.missing)}", describe_problems(form)
    if errors := form.reward_errors:
        where = f", line {errors[0].line}" if errors[0].line is not None else ""
        count = pluralize(len(errors), "problem")
        return (
            f"Fix {count} in the form: reward{where}",
            "Found before any call. If you run anyway, the run stops after its first failed attempt and asks.",
        )
    return programs.describe_plan(form.spec)


def draw_refusal(refusal: Refusal) -> None:
    """Why nothing was started, with the way to start it all the same where there is one."""
    with st.container(horizontal=True, vertical_alignment="top"):
        st.error(
            escape_markdown(f"{refusal.headline}. {refusal.reason.removesuffix('.')}."),
            icon=":material/error:",
            width="stretch",
        )
        if refusal.source is not None:
            st.button("Run anyway", key=static_key("run-anyway"), on_click=run_anyway, args=(refusal.source,))
    if refusal.recorded is not None:
        st.page_link(
            address.RUN,
            label="What if: score the recorded outputs",
            icon=":material/alt_route:",
            query_params=address.what_if_query(refusal.recorded),
        )
