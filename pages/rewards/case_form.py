"""The case that is looked at: its name, what is wanted, its output and inputs."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import streamlit as st

from pages.rewards import case_state
from pages.rewards.fields import static_key
from pages.rewards.pin import EXAMPLES
from pages.rewards.row import draw_values
from pages.shared.text import show_error
from refine_core.cases import BAD, GOOD, UNSCORED, Case, Want, exactly, read_want
from refine_core.cases.case import MAX_NAME_CHARS
from refine_core.workbench import RowScore

CHOICES: Final = {"good": "Good", "bad": "Bad", "range": "Score or range", "unscored": "No score"}


def draw_case(case: Case, score: RowScore | None) -> None:
    """All of it. Every change is kept at once."""
    key = static_key("case", case.name)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        st.text_input(
            "Case",
            value=case.name,
            key=f"{key}.name",
            max_chars=MAX_NAME_CHARS,
            on_change=_rename,
            args=(case, f"{key}.name"),
        )
        st.button(
            "Remove", key=f"{key}.remove", type="tertiary", on_click=case_state.remove_case, args=(case.name,)
        )
    st.segmented_control(
        "Wanted",
        list(CHOICES),
        default=case.want.kind,
        format_func=CHOICES.__getitem__,
        key=f"{key}.{case.want.kind}.kind",
        required=True,
        on_change=_choose,
        args=(case, f"{key}.{case.want.kind}.kind", score),
    )
    if case.want.kind == "range":
        text = f"{key}.{case.want.text}.range"
        st.text_input(
            "Score or range",
            value=case.want.text,
            key=text,
            placeholder=EXAMPLES,
            on_change=_type,
            args=(case, text),
        )
    if problem := case_state.take_problem():
        show_error(problem)
    draw_values(case, score, static_key("case-values"))


def _rename(case: Case, key: str) -> None:
    name = str(st.session_state[key]).strip()
    _change(case, replace(case, name=name))


def _choose(case: Case, key: str, score: RowScore | None) -> None:
    kind = st.session_state[key]
    now = score.value if score is not None and score.value is not None else 1.0
    wants: dict[str, Want] = {"good": GOOD, "bad": BAD, "unscored": UNSCORED, "range": exactly(now)}
    _change(case, replace(case, want=wants[kind]))


def _type(case: Case, key: str) -> None:
    try:
        want = read_want(str(st.session_state[key]))
    except ValueError as error:
        case_state.show_problem(str(error))
        return
    _change(case, replace(case, want=want))


def _change(case: Case, new: Case) -> None:
    try:
        case_state.write_case_set(case_state.read_case_set().change(case.name, new))
    except ValueError as error:
        case_state.show_problem(str(error))
        return
    case_state.select_case(new.name)
