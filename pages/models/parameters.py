"""The parameters of a connection, folded: most people change none of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from pages.models.auto_expander import auto_expander
from pages.models.state import REASONING_EFFORTS, FormState, field_key
from pages.shared.reply_format import select_reply_format
from refine_core.programs import ModelSpec

_DEFAULTS = ModelSpec(kind="litellm")
_PRICE = "Optional. Default: litellm's price table, or unknown if the model is not in it."


@dataclass(frozen=True, slots=True)
class _Number:
    """A field for a number. name: of the model's parameter. empty: what holds while the field is empty."""

    name: str
    label: str
    help: str
    step: float
    min_value: float | None = None
    empty: str = "not sent"


_COLUMNS = (
    (
        _Number(
            "temperature",
            "Temperature",
            "For the first attempt and for advice. Leave this empty if the model does not support a temperature.",
            step=0.1,
            min_value=0.0,
        ),
        _Number("seed", "Seed", "For providers with reproducible sampling.", step=1),
    ),
    (
        _Number(
            "max_tokens",
            "Max tokens",
            "Optional. Default: the provider's own limit.",
            step=100,
            min_value=1,
            empty="provider's default",
        ),
        _Number(
            "retries",
            "Retries",
            "How often a temporary failure is retried.",
            step=1,
            min_value=0,
            empty=str(_DEFAULTS.retries),
        ),
    ),
    (
        _Number(
            "timeout_s",
            "Timeout (s)",
            "For one request, including its whole reply.",
            step=10.0,
            min_value=1.0,
            empty=f"{_DEFAULTS.timeout_s:g}",
        ),
    ),
)
_PRICES = (
    _Number("price_in_usd", "Input price ($ per million tokens)", _PRICE, 0.1, 0.0, "from litellm"),
    _Number("price_out_usd", "Output price ($ per million tokens)", _PRICE, 0.1, 0.0, "from litellm"),
)
_NAMES = (
    *(number.name for column in (*_COLUMNS, _PRICES) for number in column),
    "stop",
    "reasoning_effort",
    "extra",
)


def parameters(form: FormState, show_problems: Callable[[FormState, str], None]) -> None:
    """Everything that is sent with each request, and its prices."""
    select_reply_format(field_key("reply_format"))
    show_problems(form, "reply_format")
    wrong = any(form.problems_at(name) for name in _NAMES)
    with auto_expander("Parameters and prices", key=field_key("parameters"), needed=wrong):
        places = st.columns(3)
        for place, numbers in zip(places, _COLUMNS, strict=True):
            with place:
                for number in numbers:
                    _draw_number(number)
                    show_problems(form, number.name)
        with places[-1]:
            st.selectbox(
                "Reasoning effort",
                REASONING_EFFORTS,
                format_func=lambda effort: effort or "not sent",
                key=field_key("reasoning_effort"),
                persist_state="session",
                help="For models that reason before they answer.",
            )
            show_problems(form, "reasoning_effort")
        _draw_texts(form, show_problems)
        for place, number in zip(st.columns(2), _PRICES, strict=True):
            with place:
                _draw_number(number)
                show_problems(form, number.name)
        st.checkbox(
            "Cache identical calls",
            key=field_key("cache"),
            persist_state="session",
            help="Cached calls are free and marked in the timeline. Turn this off to send every call to the model.",
        )


def _draw_texts(form: FormState, show_problems: Callable[[FormState, str], None]) -> None:
    stop, extra = st.columns(2)
    with stop:
        st.text_area(
            "Stop sequences (one per line)", key=field_key("stop"), height=100, persist_state="session"
        )
        show_problems(form, "stop")
    with extra:
        st.text_area(
            "Extra parameters (JSON object)",
            key=field_key("extra"),
            height=100,
            placeholder='{"top_p": 0.9}',
            persist_state="session",
            help="Parameter names as in litellm. Do not enter API keys here.",
        )
        show_problems(form, "extra")


def _draw_number(number: _Number) -> None:
    st.number_input(
        number.label,
        key=field_key(number.name),
        step=number.step,
        min_value=number.min_value,
        value=None,
        placeholder=number.empty,
        format=None if isinstance(number.step, int) else "%g",
        persist_state="session",
        help=number.help,
    )
