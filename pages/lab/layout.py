"""Where the parts of the Lab stand.

wide      program, reward and settings left; verdict, timeline and detail right
narrow    one part at a time, chosen above it; Run stays on top, and after it the result shows
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import streamlit as st

from pages.lab.fields import static_key
from pages.lab.form_state import FormState
from pages.lab.inputs import inputs_form
from pages.lab.picker import draft_line, program_picker
from pages.lab.preview import preview_run
from pages.lab.program import program_form
from pages.lab.rebuilt import draw_rebuilt
from pages.lab.reward import reward_form
from pages.lab.reward_source import take_run_anyway
from pages.lab.settings import height_px, settings_form
from pages.lab.start import Refusal, run_button, start_run
from pages.lab.verdict import draw_refusal, look_for
from pages.lab.would_score import draw_scores_now, would_score
from pages.shared.choice import choose
from pages.shared.run.actions import draw_lab_actions
from pages.shared.run.view import draw_live_run, show_unknown_run
from pages.shared.share.menu import draw_share
from pages.shared.viewport import is_narrow
from refine_core import programs
from refine_core.runs import Run

_LEFT_AND_RIGHT = [39, 61]
_TOP_BAR = [36, 34, 30]
_NARROW_BAR = [62, 38]
_PARTS = ("Program", "Reward", "Settings", "Result")
_PART = static_key("part")
_SHOWN = static_key("part", "run")  # the run whose result was shown last
_PHONE_BELOW_PX = 24


def draw_wide(form: FormState, run: Run | None, run_id: str | None) -> None:
    """Everything side by side. run_id: what the address names, whether or not there is such a run."""
    left, right = st.columns(_LEFT_AND_RIGHT, gap="medium")
    with left, st.container(gap="xxsmall"):
        # Columns, as what lies in a row moves sideways while its neighbours are drawn anew.
        picker, draft, go = st.columns(_TOP_BAR, gap="xsmall", vertical_alignment="center")
        with picker:
            program_picker(form)
        with draft:
            draft_line()
        with go:
            pressed = run_button(run) or take_run_anyway()
        rebuilt = draw_rebuilt(form)
        entered = program_form(form)
        entered |= inputs_form(form)
        entered |= reward_form(form, run, below=height_px(form) + rebuilt)
        entered |= settings_form(form, run)
    refusal = _start(form) if pressed or entered else None
    with right, st.container(gap="xsmall"):
        _result(form, run, run_id, refusal)


def draw_narrow(form: FormState, run: Run | None, run_id: str | None) -> None:
    """One part at a time. An address with a run, and a run that was just started, show the result."""
    state = st.session_state
    if run_id and state.get(_SHOWN) != run_id:
        state[_SHOWN], state[_PART] = run_id, "Result"
    state.setdefault(_PART, "Program")
    picker, go = st.columns(_NARROW_BAR, gap="xsmall", vertical_alignment="center", wrap=False)
    with picker:
        program_picker(form)
    with go:
        pressed = run_button(run, keyboard=False) or take_run_anyway()
    refusal_place = st.container()
    choose("Part of the Lab", {part: part for part in _PARTS}, key=_PART, width="stretch")
    entered = False
    with st.container(gap="xsmall"):
        match state[_PART]:
            case "Program":
                draw_rebuilt(form)
                entered = program_form(form)
                entered |= inputs_form(form)
                draft_line()
            case "Reward":
                if run is not None and not run.live:
                    draw_scores_now(would_score(form, run), run.timeline)
                entered = reward_form(form, run, below=_PHONE_BELOW_PX)
            case "Settings":
                entered = settings_form(form, run, wrap=True)
            case _:
                _result(form, run, run_id, None, _show_reward)
    if pressed or entered:
        refusal = _start(form)
        if refusal is not None:
            with refusal_place:
                draw_refusal(refusal)


def _start(form: FormState) -> Refusal | None:
    """Start a run, and have the page drawn with it; or return why there is none."""
    refusal = start_run(form)
    if refusal is None:
        st.rerun()
    return refusal


def _show_reward() -> None:
    st.session_state[_PART] = "Reward"


def _draw_actions(run: Run, *, here: bool, shares: bool, to_reward: Callable[[], None] | None) -> None:
    """shares: the numbers are those of the run; beside what an edit would change there is "Keep", and the verdict is long."""
    draw_lab_actions(run, here=here, to_reward=to_reward)
    if shares and not is_narrow():
        draw_share(run, in_lab=True)


def _draw_aside(run: Run) -> None:
    """On a narrow page the verdict needs the room."""
    if is_narrow() and not run.live:
        draw_share(run, in_lab=True)


def _result(
    form: FormState,
    run: Run | None,
    run_id: str | None,
    refusal: Refusal | None,
    to_reward: Callable[[], None] | None = None,
) -> None:
    """The run, or what will happen. to_reward: leads to the reward, where it is not on the screen anyway."""
    if refusal is not None:
        draw_refusal(refusal)
    if run_id and run is None:
        show_unknown_run(run_id)
    if run:
        edited = programs.describe_changes(run.timeline.spec, form.spec)
        here = form.spec.reward == run.timeline.spec.reward
        draw_live_run(
            run,
            edited=edited,
            would=would_score(form, run),
            about=look_for(run.timeline.spec),
            actions=partial(_draw_actions, here=here, shares=not edited, to_reward=to_reward),
            aside=_draw_aside if is_narrow() else None,
            has_form=True,
        )
    else:
        preview_run(form)
