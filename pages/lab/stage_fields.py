"""The field table of a stage: a row a field, each with its name, its type, what it means, and whether it goes in or comes out."""

from __future__ import annotations

import streamlit as st

from pages.lab.field_sync import (
    add_field,
    follow_signature,
    is_in_step,
    move_field,
    remove_field,
    signature_text,
    write_signature,
)
from pages.lab.fields import static_key
from pages.lab.form_state import FormState
from pages.lab.problems import describe_problem
from pages.lab.tables import Table, field_rows
from pages.shared.text import show_error
from refine_core import programs

_ROLES = {"input": "In", "output": "Out"}
_NAME_PX, _TYPE_PX, _ROLE_PX = 130, 150, 84


def field_table(form: FormState, place: int, uid: int) -> None:
    """A row a field: name, type, what it means, in or out; rows can be added, moved and removed."""
    follow_signature(uid)
    table = field_rows(uid)
    rows = table.rows()
    for row in rows:
        _draw_row(table, uid, row, last=row == rows[-1], first=row == rows[0])
    with st.container(horizontal=True, gap="small"):
        for role, words in (("input", "Input"), ("output", "Output")):
            st.button(
                words,
                key=static_key("stage", uid, "field", "add", role),
                icon=":material/add:",
                on_click=add_field,
                args=(uid, role),
            )
    st.code(signature_text(uid) or " ", language=None, wrap_lines=True)
    problems = form.problems_at(f"stages.{place}.signature")
    for problem in problems:
        show_error(describe_problem(problem))
    if problems and not is_in_step(uid):
        st.caption(
            "This is the table of the last signature that could be read. A change here replaces what stands there now."
        )


def _draw_row(table: Table, uid: int, row: int, *, first: bool, last: bool) -> None:
    kind = table.cell(row, "type")
    types = list(dict.fromkeys([*programs.COMMON_TYPES, *([kind] if kind else [])]))
    with st.container(horizontal=True, vertical_alignment="center", gap="xxsmall"):
        st.text_input(
            "Name",
            key=table.key(row, "name"),
            placeholder="name",
            width=_NAME_PX,
            label_visibility="collapsed",
            persist_state="session",
            on_change=write_signature,
            args=(uid,),
        )
        st.selectbox(
            "Type",
            types,
            key=table.key(row, "type"),
            accept_new_options=True,
            width=_TYPE_PX,
            label_visibility="collapsed",
            persist_state="session",
            on_change=write_signature,
            args=(uid,),
        )
        st.selectbox(
            "In or out",
            list(_ROLES),
            format_func=_ROLES.__getitem__,
            key=table.key(row, "role"),
            width=_ROLE_PX,
            label_visibility="collapsed",
            persist_state="session",
            on_change=write_signature,
            args=(uid,),
        )
        st.text_input(
            "Description",
            key=table.key(row, "description"),
            placeholder="description, for the prompt",
            label_visibility="collapsed",
            persist_state="session",
            on_change=write_signature,
            args=(uid,),
        )
        for icon, words, act, off in (
            ("arrow_upward", "Move up", (move_field, -1), first),
            ("arrow_downward", "Move down", (move_field, 1), last),
            ("close", "Remove field", (remove_field,), False),
        ):
            st.button(
                "",
                key=static_key("stage", uid, "field", row, icon),
                icon=f":material/{icon}:",
                help=words,
                type="tertiary",
                disabled=off,
                on_click=act[0],
                args=(uid, row, *act[1:]),
            )
