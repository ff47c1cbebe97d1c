"""A widget for the value of one input of a program, by its type."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final, Literal

import streamlit as st

from pages.shared.editor import Mark, text_field
from pages.shared.text import escape_markdown
from refine_core.programs import FormInput
from refine_core.runs import make_well_formed

_READERS: Final[Mapping[str, Callable[[str], Any]]] = {
    "date": datetime.date.fromisoformat,
    "datetime": datetime.datetime.fromisoformat,
    "time": datetime.time.fromisoformat,
}
_MAX_NUMBER = 2**53 - 1  # that a browser holds


def describe_input(one: FormInput) -> str | None:
    """What the type and the description say, where there is more to say than that it is text."""
    kind = escape_markdown(one.type) if one.optional or one.kind in ("lines", "json") else ""
    optional = "may be empty" if one.optional else ""
    return " · ".join(filter(None, [kind, optional, escape_markdown(one.description)])) or None


def draw_value(one: FormInput, *, key: str, problems: Sequence[Mark]) -> bool | None:
    """The widget of one input; its value is `st.session_state[key]`.

    Of a text, which shows its problems itself: whether Ctrl-Enter was pressed in it; else None.
    """
    label, state = escape_markdown(one.name), st.session_state
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
            language: Literal["python", "text"] = "python" if one.kind == "json" else "text"
            return text_field(
                one.name, key=key, max_lines=3, language=language, placeholder=one.sample, problems=problems
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
