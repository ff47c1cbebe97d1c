"""What is changed under What if, what that changes, and what can be made of it.

draw_changes(timeline, spec)       the reward, N, the number of failures
draw_table(timeline, asked)        as recorded beside what if
draw_actions(timeline, asked)      keep it beside the run, or run it in the Lab
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final

import streamlit as st

from pages.shared import address, what_if_choice
from pages.shared.leave import leave_for
from pages.shared.query import write
from pages.shared.text import escape_markdown
from refine_core.formatting import format_score
from refine_core.messages import format_reward
from refine_core.programs import MAX_ATTEMPTS
from refine_core.runs import ProgramSpec, RunWhatIf, Timeline
from refine_core.what_if import usage_until

_RESETS: Final = "what-if.resets"


def draw_changes(timeline: Timeline, spec: ProgramSpec) -> None:
    """The fields: what may be changed."""
    st.markdown("### What if", anchors=False)
    rewards = what_if_choice.list_rewards(timeline)
    chosen = what_if_choice.read_choice().reward
    key = _field("reward", chosen if chosen in rewards else "")
    with st.container(horizontal=True, vertical_alignment="bottom", gap="xsmall"):
        st.selectbox(
            "Reward",
            list(rewards),
            format_func=lambda one: rewards.get(one, one),
            key=key,
            on_change=_write("reward", key, lambda value: value or None),
            help="As recorded, or one that you saved.",
        )
        if st.button("Edit the reward", key="what-if.edit"):
            saved = what_if_choice.saved_name(chosen)
            query = {} if saved is None else address.reward_query(saved)
            leave_for(address.REWARDS, {**address.rewards_query(timeline.run_id), **query})
    if spec.strategy == "single":
        return
    attempts, failures = st.columns(2, gap="small")
    with attempts:
        key = _field("n", spec.N)
        st.number_input(
            "Max attempts (N)",
            min_value=1,
            max_value=MAX_ATTEMPTS,
            step=1,
            key=key,
            on_change=_write("n", key, lambda value: None if value == timeline.spec.N else str(value)),
        )
    with failures:
        key = _field("failures", spec.N if spec.fail_count is None else spec.fail_count)
        allowed = timeline.spec.fail_count
        recorded = spec.N if allowed is None else allowed
        st.number_input(
            "Failures allowed",
            min_value=0,
            max_value=MAX_ATTEMPTS,
            step=1,
            key=key,
            on_change=_write("failures", key, lambda value: None if value == recorded else str(value)),
        )


def _field(name: str, value: object) -> str:
    """Have a field show what the address says, and return its key.

    After "Reset" it is another field: what the browser refused, such as an N of 0, stays in the old one.
    """
    key = f"what-if.{name}.{st.session_state.get(_RESETS, 0)}"
    st.session_state[key] = value
    return key


def _write(name: str, key: str, text: Callable[[Any], str | None]) -> Callable[[], None]:
    """A callback that puts what was chosen into the address."""
    return lambda: write(name, text(st.session_state[key]))


def reset() -> None:
    """Have everything as recorded. To be called in a callback."""
    what_if_choice.clear()
    st.session_state[_RESETS] = st.session_state.get(_RESETS, 0) + 1


def draw_table(timeline: Timeline, asked: RunWhatIf) -> None:
    """As recorded beside what if."""
    answer, old = asked.result, timeline.spec
    values = {one.attempt: one.new for one in answer.attempts}
    recorded = timeline.returned_index
    recorded_calls = len(timeline.calls)
    calls = "unknown" if answer.calls_saved is None else f"{recorded_calls - answer.calls_saved:,}"
    known = answer.stop is not None and answer.calls_saved is not None
    tokens = usage_until(timeline, answer.stop or 0).tokens if known else None
    returned = "its last error" if answer.is_known else "unknown"
    if answer.returned is not None:
        returned = _with_score(answer.returned, format_score(values[answer.returned], values.values()))
    was = "nothing"
    if recorded is not None:
        reward = next((a.reward for a in timeline.attempts if a.index == recorded), None)
        score = "unknown reward" if recorded in timeline.unscored else format_reward(timeline, reward)
        was = _with_score(recorded + 1, score)
    rows = [
        ("threshold", format_reward(timeline, old.threshold), format_reward(timeline, asked.spec.threshold)),
        ("stops at attempt", _last(timeline), "unknown" if answer.stop is None else str(answer.stop)),
        ("returns", was, returned),
        ("calls", f"{recorded_calls:,}", calls),
    ]
    if timeline.usage.tokens is not None:
        rows.append(("tokens", f"{timeline.usage.tokens:,}", "unknown" if tokens is None else f"{tokens:,}"))
    st.table(
        {
            "": [name for name, _, _ in rows],
            "as recorded": [escape_markdown(before) for _, before, _ in rows],
            "what if": [
                f"**{escape_markdown(now)}**" if now != before else escape_markdown(now)
                for _, before, now in rows
            ],
        },
        border="horizontal",
        hide_index=True,
    )


def _with_score(number: int, score: str) -> str:
    return f"{number}, {score}"


def _last(timeline: Timeline) -> str:
    return str(len(timeline.attempts)) if timeline.end is not None else "not finished"


def draw_actions(timeline: Timeline, asked: RunWhatIf) -> None:
    """What can be done with it, once anything is changed."""
    changed = asked.spec != timeline.spec
    with st.container(horizontal=True, gap="xsmall"):
        st.button(
            "Keep beside the run",
            type="primary",
            key="what-if.keep",
            disabled=not changed,
            on_click=partial(what_if_choice.keep, asked),
            help="The run itself never changes." if changed else "Change something first.",
        )
        if st.button("Run in the Lab", key="what-if.lab", disabled=not changed):
            reward = what_if_choice.read_choice().reward
            query = what_if_choice.query_of(timeline, asked.spec, reward)
            st.switch_page(address.LAB, query_params={**address.change_query(timeline.run_id), **query})
        if changed:
            st.button("Reset", key="what-if.reset", on_click=reset)
