"""Before the first run: what will happen, the exact first prompt, the temperatures, and what the adviser will read."""

from __future__ import annotations

import streamlit as st

from pages.lab import doctor_line
from pages.lab.doctor_line import draw_doctor_line, examine_reward
from pages.lab.fields import static_key
from pages.lab.form_state import FormState
from pages.lab.hints import describe_temperatures, show_advice_request
from pages.lab.reward_trial import try_reward_form
from pages.lab.verdict import draw_ready
from pages.shared.choice import describe_tabs
from pages.shared.run.timeline import draw_ghost
from pages.shared.run.verdict import ABOUT_PX
from pages.shared.run.view import TIMELINE_KEY, pictures_place
from pages.shared.text import escape_markdown, show_text
from refine_core import programs
from refine_core.runs import ROLES

DETAIL_PX = 300  # of the tabs, which scroll inside
_NUMBER_AND_TEXT = (7, 93)


def preview_run(form: FormState) -> None:
    """All of it, in the order in which a run is shown: the verdict, the timeline, what happens, then the detail."""
    with pictures_place():
        draw_ready(form)
        if form.problems:
            st.caption("What a run will do is shown here as soon as nothing in the form is wrong.")
            return
        draw_ghost(form.spec, key=TIMELINE_KEY)
    _story(form)
    examination = examine_reward(form)
    if examination is not None:
        draw_doctor_line(form, examination)
    asks = form.spec.hint_source == "adviser"
    names = [
        "First prompt",
        "Try the reward",
        "Temperatures",
        *(["What the adviser will read"] if asks else []),
    ]
    taken = (ABOUT_PX if form.spec.example else 0) + (doctor_line.PX if examination is not None else 0)
    tabs = st.tabs(describe_tabs(names), height=DETAIL_PX - taken)
    with tabs[0]:
        _first_prompts(form)
    with tabs[1]:
        try_reward_form(form)
    with tabs[2]:
        st.caption(describe_temperatures(form))
    if asks:
        with tabs[3]:
            show_advice_request(form)


def _story(form: FormState) -> None:
    """What each attempt will be, and what comes between two."""
    with st.container(gap="xxsmall"):
        for step in programs.describe_steps(form.spec):
            number, text = st.columns(_NUMBER_AND_TEXT, gap="xsmall")
            if step.attempts:
                number.markdown(f"**{step.attempts}**")
            words = escape_markdown(step.text)
            text.markdown(
                f"{words}  \n:small[:gray[{escape_markdown(step.detail)}]]" if step.detail else words
            )


def _first_prompts(form: FormState) -> None:
    for name, messages in programs.preview_first_prompts(form.spec).items():
        for i, message in enumerate(reversed(messages)):  # what the program was given comes first
            st.caption(f"{escape_markdown(name)} · {ROLES[message['role']]}")
            show_text(message["content"], key=static_key("prompt", name, i))
