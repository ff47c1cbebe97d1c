"""The limits within which an experiment that was stopped is resumed: more budget, fewer calls at once."""

from __future__ import annotations

import streamlit as st

from pages.shared.numbers import MAX_WHOLE, ask_dollars, ask_whole
from pages.shared.text import escape_markdown
from refine_core.experiments import Budget, RateLimit, Snapshot


def ask_for_budget(snapshot: Snapshot) -> Budget:
    """Fields for the limits that the experiment has; what was spent counts against the new ones, too."""
    budget = snapshot.experiment.budget
    usd, calls, tokens = budget.usd, budget.calls, budget.tokens
    st.caption("What was spent so far counts against the new limit, too. Empty: no limit.")
    key = f"batch.{snapshot.experiment.id}.{hash(budget)}"  # after the next stop, fields that are filled anew
    if usd is not None:
        usd = ask_dollars(usd * 2, key=f"{key}.usd")
    if calls is not None:
        calls = ask_whole("Stop at, calls", calls * 2, (1, MAX_WHOLE), key=f"{key}.calls", empty="no limit", step=100)  # fmt: skip
    if tokens is not None:
        tokens = ask_whole("Stop at, tokens", tokens * 2, (1, MAX_WHOLE), key=f"{key}.tokens", empty="no limit", step=1000)  # fmt: skip
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
                key = f"batch.{experiment.id}.{hash(limit)}.{label}"
                at_once = ask_whole("Calls at once", limit.at_once, (1, MAX_WHOLE), key=f"{key}.at-once", empty=str(RateLimit().at_once))  # fmt: skip
                rpm = ask_whole("Requests a minute", limit.requests_per_minute, (1, MAX_WHOLE), key=f"{key}.rpm", empty="no limit")  # fmt: skip
            found[label] = RateLimit(at_once or RateLimit().at_once, rpm, limit.tokens_per_minute)
    return found
