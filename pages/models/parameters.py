"""The parameters of a connection, folded: most people change none of them."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from pages.models.state import EFFORTS, Typed, key
from pages.shared.folded import folded
from pages.shared.reply_format import reply_format
from refine_core.programs import ModelSpec

_FOLDED = (
    "temperature",
    "max_tokens",
    "timeout_s",
    "retries",
    "seed",
    "stop",
    "reasoning_effort",
    "extra",
    "price_in_usd",
    "price_out_usd",
)
_USUAL = ModelSpec(kind="litellm")
_EMPTY = {
    "temperature": "takes no temperature",
    "retries": f"{_USUAL.retries}",
    "timeout_s": f"{_USUAL.timeout_s:g}",
    "max_tokens": "the provider's",
    "price_in_usd": "litellm's",
    "price_out_usd": "litellm's",
}
"""What holds where a field is left empty."""


def parameters(typed: Typed, faults: Callable[[Typed, str], None]) -> None:
    """Everything that is sent with each request, and what it is reckoned to cost."""
    reply_format(key("reply_format"))
    faults(typed, "reply_format")
    wrong = any(typed.at(name) for name in _FOLDED)
    with folded("Parameters and prices", key=key("parameters"), needed=wrong):
        first, second, third = st.columns(3)
        with first:
            _number(
                "Temperature",
                "temperature",
                typed,
                faults,
                0.1,
                0.0,
                "Of the first attempt, and of advice. Empty this field for a model that takes no temperature.",
            )
            _number(
                "Seed", "seed", typed, faults, 1, None, "For providers that promise to repeat themselves."
            )
        with second:
            _number(
                "Max tokens",
                "max_tokens",
                typed,
                faults,
                100,
                1,
                "Optional. Default: the provider's own limit.",
            )
            _number("Retries", "retries", typed, faults, 1, 0, "Further tries after a failure that may pass.")
        with third:
            _number(
                "Time limit, s", "timeout_s", typed, faults, 10.0, 1.0, "Of one request, to its last word."
            )
            st.selectbox(
                "Reasoning effort",
                EFFORTS,
                format_func=lambda effort: effort or "left out",
                key=key("reasoning_effort"),
                persist_state="session",
                help="For models that reason before they answer.",
            )
            faults(typed, "reasoning_effort")
        stop, extra = st.columns(2)
        with stop:
            st.text_area("Stop sequences, one a line", key=key("stop"), height=100, persist_state="session")
            faults(typed, "stop")
        with extra:
            st.text_area(
                "Further parameters, as a JSON object",
                key=key("extra"),
                height=100,
                placeholder='{"top_p": 0.9}',
                persist_state="session",
                help="By litellm's names. No keys: they have a field of their own.",
            )
            faults(typed, "extra")
        sent, received = st.columns(2)
        about = "US dollars for a million tokens. Default: litellm's price table; unknown if the model is not in it."
        with sent:
            _number("Price of tokens sent, $ a million", "price_in_usd", typed, faults, 0.1, 0.0, about)
        with received:
            _number("Price of tokens received, $ a million", "price_out_usd", typed, faults, 0.1, 0.0, about)
        st.checkbox(
            "Cache identical calls",
            key=key("cache"),
            persist_state="session",
            help="Cached calls are free, and the timeline marks them. Turn this off to ask the model every time.",
        )


def _number(  # noqa: PLR0917  # a row of a table, in which each of these is a column
    label: str,
    name: str,
    typed: Typed,
    faults: Callable[[Typed, str], None],
    step: float,
    least: float | None,
    about: str,
) -> None:
    whole = isinstance(step, int)
    st.number_input(
        label,
        key=key(name),
        step=step,
        min_value=least,
        value=None,
        placeholder=_EMPTY.get(name, "left out"),
        format=None if whole else "%g",
        persist_state="session",
        help=about,
    )
    faults(typed, name)
