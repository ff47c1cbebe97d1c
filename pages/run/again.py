"""Run again: the same program on the same inputs from the start, with another seed, model or strategy; then side by side.

draw_again(run, close)      what the dialog holds; see pages/run/menus.py
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import streamlit as st

from pages.run.model_choice import AS_RECORDED, choose_model, read_model
from pages.shared import address
from pages.shared.credentials import ask_for_keys, collect_credentials
from pages.shared.run.program_row import STRATEGIES
from pages.shared.text import escape_markdown, show_error
from refine_core import programs, runs
from refine_core.errors import LMError, SpecError, StoreError
from refine_core.programs import AdviceForm, HintSource, Strategy
from refine_core.runs import AgainChanges, Credentials, Run

_HINTS: Final[Mapping[HintSource, str]] = {
    "adviser": "An adviser",
    "feedback": "The reward's feedback",
    "none": "None",
}


def draw_again(run: Run, close: Callable[[], None]) -> None:
    """What can be changed, what it takes at most, and the button that starts it. close: called where somebody gives it up."""
    st.caption(
        "The same program, inputs and reward. The recorded run stays as it is; the two can be compared."
    )
    seed, model = _ask_seed(run), _ask_model(run)
    strategy, hints = _ask_strategy(run)
    form = _ask_advice_form(run) if strategy == "refine" and hints == "adviser" else None
    changes: AgainChanges = {
        "seed": seed,
        "model": model,
        "strategy": strategy,
        "hints": hints,
        "advice_form": form,
    }
    spec = runs.plan_again(run.run_id, **changes)
    headline, cost = programs.describe_plan(spec)
    st.info(f"{escape_markdown(headline.removeprefix('Ready: ').capitalize())}. {escape_markdown(cost)}")
    ask_for_keys(spec, run.timeline.typed_key_roles, origin=run.run_id)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        pressed = st.button("Run again", type="primary", icon=":material/play_arrow:", key="again.run")
        st.space("stretch")
        if st.button("Cancel", type="tertiary", key="again.cancel"):
            close()
            st.rerun()
    if pressed:
        _start(run, changes, collect_credentials(spec, origin=run.run_id))


def _ask_seed(run: Run) -> int | None:
    """The seed, where another one was chosen; None for the run's own."""
    spec = run.timeline.spec
    recorded = spec.seed if spec.model.kind == "practice" else spec.model.seed
    typed = st.number_input(
        "Seed",
        min_value=0,
        value=recorded,
        step=1,
        key=f"again.{run.run_id}.seed",
        placeholder="none",
        help="With another seed, a model answers otherwise. Some models take none.",
    )
    return None if typed is None or typed == recorded else int(typed)


def _ask_model(run: Run) -> programs.ModelSpec | None:
    key = f"again.{run.run_id}.model"
    choose_model("Model", AS_RECORDED, run.timeline.spec.model.label, key=key)
    return read_model(str(st.session_state[key]))


def _ask_strategy(run: Run) -> tuple[Strategy, HintSource]:
    old = run.timeline.spec
    left, right = st.columns(2)
    with left:
        strategy = st.selectbox(
            "Strategy",
            list(STRATEGIES),
            list(STRATEGIES).index(old.strategy),
            format_func=STRATEGIES.__getitem__,
            key=f"again.{run.run_id}.strategy",
        )
    with right:
        hints = st.selectbox(
            "Hints from",
            list(_HINTS),
            list(_HINTS).index(old.hints),
            format_func=_HINTS.__getitem__,
            key=f"again.{run.run_id}.hints",
            disabled=strategy != "refine",
            help=None if strategy == "refine" else "Only Refine gives hints.",
        )
    return strategy, hints


def _ask_advice_form(run: Run) -> AdviceForm:
    """How the adviser is asked."""
    compact = st.checkbox(
        "Compact advice request",
        run.timeline.spec.advice_form == "compact",
        key=f"again.{run.run_id}.compact",
        help="For small context windows: the reward's feedback first, no code, a shortened trace.",
    )
    return "compact" if compact else "full"


def _start(run: Run, changes: AgainChanges, credentials: Credentials) -> None:
    """Start the run and show it; or say why it cannot start."""
    try:
        started = runs.run_again(run.run_id, credentials=credentials, **changes)
    except (SpecError, LMError, StoreError) as error:
        show_error(f"Not started: {error.message if isinstance(error, SpecError) else error}")
    else:
        address.show_run(started)
        st.rerun()
