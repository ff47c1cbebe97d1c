"""The section Arms: what is compared, in a table; a press on Edit opens an arm, the menu adds one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

import streamlit as st

from pages.batch.marks import mark_data
from pages.batch.setup.arm_dialog import open_arm
from pages.batch.setup.choices import name_model
from pages.batch.setup.draft import FORM, change, current
from pages.shared.clicks import take_click
from pages.shared.text import capitalize, escape_markdown
from pages.shared.web import ARMS, SETUP_ARMS, import_script, read_styles
from refine_core.errors import Problem
from refine_core.experiments.drafts import ArmDraft, add_arm_draft, arm_spec, name_arm_draft
from refine_core.programs import HintSource
from refine_core.unseen import show_unseen

KEY: Final = FORM.static_key("arms")
_MENU: Final = FORM.static_key("add")
_DOES: Final[Mapping[HintSource, str]] = {
    "adviser": "advice after each attempt",
    "feedback": "the reward's feedback after each attempt",
    "none": "tries again, without hints",
}
_NUMBERS: Final = ("", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_component = st.components.v2.component(
    "refinescope.setup_arms",
    js=import_script(SETUP_ARMS),
    css=read_styles(ARMS, SETUP_ARMS, root=".setup-arms"),
)


def take_arm_clicks() -> None:
    """Open the arm whose Edit was pressed. In an AppTest: `at.session_state["batch.arms"] = {"asked": {"edit": "a", "at": 1}}`."""
    asked = take_click(KEY, "asked")
    wanted = asked.get("edit") if asked is not None else None
    arm = next((one for one in current().arms if one.key == wanted), None)
    if arm is not None:
        open_arm(arm)


def draw_arms(calls: Mapping[str, str], problems: Sequence[Problem]) -> None:
    """Draw the section. calls: key of an arm -> calls an input, as text. problems: of the arms, each beside its own."""
    draft = current()
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.subheader("Arms", anchor=False, width="content")
        st.caption("what is compared, on the same inputs", width="content")
        st.space("stretch")
        if draft.program is not None:
            _draw_menu()
    if draft.program is None:
        st.caption(
            "Choose a program below. It is then proposed in three ways: refined, best of n, and one attempt."
        )
        return
    if not draft.arms:
        st.caption("No arm yet: add what is to be compared.")
        return
    said = {one.field: capitalize(one.message) for one in reversed(problems)}
    _component(
        key=KEY,
        data={
            "arms": [
                {
                    "key": arm.key,
                    "mark": mark_data(place),
                    "name": show_unseen(name_arm_draft(arm)),
                    "does": describe_arm(arm),
                    "model": show_unseen(_name_arm_model(arm)),
                    "modelTitle": show_unseen(_label_arm_model(arm)),
                    "calls": calls.get(arm.key, ""),
                    "problem": show_unseen(said.get(f"arms.{arm.key}", "")),
                }
                for place, arm in enumerate(draft.arms)
            ]
        },
        height="content",
        on_asked_change=lambda: None,
    )


def describe_arm(arm: ArmDraft) -> str:
    """What an arm does, in a few words: "advice after each attempt", "five attempts, no advice"."""
    own = [f"reward: {arm.reward.label}"] if arm.reward is not None else []
    if arm.program is not None:
        own.insert(0, f"program: {arm.program.label}")
    match arm.strategy:
        case "refine":
            does = _DOES[arm.hints]
        case "best_of_n":
            count = _NUMBERS[arm.n] if arm.n < len(_NUMBERS) else f"{arm.n}"
            does = f"{count} attempts, no advice" if arm.n > 1 else "one attempt"
        case _:
            does = "one attempt"
    return " · ".join([does, *own])


def _name_arm_model(arm: ArmDraft) -> str:
    spec = arm_spec(current(), arm)
    return "" if spec is None else name_model(spec.model)


def _label_arm_model(arm: ArmDraft) -> str:
    spec = arm_spec(current(), arm)
    return "" if spec is None else spec.model.label


def _draw_menu() -> None:
    draft = current()
    base = draft.program.spec if draft.program is not None else None
    n = base.N if base is not None and base.N > 1 else 5
    hints: HintSource = base.hints if base is not None and base.hints != "none" else "adviser"
    ways = {
        f"Refine, N {n}": ArmDraft("", "refine", n, hints),
        f"Best of {n}": ArmDraft("", "best_of_n", n),
        "Single attempt": ArmDraft("", "single", n),
        f"Refine without hints, N {n}": ArmDraft("", "refine", n, "none"),
    }
    like = draft.arms[0] if draft.arms else ArmDraft("", "refine", n, hints)
    copied = replace(like, key="", name="")
    others = {
        "Another model …": "model",
        "Another reward …": "reward",
        "Another program …": "program",
        "With other settings …": "strategy",
    }
    chosen = st.menu_button("Add an arm", [*ways, *others], key=_MENU, icon=":material/add:")
    if chosen in ways:
        change_arms(ways[chosen])
        st.rerun()
    elif chosen in others:
        open_arm(copied, first=others[chosen])


def change_arms(arm: ArmDraft) -> None:
    """Add the arm."""
    added = add_arm_draft(current(), arm)
    change(arms=added.arms, next_arm=added.next_arm)


def escape_arm(arm: ArmDraft) -> str:
    """An arm's name for Streamlit's own text."""
    return escape_markdown(name_arm_draft(arm))
