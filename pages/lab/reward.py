"""The reward's part of the form: the function, the threshold, how often to try."""

from __future__ import annotations

import streamlit as st

from pages.lab.fields import REWARD, field_key, static_key
from pages.lab.form_state import FormState
from pages.lab.hints import hints_and_schedule
from pages.lab.program import show_problems
from pages.lab.reward_source import confirm_call, replace_reward, reward_revision
from pages.shared import address
from pages.shared.editor import editor
from pages.shared.text import escape_markdown
from refine_core import programs
from refine_core.errors import Problem
from refine_core.glossary import GLOSSARY
from refine_core.runs import Run, failed_lines

SHOWN = 4  # findings below the editor
_STRATEGIES = {"refine": "Refine", "best_of_n": "Best of N", "single": "Single attempt"}
_MEANINGS = {
    "refine": "Run, score, and run again with hints.",
    "best_of_n": "Run several times without hints and keep the best.",
    "single": "Run once.",
}


def reward_form(form: FormState, run: Run | None) -> bool:
    """The editor. Returns whether Ctrl-Enter was pressed in it. run: the one on the page; where its reward failed is marked."""
    failed = failed_lines(run.timeline) if run is not None and _is_in_editor(form, run) else []
    st.header(
        "Reward",
        anchor=address.REWARD,
        help=f"{GLOSSARY['reward']} The adviser reads the feedback.\n\nIt runs in a sandbox: no network, no other programs, "
        "no files outside its own folder, and no imports beyond the packages installed with Refinescope.",
    )
    state = st.session_state
    typed_reward = editor(
        state[static_key("reward", "code")],
        key=REWARD,
        rev=reward_revision(),
        label="def reward(args, pred): args = inputs, pred = outputs (press Esc, then Tab to leave the editor)",
        problems=[
            *form.problems_at("reward"),
            *(Problem("reward", f.message, f.line, f.column) for f in form.findings),
            *failed,
        ],
        height="17rem",
    )
    between = programs.list_reward_candidates(form.spec.reward)
    if between:
        st.selectbox(
            "Which function is the reward?",
            between,
            index=None,
            key=field_key("reward", "name"),
            format_func=escape_markdown,
            persist_state="session",
        )
    elif state[field_key("reward", "name")] is not None:
        state[field_key("reward", "name")] = None
    show_problems(form, "reward")
    _ask_how_to_call(form)
    _show_findings(form)
    known = {one.line for one in form.findings if one.severity == "error"}
    for one in [one for one in failed if one.line not in known][:SHOWN]:
        st.error(
            escape_markdown(f"Line {one.line}: {one.message[:1].lower()}{one.message[1:]}"),
            icon=":material/error:",
        )
    return typed_reward.run


def _is_in_editor(form: FormState, run: Run) -> bool:
    """Whether that run's reward is what stands in the editor."""
    ran = run.timeline.spec
    return (ran.reward, ran.reward_name) == (form.spec.reward, form.spec.reward_name)


def _ask_how_to_call(form: FormState) -> None:
    """How a reward that seems to be written for another framework is to be called."""
    if form.question is None:
        return
    source = form.spec.reward
    with st.container(horizontal=True):
        st.button(
            "Call it with (inputs, prediction)",
            key=static_key("reward", "call-it"),
            on_click=confirm_call,
            args=(form.question.subject,),
        )
        st.button(
            "Rename its parameters to args and pred",
            key=static_key("reward", "rename"),
            on_click=lambda: replace_reward(programs.rename_parameters(source, form.spec.reward_name)),
        )


def _show_findings(form: FormState) -> None:
    """What reading the reward finds, line by line, each with its fix."""
    source = form.spec.reward
    for i, one in enumerate(form.findings[:SHOWN]):
        where = f"Line {one.line}: " if one.line is not None else ""
        draw, icon = (st.error, "error") if one.severity == "error" else (st.warning, "warning")
        draw(escape_markdown(f"{where}{one.message}"), icon=f":material/{icon}:")
        if one.fix is not None:
            st.button(
                escape_markdown(one.fix.label),
                key=static_key("reward", "fix", i),
                on_click=replace_reward,
                args=(programs.apply_fix(source, one.fix),),
            )
    if len(form.findings) > SHOWN:
        st.caption(f"{len(form.findings) - SHOWN} more are marked in the editor.")


def refinement_form(form: FormState) -> None:
    """N, threshold, failures, and the temperatures that will be used."""
    st.header("Refinement", anchor=False)
    strategy = st.radio(
        "Strategy",
        list(_STRATEGIES),
        format_func=_STRATEGIES.__getitem__,
        horizontal=True,
        key=field_key("strategy"),
        persist_state="session",
        label_visibility="collapsed",
    )
    st.caption(_MEANINGS[strategy or "refine"])
    attempts, threshold, failures = st.columns(3)
    with attempts:
        st.number_input(
            "Max attempts (N)",
            key=field_key("N"),
            step=1,
            persist_state="session",
            disabled=strategy == "single",
            help=GLOSSARY["attempt"],
        )
    with threshold:
        st.text_input(
            "Threshold",
            key=field_key("threshold"),
            placeholder="none",
            persist_state="session",
            help=f"{GLOSSARY['threshold']} If empty, the run never stops early.",
        )
    with failures:
        st.text_input(
            "Failures allowed",
            key=field_key("fail_count"),
            placeholder=f"{form.spec.N} (same as N)",
            persist_state="session",
            help="How many attempts may fail before the run gives up (`fail_count` in dspy).",
        )
    for field in ("N", "threshold", "fail_count"):  # below the row, as a column is too narrow for a sentence
        show_problems(form, field)
    hints_and_schedule(form)
