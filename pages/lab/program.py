"""The program's part of the form: stages, each with its signature, and the inputs that they ask for."""

from __future__ import annotations

import streamlit as st

from pages.lab.fields import field_key, static_key
from pages.lab.form_state import FormState
from pages.lab.stages import add_stage, remove_stage, selected_stage, stage_ids
from pages.shared.choice import choose
from pages.shared.editor import Mark, text_field
from pages.shared.text import escape_markdown, show_error
from refine_core import programs
from refine_core.errors import Problem
from refine_core.glossary import GLOSSARY
from refine_core.programs import FormInput

_STRATEGIES = {"predict": "Predict", "chain_of_thought": "Chain of thought"}
_NAME_AND_VALUE = (15, 85)


def program_form(form: FormState) -> bool:
    """The stage that is chosen, with its signature. Returns whether Ctrl-Enter was pressed in it."""
    with st.container(horizontal=True, wrap=False, vertical_alignment="center", gap="xsmall"):
        st.markdown("**Program**", width="content")
        uid = _choose_stage()
        _stage_menu()
        st.space("stretch")
        choose("Module", _STRATEGIES, key=field_key("stage", uid, "strategy"))
    i = stage_ids().index(uid)
    entered = text_field(
        "Signature",
        key=field_key("stage", uid, "signature"),
        language="signature",
        placeholder="question -> answer",
        problems=[
            Mark(describe_problem(p), p.line, p.column) for p in form.problems_at(f"stages.{i}.signature")
        ],
        max_lines=2,
    )
    text_field(
        "Instructions",
        key=field_key("stage", uid, "instructions"),
        placeholder="Instructions (optional)",
    )
    for other in range(len(stage_ids())):
        if other != i:
            show_problems(form, f"stages.{other}.signature")
        show_problems(form, f"stages.{other}.name")
    show_problems(form, "stages")
    return entered


def _choose_stage() -> int:
    """The stage whose fields are shown; a chip for each where there are several."""
    ids = stage_ids()
    if len(ids) == 1:
        return ids[0]
    names = {uid: st.session_state[field_key("stage", uid, "name")] for uid in ids}
    selected_stage()  # one that was removed is no longer chosen
    chips = {uid: f"{i} {escape_markdown(names[uid])}" for i, uid in enumerate(ids, 1)}
    choose("Stage", chips, key=field_key("stages", "selected"))
    return selected_stage()


def _stage_menu() -> None:
    """One more stage; where there are several, their names, and a way to remove each."""
    ids = stage_ids()
    if len(ids) == 1:
        st.button("Stage", icon=":material/add:", on_click=add_stage, type="tertiary", help=GLOSSARY["stage"])
        return
    with st.popover("Stages", type="tertiary", help=GLOSSARY["stage"]), st.container(width=340, gap="xsmall"):
        for i, uid in enumerate(ids):
            with st.container(horizontal=True, wrap=False, vertical_alignment="bottom"):
                st.text_input(f"Stage {i + 1}", key=field_key("stage", uid, "name"), persist_state="session")
                st.button(
                    "Remove",
                    key=static_key("stage", uid, "remove"),
                    icon=":material/close:",
                    type="tertiary",
                    on_click=remove_stage,
                    args=(uid,),
                )
        st.button("Stage", icon=":material/add:", on_click=add_stage, type="tertiary")


def inputs_form(form: FormState) -> None:
    """A form made from the signature's types: the name left, the value right."""
    asked = programs.list_form_inputs(form.spec.stages)
    if not asked:
        st.caption("Inputs appear here once the signature is valid.")
    for one in asked:
        name, value = st.columns(_NAME_AND_VALUE, gap="xsmall", vertical_alignment="center")
        with name:
            st.caption(escape_markdown(one.name), help=None if one.kind == "text" else f"`{one.type}`")
        with value:
            _input_field(one)
        show_problems(form, f"inputs.{one.name}")


def reference_values(form: FormState) -> None:
    """What the reward sees and the program does not; behind More."""
    st.text_area(
        "Reference values (seen by the reward only)",
        key=field_key("extra"),
        height=96,
        placeholder='{"answer": "Paris"}',
        help="A JSON object, added to the inputs that the reward receives. For example, a reference answer. The program's "
        "prompts do not contain it; the adviser sees it.",
        persist_state="session",
    )
    show_problems(form, "extra")


def show_problems(form: FormState, field: str) -> None:
    """What is wrong with the field above; what nobody has filled in yet is asked for, and is no error."""
    for problem in form.problems_at(field):
        words = describe_problem(problem)
        if problem in form.missing:
            st.caption(escape_markdown(words))
        else:
            show_error(words)


def describe_problem(problem: Problem) -> str:
    """One thing wrong with a field, as a sentence: what, and where in its text."""
    sentence = f"{problem.message[:1].upper()}{problem.message[1:]}"
    places = (("line", problem.line), ("column", problem.column))
    where = ", ".join(f"{name} {n}" for name, n in places if n is not None)
    if where:
        sentence = f"{sentence.removesuffix('.')} ({where})"
    return sentence if sentence.endswith((".", "?", "!")) else f"{sentence}."


def _input_field(one: FormInput) -> None:
    where = field_key("in", one.name, one.kind)
    label = escape_markdown(one.name)
    match one.kind:
        case "text":
            text_field(one.name, key=where, max_lines=3)
        case "int":
            st.number_input(
                label, key=where, step=1, value=None, persist_state="session", label_visibility="collapsed"
            )
        case "float":
            st.number_input(
                label,
                key=where,
                value=None,
                step=0.1,
                format="%g",
                persist_state="session",
                label_visibility="collapsed",
            )
        case "bool":
            st.checkbox(label, key=where, persist_state="session", label_visibility="collapsed")
        case "choice":
            st.selectbox(
                label,
                one.choices,
                index=None,
                key=where,
                persist_state="session",
                label_visibility="collapsed",
            )
        case _:
            text_field(one.name, key=where, max_lines=3, placeholder="JSON")
