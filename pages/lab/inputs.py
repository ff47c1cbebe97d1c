"""The inputs that the signatures ask for: the name left, a widget for the type right."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final, Literal

import streamlit as st

from pages.lab.fields import field_key
from pages.lab.form_state import FormState
from pages.lab.problems import describe_problem
from pages.shared.editor import Mark, text_field
from pages.shared.text import escape_markdown
from refine_core import programs
from refine_core.errors import Problem
from refine_core.programs import FormInput
from refine_core.runs import make_well_formed

_NAME_AND_VALUE = (15, 85)
_READERS: Final[Mapping[str, Callable[[str], Any]]] = {
    "date": datetime.date.fromisoformat,
    "datetime": datetime.datetime.fromisoformat,
    "time": datetime.time.fromisoformat,
}
_ITEM_WORDS = 2  # of what people write between commas where they mean a list; a sentence's clauses are longer
_MAX_NUMBER = 2**53 - 1  # that a browser holds


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
            st.caption(escape_markdown(one.name), help=_describe(one))
        with value:
            pressed = _draw(one, problems)
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


def _describe(one: FormInput) -> str | None:
    """What the type and the description say, where there is more to say than that it is text."""
    kind = escape_markdown(one.type) if one.optional or one.kind in ("lines", "json") else ""
    optional = "may be empty" if one.optional else ""
    return " · ".join(filter(None, [kind, optional, escape_markdown(one.description)])) or None


def _shown_problems(form: FormState, one: FormInput) -> list[Problem]:
    """What is wrong with a value; of one that is still to be given, the widget says what it is, and the head of the page that it is missing."""
    return [problem for problem in form.problems_at(f"inputs.{one.name}") if problem not in form.missing]


def _draw(one: FormInput, problems: list[Problem]) -> bool | None:
    """The widget of one input. Of a text, which shows its problems itself: whether Ctrl-Enter was pressed in it; else None."""
    key, label, state = _key(one), escape_markdown(one.name), st.session_state
    entry = state.get(key)
    match one.kind:
        case "int" | "float" if entry is None or abs(entry) <= _MAX_NUMBER:
            st.number_input(
                label,
                key=key,
                value=None,
                step=1 if one.kind == "int" else 0.1,
                format=None if one.kind == "int" else "%g",
                persist_state="session",
                label_visibility="collapsed",
            )
        case "int" | "float":
            st.code(str(entry), language=None)
        case "bool":
            st.checkbox(label, key=key, persist_state="session", label_visibility="collapsed")
        case "choice":
            st.selectbox(
                label,
                one.choices,
                index=None,
                key=key,
                format_func=_name_choice,
                persist_state="session",
                label_visibility="collapsed",
            )
        case "date" | "datetime" | "time" if _fits_picker(one.kind, str(entry or "")):
            _pick(one.kind, label, key)
        case _:
            marks = [Mark(describe_problem(problem), problem.line, problem.column) for problem in problems]
            language: Literal["python", "text"] = "python" if one.kind == "json" else "text"
            return text_field(
                one.name, key=key, max_lines=3, language=language, placeholder=one.sample, problems=marks
            )
    return None


def _pick(kind: str, label: str, key: str) -> None:
    """A calendar or a clock. What is chosen is kept as text, as a draft holds no dates."""
    state, widget = st.session_state, f"{key}:picked"
    text = str(state.get(key) or "")
    state[widget] = _READERS[kind](text) if text else None

    def keep() -> None:
        picked = state[widget]
        state[key] = picked.isoformat() if picked is not None else ""

    match kind:
        case "date":
            st.date_input(
                label,
                value=None,
                min_value=datetime.date.min,
                max_value=datetime.date.max,
                format="YYYY-MM-DD",
                key=widget,
                on_change=keep,
                label_visibility="collapsed",
            )
        case "time":
            st.time_input(label, value=None, key=widget, on_change=keep, label_visibility="collapsed")
        case _:
            st.datetime_input(
                label,
                value=None,
                min_value=datetime.datetime.min,  # noqa: DTZ901 - a picker has no time zone
                max_value=datetime.datetime.max,  # noqa: DTZ901
                format="YYYY-MM-DD",
                key=widget,
                on_change=keep,
                label_visibility="collapsed",
            )


def _fits_picker(kind: str, text: str) -> bool:
    """Whether a picker can show the value: nothing yet, or one to the minute and without a time zone. Else it is edited as text."""
    if not text.strip():
        return True
    with suppress(ValueError):
        value = _READERS[kind](text)
        return kind == "date" or (value.tzinfo is None and not value.second and not value.microsecond)
    return False


def _name_choice(value: object) -> str:
    """As the choices of a list show it, which are text and no Markdown."""
    return make_well_formed(str(value))
