"""Which program, which reward and which model: menus that look things up when they are opened."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import streamlit as st

from pages.batch.setup import choices
from pages.batch.setup.draft import FORM, current, replace_draft
from pages.shared import address
from pages.shared.choice import describe_tabs
from pages.shared.text import capitalize, escape_markdown
from refine_core.errors import Problem
from refine_core.experiments.drafts import ProgramChoice, RewardChoice, propose_arms
from refine_core.programs import ModelSpec

MENU_PX = 400


def draw_pickers(problems: Sequence[Problem]) -> None:
    """Draw them, each with what is wrong with it."""
    draft = current()
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        name = draft.program.label if draft.program is not None else "Choose a program"
        _draw_picker("program", name, _draw_programs, problems)
        if draft.program is not None:
            name = draft.reward.label if draft.reward is not None else "of the program"
            _draw_picker("reward", name, _draw_rewards, problems)
            name = choices.name_model(draft.model or draft.program.spec.model)
            _draw_picker("model", name, _draw_models, problems)


def _draw_picker(what: str, name: str, draw: Callable[[], None], problems: Sequence[Problem]) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small", width="content"):
        st.caption(what.capitalize(), width="content")
        with _menu(what, name) as menu:
            if menu.open:
                with st.container(gap="xsmall", width=MENU_PX):
                    draw()
        _complain(problems, what)


def _menu(what: str, name: str) -> st.delta_generator.PopoverContainer:  # type: ignore[name-defined]
    # With another key after each choice, so that it closes.
    count = st.session_state.get(FORM.static_key(what, "count"), 0)
    return st.popover(escape_markdown(name), key=FORM.static_key(what, count), on_change="rerun", wrap=False)


def _close(what: str) -> None:
    key = FORM.static_key(what, "count")
    st.session_state[key] = st.session_state.get(key, 0) + 1


def _complain(problems: Sequence[Problem], field: str) -> None:
    """Beside the menu, what is wrong with what was chosen in it."""
    one = next((one for one in problems if one.field == field), None)
    if one is not None and current().program is not None:
        words = escape_markdown(capitalize(one.message))
        st.markdown(f":small[:red[\N{MULTIPLICATION X} {words}]]", width="content")


def _draw_programs() -> None:
    examples, own, recent = st.tabs(describe_tabs(["Examples", "Your programs", "Runs"]))
    with examples, st.container(gap=None):
        for place, one in enumerate(choices.list_examples()):
            _offer(one.label, FORM.static_key("example", place), one)
    with own, st.container(gap=None):
        saved = choices.list_saved_programs()
        for one in saved:
            _offer(one.label, FORM.static_key("saved", one.label), one)
        if not saved:
            st.caption("No saved programs yet. The Lab saves the program in its form under a name.")
            st.page_link(address.LAB, label="Open the Lab", icon=":material/science:")
    with recent, st.container(gap=None):
        listed = choices.list_recent_runs()
        for label, run in listed:
            _offer(label, FORM.static_key("run", run.run_id), run.run_id)
        if not listed:
            st.caption("No runs yet.")


def _offer(label: str, key: str, choice: ProgramChoice | str) -> None:
    st.button(
        f":blue[**{escape_markdown(label)}**]",
        key=key,
        type="tertiary",
        on_click=_take_program,
        args=(choice,),
    )


def _take_program(choice: ProgramChoice | str) -> None:
    """choice: a program, or the id of the run whose program it is."""
    found = choices.choose_run(choice) if isinstance(choice, str) else choice
    if found is None:
        st.toast("The program of that run cannot be run on other inputs.")
        return
    take_program(found)
    _close("program")


def take_program(choice: ProgramChoice) -> None:
    """Have the draft compare this program; three arms are proposed where there are none. A reward of another program goes."""
    draft = current()
    same = draft.program is not None and draft.program.spec.stages == choice.spec.stages
    draft = replace(draft, program=choice, reward=draft.reward if same else None)
    replace_draft(draft if draft.arms else propose_arms(draft))


def _draw_rewards() -> None:
    draft = current()
    _offer_reward("Of the program", None)
    listed = choices.list_rewards()
    for saved, latest in listed:
        if isinstance(latest, str):
            st.caption(escape_markdown(f"{saved.name}: {latest}"))
            continue
        _offer_reward(latest.label, latest)
        for version in reversed(saved.versions[:-1]):
            older = choices.choose_version(saved, version.number)
            if isinstance(older, RewardChoice):
                _offer_reward(older.label, older, is_older=True)
    if not listed:
        st.caption("No saved rewards yet. The Rewards page saves them, with versions.")
        st.page_link(address.REWARDS, label="Open Rewards", icon=":material/rule:")
    if draft.reward is not None and all(draft.reward != one for _, one in listed):
        st.caption(escape_markdown(f"Now: {draft.reward.label}, as it was chosen."))


def _offer_reward(label: str, choice: RewardChoice | None, *, is_older: bool = False) -> None:
    words = escape_markdown(label)
    st.button(
        f":gray[{words}]" if is_older else f":blue[**{words}**]",
        key=FORM.static_key("choose-reward", label),
        type="tertiary",
        on_click=_take_reward,
        args=(choice,),
    )


def _take_reward(choice: RewardChoice | None) -> None:
    replace_draft(replace(current(), reward=choice))
    _close("reward")


def _draw_models() -> None:
    draft = current()
    own = draft.program.spec.model if draft.program is not None else ModelSpec()
    _offer_model(f"Of the program: {choices.name_model(own)}", None)
    listed = choices.list_models()
    for name, model in listed.items():
        _offer_model(name, model)
    if draft.model is not None and draft.model not in listed.values():
        st.caption(escape_markdown(f"Now: {choices.name_model(draft.model)}, as it was chosen."))
    if any(arm.model is not None for arm in draft.arms):
        st.caption("Arms with a model of their own keep it.")
    if len(listed) == 1:
        st.page_link(address.MODELS, label="Add a connection to another model", icon=":material/lan:")


def _offer_model(label: str, choice: ModelSpec | None) -> None:
    st.button(
        f":blue[**{escape_markdown(label)}**]",
        key=FORM.static_key("choose-model", label),
        type="tertiary",
        on_click=_take_model,
        args=(choice,),
    )


def _take_model(choice: ModelSpec | None) -> None:
    replace_draft(replace(current(), model=choice))
    _close("model")
