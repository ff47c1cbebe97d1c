"""The run under What if: another threshold, reward, N or number of failures, and what follows, without a model call.

draw_switch()       as recorded, or what if
draw_what_if(run)   the verdict, attempts and threshold at the left, what is changed at the right
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, Literal

import streamlit as st

from pages.shared import address, what_if_choice
from pages.shared.credentials import collect_credentials
from pages.shared.news import take_news
from pages.shared.query import write
from pages.shared.text import escape_markdown, show_error
from pages.shared.verdict import draw_verdict
from pages.shared.viewport import is_narrow
from pages.shared.web import WHAT_IF, import_script
from pages.shared.what_if_pictures import build_curve, build_strip
from refine_core import runs
from refine_core.errors import LMError, RewardError, SpecError, StoreError, WorkerError
from refine_core.formatting import format_clock, format_score, pluralize
from refine_core.messages import format_reward
from refine_core.runs import KeptWhatIf, ProgramSpec, Run, RunWhatIf, Timeline, format_value
from refine_core.unseen import show_unseen
from refine_core.what_if import ThresholdStep, WhatIf

KEY: Final = "what-if"
_MODE, _CHANGED, _ASKED = (f"what-if.{name}" for name in ("mode", "changed", "asked"))
_COLUMNS: Final = (62, 38)
UNCHANGED: Final = (
    "Nothing is changed yet. Drag the threshold, or choose another reward, N or number of failures."
)
_VALUE_CHARACTERS: Final = 2_000
_component = st.components.v2.component(
    "refinescope.what_if",
    js=import_script(WHAT_IF),
    css=(WHAT_IF.parent / "rewards.css").read_text(encoding="utf-8"),
)


@dataclass(frozen=True)
class _Question:
    """What the pictures are made of."""

    asked: RunWhatIf
    curve: tuple[ThresholdStep, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "curve", self.asked.curve)

    @property
    def timeline(self) -> Timeline:
        return self.asked.timeline

    @property
    def threshold(self) -> float | None:
        return self.asked.spec.threshold

    @property
    def answer(self) -> WhatIf:
        return self.asked.result

    @property
    def positions(self) -> Mapping[int, int]:
        return {one.index + 1: one.index for one in self.timeline.attempts}

    def state_of(self, number: int) -> Literal["scored", "failed", "unscored"]:
        return "failed" if number - 1 in self.asked.scores.ends else "unscored"


def draw_switch() -> None:
    """As recorded, or what if; the address says which. In a fragment, draw the page anew once it says another."""
    shown = address.asks_what_if()
    if st.session_state.get(_CHANGED):
        st.session_state[_CHANGED] = False
        st.rerun()
    st.session_state[_MODE] = shown

    def describe(option: bool) -> str:
        text = "What if" if option else "As recorded"
        return f":blue[{text}]" if option == shown else text

    st.segmented_control(
        "How the run is looked at",
        [False, True],
        format_func=describe,
        required=True,
        key=_MODE,
        label_visibility="collapsed",
        width="content",
        on_change=_switch,
    )


def begin_page() -> None:
    """The page is drawn from its top: it shows what the address says. To be called first."""
    st.session_state[_CHANGED] = False


def _switch() -> None:
    address.show_what_if(on=bool(st.session_state[_MODE]))
    st.session_state[_CHANGED] = True


def draw_what_if(run: Run) -> None:
    """All of it; instead of the run as it was recorded."""
    timeline = run.timeline
    _take_news()
    try:
        spec = what_if_choice.read_choice().apply(timeline)
    except (SpecError, StoreError) as error:
        show_error(f"{error} Everything is shown as recorded.")
        spec = timeline.spec
    asked = _ask(timeline, spec)
    left, right = st.columns(_COLUMNS, gap="medium") if not is_narrow() else (st.container(), st.container())
    with left, st.container(gap="xsmall"):
        if asked is None:
            draw_switch()
            st.caption("Choose another reward to go on.")
        else:
            draw_verdict(
                asked.result.headline,
                asked.result.case if spec != timeline.spec else UNCHANGED,
                wrap=True,
                actions=None if is_narrow() else draw_switch,
            )
            _offer_judge(asked)
            _draw_pictures(_Question(asked))
            _draw_outputs(timeline, asked.result)
    with right, st.container(gap="xsmall"):
        _draw_changes(timeline, spec)
        if asked is not None:
            _draw_table(timeline, asked)
            _draw_actions(timeline, asked)
        _draw_kept(timeline)


def _ask(timeline: Timeline, spec: ProgramSpec) -> RunWhatIf | None:
    """What would have happened; None after an error, which is shown."""
    consent = st.session_state.pop(_ASKED, None) == spec.reward
    try:
        credentials = collect_credentials(timeline.spec) if consent else None
        return runs.ask_what_if(timeline, spec, ask_judge=consent, credentials=credentials)
    except (RewardError, WorkerError, LMError) as error:
        show_error(f"The recorded outputs cannot be scored: {error}")
        return None


def _offer_judge(asked: RunWhatIf) -> None:
    """The reward asks a model: what that would take, and a press that allows it."""
    if asked.scores.estimate is None:
        return

    def allow(reward: str) -> None:
        st.session_state[_ASKED] = reward

    st.button(
        escape_markdown(asked.scores.estimate.text),
        key="what-if.judge",
        on_click=partial(allow, asked.spec.reward),
        help="This reward asks its judge, a model. Nothing is asked until you press.",
    )


def _draw_pictures(question: _Question) -> None:
    """The attempts, and the threshold below them.

    In an AppTest, slide with `at.session_state[KEY] = {"threshold": {"value": 0.6, "at": 1}}`.
    """
    selected = address.attempt()
    _component(
        key=KEY,
        data={
            "strip": build_strip(question),
            "curve": {**build_curve(question), "title": "Stops at attempt, by threshold"},
            "selected": "" if selected is None else str(selected + 1),
        },
        height="content",
        on_threshold_change=lambda: None,
        on_row_change=lambda: None,
    )


def _take_news() -> None:
    """What the pictures have just told: another threshold, or an attempt that was chosen."""
    match take_news(KEY, "threshold"):
        case {"value": int() | float() as value} if math.isfinite(value):
            write("threshold", f"{value:.10g}")
    match take_news(KEY, "row"):
        case {"key": str() as key} if key.isdecimal() and int(key) > 0:
            address.show_attempt(int(key) - 1)


def _draw_changes(timeline: Timeline, spec: ProgramSpec) -> None:
    """The fields: what may be changed."""
    st.markdown("#### What if", anchors=False)
    rewards = what_if_choice.list_rewards(timeline)
    chosen = what_if_choice.read_choice().reward
    _field("reward", chosen if chosen in rewards else "")
    st.selectbox(
        "Reward",
        list(rewards),
        format_func=lambda one: rewards.get(one, one),
        key="what-if.reward",
        on_change=_write("reward", lambda value: value or None),
        help="Saved rewards are offered here. To edit one on this run's outputs, choose Open in Rewards.",
    )
    if spec.strategy == "single":
        return
    attempts, failures = st.columns(2, gap="small")
    with attempts:
        _field("n", spec.N)
        st.number_input(
            "Max attempts (N)",
            min_value=1,
            max_value=500,
            step=1,
            key="what-if.n",
            on_change=_write("n", lambda value: None if value == timeline.spec.N else str(value)),
        )
    with failures:
        _field("failures", spec.N if spec.fail_count is None else spec.fail_count)
        allowed = timeline.spec.fail_count
        recorded = spec.N if allowed is None else allowed
        st.number_input(
            "Failures allowed",
            min_value=0,
            max_value=500,
            step=1,
            key="what-if.failures",
            on_change=_write("failures", lambda value: None if value == recorded else str(value)),
        )


def _field(name: str, value: object) -> None:
    """Have a field show what the address says."""
    st.session_state[f"what-if.{name}"] = value


def _write(name: str, text: Callable[[Any], str | None]) -> Callable[[], None]:
    """A callback that puts what was chosen into the address."""
    return lambda: write(name, text(st.session_state[f"what-if.{name}"]))


def _draw_table(timeline: Timeline, asked: RunWhatIf) -> None:
    """As recorded beside what if."""
    told, old = asked.result, timeline.spec
    values = {one.attempt: one.new for one in told.attempts}
    recorded = timeline.returned_index
    recorded_calls = len(timeline.calls)
    calls = "unknown" if told.calls_saved is None else f"{recorded_calls - told.calls_saved:,}"
    returned = "unknown" if told.stop is None else "its last error"
    if told.returned is not None:
        returned = _with_score(told.returned, format_score(values[told.returned], values.values()))
    was = "nothing"
    if recorded is not None:
        reward = next((a.reward for a in timeline.attempts if a.index == recorded), None)
        was = _with_score(recorded + 1, format_reward(timeline, reward))
    rows = [
        ("threshold", format_reward(timeline, old.threshold), format_reward(timeline, asked.spec.threshold)),
        ("stops at attempt", _last(timeline), "unknown" if told.stop is None else str(told.stop)),
        ("returns", was, returned),
        ("calls", f"{recorded_calls:,}", calls),
    ]
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
    return str(len(timeline.attempts)) if timeline.end is not None else "running"


def _draw_actions(timeline: Timeline, asked: RunWhatIf) -> None:
    changed = asked.spec != timeline.spec
    with st.container(horizontal=True, gap="xsmall"):
        st.button(
            "Keep beside the run",
            key="what-if.keep",
            disabled=not changed,
            on_click=partial(_keep, asked),
            help="The run itself never changes." if changed else "Change something first.",
        )
        if st.button("Run in the Lab", key="what-if.lab", disabled=not changed):
            reward = what_if_choice.read_choice().reward
            query = what_if_choice.query_of(timeline, asked.spec, reward)
            st.switch_page(address.LAB, query_params={**address.change_query(timeline.run_id), **query})
        if changed:
            st.button("Reset", key="what-if.reset", on_click=what_if_choice.clear)


def _keep(asked: RunWhatIf) -> None:
    try:
        runs.keep_what_if(asked)
    except (SpecError, StoreError) as error:
        st.toast(escape_markdown(f"Not kept: {error}"), icon=":material/error:")
    else:
        st.toast("Kept beside the run.", icon=":material/bookmark_added:")


def _draw_kept(timeline: Timeline) -> None:
    """What is kept beside this run, each with a way back to it."""
    try:
        kept = runs.kept_what_ifs_of(timeline.run_id)
    except StoreError as error:
        show_error(str(error))
        return
    if not kept:
        return
    st.markdown("##### Kept beside this run", anchors=False)
    for one in kept:
        with st.container(horizontal=True, gap="xsmall", vertical_alignment="center"):
            st.markdown(
                f":small[{escape_markdown(_describe_kept(timeline, one))}]",
                width="stretch",
            )
            st.button("Open", key=f"what-if.open.{one.id}", on_click=partial(_open, timeline, one))
            st.button(
                "Remove",
                key=f"what-if.drop.{one.id}",
                icon=":material/delete:",
                on_click=partial(_drop, one),
            )


def _describe_kept(timeline: Timeline, kept: KeptWhatIf) -> str:
    old, new = timeline.spec, kept.spec
    changes = []
    if (old.reward, old.reward_name) != (new.reward, new.reward_name):
        changes.append("another reward")
    if old.validators != new.validators:
        changes.append(pluralize(len(new.validators), "validator"))
    if old.threshold != new.threshold:
        changes.append(f"threshold {format_reward(timeline, new.threshold)}")
    if old.N != new.N:
        changes.append(f"N {new.N}")
    if old.fail_count != new.fail_count:
        changes.append(f"failures allowed {new.N if new.fail_count is None else new.fail_count}")
    return f"{', '.join(changes)}: {kept.headline} ({format_clock(kept.saved_at)})"


def _open(timeline: Timeline, kept: KeptWhatIf) -> None:
    what_if_choice.clear()
    for name, text in what_if_choice.kept_query(timeline, kept).items():
        write(name, text)


def _drop(kept: KeptWhatIf) -> None:
    try:
        runs.drop_what_if(kept.run_id, kept.id)
    except StoreError as error:
        st.toast(escape_markdown(f"Not removed: {error}"), icon=":material/error:")


def _draw_outputs(timeline: Timeline, told: WhatIf) -> None:
    """The output that would be returned beside the one that was."""
    was = None if timeline.returned_index is None else timeline.returned_index + 1
    now = told.returned if told.stop is not None else told.first
    title = "Would be returned"
    if told.stop is None:
        values = {one.attempt: one.new for one in told.attempts}
        first = values.get(told.first or 0)
        reached = first is not None and told.threshold is not None and first >= told.threshold
        title = "First at the threshold" if reached else "Best of these outputs"
    if now is None or now == was:
        if was is not None:
            _draw_output(timeline, was, "Returned, as before" if now == was else "Was returned")
        return
    if was is None:
        _draw_output(timeline, now, title)
        return
    left, right = st.columns(2, gap="medium")
    with left:
        _draw_output(timeline, now, title)
    with right:
        _draw_output(timeline, was, "Was returned")


def _draw_output(timeline: Timeline, number: int, title: str) -> None:
    attempt = next((a for a in timeline.attempts if a.index == number - 1), None)
    if attempt is None or attempt.outputs is None:
        return
    st.markdown(f"**{title}, attempt {number}**")
    for name, value in attempt.outputs.items():
        text = show_unseen(format_value(value))
        with st.container(gap=None):
            st.caption(escape_markdown(name))
            st.text(text if len(text) <= _VALUE_CHARACTERS else f"{text[:_VALUE_CHARACTERS]} …")
