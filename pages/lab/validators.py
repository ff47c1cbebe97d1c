"""Validators: rules that an attempt must meet to end the run early, each with a name, a check and a message."""

from __future__ import annotations

import streamlit as st

from pages.lab.fields import static_key
from pages.lab.form_state import FormState
from pages.lab.problems import describe_problem, show_problems
from pages.lab.tables import VALIDATORS as TABLE
from pages.shared.editor import Mark, text_field
from refine_core import programs

_NEW = {"name": "", "check": "", "message": ""}


def validators_form(form: FormState) -> bool:
    """A block for each: name and message, and the check below."""
    st.caption(
        "Rules that an attempt must meet before the run may stop early. The adviser reads the message of each that is not met.",
        help="A check is a Python expression over `args` and `pred`, or a function of both. It runs in the reward's sandbox, "
        "after the reward, and may use what the reward's code defines.",
    )
    outputs = [name for stage in form.spec.stages for name in programs.list_output_names(stage)]
    entered = False
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
        entered |= text_field(
            f"Check of validator {number + 1}",
            key=TABLE.key(row, "check"),
            placeholder=f"len(pred.{outputs[-1] if outputs else 'answer'}) < 20",
            language="python",
            max_lines=6,
            problems=_marks(form, number),
        )
        for column in ("name", "message"):
            show_problems(form, f"validators.{number}.{column}")
    st.button(
        "Validator",
        key=static_key("validators", "add"),
        icon=":material/add:",
        on_click=TABLE.add,
        args=(_NEW,),
    )
    return entered


def _marks(form: FormState, number: int) -> list[Mark]:
    problems = [one for one in form.problems_at(f"validators.{number}.check") if one not in form.missing]
    return [Mark(describe_problem(one), one.line, one.column) for one in problems] + [
        Mark(one.message, one.line, one.column, severity="error" if one.severity == "error" else "warning")
        for place, one in form.rule_findings
        if place == number
    ]
