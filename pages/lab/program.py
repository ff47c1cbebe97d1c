"""The program's part of the form: stages, each with its signature, and the inputs that they ask for."""

from __future__ import annotations

import streamlit as st

from pages.lab.fields import field_key, static_key
from pages.lab.form_state import FormState
from pages.lab.stages import add_stage, remove_stage, stage_ids
from pages.shared.text import escape_markdown, show_error
from refine_core import programs
from refine_core.errors import Problem
from refine_core.glossary import GLOSSARY
from refine_core.programs import FormInput

_STRATEGIES = {"predict": "Predict", "chain_of_thought": "Chain of thought"}


def program_form(form: FormState) -> None:
    """Stages in a row."""
    st.header(
        "Program",
        anchor=False,
    )
    ids = stage_ids()
    for i, uid in enumerate(ids):
        _stage_fields(i, uid, form, alone=len(ids) == 1)
    show_problems(form, "stages")
    st.button(
        "Add a stage",
        icon=":material/add:",
        on_click=add_stage,
        type="tertiary",
        help=GLOSSARY["stage"],
    )


def inputs_form(form: FormState) -> None:
    """A form made from the signature's types."""
    asked = programs.list_form_inputs(form.spec.stages)
    st.header("Inputs", anchor=False)
    if not asked:
        st.caption("Inputs appear here once the signature is valid.")
    for one in asked:
        _input_field(one)
        show_problems(form, f"inputs.{one.name}")
    with st.expander(
        "Reference values (seen by the reward only)", expanded=bool(st.session_state.get(field_key("extra")))
    ):
        st.text_area(
            "JSON object, added to the inputs that the reward receives",
            key=field_key("extra"),
            height=80,
            placeholder='{"answer": "Paris"}',
            help="For example, a reference answer. The program's prompts do not contain it; the adviser sees it.",
            persist_state="session",
        )
        show_problems(form, "extra")


def show_problems(form: FormState, field: str) -> None:
    """What is wrong with the field above."""
    for problem in form.problems_at(field):
        show_error(describe_problem(problem))


def describe_problem(problem: Problem) -> str:
    """One thing wrong with a field, as a sentence: what, and where in its text."""
    sentence = f"{problem.message[:1].upper()}{problem.message[1:]}"
    places = (("line", problem.line), ("column", problem.column))
    where = ", ".join(f"{name} {n}" for name, n in places if n is not None)
    if where:
        sentence = f"{sentence.removesuffix('.')} ({where})"
    return sentence if sentence.endswith((".", "?", "!")) else f"{sentence}."


def _stage_fields(i: int, uid: int, form: FormState, *, alone: bool) -> None:
    if not alone:
        with st.container(horizontal=True, vertical_alignment="bottom"):
            st.text_input(
                f"Stage {i + 1}", key=field_key("stage", uid, "name"), persist_state="session", width=220
            )
            st.button(
                "Remove",
                key=static_key("stage", uid, "remove"),
                icon=":material/close:",
                type="tertiary",
                on_click=remove_stage,
                args=(uid,),
            )
        show_problems(form, f"stages.{i}.name")
    st.text_input(
        "Signature",
        key=field_key("stage", uid, "signature"),
        persist_state="session",
        placeholder="question -> answer",
        help=GLOSSARY["signature"],
    )
    show_problems(form, f"stages.{i}.signature")
    st.text_area(
        "Instructions",
        key=field_key("stage", uid, "instructions"),
        height=68,
        persist_state="session",
        placeholder="Optional. Default: produce the outputs from the inputs.",
    )
    st.radio(
        "Module",
        list(_STRATEGIES),
        format_func=_STRATEGIES.__getitem__,
        horizontal=True,
        key=field_key("stage", uid, "strategy"),
        persist_state="session",
        label_visibility="collapsed",
        help="Chain of thought: the model writes its reasoning before the outputs.",
    )


def _input_field(one: FormInput) -> None:
    label = (
        escape_markdown(one.name)
        if one.kind == "text"
        else f"{escape_markdown(one.name)} · {escape_markdown(one.type)}"
    )
    where = field_key("in", one.name, one.kind)
    match one.kind:
        case "text":
            st.text_area(label, key=where, height="content", persist_state="session")
        case "int":
            st.number_input(label, key=where, step=1, value=None, persist_state="session")
        case "float":
            st.number_input(label, key=where, value=None, step=0.1, format="%g", persist_state="session")
        case "bool":
            st.checkbox(label, key=where, persist_state="session")
        case "choice":
            st.selectbox(label, one.choices, index=None, key=where, persist_state="session")
        case _:
            st.text_area(label, key=where, height=80, persist_state="session", help="Enter JSON.")
