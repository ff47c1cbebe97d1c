"""The case that is looked at: its name, what is wanted, its output and inputs.

The fields have the same keys for every case, so that a change keeps the focus; what cannot be used stays as it was typed, with the
reason under it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import streamlit as st

from pages.rewards.cases import state as case_state
from pages.rewards.cases.pin import EXAMPLES
from pages.rewards.fields import static_key
from pages.rewards.scores.row import draw_values
from pages.shared.text import show_error
from refine_core.cases import BAD, GOOD, MAX_NAME_CHARS, UNSCORED, Case, Want, exactly, output_key, read_want
from refine_core.workbench import RowScore

CHOICES: Final = {"good": "Good", "bad": "Bad", "range": "Score or range", "unscored": "No score"}
_NAME, _KIND, _RANGE = (static_key("case", one) for one in ("name", "kind", "range"))


def draw_case(case: Case, score: RowScore | None) -> None:
    """All of it. Every change is kept at once."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        _show(_NAME, case, case.name)
        st.text_input("Case", key=_NAME, max_chars=MAX_NAME_CHARS, on_change=_rename, args=(case,))
        st.button(
            "Remove",
            key=static_key("case", "remove"),
            type="tertiary",
            on_click=case_state.remove_case,
            args=(case.name,),
        )
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        _show(_KIND, case, case.want.kind)
        st.segmented_control(
            "Wanted",
            list(CHOICES),
            format_func=lambda kind: f":blue[{CHOICES[kind]}]",  # as in pages/shared/choice.py
            key=_KIND,
            required=True,
            on_change=_choose,
            args=(case, score),
        )
        if case.want.kind == "range":
            _show(_RANGE, case, case.want.text)
            st.text_input(
                "Score or range",
                key=_RANGE,
                label_visibility="collapsed",
                placeholder=EXAMPLES,
                on_change=_type,
                args=(case,),
            )
    if problem := _find_problem(case):
        show_error(problem)
    draw_values(case, score, static_key("case", "values"))


def _show(key: str, case: Case, value: str) -> None:
    """Have a field hold what the case has, unless it was shown already: then it holds what was typed since."""
    shown, of = f"{key}-of", (output_key(case), value)
    if st.session_state.get(shown) != of or key not in st.session_state:
        st.session_state[key], st.session_state[shown] = value, of


def _find_problem(case: Case) -> str:
    """Why what was typed is not taken; "" where it is."""
    try:
        if (name := _read(_NAME)) != case.name:
            case_state.read_case_set().change(case.name, replace(case, name=name))
        if case.want.kind == "range":
            read_want(_read(_RANGE))
    except ValueError as error:
        return str(error)
    return ""


def _read(key: str) -> str:
    return str(st.session_state.get(key) or "").strip()


def _rename(case: Case) -> None:
    _change(case, replace(case, name=_read(_NAME)))


def _choose(case: Case, score: RowScore | None) -> None:
    now = score.value if score is not None and score.value is not None else 1.0
    wants: dict[str, Want] = {"good": GOOD, "bad": BAD, "unscored": UNSCORED, "range": exactly(now)}
    _change(case, replace(case, want=wants[st.session_state[_KIND]]))


def _type(case: Case) -> None:
    try:
        want = read_want(_read(_RANGE))
    except ValueError:  # said under the field
        return
    _change(case, replace(case, want=want))


def _change(case: Case, new: Case) -> None:
    try:
        case_state.write_case_set(case_state.read_case_set().change(case.name, new))
    except ValueError:  # said under the field
        return
    case_state.select_case(new.name)
