"""Saved rewards in the Lab's library: open one, save the one in the editor. The Rewards page shows their versions."""

from __future__ import annotations

import streamlit as st

from pages.lab.fields import static_key
from pages.lab.form_state import FormState
from pages.lab.reward_source import replace_reward
from pages.shared import address
from pages.shared.text import escape_markdown, show_error
from refine_core import workbench
from refine_core.errors import RewardError, SpecError, StoreError
from refine_core.runs import Run
from refine_core.workbench import Reading, Recognized, SavedReward

_NAME, _ERROR = static_key("reward", "save-name"), static_key("reward", "save-error")


def draw_saved_rewards(form: FormState, run: Run | None) -> None:
    """The saved rewards, and a field to save this one. run: the one on the page, whose attempts it can be edited beside."""
    try:
        saved = workbench.list_rewards()
    except StoreError as error:
        show_error(str(error))
        return
    st.markdown("**Your rewards**")
    for name, one in saved.items():
        other = _find_other_shape(one)
        title = f"**{escape_markdown(name)}**"
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.button(
                f"{title if other else f':blue[{title}]'} :gray[version {one.latest.number}]",
                key=static_key("reward", "open", name),
                type="tertiary",
                on_click=replace_reward,
                args=(one.latest.source,),
                disabled=bool(other),
                help=f"It is {other}; the Rewards page scores outputs with it." if other else None,
                width="stretch",
            )
            st.page_link(
                address.REWARDS,
                label="Open in Rewards",
                query_params=address.reward_query(name),
                width="content",
            )
    source = form.spec.reward
    with st.container(horizontal=True, vertical_alignment="bottom"):
        typed = st.text_input("Save this reward as", key=_NAME, placeholder="short and correct").strip()
        known = saved.get(typed)
        st.button(
            f"Save version {known.latest.number + 1}" if known is not None else "Save",
            key=static_key("reward", "save"),
            disabled=not typed or not source.strip(),
            on_click=_save,
            args=(source, form.spec.reward_name or ""),
        )
    if problem := st.session_state.get(_ERROR):
        show_error(problem)
    elif not saved:
        st.caption("A saved reward keeps every version. Open it here or on the Rewards page.")
    if run is not None and run.timeline.attempts:
        st.page_link(
            address.REWARDS,
            label="Edit it beside the run's outputs",
            icon=":material/rule:",
            query_params=address.rewards_query(run.run_id),
        )


def _save(source: str, function: str) -> None:
    name = str(st.session_state.get(_NAME, "")).strip()
    try:
        workbench.save_reward(name, source, reading=Reading(shape="refine", name=function))
    except SpecError as error:
        st.session_state[_ERROR] = error.message
        return
    except StoreError as error:
        st.session_state[_ERROR] = str(error)
        return
    st.session_state.pop(_ERROR, None)
    st.session_state[_NAME] = ""


def _find_other_shape(saved: SavedReward) -> str:
    """What it is, if a run does not call it: "a TRL reward"; "" for a Refine reward."""
    try:
        recognized = workbench.read_reward_source(saved.latest.source, saved.latest.reading)
    except RewardError:
        return ""
    if not isinstance(recognized, Recognized):
        return "written for no framework known here"
    shape = recognized.shape
    return "" if shape == "refine" else workbench.SHAPES[shape]
