"""A reward that asks a judge: what that would cost, and the press that allows it. Typing never asks one."""

from __future__ import annotations

import streamlit as st

from pages.rewards.bench import CHOSEN_JUDGE, Bench, ask_judge
from pages.rewards.fields import static_key
from pages.shared import address
from pages.shared.credentials import ask_for_keys
from pages.shared.text import escape_markdown
from refine_core import connections, workbench
from refine_core.errors import LMError, StoreError
from refine_core.programs import ModelSpec
from refine_core.workbench import Recognized


def draw_judge(bench: Bench) -> None:
    """Offer to ask the judge, if rows wait for it; else say whose answers the scores are, with a way to another judge."""
    recognized = bench.recognized
    if not isinstance(recognized, Recognized):
        return
    waiting = bench.scores.summary.waiting if bench.scores is not None and bench.is_current else 0
    failed = isinstance(bench.error, LMError)
    if not (waiting or failed):
        if workbench.asks_judge(recognized) and bench.judge is not None and bench.is_current:
            _draw_who_judged(bench)
        return
    timelines = [one.timeline for one in bench.sources if one.timeline is not None]
    count = waiting or len(bench.rows)
    estimate = workbench.estimate_calls(recognized, count, bench.judge, timelines)
    with st.popover(estimate.text, key=static_key("judge")), st.container(width=360):
        st.markdown("**This reward asks a model to judge.** No model is called while you type.")
        draw_choice(bench, failed=failed)
        st.caption("Its answers are kept, so the same question is asked once.")
        st.button(
            "Ask the judge",
            type="primary",
            key=static_key("ask-judge"),
            disabled=bench.judge is None,
            on_click=ask_judge,
            args=(bench,),
        )


def _draw_who_judged(bench: Bench) -> None:
    """The judge of the scores that are shown; where a person chose it, another one can be chosen."""
    if any(one.timeline is not None for one in bench.sources):
        return  # it is the run's, and the run says which
    name = st.session_state.get(static_key("judge-name")) or ""
    with (
        st.popover(escape_markdown(f"Judged by {name}"), type="tertiary", key=static_key("judged-by")),
        st.container(width=360),
    ):
        _choose_judge()
        st.caption("Its answers are kept, also where another reward asks the same question.")


def draw_choice(bench: Bench, *, failed: bool) -> None:
    """Who judges: the judge of the run, or a model that a person chooses. failed: whether it may lack a key."""
    timeline = next((one.timeline for one in bench.sources if one.timeline is not None), None)
    if timeline is None:
        _choose_judge()
        return
    spec = timeline.spec
    st.caption(escape_markdown(f"The judge is that of the run: {(spec.judge or spec.model).label}."))
    ask_for_keys(spec, ("judge" if spec.judge is not None else "model",) if failed else ())


def _choose_judge() -> None:
    """The models that could judge rows of no run: the practice model, and the saved connections."""
    try:
        saved = connections.list_models()
    except StoreError:
        saved = {}
    models = {"Practice model": ModelSpec(), **saved}
    st.selectbox(
        "Judge",
        list(models),
        key=static_key("judge-name"),
        index=None,
        placeholder="Choose a model",
        persist_state="session",
    )
    st.page_link(address.MODELS, label="Add a model or a server of your own", icon=":material/lan:")
    chosen = models.get(st.session_state.get(static_key("judge-name")) or "")
    if chosen != st.session_state.get(CHOSEN_JUDGE):
        st.session_state[CHOSEN_JUDGE] = chosen
        st.rerun()
