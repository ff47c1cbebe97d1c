"""The program's part of the form: the stage that is chosen, with its signature and instructions."""

from __future__ import annotations

import streamlit as st

from pages.lab.fields import field_key
from pages.lab.form_state import FormState
from pages.lab.problems import describe_problem, show_problems
from pages.lab.stage_menu import stage_menu
from pages.lab.stages import add_stage, selected_stage, stage_ids
from pages.shared.choice import choose
from pages.shared.editor import Mark, text_field
from pages.shared.text import escape_markdown
from refine_core.glossary import GLOSSARY

_STRATEGIES = {"predict": "Predict", "chain_of_thought": "Chain of thought"}


def program_form(form: FormState) -> bool:
    """The stage that is chosen. Returns whether Ctrl-Enter was pressed in one of its texts."""
    with st.container(horizontal=True, vertical_alignment="center", gap="xxsmall"):
        st.markdown("**Program**", width="content")
        uid = _choose_stage()
        i = stage_ids().index(uid)
        stage_menu(form, i, uid)
        if len(stage_ids()) == 1:  # several have a button for it in the menu, where there is room
            st.button("Stage", icon=":material/add:", on_click=add_stage, help=GLOSSARY["stage"])
        st.space("stretch")
        choose("Module", _STRATEGIES, key=field_key("stage", uid, "strategy"))
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
    entered |= text_field(
        "Instructions",
        key=field_key("stage", uid, "instructions"),
        placeholder="Instructions (optional)",
    )
    for other in range(len(stage_ids())):
        if other != i:
            show_problems(form, f"stages.{other}.signature")
        show_problems(form, f"stages.{other}.name")
        show_problems(form, f"stages.{other}.demos")
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
