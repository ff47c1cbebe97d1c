"""What calls cost, by day and model; what is unknown is said to be so."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

import streamlit as st

from pages.shared.text import plain
from refine_core.connections import Spent
from refine_core.words import count, dollars


def cost(spent: Sequence[Spent]) -> None:
    """The last thirty days: sums on top, then one line a day and model."""
    st.header("What it cost", anchor=False)
    if not spent:
        st.caption(
            "Nothing was asked in the last 30 days. Every call of a run will be counted here, by day and model."
        )
        return
    today = [one for one in spent if one.day == datetime.datetime.now().astimezone().date()]
    left, right = st.columns(2)
    left.metric("Today", _sum(today))
    right.metric("Last 30 days", _sum(spent))
    st.table(
        [
            {
                "Day": f"{one.day:%Y-%m-%d}",
                "Model": plain(one.model or "unknown"),
                "Calls": f"{one.calls:,}" + (f", {one.free:,} of them free" if one.free else ""),
                "Tokens in, out": _tokens(one),
                "Cost": _cost(one.cost_usd, one.unpriced),
            }
            for one in spent
        ],
        hide_index=True,
    )
    st.caption(
        "Counted from the runs on record. Prices are litellm's, or those typed with the connection; calls that failed tell no "
        "cost. A bill is what the provider writes."
    )


def _tokens(one: Spent) -> str:
    if one.prompt_tokens is None or one.completion_tokens is None:
        return "unknown"
    told = f"{one.prompt_tokens:,}, {one.completion_tokens:,}"
    return f"at least {told}" if one.uncounted else told


def _sum(spent: Sequence[Spent]) -> str:
    known = [one.cost_usd for one in spent if one.cost_usd is not None]
    if spent and not known:
        return "unknown"
    unpriced = sum(one.unpriced for one in spent)
    return ("at least " if unpriced else "") + _dollars(sum(known))


def _cost(usd: float | None, unpriced: int) -> str:
    if usd is None:
        return "unknown"
    return plain(
        f"at least {_dollars(usd)}; {count(unpriced, 'call')} of unknown price" if unpriced else _dollars(usd)
    )


def _dollars(usd: float) -> str:
    return "$0" if usd == 0 else dollars(usd)
