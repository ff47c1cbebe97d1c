"""The dialog Fork: where the branch begins, one thing to change, what that takes, and the family at its right.

open_fork(run, attempt)      a press of Fork: the address says so, so that a reload opens it again
draw_fork(run)               the dialog, while the address names its attempt
"""

from __future__ import annotations

import time
from functools import partial
from typing import Final

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.run.family import PlannedBranch, draw_family
from pages.run.fork.dialog_tabs import reach_by_tab
from pages.run.fork.fields import ELSEWHERE, draw_change
from pages.run.fork.form import ForkForm
from pages.run.fork.summary import (
    Outlook,
    describe_for_lab,
    draw_outlook,
    make_outlook,
    may_ask_judge,
    suggest_name,
)
from pages.shared import address
from pages.shared.choice import choose
from pages.shared.credentials import ask_for_keys, collect_credentials
from pages.shared.hotkeys import listen_for_keys, take_hotkey
from pages.shared.leave import leave_for
from pages.shared.text import escape_markdown, show_error
from pages.shared.viewport import is_narrow
from refine_core import runs
from refine_core.errors import LMError, RewardError, SpecError, StoreError, WorkerError
from refine_core.programs import MAX_ATTEMPTS, describe_address
from refine_core.runs import ForkPlan, Run

TITLE: Final = "Fork: go on from here with one thing changed"
MANY: Final = 9  # attempts, beyond which a number is typed in place of a press
KEYS: Final = "fork.keys"
DOUBLE_CLICK_S: Final = 2.0
_COLUMNS: Final = (58, 42)
_LAB_HELP: Final = "The Lab starts from attempt 1. Reward, threshold, models, temperature and N go along; a hint for one attempt does not."


def can_fork(run: Run) -> bool:
    """Whether there is an attempt to go on from, by a program that can be run from here."""
    return (
        not run.live
        and not run.timeline.spec.program_file
        and any(attempt.has_ended for attempt in run.timeline.attempts)
    )


def open_fork(run: Run, attempt: int) -> None:
    """Have the dialog open at this attempt, from 1: it is the first new one."""
    form = ForkForm.open(run)
    form.typed["first"] = attempt
    st.session_state.pop(form.key("after"), None)
    if form.typed.get("change") not in form.changed():
        form.typed.pop("change", None)
        st.session_state.pop(form.key("change"), None)
    address.show_fork(attempt)


def draw_fork(run: Run) -> bool:
    """Draw the dialog, where the address asks for it; whether it did. Outside any fragment, whose next run would close it."""
    attempt = address.fork_attempt()
    if attempt is None or not can_fork(run):
        return False
    form = ForkForm.open(run)
    if attempt != form.shown:  # it came by a link, or by a press elsewhere on the page
        open_fork(run, attempt)
    _dialog(form)
    return True


def _close(form: ForkForm) -> None:
    address.show_fork(None)
    form.shown = None


def _dialog(form: ForkForm) -> None:
    st.dialog(TITLE, width="large", on_dismiss=partial(_close, form))(_draw)(form)


def _draw(form: ForkForm) -> None:
    left, right = (st.container(), st.container()) if is_narrow() else st.columns(_COLUMNS, gap="large")
    with left:
        first = _draw_form(form)
    with right:
        _draw_family(form, first)
    reach_by_tab("fork.tabs")


def _draw_form(form: ForkForm) -> int | None:
    """The fields, what the branch takes, and the buttons. Returns the attempt that the branch would begin at, from 1; None for no branch."""
    with st.container(gap="small"):
        note = _choose_start(form)
        pressed = draw_change(form)
        if form.get("change", "hint") in ELSEWHERE:
            note.caption(runs.describe_kept(0))
            _draw_way_to_lab(form)
            form.save()
            return None
        _draw_limits(form)
        failed = form.save()
        outlook = make_outlook(form)
        first = form.first if outlook.plan is None else outlook.plan.first_new
        rescored = outlook.plan is not None and outlook.plan.rescored
        note.caption(runs.describe_kept(first - 1, rescored=rescored))
        draw_outlook(form, outlook)
        if outlook.plan is not None:
            for words in describe_address(form.timeline, outlook.plan.spec):
                st.caption(escape_markdown(words))
        if failed:
            show_error(f"What you typed is not kept: {failed}")
        if outlook.plan is not None:
            ask_for_keys(outlook.plan.spec, form.timeline.typed_key_roles, origin=form.run.run_id)
        _draw_buttons(form, outlook, pressed=pressed)
        return first


def _draw_way_to_lab(form: ForkForm) -> None:
    """In place of the buttons, where the Lab is the place for what is to be changed."""
    with st.container(horizontal=True, gap="small"):
        if st.button("Open in Lab", type="primary", icon=":material/science:", key="fork.lab-instead"):
            leave_for(address.LAB, address.change_query(form.run.run_id))
        if st.button("Cancel", type="tertiary", key="fork.cancel-instead"):
            _close(form)
            st.rerun()


def _choose_start(form: ForkForm) -> DeltaGenerator:
    """After which attempt the branch goes on. Returns the place beside it, for a note on what is kept."""
    last = len([one for one in form.timeline.attempts if one.has_ended])
    key = form.key("after")
    after = st.session_state.setdefault(key, form.first - 1)
    if not isinstance(after, int) or not 0 <= after <= last:
        st.session_state[key] = min(form.first - 1, last)
    with st.container(gap="xxsmall"):
        st.markdown(":small[Start after attempt]")
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            if last <= MANY:
                choose(
                    "Start after attempt",
                    {0: "none", **{number: str(number) for number in range(1, last + 1)}},
                    key=key,
                )
            else:
                st.number_input(
                    "Start after attempt", 0, last, key=key, label_visibility="collapsed", width=140
                )
            note = st.empty()
    form.typed["first"] = int(st.session_state[key]) + 1
    address.show_fork(form.first)
    form.shown = form.first
    return note


def _draw_limits(form: ForkForm) -> None:
    """How many attempts there are at most, and what the branch is called."""
    spec = form.timeline.spec
    attempts, name = (None, st.container()) if spec.strategy == "single" else st.columns((32, 68))
    if attempts is not None:
        key = form.key("n")
        attempts.number_input(
            "Max attempts (N)",
            form.first,
            max(MAX_ATTEMPTS, form.first),
            max(form.max_attempts(), form.first),
            key=key,
            help=f"Those that are kept count, too. The run had {spec.attempt_count}.",
        )
        form.set("n", str(st.session_state[key]), str(spec.attempt_count))
    with name:
        key = form.key("name")
        st.text_input(
            "Name of the branch",
            form.get("name", ""),
            key=key,
            placeholder=suggest_name(form, make_outlook(form).plan),
            max_chars=200,
        )
        form.set("name", str(st.session_state.get(key) or ""), "")


def _draw_buttons(form: ForkForm, outlook: Outlook, *, pressed: bool) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        can_run = outlook.plan is not None and not outlook.problems
        clicked = st.button(
            "Run the branch" if is_narrow() else "Run the branch :small[Ctrl+Enter]",
            type="primary",
            icon=":material/play_arrow:",
            key="fork.run",
            disabled=not can_run,
        )
        if st.button("Open in Lab", key="fork.lab", help=_LAB_HELP):
            if outlook.plan is not None:
                address.bring_change(form.run.run_id, describe_for_lab(outlook.plan))
            leave_for(address.LAB, address.change_query(form.run.run_id))
        st.space("stretch")
        if form.changed() or "name" in form.typed:
            st.button("Discard changes", type="tertiary", key="fork.discard", on_click=form.clear)
        if st.button("Cancel", type="tertiary", key="fork.cancel"):
            _close(form)
            st.rerun()
    asked = take_hotkey(KEYS) == "run"
    listen_for_keys({"Ctrl+Enter": "run"}, key=KEYS)
    if (clicked or pressed or asked) and outlook.plan is not None and can_run:
        _run(form, outlook.plan)


def _run(form: ForkForm, plan: ForkPlan) -> None:
    """Start the branch and show it; or say why it cannot start."""
    name = form.get("name", "").strip() or suggest_name(form, plan)
    try:
        started = _just_made(form) or runs.fork(
            form.run.run_id,
            form.first,
            name=name,
            credentials=collect_credentials(plan.spec, origin=form.run.run_id),
            ask_judge=may_ask_judge(form),
            **form.changes(),  # type: ignore[arg-type]  # the form makes them
        )
    except SpecError as error:
        show_error(f"Not started: {error.message}")
    except (RewardError, WorkerError, LMError, StoreError) as error:
        show_error(f"Not started: {error}")
    else:
        form.made = (started, time.monotonic())
        _close(form)
        form.clear()
        form.save()
        address.show_run(started)
        st.rerun()


def _just_made(form: ForkForm) -> str | None:
    """The branch that the first press of a double click has started; None for none."""
    if form.made is None or time.monotonic() - form.made[1] > DOUBLE_CLICK_S:
        return None
    return form.made[0]


def _draw_family(form: ForkForm, first: int | None) -> None:
    """The tree, with the branch as it would begin, at attempt `first`; None for none."""
    st.markdown("**Family of this run**")
    try:
        family = runs.family(form.run.run_id)
    except StoreError as error:
        show_error(str(error))
        return
    if len(family.members) > 1:
        st.caption("Press the end of another run to compare it with this one.")
    planned = None
    if first is not None:
        name = form.get("name", "").strip() or suggest_name(form, make_outlook(form).plan)
        planned = PlannedBranch(name, form.run.run_id, first)
    draw_family(family, form.run.run_id, key="fork.family", planned=planned)
    st.caption(
        escape_markdown("The parent never changes. Each branch is a run of its own, with its own address.")
    )
