"""A case that is typed, for whoever has no output that could be pinned: what goes in, what came out, what it should score."""

from __future__ import annotations

from typing import Final

import streamlit as st

from pages.rewards.bench import Bench
from pages.rewards.cases import state as case_state
from pages.rewards.cases.pin import EXAMPLES
from pages.rewards.fields import static_key
from pages.shared.text import escape_markdown, show_error
from refine_core.cases import CaseField, Want, fill_case, list_fields, read_want

_TITLES: Final = {"inputs": "Input", "prediction": "Output", "expected": "Expected"}
_WANT: Final = static_key("new-case", "want")


def draw_new_case(bench: Bench) -> None:
    """The form, in a popover. What was typed stays until the case is added."""
    cases = case_state.read_case_set()
    like = cases.find(case_state.selected_case()) or next(iter(cases), None)
    pattern = bench.rows[0] if like is None and bench.rows else like
    fields = list_fields(bench.task.recognized if bench.task is not None else None, pattern)
    with (
        st.popover("New case", type="tertiary", key=static_key("new-case", len(cases))),
        st.container(width=400, gap="xsmall"),
    ):
        for field in fields:
            st.text_area(
                escape_markdown(f"{_TITLES[field.role]}: {field.name}"),
                key=_key(field),
                height=68,
                persist_state="session",
            )
        st.text_input(
            "Wanted", key=_WANT, placeholder=f"good, bad, a score, {EXAMPLES}", persist_state="session"
        )
        typed = str(st.session_state.get(_WANT) or "").strip()
        want, problem = _read_want(typed)
        if problem:
            show_error(problem)
        st.button(
            "Add the case",
            type="primary",
            key=static_key("new-case", "add"),
            disabled=want is None,
            on_click=_add,
            args=(fields, want),
        )


def _read_want(typed: str) -> tuple[Want | None, str]:
    if not typed:
        return None, ""
    try:
        return read_want(typed), ""
    except ValueError as error:
        return None, str(error)


def _add(fields: tuple[CaseField, ...], want: Want) -> None:
    typed = {field: str(st.session_state.get(_key(field)) or "") for field in fields}
    case_state.pin_case(fill_case("", typed, want))
    for key in (_WANT, *(_key(field) for field in fields if field.role == "prediction")):
        st.session_state[key] = ""


def _key(field: CaseField) -> str:
    return static_key("new-case", field.role, field.name)
