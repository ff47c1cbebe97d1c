"""Reference values: what the reward sees and the program does not."""

from __future__ import annotations

import streamlit as st

from pages.lab.fields import static_key
from pages.lab.form_state import FormState
from pages.lab.problems import show_problems
from pages.lab.tables import REFERENCE_VALUES as TABLE
from pages.shared.editor import text_field
from refine_core import programs


def reference_values(form: FormState) -> bool:
    """A row each: name, how it is read, value. Returns whether Ctrl-Enter was pressed in one."""
    entered = False
    st.caption(
        "Values that only the reward sees, such as a reference answer. The program's prompts do not contain them.",
        help='They are added to the inputs that the reward receives: `args["answer"]`. The adviser sees them, too.',
    )
    for number, row in enumerate(TABLE.rows()):
        with st.container(horizontal=True, wrap=False, vertical_alignment="center", gap="xxsmall"):
            st.text_input(
                f"Name of value {number + 1}",
                key=TABLE.key(row, "name"),
                placeholder="name",
                width=110,
                label_visibility="collapsed",
                persist_state="session",
            )
            st.selectbox(
                f"Kind of value {number + 1}",
                programs.VALUE_KINDS,
                key=TABLE.key(row, "kind"),
                width=90,
                label_visibility="collapsed",
                persist_state="session",
            )
            with st.container():
                entered |= text_field(
                    f"Value {number + 1}", key=TABLE.key(row, "value"), placeholder="value", max_lines=4
                )
            st.button(
                "",
                key=static_key("extra", row, "remove"),
                icon=":material/close:",
                help="Remove value",
                type="tertiary",
                on_click=TABLE.remove,
                args=(row,),
            )
        show_problems(form, f"extra.{number}")
    st.button(
        "Reference value",
        key=static_key("extra", "add"),
        icon=":material/add:",
        on_click=TABLE.add,
        args=({"name": "", "kind": programs.VALUE_KINDS[0], "value": ""},),
    )
    return entered
