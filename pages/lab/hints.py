"""Where hints come from, which temperatures attempts get, and how advice is asked for."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from pages.lab.program import faults
from pages.lab.state import Typed, fixed, key
from pages.shared.folded import folded
from pages.shared.text import ROLES, block, plain
from refine_core import connections, programs
from refine_core.formatting import format_temperature
from refine_core.programs import HintSource, Schedule

LISTED = 60  # temperatures in one line
_SOURCES: dict[HintSource, str] = {
    "adviser": "An adviser",
    "feedback": "The reward's feedback",
    "none": "None",
}
_SCHEDULES = {
    "dspy-2.6": "dspy 2.6: rising",
    "dspy-3": "dspy 3: always 1",
    "list": "A list",
    "none": "Takes no temperature",
}


def hints_and_schedule(typed: Typed) -> None:
    """The source of hints and the schedule, side by side; below them the temperatures."""
    source, schedule = st.columns(2)
    with source:
        st.selectbox(
            "Hints from",
            list(_SOURCES),
            format_func=_SOURCES.__getitem__,
            key=key("hints"),
            persist_state="session",
            disabled=typed.spec.strategy != "refine",
            help="An adviser is a model that is asked after an attempt what each stage should do better. The reward's "
            "feedback, from `Score(value, feedback)`, goes into the next prompt as it is, without a further call.",
        )
        faults(typed, "hints")
    with schedule:
        kind = st.selectbox(
            "Temperature schedule",
            list(_SCHEDULES),
            format_func=_SCHEDULES.__getitem__,
            key=key("schedule"),
            persist_state="session",
            on_change=_begin_list,
            args=(typed,),
            help="dspy 2.6 begins at the model's own temperature and then rises from 0.5. All other schedules give each "
            "attempt a rollout id: a number that is not sent, and that keeps identical calls apart in the cache.",
        )
    if kind == "list":
        st.text_input(
            "Temperatures, one for each attempt",
            key=key("temperatures"),
            placeholder="0, 0.5, 0.9",
            persist_state="session",
        )
    faults(typed, "schedule")
    if not typed.at("schedule"):
        st.caption(_temperatures(typed))
    if typed.spec.hint_source == "feedback" and not programs.may_give_feedback(typed.spec.reward):
        st.warning(
            "This reward gives no feedback, so there will be no hints. Return `Score(value, feedback)` from it.",
            icon=":material/warning:",
        )
    if typed.spec.hint_source == "adviser":
        _advice(typed)


def preview(typed: Typed) -> None:
    """Before the first run: the request for advice, folded."""
    if typed.spec.hint_source == "adviser":
        with st.expander("Advice request", key=fixed("prompt", "advice")):
            _request(typed, "before")


def _request(typed: Typed, where: str) -> None:
    """The messages that ask for advice. where: on the page, as they may stand there twice."""
    messages = programs.preview_advice_prompt(typed.spec)
    tokens = programs.estimate_tokens(messages)
    st.caption(f"About {tokens:,} tokens. The values in braces are known only after an attempt.")
    for i, message in enumerate(messages):
        st.caption(plain(ROLES[message["role"]]))
        block(message["content"], key=fixed("advice", where, i))


def _temperatures(typed: Typed) -> str:
    """Those of the attempts, in a line."""
    spec = typed.spec
    if spec.schedule.kind == "none":
        return "No temperature is sent. Attempts differ by rollout id."
    takes = spec.model.temperature is not None
    if takes and not typed.problems:
        takes = connections.supports_temperature(spec.model)
    if not takes:
        return "No temperature is sent, because the model takes none. Attempts differ by rollout id."
    used = programs.list_temperatures(spec)
    more = " …" if len(used) > LISTED else ""
    return f"Temperatures: {' · '.join(map(format_temperature, used[:LISTED]))}{more}"


def _begin_list(typed: Typed) -> None:
    """A list that is still empty begins as the temperatures used so far."""
    state = st.session_state
    if state[key("schedule")] == "list" and not (state.get(key("temperatures")) or "").strip():
        used = programs.list_temperatures(replace(typed.spec, schedule=Schedule()))
        state[key("temperatures")] = programs.write_temperatures(used)


def _advice(typed: Typed) -> None:
    """What the adviser is told, and at what length."""
    spec = typed.spec
    changed = bool(spec.advice_instructions) or spec.advice_form == "compact"
    with folded("Advice request", key=key("advice"), needed=changed):
        st.text_area(
            "Instructions for advice",
            key=key("advice_instructions"),
            placeholder=f"Optional. Default: {programs.default_instructions(spec.advice_form)}",
            height=140,
            persist_state="session",
            help="What the adviser is told to do. Its inputs and the form of its reply stay the same.",
        )
        faults(typed, "advice_instructions")
        st.toggle(
            "Compact, for small context windows",
            key=key("compact_advice"),
            persist_state="session",
            help="About half as long: the reward's feedback comes first, the program's code is left out, and long values are "
            "shortened.",
        )
        unread = bool(typed.problems)
        with st.popover("Preview", icon=":material/visibility:", width="content", disabled=unread):
            if not unread:
                _request(typed, "form")
