"""What calls cost, by day and model; what is unknown is said to be so."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import streamlit as st

from pages.models.state import static_key
from pages.shared.text import escape_markdown
from refine_core.connections import ModelSpending
from refine_core.formatting import format_cost, pluralize

DAYS: Final = 30
COLUMNS: Final = (
    {"title": "Model", "number": False},
    {"title": "Day", "number": False},
    {"title": "Calls", "number": True},
    {"title": "Cached calls", "number": True},
    {"title": "Tokens in", "number": True},
    {"title": "Tokens out", "number": True},
    {"title": "Cost", "number": True},
)
_ASSETS: Final = Path(__file__).parents[2] / "assets" / "costs"
# Streamlit's own table scrolls sideways on a phone, in a box that no keyboard reaches.
_table = st.components.v2.component(
    "refinescope.costs",
    html="<table><caption></caption><thead></thead><tbody></tbody></table>",
    css=(_ASSETS / "costs.css").read_text(encoding="utf-8"),
    js=(_ASSETS / "costs.js").read_text(encoding="utf-8"),
)


def show_costs(spent: Sequence[ModelSpending]) -> None:
    """The last thirty days: sums on top, then one line a day and model."""
    st.header("Costs", anchor=False)
    if not spent:
        st.caption(
            f"No calls in the last {DAYS} days. The calls of your runs are counted here, by day and model."
        )
        return
    today = [one for one in spent if one.day == datetime.datetime.now().astimezone().date()]
    left, right = st.columns(2)
    for place, title, part in ((left, "Today", today), (right, f"Last {DAYS} days", spent)):
        place.metric(title, escape_markdown(format_total(part)))
        if unpriced := sum(one.unpriced for one in part):
            place.caption(f"{pluralize(unpriced, 'call')} of unknown price")
    _table(
        key=static_key("costs"),
        data={
            "caption": f"What each model cost on each of the last {DAYS} days",
            "columns": COLUMNS,
            "rows": [write_row(one) for one in spent],
            "named": 0,
        },
    )
    st.caption(
        "Counted from recorded runs; cached calls and replays are free. Prices come from litellm or from the connection. "
        "Failed calls report no cost, and connection tests are not counted. Your provider's bill may differ."
    )


def write_row(one: ModelSpending) -> list[str]:
    """One day of one model, a cell a column."""
    return [
        one.model or "unknown",
        f"{one.day:%Y-%m-%d}",
        f"{one.calls:,}",
        f"{one.free:,}",
        _format_tokens(one.prompt_tokens, one.uncounted),
        _format_tokens(one.completion_tokens, one.uncounted),
        _format_cost(one.cost_usd, one.unpriced),
    ]


def format_total(spent: Sequence[ModelSpending]) -> str:
    """The sum of the known costs: "$1.20", "at least $1.20", "unknown" where nothing is."""
    known = [one.cost_usd for one in spent if one.cost_usd is not None]
    unpriced = any(one.unpriced for one in spent)
    if unpriced and not any(known):
        return "unknown"
    return ("at least " if unpriced else "") + _format_sum(sum(known))


def _format_tokens(value: int | None, uncounted: int) -> str:
    if value is None:
        return "unknown"
    return f"at least {value:,}" if uncounted else f"{value:,}"


def _format_cost(usd: float | None, unpriced: int) -> str:
    if usd is None or (unpriced and not usd):
        return "unknown"
    return (
        f"at least {_format_sum(usd)}; {pluralize(unpriced, 'call')} of unknown price"
        if unpriced
        else _format_sum(usd)
    )


def _format_sum(usd: float) -> str:
    return "$0" if usd == 0 else format_cost(usd)
