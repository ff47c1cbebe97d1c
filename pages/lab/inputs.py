"""The inputs that the signatures ask for: the name left, a widget for the type right."""

from __future__ import annotations

import streamlit as st

from pages.lab.fields import field_key
from pages.lab.form_state import FormState
from pages.lab.problems import describe_problem
from pages.shared.editor import Mark
from pages.shared.text import escape_markdown
from pages.shared.value_input import describe_input, draw_value
from refine_core import programs
from refine_core.errors import Problem
from refine_core.programs import FormInput

_NAME_AND_VALUE = (15, 85)
_ITEM_WORDS = 2  # of what people write between commas where they mean a list; a sentence's clauses are longer


def inputs_form(form: FormState) -> bool:
    """A form made from the signatures' types. Returns whether Ctrl-Enter was pressed in one of its texts."""
    asked = programs.list_form_inputs(form.spec.stages)
    entered = False
    if not asked:
        st.caption("Inputs appear here once the signature is valid.")
    for one in asked:
        problems = _shown_problems(form, one)
        name, value = st.columns(_NAME_AND_VALUE, gap="xsmall", vertical_alignment="center")
        with name:
            st.caption(escape_markdown(one.name), help=describe_input(one))
        with value:
            pressed = draw_value(one, key=_key(one), problems=[_mark(problem) for problem in problems])
        entered |= bool(pressed)
        if one.kind == "lines" and _looks_like_several(str(st.session_state.get(_key(one)) or "")):
            st.columns(_NAME_AND_VALUE, gap="xsmall")[1].caption(
                "This is one item. Give each item a line of its own (Enter begins one)."
            )
        if one.kind == "text" and not one.optional and not str(st.session_state.get(_key(one)) or "").strip():
            st.columns(_NAME_AND_VALUE, gap="xsmall")[1].caption("Empty: the model will get no text here.")
        for problem in problems if pressed is None else []:
            st.columns(_NAME_AND_VALUE, gap="xsmall")[1].markdown(
                f":small[:red[:material/error: {escape_markdown(describe_problem(problem))}]]"
            )
    return entered


def _key(one: FormInput) -> str:
    return field_key("in", one.name, one.kind)


def _looks_like_several(text: str) -> bool:
    """Whether a list's only line seems to hold several short items, as in "noise, taste"."""
    pieces = [piece.strip() for piece in text.split(",")]
    return (
        len(text.strip().splitlines()) == 1
        and len(pieces) > 1
        and all(0 < len(piece.split()) <= _ITEM_WORDS for piece in pieces)
    )


def _shown_problems(form: FormState, one: FormInput) -> list[Problem]:
    """What is wrong with a value; of one that is still to be given, the widget says what it is, and the head of the page that it is missing."""
    return [problem for problem in form.problems_at(f"inputs.{one.name}") if problem not in form.missing]


def _mark(problem: Problem) -> Mark:
    return Mark(describe_problem(problem), problem.line, problem.column)
