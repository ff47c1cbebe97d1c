"""The run under What if: another threshold, reward, N or number of failures, and what follows, without a model call.

draw_switch()       as recorded, or what if
draw_what_if(run)   the verdict, attempts and threshold at the left, what is changed at the right
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Final, Literal

import streamlit as st

from pages.run.what_if_changes import draw_actions, draw_changes, draw_table
from pages.run.what_if_kept import draw_kept
from pages.run.what_if_outputs import draw_outputs
from pages.shared import address, what_if_choice
from pages.shared.choice import choose
from pages.shared.clicks import take_click
from pages.shared.credentials import collect_credentials
from pages.shared.isolation import why_code_is_refused
from pages.shared.query import write
from pages.shared.run.unknown_rewards import draw_unknown_rewards
from pages.shared.run.verdict import draw_verdict
from pages.shared.run.view import fragment_place
from pages.shared.text import escape_markdown, show_error
from pages.shared.viewport import is_narrow
from pages.shared.web import REWARDS, WHAT_IF, import_script, read_styles
from pages.shared.what_if_pictures import build_curve, build_strip
from refine_core import runs
from refine_core.errors import LMError, RewardError, SpecError, StoreError, WorkerError
from refine_core.runs import ProgramSpec, Run, RunWhatIf, Timeline
from refine_core.what_if import ThresholdStep, WhatIf

KEY: Final = "what-if"
_MODE, _CHANGED, _ASKED = (f"what-if.{name}" for name in ("mode", "changed", "asked"))
_COLUMNS: Final = (62, 38)
UNCHANGED: Final = (
    "Nothing is changed yet. Drag the threshold, edit the reward, or choose another N or number of failures."
)
_component = st.components.v2.component(
    "refinescope.what_if",
    js=import_script(WHAT_IF),
    css=read_styles(REWARDS),
)


@dataclass(frozen=True)
class _Question:
    """What the pictures are made of."""

    asked: RunWhatIf

    @cached_property
    def curve(self) -> tuple[ThresholdStep, ...]:
        return self.asked.curve

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

    choose(
        "How the run is looked at",
        {False: "As recorded", True: "What if"},
        key=_MODE,
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
    _take_clicks()
    try:
        spec = what_if_choice.read_choice().apply(timeline)
    except (SpecError, StoreError) as error:
        message = error.message if isinstance(error, SpecError) else str(error)
        show_error(f"{message.removesuffix('.')}. Everything is shown as recorded.")
        spec = timeline.spec
    asked = _ask(timeline, spec)
    with fragment_place():  # the switch stays the same node, and keeps the focus
        left, right = (
            st.columns(_COLUMNS, gap="medium") if not is_narrow() else (st.container(), st.container())
        )
    with left:
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
            if spec.reward == timeline.spec.reward:
                draw_unknown_rewards(run)
            _draw_pictures(_Question(asked))
            draw_outputs(asked, address.attempt())
    with right, st.container(gap="xsmall"):
        draw_changes(timeline, spec)
        if asked is not None:
            draw_table(timeline, asked)
            draw_actions(timeline, asked)
        draw_kept(timeline)


def _ask(timeline: Timeline, spec: ProgramSpec) -> RunWhatIf | None:
    """What would have happened; None after an error, which is shown."""
    consent = st.session_state.pop(_ASKED, None) == spec.reward
    if _runs_other_code(timeline.spec, spec) and (refused := why_code_is_refused()):
        show_error(refused)
        return None
    try:
        credentials = collect_credentials(timeline.spec) if consent else None
        return runs.ask_what_if(timeline, spec, ask_judge=consent, credentials=credentials)
    except (RewardError, WorkerError, LMError) as error:
        show_error(f"The recorded outputs cannot be scored: {error}")
        return None


def _runs_other_code(recorded: ProgramSpec, spec: ProgramSpec) -> bool:
    """Whether something typed is run that the run itself did not run."""
    return (spec.reward, spec.validators) != (recorded.reward, recorded.validators)


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


def _take_clicks() -> None:
    """What the pictures have just told: another threshold, or an attempt that was chosen."""
    match take_click(KEY, "threshold"):
        case {"value": int() | float() as value} if math.isfinite(value):
            write("threshold", f"{value:.10g}")
    match take_click(KEY, "row"):
        case {"key": str() as key} if key.isdecimal() and int(key) > 0:
            address.show_attempt(int(key) - 1)
