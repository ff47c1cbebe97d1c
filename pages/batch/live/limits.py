"""The limits within which an experiment that was stopped is resumed: more budget, fewer calls at once."""

from __future__ import annotations

import streamlit as st

from pages.shared.numbers import MAX_DOLLARS, MAX_WHOLE, nearest
from pages.shared.text import escape_markdown
from refine_core.experiments import Budget, RateLimit, Snapshot


def ask_for_budget(snapshot: Snapshot) -> Budget:
    """Fields for the limits that the experiment has; what was spent counts against the new ones, too."""
    budget = snapshot.experiment.budget
    usd, calls, tokens = budget.usd, budget.calls, budget.tokens
    st.caption("What was spent so far counts against the new limit, too. Empty: no limit.")
    if usd is not None:
        usd = st.number_input("Stop at, dollars", min_value=0.0, value=nearest(usd * 2, 0.0, MAX_DOLLARS), step=1.0, format="%.2f", key="batch.usd", placeholder="no limit")  # fmt: skip
    if calls is not None:
        calls = st.number_input("Stop at, calls", min_value=1, value=nearest(calls * 2, 1, MAX_WHOLE), step=100, key="batch.calls", placeholder="no limit")  # fmt: skip
    if tokens is not None:
        tokens = st.number_input("Stop at, tokens", min_value=1, value=nearest(tokens * 2, 1, MAX_WHOLE), step=1000, key="batch.tokens", placeholder="no limit")  # fmt: skip
    return Budget(calls, tokens, usd)


def ask_for_rates(snapshot: Snapshot) -> dict[str, RateLimit]:
    """Fields for the calls at once and the requests a minute of each model that the stopped arms ask. Label -> its limits."""
    experiment = snapshot.experiment
    stopped = [arm for arm in experiment.arms if arm.key in snapshot.stopped_arms]
    labels = dict.fromkeys(model.label for arm in stopped for model in arm.spec.models.values())
    found: dict[str, RateLimit] = {}
    with st.expander("Limits of calls"):
        for label in labels:
            limit = experiment.rate_limits.get(label, RateLimit())
            st.caption(escape_markdown(label))
            with st.container(horizontal=True):
                at_once = st.number_input("Calls at once", min_value=1, max_value=MAX_WHOLE, value=limit.at_once, key=f"batch.at-once.{label}")  # fmt: skip
                rpm = st.number_input("Requests a minute", min_value=1, max_value=MAX_WHOLE, value=limit.requests_per_minute, key=f"batch.rpm.{label}", placeholder="no limit")  # fmt: skip
            found[label] = RateLimit(at_once, rpm, limit.tokens_per_minute)
    return found
