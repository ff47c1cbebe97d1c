"""The parameters of a connection, folded: most people change none of them."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from pages.models.state import REASONING_EFFORTS, FormState, field_key
from pages.shared.auto_expander import auto_expander
from pages.shared.reply_format import select_reply_format
from refine_core.programs import ModelSpec

_FIELDS = (
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
_DEFAULT_MODEL = ModelSpec(kind="litellm")
_DEFAULTS = {
    "temperature": "not sent",
    "retries": f"{_DEFAULT_MODEL.retries}",
    "timeout_s": f"{_DEFAULT_MODEL.timeout_s:g}",
    "max_tokens": "provider's default",
    "price_in_usd": "from litellm",
    "price_out_usd": "from litellm",
}
"""What holds where a field is left empty."""


def parameters(form: FormState, faults: Callable[[FormState, str], None]) -> None:
    """Everything that is sent with each request, and what it is reckoned to cost."""
    select_reply_format(field_key("reply_format"))
    faults(form, "reply_format")
    wrong = any(form.problems_at(name) for name in _FIELDS)
    with auto_expander("Parameters and prices", key=field_key("parameters"), needed=wrong):
        first, second, third = st.columns(3)
        with first:
            _number_field(
                "Temperature",
                "temperature",
                form,
                faults,
                0.1,
                0.0,
                "For the first attempt and for advice. Leave this empty if the model does not support a temperature.",
            )
            _number_field("Seed", "seed", form, faults, 1, None, "For providers with reproducible sampling.")
        with second:
            _number_field(
                "Max tokens",
                "max_tokens",
                form,
                faults,
                100,
                1,
                "Optional. Default: the provider's own limit.",
            )
            _number_field(
                "Retries", "retries", form, faults, 1, 0, "How often a temporary failure is retried."
            )
        with third:
            _number_field(
                "Timeout (s)",
                "timeout_s",
                form,
                faults,
                10.0,
                1.0,
                "For one request, including its whole reply.",
            )
            st.selectbox(
                "Reasoning effort",
                REASONING_EFFORTS,
                format_func=lambda effort: effort or "not sent",
                key=field_key("reasoning_effort"),
                persist_state="session",
                help="For models that reason before they answer.",
            )
            faults(form, "reasoning_effort")
        stop, extra = st.columns(2)
        with stop:
            st.text_area(
                "Stop sequences (one per line)", key=field_key("stop"), height=100, persist_state="session"
            )
            faults(form, "stop")
        with extra:
            st.text_area(
                "Extra parameters (JSON object)",
                key=field_key("extra"),
                height=100,
                placeholder='{"top_p": 0.9}',
                persist_state="session",
                help="Parameter names as in litellm. Do not enter API keys here.",
            )
            faults(form, "extra")
        sent, received = st.columns(2)
        about = "Optional. Default: litellm's price table, or unknown if the model is not in it."
        with sent:
            _number_field("Input price ($ per million tokens)", "price_in_usd", form, faults, 0.1, 0.0, about)
        with received:
            _number_field(
                "Output price ($ per million tokens)", "price_out_usd", form, faults, 0.1, 0.0, about
            )
        st.checkbox(
            "Cache identical calls",
            key=field_key("cache"),
            persist_state="session",
            help="Cached calls are free and marked in the timeline. Turn this off to send every call to the model.",
        )


def _number_field(  # noqa: PLR0917  # a row of a table, in which each of these is a column
    label: str,
    name: str,
    form: FormState,
    faults: Callable[[FormState, str], None],
    step: float,
    least: float | None,
    about: str,
) -> None:
    whole = isinstance(step, int)
    st.number_input(
        label,
        key=field_key(name),
        step=step,
        min_value=least,
        value=None,
        placeholder=_DEFAULTS.get(name, "not sent"),
        format=None if whole else "%g",
        persist_state="session",
        help=about,
    )
    faults(form, name)
