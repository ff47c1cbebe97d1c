"""Saved programs in the picker: open one, save what the form holds under a name, remove one."""

from __future__ import annotations

import streamlit as st

from pages.lab.draft import replace_form
from pages.lab.fields import static_key
from pages.lab.form_state import FormState
from pages.shared import address
from pages.shared.text import escape_markdown, show_error
from refine_core import programs
from refine_core.errors import SpecError, StoreError
from refine_core.programs import ProgramSpec

_ERROR = static_key("saved", "error")
_NAME = static_key("saved", "name")


def saved_programs(form: FormState) -> None:
    """The saved programs, and a field to save this one."""
    try:
        saved = programs.list_programs()
    except StoreError as error:
        show_error(str(error))
        return
    for name, spec in saved.items():
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.button(
                f":blue[**{escape_markdown(name)}**]",
                key=static_key("saved", "open", name),
                type="tertiary",
                on_click=_open,
                args=(spec,),
                width="content",
            )
            st.button(
                "Remove",
                key=static_key("saved", "remove", name),
                on_click=_remove,
                args=(name,),
                help="Its runs stay as they are.",
            )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        typed = st.text_input(
            "Save this program as", key=_NAME, placeholder=form.spec.title or "support triage"
        )
        taken = typed.strip() in saved
        st.button(
            "Replace" if taken else "Save",
            key=static_key("saved", "save"),
            on_click=_save,
            args=(form.spec, taken),
            disabled=bool(form.problems),
        )
    if form.problems:
        st.caption(
            "A program can be saved once nothing in the form is wrong. Your draft is kept in any case."
        )
    elif refused := st.session_state.get(_ERROR):
        show_error(refused)
    elif not saved:
        st.caption("A saved program keeps its signature, reward, inputs and settings. Keys are never saved.")


def _open(spec: ProgramSpec) -> None:
    replace_form(spec)
    address.leave_run()


def _save(spec: ProgramSpec, replacing: bool) -> None:  # Streamlit passes a callback's arguments by position
    try:
        name = programs.save_program(st.session_state[_NAME], spec, replacing=replacing)
    except (SpecError, StoreError) as error:
        st.session_state[_ERROR] = str(error)
        return
    st.session_state.pop(_ERROR, None)
    st.session_state[_NAME] = ""
    st.session_state[static_key("title")] = name


def _remove(name: str) -> None:
    try:
        programs.remove_program(name)
    except StoreError as error:
        st.session_state[_ERROR] = str(error)
