"""The top of the page: which reward it is, what else there is to open, and Save."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from pages.rewards import draft, fields
from pages.rewards.bench import Bench
from pages.rewards.draft import Base
from pages.rewards.fields import static_key
from pages.rewards.saved import draw_save, draw_saved, open_versions
from pages.rewards.starters import list_starters
from pages.shared import address, what_if_choice
from pages.shared.text import escape_markdown
from refine_core import runs, workbench
from refine_core.errors import LMError, RewardError, SpecError, WorkerError
from refine_core.formatting import pluralize
from refine_core.runs import ProgramSpec, Timeline
from refine_core.workbench import Recognized, RunReward


def draw_header(bench: Bench) -> None:
    """Name and state left, actions right."""
    base = draft.base()
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.title(escape_markdown(base.name) if base.name else "Rewards", anchor=False, width="content")
        with (
            st.popover(":blue[Open]", type="tertiary", key=static_key("open", draft.revision())),
            st.container(gap="xsmall", width=380),
        ):
            _draw_menu(bench)
        if state := _describe_state(bench):
            st.caption(escape_markdown(state), width="content")
        if base.name:
            st.button(":blue[Versions]", key=static_key("versions"), type="tertiary", on_click=open_versions)
        if problem := draft.DRAFT.error:
            st.caption(escape_markdown(f"draft not saved: {problem}"), width="content")
        st.space("stretch")
        _draw_lab(bench)
        if not draft.is_empty(bench.code):
            draw_save(bench)


def _draw_lab(bench: Bench) -> None:
    """The way back to a run: the program of the run that is looked at, with this reward and this threshold."""
    timeline = next((one.timeline for one in bench.sources if one.timeline is not None), None)
    recognized = bench.recognized
    if timeline is None or not isinstance(recognized, Recognized):
        return
    spec = timeline.spec
    base = draft.base()
    try:
        called = workbench.read_for_run(bench.code, draft.reading())
    except RewardError as error:
        _draw_why_not(error)
        return
    recorded = RunReward(spec.reward_shape, spec.reward_name, spec.reward_arguments)
    if bench.code == spec.reward and called in (recorded, replace(recorded, reward_name=None)):
        reward = ""
    elif base.name and bench.code == base.source and draft.reading() == base.reading:
        reward = f"{what_if_choice.SAVED}{base.name}@{base.version}"
    else:
        reward = f"{what_if_choice.TYPED}{draft.DRAFT.id}"
    changed = replace(spec, threshold=fields.read_threshold(spec.threshold))
    if reward or changed.threshold != spec.threshold:
        st.button(
            "Keep beside the run",
            key=static_key("keep"),
            on_click=_keep,
            args=(timeline, _with_reward(changed, bench.code, called) if reward else changed),
            help="Keeps this what-if on the run's page, under What if. The run itself never changes.",
        )
    if st.button(
        "Run in the Lab",
        key=static_key("lab"),
        help="Opens the run's program in the Lab with this reward. Nothing is run until you press Run.",
    ):
        if (
            reward == what_if_choice.TYPED
        ):  # the newest draft, which is another window's until something is changed
            reward += draft.DRAFT.ensure_id()
        if reward == what_if_choice.TYPED:
            st.toast(escape_markdown(f"The reward could not be kept for the Lab: {draft.DRAFT.error}"))
            return
        query = what_if_choice.query_of(timeline, changed, reward)
        st.switch_page(address.LAB, query_params={**address.change_query(timeline.run_id), **query})


def _with_reward(spec: ProgramSpec, source: str, called: RunReward) -> ProgramSpec:
    return replace(
        spec,
        reward=source,
        reward_name=called.reward_name,
        reward_shape=called.reward_shape,
        reward_arguments=called.reward_arguments,
    )


def _keep(timeline: Timeline, changed: ProgramSpec) -> None:
    try:
        asked = runs.ask_what_if(timeline, changed)
    except (RewardError, WorkerError, LMError, SpecError) as error:
        st.toast(escape_markdown(f"Not kept: {error}"), icon=":material/error:")
    else:
        what_if_choice.keep(asked, ". Its page lists it under What if")


def _draw_why_not(error: RewardError) -> None:
    """In the place of the way to the Lab: why no run can call this reward."""
    st.button(
        "Run in the Lab",
        key=static_key("lab"),
        disabled=True,
        help=escape_markdown(f"{error.message[:1].upper()}{error.message[1:]}."),
    )


def _draw_menu(bench: Bench) -> None:
    """Saved rewards, rewards to start from, an empty one. A press puts it into the editor."""
    draw_saved()
    st.markdown("**Rewards to start from**")
    list_starters(bench)
    st.button(
        "New reward", key=static_key("new"), icon=":material/add:", on_click=draft.load_reward, args=(Base(),)
    )


def _describe_state(bench: Bench) -> str:
    """Which version it is, and how far the text is from it."""
    base = draft.base()
    edited = bench.code.strip() != base.source.strip()
    lines = workbench.count_changed_lines(base.source, bench.code) if edited else 0
    changed = f"{pluralize(lines, 'line')} changed"
    if base.name:
        return f"version {base.version}" + (f", {changed}" if lines else "")
    if base.run and any(
        one.timeline is not None and one.timeline.run_id == base.run for one in bench.sources
    ):
        return f"the run's reward, {changed}" if lines else "as recorded in the run"
    return "not saved" if not draft.is_empty(bench.code) else ""
