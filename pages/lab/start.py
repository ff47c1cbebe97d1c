"""Around the form: the worked examples, the Run button, and what is there before the first run."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace

import streamlit as st

from pages.lab.draft import can_undo, describe_draft, replace_form, undo_replace
from pages.lab.fields import static_key
from pages.lab.form_state import FormState, is_same_program
from pages.lab.hints import preview_advice
from pages.lab.program import describe_problem
from pages.lab.reward_source import may_run_anyway, run_anyway
from pages.shared import address
from pages.shared.text import ROLES, escape_markdown, show_error, show_text
from refine_core import programs, runs
from refine_core.errors import LMError, SpecError, StoreError
from refine_core.formatting import pluralize

_FIELDS = {
    "stages": "Program: ",
    "reward": "Reward: ",
    "extra": "Reference values: ",
    "adviser": "Adviser: ",
    "judge": "Judge: ",
}


@dataclass(slots=True)
class _LastRun:
    """The run that this session started last. A second press comes in a thread of its own, while the first still works."""

    run_id: str | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)


def example_buttons(form: FormState) -> None:
    """The worked examples, each a press away; the one in the form is marked as long as it stands unchanged."""
    current = form.spec.example
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption("Examples (practice model):", width="content")
        for name, example in programs.EXAMPLES.items():
            st.button(
                example.title,
                key=static_key("choose", name),
                type="secondary" if name == current else "tertiary",
                help=example.teaches,
                on_click=_load_example,
                args=(name,),
            )
    draft_line()
    st.caption(
        escape_markdown(programs.EXAMPLES[current].teaches)
        if current is not None
        else "Your own program. Choosing an example replaces it."
    )


def draft_line() -> None:
    """When the draft was saved; and a way back from the program that was loaded last."""
    # There with or without words: whatever comes after it must not be drawn anew, and lose the focus.
    with st.container(horizontal=True, vertical_alignment="center", key="draft-line", width="content"):
        if words := describe_draft():
            st.caption(escape_markdown(words), width="content")
        if can_undo():
            st.button(
                "Undo",
                key=static_key("undo"),
                icon=":material/undo:",
                type="tertiary",
                on_click=undo_replace,
                help="Put back what the last example or program replaced. Once more brings that back.",
            )


def _load_example(name: str) -> None:
    replace_form(programs.EXAMPLES[name].spec)
    address.leave_run()


def run_button(form: FormState) -> bool:
    """The button, and beside it what it will do."""
    pressed = st.button("Run", type="primary", icon=":material/play_arrow:", key=static_key("run"))
    n, model = len(programs.list_temperatures(form.spec)), form.spec.model
    if form.problems:
        words = f"Fix {pluralize(len(form.problems), 'problem')} in the form."
    else:
        name = f"the {model.label}" if model.kind == "practice" else model.label
        words = f"up to {pluralize(n, 'attempt')} on {name}"
    st.caption(escape_markdown(words), width="content")
    return pressed


def start_run(form: FormState) -> None:
    """Begin a run and put it into the address; or say why it cannot begin. One that is under way is not begun twice."""
    if form.problems:
        show_error(
            "Not started. " + " ".join(f"{_name_field(p.field)}{describe_problem(p)}" for p in form.problems)
        )
        return
    source = form.spec.reward
    if form.reward_errors and not may_run_anyway(source):
        first = form.reward_errors[0]
        where = f" at line {first.line}" if first.line is not None else ""
        show_error(f"Not started. The reward would fail{where}: {first.message} Fix it, or run it anyway.")
        st.button("Run anyway", key=static_key("run-anyway"), on_click=run_anyway, args=(source,))
        return
    asking = replace(form.spec, stop_on_repeating_error=True)
    last: _LastRun = st.session_state.setdefault(static_key("last"), _LastRun())
    with last.lock:
        run_id = last.run_id if last.run_id and _is_running(last.run_id, form) else None
        again = run_id is not None
        if run_id is None:
            try:
                run_id = last.run_id = runs.start(asking, form.credentials)
            except (SpecError, LMError, StoreError) as error:
                show_error(f"Not started: {error}")
                return
    if again and address.run_id() == run_id:
        st.caption(
            "This run is still running. Change the form to start another one, or cancel this one first."
        )
        return
    address.show_run(run_id)
    st.rerun()


def _name_field(field: str) -> str:
    """The name on the form of the field that a sentence is about, to stand before it; "" where the sentence names it."""
    part, _, rest = field.partition(".")
    if part == "inputs":
        return f"{rest}: "
    return _FIELDS.get(part, "")


def _is_running(run_id: str, form: FormState) -> bool:
    """Whether that run still works at what the form says."""
    try:
        run = runs.get(run_id)
    except StoreError:
        return False
    return run is not None and run.live and is_same_program(form, run.timeline.spec)


def _list_steps(form: FormState) -> list[str]:
    tried = "The program runs, and your reward scores its output."
    if form.spec.strategy == "single":
        return [tried, "There is one attempt, without hints."]
    until = "The best attempt is returned."
    if form.spec.threshold is not None:
        until = "The first attempt that reaches the threshold is returned, or else the best one."
    if form.spec.hint_source == "none":
        return [tried, "The program runs again, without hints.", until]
    if form.spec.hint_source == "feedback":
        return [tried, "The reward's feedback goes into the next attempt's prompt as a hint.", until]
    which = "an attempt" if form.spec.threshold is None else "an attempt below the threshold"
    return [
        tried,
        f"After {which}, an adviser is asked what each stage should do better.",
        "That advice goes into the next attempt's prompt as a hint.",
        until,
    ]


def preview_run(form: FormState) -> None:
    """Before the first run: what will happen, and the exact prompt of the first attempt."""
    st.markdown("**What happens when you press Run**")
    st.markdown("\n".join(f"{i}. {step}" for i, step in enumerate(_list_steps(form), 1)))
    if form.problems:
        return
    st.markdown("**The exact prompt of the first attempt**")
    for name, messages in programs.preview_first_prompts(form.spec).items():
        with st.expander(escape_markdown(name), key=static_key("prompt", name)):
            for i, message in enumerate(messages):
                st.caption(ROLES[message["role"]])
                show_text(message["content"], key=static_key("prompt", name, i))
    preview_advice(form)
