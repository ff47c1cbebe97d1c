"""The program picker: the worked examples with what each teaches, an empty program, and the saved ones."""

from __future__ import annotations

import streamlit as st

from pages.lab.draft import can_undo, describe_draft, replace_form, undo_replace
from pages.lab.fields import field_key, static_key
from pages.lab.form_state import FormState
from pages.lab.saved import saved_programs
from pages.shared import address
from pages.shared.choice import describe_tabs
from pages.shared.new_experiment import TO_TABLE, compare_over_table
from pages.shared.text import escape_markdown
from refine_core import programs

OWN = "Your program"


def program_picker(form: FormState) -> None:
    """What is in the form, by name; open, what else there is to begin from."""
    current = form.spec.example
    title = programs.EXAMPLES[current].title if current is not None else form.spec.title or OWN
    # With another key after each loading, so that it closes.
    with (
        st.container(key=static_key("picker"), width="stretch"),
        st.popover(escape_markdown(title), key=field_key("picker"), width="stretch", wrap=False),
        st.container(gap="xsmall", width=400),
    ):
        with st.container(horizontal=True, gap="small"):
            st.button("New program", key=static_key("new"), icon=":material/add:", on_click=_load_new)
            if st.button(
                TO_TABLE,
                key=static_key("over-table"),
                icon=":material/table_chart:",
                disabled=bool(form.problems),
                help="Opens a new experiment with the program in the form: refined, best of n and a single attempt, on many inputs.",
            ):
                compare_over_table(form.spec, form.spec.parent or "")
        examples, own = st.tabs(describe_tabs(["Examples", "Your programs"]))
    with examples, st.container(gap="xsmall"):
        _examples(current)
    with own, st.container(gap="xsmall"):
        saved_programs(form)


def _examples(current: str | None) -> None:
    """The worked examples; all of them are for the practice model."""
    for name, example in programs.EXAMPLES.items():
        with st.container(gap=None):
            st.button(
                f":blue[**{escape_markdown(example.title)}**]",
                key=static_key("choose", name),
                type="tertiary",
                icon=":material/check:" if name == current else None,
                on_click=_load_example,
                args=(name,),
            )
            words = f"{example.teaches} {example.look_for}" if name == current else example.teaches
            st.caption(escape_markdown(words))


def _load_example(name: str) -> None:
    replace_form(programs.EXAMPLES[name].spec)
    address.leave_run()


def _load_new() -> None:
    replace_form(programs.NEW_PROGRAM)
    address.leave_run()


def draft_line() -> None:
    """When the draft was saved; and a way back from the program that was loaded last."""
    # There with or without words: whatever comes after it must not be drawn anew, and lose the focus.
    with st.container(
        horizontal=True,
        wrap=False,
        vertical_alignment="center",
        key="draft-line",
        width="stretch",
        gap="xsmall",
    ):
        if words := describe_draft():
            st.caption(escape_markdown(words), width="content", wrap=False)
        if can_undo():
            st.button(
                "Undo",
                key=static_key("undo"),
                on_click=undo_replace,
                help="Put back what the last example, program or removed stage took away. Once more undoes that.",
            )
