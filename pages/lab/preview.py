"""Before the first run: what will happen, the exact first prompt, the temperatures, and what the adviser will read."""

from __future__ import annotations

import streamlit as st

from pages.lab.fields import static_key
from pages.lab.form_state import FormState
from pages.lab.hints import describe_temperatures, show_advice_request
from pages.lab.verdict import draw_ready
from pages.shared.text import ROLES, escape_markdown, show_text
from pages.shared.timeline import draw_ghost
from refine_core import programs

DETAIL_PX = 320  # of the tabs, which scroll inside


def preview_run(form: FormState) -> None:
    """All of it, in the order in which a run is shown: the verdict, then what happens, then the detail."""
    draw_ready(form)
    if not form.problems:
        draw_ghost(form.spec, key="ghost")
    st.markdown("\n".join(f"{i}. {step}" for i, step in enumerate(_list_steps(form), 1)))
    if form.problems:
        return
    asks = form.spec.hint_source == "adviser"
    names = ["First prompt", "Temperatures", *(["What the adviser will read"] if asks else [])]
    tabs = st.tabs(names, height=DETAIL_PX)
    with tabs[0]:
        _first_prompts(form)
    with tabs[1]:
        st.caption(describe_temperatures(form))
    if asks:
        with tabs[2]:
            show_advice_request(form)


def _first_prompts(form: FormState) -> None:
    for name, messages in programs.preview_first_prompts(form.spec).items():
        for i, message in enumerate(reversed(messages)):  # what the program was given comes first
            st.caption(f"{escape_markdown(name)} · {ROLES[message['role']]}")
            show_text(message["content"], key=static_key("prompt", name, i))


def _list_steps(form: FormState) -> list[str]:
    tried = "The program runs, and your reward scores its output."
    if form.spec.strategy == "single":
        return [tried, "There is one attempt, without hints."]
    until = "The best attempt is returned."
    if form.spec.threshold is not None:
        until = "The first attempt that reaches the threshold is returned, or else the best one."
    if form.spec.hint_source == "none":
        return [tried, "The program runs again, without hints.", until]
    if form.spec.hint_source == "feedback":
        return [tried, "The reward's feedback goes into the next attempt's prompt as a hint.", until]
    which = "an attempt" if form.spec.threshold is None else "an attempt below the threshold"
    return [
        tried,
        f"After {which}, an adviser is asked what each stage should do better.",
        "That advice goes into the next attempt's prompt as a hint.",
        until,
    ]
