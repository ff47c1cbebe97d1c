"""The demos of a stage as a table: a row a demo, a column a field."""

from __future__ import annotations

import streamlit as st

from pages.lab.fields import static_key
from pages.lab.form_state import FormState
from pages.lab.problems import show_problems
from pages.lab.tables import demo_rows
from pages.shared.text import escape_markdown
from refine_core import programs


def demos_form(form: FormState, place: int, uid: int) -> None:
    """Worked examples that the prompt shows the model, in the order of the rows."""
    fields = programs.list_stage_fields(form.spec.stages[place])
    if not fields:
        st.caption("Columns appear here once the signature is valid.")
        return
    table = demo_rows(uid)
    st.caption("Worked examples for the prompt: inputs, and the outputs that the model should give for them.")
    for number, row in enumerate(table.rows(), 1):
        with st.container(horizontal=True, wrap=False, vertical_alignment="bottom", gap="xxsmall"):
            for field in fields:
                st.text_input(
                    escape_markdown(field.name),
                    key=table.key(row, field.name),
                    placeholder=field.name,
                    label_visibility="visible" if number == 1 else "collapsed",
                    persist_state="session",
                )
            st.button(
                "",
                key=static_key("stage", uid, "demo", row, "remove"),
                icon=":material/close:",
                type="tertiary",
                on_click=table.remove,
                args=(row,),
                help=f"Remove demo {number}",
            )
        if len({field.role for field in fields if table.cell(row, field.name).strip()}) == 1:
            st.caption(f"Demo {number} is left out of the prompt until it has an input and an output.")
    show_problems(form, f"stages.{place}.demos")
    st.button(
        "Demo",
        key=static_key("stage", uid, "demo", "add"),
        icon=":material/add:",
        on_click=table.add,
    )
