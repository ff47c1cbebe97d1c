"""What a stage is made of besides its line: its name and place, its fields, its demos, and the prompt that comes of it."""

from __future__ import annotations

import streamlit as st

from pages.lab.draft import keep_for_undo
from pages.lab.fields import field_key, static_key
from pages.lab.form_state import FormState
from pages.lab.problems import show_problems
from pages.lab.stage_demos import demos_form
from pages.lab.stage_fields import field_table
from pages.lab.stages import add_stage, move_stage, remove_stage, stage_ids
from pages.shared.choice import describe_tabs
from pages.shared.text import show_text
from refine_core import programs
from refine_core.errors import RefineError
from refine_core.glossary import GLOSSARY
from refine_core.runs import ROLES

WIDTH_PX = 700


def stage_menu(form: FormState, place: int, uid: int) -> None:
    """The popover beside the signature, for the stage that is chosen."""
    with (
        st.popover("Fields", key=static_key("fields")),
        st.container(width=WIDTH_PX, gap="xsmall"),
    ):
        _name_and_place(form, place, uid)
        fields, shown, prompt = st.tabs(describe_tabs(["Fields", "Demos", "Prompt"]))
        with fields, st.container(gap="xxsmall"):
            field_table(form, place, uid)
        with shown, st.container(gap="xxsmall"):
            demos_form(form, place, uid)
        with prompt, st.container(gap="xxsmall", height=360, border=False):
            _prompt(form, place)


def _name_and_place(form: FormState, place: int, uid: int) -> None:
    count = len(stage_ids())
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        st.text_input(
            f"Name of stage {place + 1}" if count > 1 else "Name of the stage",
            key=field_key("stage", uid, "name"),
            persist_state="session",
            width=220,
            help=f"{GLOSSARY['stage']} The timeline and the advice call it by this name.\n\n"
            f"**Predictor**: {GLOSSARY['predictor']}",
        )
        if count > 1:
            for icon, words, by in (("arrow_back", "Earlier", -1), ("arrow_forward", "Later", 1)):
                st.button(
                    words,
                    key=static_key("stage", uid, words),
                    icon=f":material/{icon}:",
                    disabled=not 0 <= place + by < count,
                    on_click=move_stage,
                    args=(uid, by),
                )
            st.button(
                "Remove stage",
                key=static_key("stage", uid, "remove"),
                icon=":material/close:",
                on_click=_remove,
                args=(uid,),
            )
            st.button(
                "Stage",
                key=static_key("stage", "add"),
                icon=":material/add:",
                on_click=add_stage,
            )
    show_problems(form, f"stages.{place}.name")


def _remove(uid: int) -> None:
    keep_for_undo()
    remove_stage(uid)


def _prompt(form: FormState, place: int) -> None:
    """The exact messages of the first attempt, with the descriptions and demos as they stand."""
    if any(problem.field.startswith("model.") for problem in form.problems):
        st.caption("The prompt appears here once the model is complete: its reply format decides the layout.")
        return
    try:
        messages = programs.preview_stage_prompt(form.spec, place)
    except RefineError:
        st.caption("The prompt appears here once the signature is valid.")
        return
    for i, message in enumerate(messages):
        st.caption(ROLES[message["role"]])
        show_text(message["content"], key=static_key("stage-prompt", i))
