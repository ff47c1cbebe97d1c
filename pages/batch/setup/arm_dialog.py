"""An arm, opened: how it tries again, and what it has other than the program, the reward and the model of the experiment.

open_arm(arm)       asks for the dialog; an arm without a key is a new one
draw_arm_dialog()   draws it where it was asked for, outside any fragment
ask_arm(arm, key)   its fields alone
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import streamlit as st

from pages.batch.setup import choices
from pages.batch.setup.draft import FORM, change, current
from pages.shared import address
from pages.shared.choice import choose
from pages.shared.text import escape_markdown
from refine_core.experiments.drafts import (
    ArmDraft,
    ProgramChoice,
    RewardChoice,
    add_arm_draft,
    arm_spec,
    name_arm_draft,
)
from refine_core.programs import MAX_ATTEMPTS, HintSource, ModelSpec, Strategy

_OPEN: Final = FORM.static_key("dialog")
_STRATEGIES: Final[Mapping[Strategy, str]] = {
    "refine": "Refine",
    "best_of_n": "Best of N",
    "single": "Single attempt",
}
_HINTS: Final[Mapping[HintSource, str]] = {
    "adviser": "an adviser",
    "feedback": "the reward's feedback",
    "none": "nowhere: no hints",
}
_SAME: Final = "same"
_KEPT: Final = "kept"


def open_arm(arm: ArmDraft, *, first: str = "") -> None:
    """Ask for the dialog. first: what is to be changed of a new arm: "model", "reward", "program"; "" for whatever one likes."""
    count = int(st.session_state.get(_OPEN + ".count", 0)) + 1
    st.session_state[_OPEN + ".count"] = count
    st.session_state[_OPEN] = (arm, first, count)


def draw_arm_dialog() -> None:
    """Draw the dialog, if it was asked for."""
    asked = st.session_state.get(_OPEN)
    if asked is None:
        return
    arm, first, count = asked
    is_new = not arm.key
    if not is_new and all(one.key != arm.key for one in current().arms):
        _close()
        return
    title = "Add an arm" if is_new else "Edit the arm"
    st.dialog(title, on_dismiss=_close)(_draw)(arm, first, FORM.static_key("arm", count))


def _close() -> None:
    st.session_state.pop(_OPEN, None)


def _draw(arm: ArmDraft, first: str, key: str) -> None:
    """The fields. key: the beginning of their keys."""
    draft = current()
    changed = ask_arm(arm, key)
    twin = find_twin(changed)
    what = {"model": "model", "reward": "reward", "program": "program"}.get(first, "setting")
    with st.container(height=42, border=False):  # its place is kept, whether or not anything is said
        if twin:
            st.caption(escape_markdown(f"As chosen, it would be the same as {twin}: choose another {what}."))
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        label = "Save" if arm.key else "Add"
        pressed = st.button(label, type="primary", key=f"{key}.save", disabled=bool(twin))
        if arm.key and st.button("Remove this arm", key=f"{key}.remove"):
            change(arms=tuple(one for one in draft.arms if one.key != arm.key))
            _close()
            st.rerun()
        st.space("stretch")
        if st.button("Cancel", type="tertiary", key=f"{key}.cancel"):
            _close()
            st.rerun()
    if pressed:
        _save(changed)


def ask_arm(arm: ArmDraft, key: str) -> ArmDraft:
    """The fields of an arm of the draft of this window, and what they say."""
    changed = _ask_strategy(arm, key)
    changed = replace(changed, model=_ask_model(changed, key))
    changed = replace(changed, reward=_ask_reward(changed, key))
    changed = replace(changed, program=_ask_program(changed, key))
    name = st.text_input(
        "Name",
        arm.name,
        key=f"{key}.name",
        placeholder=name_arm_draft(replace(changed, name="")),
        max_chars=60,
        help="Optional. Default: what it does.",
    )
    return replace(changed, name=" ".join((name or "").split()))


def _save(arm: ArmDraft) -> None:
    draft = current()
    if arm.key:
        change(arms=tuple(arm if one.key == arm.key else one for one in draft.arms))
    else:
        added = add_arm_draft(draft, arm)
        change(arms=added.arms, next_arm=added.next_arm)
    _close()
    st.rerun()


def find_twin(arm: ArmDraft) -> str:
    """The name of another arm that would run the same; "" for none."""
    draft = current()
    mine = arm_spec(draft, arm)
    others = (one for one in draft.arms if one.key != arm.key)
    return next((name_arm_draft(one) for one in others if arm_spec(draft, one) == mine), "")


def _ask_strategy(arm: ArmDraft, key: str) -> ArmDraft:
    field = f"{key}.strategy"
    st.session_state.setdefault(field, arm.strategy)
    st.markdown(":small[Strategy]")
    choose("Strategy", _STRATEGIES, key=field)
    strategy: Strategy = st.session_state[field]
    left, right = st.columns(2)
    with left:
        n = st.number_input(
            "Max attempts (N)",
            1,
            MAX_ATTEMPTS,
            arm.n,
            key=f"{key}.n",
            disabled=strategy == "single",
            help="One attempt." if strategy == "single" else None,
        )
    with right:
        hints: HintSource = st.selectbox(
            "Hints from",
            list(_HINTS),
            list(_HINTS).index(arm.hints),
            format_func=_HINTS.__getitem__,
            key=f"{key}.hints",
            disabled=strategy != "refine",
            help=None if strategy == "refine" else "Only Refine gives hints.",
        )
    return replace(arm, strategy=strategy, n=int(n), hints=hints)


def _ask_model(arm: ArmDraft, key: str) -> ModelSpec | None:
    models = choices.list_models()
    own, shared = arm.program or current().program, current().model
    same = f"The program's: {choices.name_model(own.spec.model)}" if own is not None else "The program's"
    if shared is not None:
        same = f"The experiment's: {choices.name_model(shared)}"
    options: dict[str, ModelSpec | None] = {same: None, **models}
    if arm.model is not None and arm.model not in models.values():
        options[f"{choices.name_model(arm.model)} (as chosen before)"] = arm.model
    names = list(options)
    at = next((i for i, one in enumerate(options.values()) if one == arm.model), 0)
    chosen = st.selectbox("Model", names, at, key=f"{key}.model")
    if len(models) == 1:
        st.page_link(address.MODELS, label="Add a connection to another model", icon=":material/lan:")
    return options.get(chosen)


def _ask_reward(arm: ArmDraft, key: str) -> RewardChoice | None:
    draft = current()
    same = f"The experiment's: {draft.reward.label}" if draft.reward is not None else "The program's"
    options: dict[str, RewardChoice | None] = {same: None}
    for saved, _ in choices.list_rewards():
        for version in reversed(saved.versions):
            choice = choices.choose_version(saved, version.number)
            if isinstance(choice, RewardChoice):
                options[choice.label] = choice
    if arm.reward is not None and arm.reward not in options.values():
        options[f"{arm.reward.label} (as chosen before)"] = arm.reward
    at = next((i for i, one in enumerate(options.values()) if one == arm.reward), 0)
    chosen = st.selectbox(
        "Reward",
        list(options),
        at,
        key=f"{key}.reward",
        help="Arms with different rewards are measured on different scales: their rewards cannot be compared with each other, "
        "only what they lead to.",
    )
    return options.get(chosen)


def _ask_program(arm: ArmDraft, key: str) -> ProgramChoice | None:
    draft = current()
    same = f"The experiment's: {draft.program.label}" if draft.program is not None else "The experiment's"
    options: dict[str, ProgramChoice | str | None] = {same: None}
    for saved in choices.list_saved_programs():
        options[f"{saved.label} (saved)"] = saved
    for label, run in choices.list_recent_runs():
        options[f"{label} (run)"] = run.run_id
    for example in choices.list_examples():
        options[f"{example.label} (example)"] = example
    if arm.program is not None and arm.program not in options.values():
        options[f"{arm.program.label} (as chosen before)"] = arm.program
    at = next((i for i, one in enumerate(options.values()) if one == arm.program), 0)
    chosen = options.get(st.selectbox("Program", list(options), at, key=f"{key}.program"))
    return choices.choose_run(chosen) if isinstance(chosen, str) else chosen
