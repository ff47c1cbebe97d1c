"""Where hints come from, which temperatures attempts get, and how advice is asked for."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from pages.lab.fields import field_key, static_key
from pages.lab.form_state import FormState
from pages.lab.problems import show_problems
from pages.shared.text import escape_markdown, show_text
from refine_core import connections, programs
from refine_core.formatting import format_temperature
from refine_core.glossary import GLOSSARY
from refine_core.programs import HintSource, Schedule
from refine_core.runs import ROLES

MAX_LISTED = 60  # temperatures in one line
_SOURCES: dict[HintSource, str] = {
    "adviser": "An adviser",
    "feedback": "The reward's feedback",
    "none": "None",
}
_SCHEDULES = {
    "dspy-2.6": "dspy 2.6: rising",
    "dspy-3": "dspy 3: always 1",
    "list": "Custom list",
    "none": "No temperature",
}


def hints_and_schedule(form: FormState) -> None:
    """The source of hints and the schedule, side by side; below them the temperatures."""
    source, schedule = st.columns(2)
    with source:
        st.selectbox(
            "Hints from",
            list(_SOURCES),
            format_func=_SOURCES.__getitem__,
            key=field_key("hints"),
            persist_state="session",
            disabled=form.spec.strategy != "refine",
            help=f"{GLOSSARY['hint']}\n\n**Adviser**: {GLOSSARY['adviser']}\n\n"
            "**The reward's feedback**: taken from `Score(value, feedback)` as it is, without a further call.",
        )
        show_problems(form, "hints")
    with schedule:
        kind = st.selectbox(
            "Temperature schedule",
            list(_SCHEDULES),
            format_func=_SCHEDULES.__getitem__,
            key=field_key("schedule"),
            persist_state="session",
            on_change=_fill_temperatures,
            args=(form,),
            help="dspy 2.6 begins at the model's own temperature, then rises from 0.5. All other schedules give each attempt "
            f"a rollout id.\n\n**Rollout**: {GLOSSARY['rollout']}",
        )
    if kind == "list":
        st.text_input(
            "Temperatures, one per attempt",
            key=field_key("temperatures"),
            placeholder="0, 0.5, 0.9",
            persist_state="session",
        )
    show_problems(form, "schedule")
    if not form.problems_at("schedule"):
        st.caption(describe_temperatures(form))
    if form.spec.hint_source == "feedback" and not programs.may_give_feedback(form.spec.reward):
        st.warning(
            "This reward gives no feedback, so there will be no hints. Return `Score(value, feedback)` from it.",
            icon=":material/warning:",
        )


def show_advice_request(form: FormState) -> None:
    """The messages that will ask for advice."""
    messages = programs.preview_advice_prompt(form.spec)
    tokens = programs.estimate_tokens(messages)
    st.caption(f"About {tokens:,} tokens. Values in braces are filled in after an attempt.")
    for i, message in enumerate(messages):
        st.caption(escape_markdown(ROLES[message["role"]]))
        show_text(message["content"], key=static_key("advice", i))


def describe_temperatures(form: FormState) -> str:
    """Those of the attempts, in a line."""
    spec = form.spec
    if spec.schedule.kind == "none":
        return "No temperature is sent. Attempts differ by rollout id."
    takes = spec.model.temperature is not None
    if takes and not form.problems:
        takes = connections.supports_temperature(spec.model)
    if not takes:
        return (
            "No temperature is sent, because the model does not support one. Attempts differ by rollout id."
        )
    used = programs.list_temperatures(spec)
    more = " …" if len(used) > MAX_LISTED else ""
    return f"Temperatures: {' · '.join(map(format_temperature, used[:MAX_LISTED]))}{more}"


def _fill_temperatures(form: FormState) -> None:
    """A list that is still empty begins as the temperatures used so far."""
    state = st.session_state
    if state[field_key("schedule")] == "list" and not (state.get(field_key("temperatures")) or "").strip():
        used = programs.list_temperatures(replace(form.spec, schedule=Schedule()))
        state[field_key("temperatures")] = programs.write_temperatures(used)


def advice_fields(form: FormState) -> None:
    """What the adviser is told, and at what length."""
    st.text_area(
        "Instructions for advice",
        key=field_key("advice_instructions"),
        placeholder=f"Optional. Default: {programs.default_instructions(form.spec.advice_form)}",
        height=100,
        persist_state="session",
        help="What the adviser should do. Its inputs and its reply format stay the same.",
    )
    show_problems(form, "advice_instructions")
    st.toggle(
        "Compact advice request, for small context windows",
        key=field_key("compact_advice"),
        persist_state="session",
        help="About half as long: the reward's feedback comes first, the program's code is left out, and long values are "
        "shortened.",
    )
