"""Validators: rules that an attempt must meet to end the run early, each with a name, a check and a message."""

from __future__ import annotations

import streamlit as st

from pages.lab.fields import static_key
from pages.lab.form_state import FormState
from pages.lab.problems import describe_problem, show_problems
from pages.lab.tables import VALIDATORS as TABLE
from pages.shared.editor import Mark, text_field

_NEW = {"name": "", "check": "", "message": ""}


def validators_form(form: FormState) -> None:
    """A block for each: name and message, and the check below."""
    st.markdown(
        "**Validators** :gray[rules to meet before the run may stop early]",
        help="The check is a Python expression over `args` and `pred`, or a function of both, and runs in the reward's sandbox "
        "after the reward. Where it is false, the run goes on, and the adviser reads the message word for word.",
    )
    for number, row in enumerate(TABLE.rows()):
        with st.container(horizontal=True, wrap=False, vertical_alignment="center", gap="xxsmall"):
            st.text_input(
                f"Name of validator {number + 1}",
                key=TABLE.key(row, "name"),
                placeholder="name",
                width=110,
                label_visibility="collapsed",
                persist_state="session",
            )
            st.text_input(
                f"Message of validator {number + 1}",
                key=TABLE.key(row, "message"),
                placeholder="message where it is not met",
                label_visibility="collapsed",
                persist_state="session",
            )
            st.button(
                "",
                key=static_key("validators", row, "remove"),
                icon=":material/close:",
                help="Remove validator",
                type="tertiary",
                on_click=TABLE.remove,
                args=(row,),
            )
        text_field(
            f"Check of validator {number + 1}",
            key=TABLE.key(row, "check"),
            placeholder="len(pred.answer) < 20",
            max_lines=6,
            problems=_marks(form, number),
        )
        for column in ("name", "message"):
            show_problems(form, f"validators.{number}.{column}")
    st.button(
        "Validator",
        key=static_key("validators", "add"),
        icon=":material/add:",
        type="tertiary",
        on_click=TABLE.add,
        args=(_NEW,),
    )


def _marks(form: FormState, number: int) -> list[Mark]:
    problems = [one for one in form.problems_at(f"validators.{number}.check") if one not in form.missing]
    return [Mark(describe_problem(one), one.line, one.column) for one in problems] + [
        Mark(one.message, one.line, one.column, severity="error" if one.severity == "error" else "warning")
        for place, one in form.rule_findings
        if place == number
    ]
