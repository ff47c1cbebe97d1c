"""The reward's part of the form: what its function gets, rewards to start from, and the editor."""

from __future__ import annotations

import streamlit as st

from pages.lab.fields import REWARD, field_key, static_key
from pages.lab.form_state import FormState
from pages.lab.reward_notes import draw_notes
from pages.lab.reward_source import confirm_call, confirm_form, forget_form, replace_reward, reward_revision
from pages.lab.saved_rewards import draw_saved_rewards
from pages.shared import address
from pages.shared.editor import Mark, editor, take_fix
from pages.shared.text import escape_markdown
from refine_core import programs
from refine_core.glossary import GLOSSARY
from refine_core.runs import Run, failed_lines

CALL_IT = "Call it with (inputs, prediction)"
CALL_AS = "Call it as "
RENAME = "Rename its parameters to args and pred"


def take_reward_fix(form: FormState) -> bool:
    """Apply the fix that was pressed in the editor; return whether there was one, so that the form is read again."""
    label = take_fix(REWARD)
    if label is None:
        return False
    source = form.spec.reward
    if form.question is not None and label == CALL_IT:
        confirm_call(form.question.subject)
    elif label.startswith(CALL_AS) and (reward_form := programs.read_reward_form(form.spec)) is not None:
        confirm_form(reward_form)
    elif form.question is not None and label == RENAME:
        replace_reward(programs.rename_parameters(source, form.spec.reward_name))
    else:
        fix = next((one.fix for one in form.findings if one.fix is not None and one.fix.label == label), None)
        if fix is None:
            return False
        replace_reward(programs.apply_fix(source, fix))
    return True


def reward_form(form: FormState, run: Run | None, *, below: int) -> bool:
    """Header and editor. Returns whether Ctrl-Enter was pressed in it.

    run: the one on the page; where its reward failed is marked. below: pixels of what stands under the editor.
    """
    marks = _list_marks(form, run)
    state = st.session_state
    with st.container(
        horizontal=True, wrap=False, vertical_alignment="center", gap="small", key=address.REWARD
    ):
        st.markdown(
            "**Reward**",
            width="content",
            help=f"{GLOSSARY['reward']} The adviser reads the feedback.\n\nIt runs in a sandbox: no network, no other "
            "programs, no files outside its own folder, and no imports beyond the packages installed with Refinescope.",
        )
        state_line = _describe_state(form, marks)
        st.markdown(f":small[{state_line}]" if state_line else "", width="stretch", wrap=False)
        if form.spec.reward_shape != "refine":
            st.button(
                ":blue[Change]", key=static_key("reward", "change"), type="tertiary", on_click=forget_form,
                help="Say again how the reward is called",
            )  # fmt: skip
        draw_notes(form)
        _library(form, run)
    between = programs.list_reward_candidates(form.spec.reward)
    if between:
        st.selectbox(
            "Which function is the reward?",
            between,
            index=None,
            key=field_key("reward", "name"),
            persist_state="session",
        )
    elif state[field_key("reward", "name")] is not None:
        state[field_key("reward", "name")] = None
    typed_reward = editor(
        state[static_key("reward", "code")],
        key=REWARD,
        rev=reward_revision(),
        label="def reward(args, pred): args = inputs, pred = outputs (press Esc, then Tab to leave the editor)",
        problems=marks,
        height="fill",
        below=below,
        look="bare",
    )
    return typed_reward.run


def _describe_state(form: FormState, marks: list[Mark]) -> str:
    """What the function gets; or how many problems there are, and on which line the first."""
    errors = [mark for mark in marks if mark.severity == "error"]
    if errors:
        first = next((mark.line for mark in errors if mark.line is not None), None)
        count = f"{len(errors)} problem{'s' if len(errors) > 1 else ''}"
        return f":red[{count}{f', line {first}' if first is not None else ''}]"
    if form.spec.reward_shape != "refine" and (read := programs.read_reward_form(form.spec)) is not None:
        return f":gray[{escape_markdown(read.line)}]"
    outputs = [name for stage in form.spec.stages for name in programs.list_output_names(stage)]
    if not outputs:  # no signature can be read yet
        return ""
    takes = f"args: {', '.join(form.spec.inputs)} · pred: {', '.join(outputs)}"
    return f":gray[{escape_markdown(takes)}]"


def _list_marks(form: FormState, run: Run | None) -> list[Mark]:
    """Everything that is marked in the text: what cannot be read, what reading it finds, and where the run failed."""
    question = form.question
    other = programs.read_reward_form(form.spec) if form.spec.reward_shape == "refine" else None
    as_other = () if other is None else (f"{CALL_AS}{other.noun}",)
    marks = [
        Mark(
            f"{p.message[:1].upper()}{p.message[1:]}",
            p.line,
            p.column,
            fixes=(*as_other, CALL_IT, RENAME)
            if question is not None and p.message == question.message
            else as_other,
        )
        for p in form.problems_at("reward")
    ]
    marks += [
        Mark(
            f.message,
            f.line,
            f.column,
            severity=f.severity,
            fixes=as_other if f.code == "parameters" else (f.fix.label,) if f.fix is not None else (),
            end_column=f.end_column,
            under=f.severity != "note",  # a pattern that may well be meant so: underlined, and no more
        )
        for f in form.findings
    ]
    known = {mark.line for mark in marks if mark.severity == "error"}
    failed = failed_lines(run.timeline) if run is not None and _is_in_editor(form, run) else []
    return marks + [Mark(p.message, p.line, p.column) for p in failed if p.line not in known]


def _is_in_editor(form: FormState, run: Run) -> bool:
    """Whether that run's reward is what stands in the editor."""
    ran = run.timeline.spec
    return (ran.reward, ran.reward_name) == (form.spec.reward, form.spec.reward_name)


def _library(form: FormState, run: Run | None) -> None:
    """Saved rewards, and rewards to start from."""
    with st.popover("Library"), st.container(gap="xsmall", width=380):
        draw_saved_rewards(form, run)
        st.markdown("**Rewards to start from**")
        st.caption("A press puts one into the editor. Undo there (Ctrl+Z) brings yours back.")
        for starter in programs.list_reward_starters(form.spec):
            with st.container(gap=None):
                st.button(
                    f":blue[**{starter.title}**]",
                    key=static_key("library", starter.key),
                    type="tertiary",
                    on_click=replace_reward,
                    args=(starter.source,),
                )
                st.caption(starter.about)
