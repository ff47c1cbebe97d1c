"""The section Limits: how often, how much at most, how fast."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import streamlit as st

from pages.batch.setup.draft import FORM, change, current
from pages.shared.numbers import MAX_WHOLE, ask_dollars, ask_whole
from pages.shared.text import escape_markdown
from refine_core.experiments import RateLimit

MAX_REPEATS, MAX_AT_ONCE = 100, 512
_MORE_PX: Final = 440


def draw_limits(models: Sequence[str], *, narrow: bool) -> None:
    """Draw the section. models: labels of the models that are asked. An empty field stands for what its placeholder says."""
    draft = current()
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.subheader("Limits", anchor=False, width="content")
        with st.popover(_describe_more(), type="tertiary", key=FORM.static_key("more"), wrap=False):
            _draw_more(models)
    places = [*st.columns(2), *st.columns(2)] if narrow else st.columns(4)
    with places[0]:
        _whole("Repeats of each input", "repeats", (1, MAX_REPEATS), empty="1", about=_REPEATS)
    with places[1]:
        typed = ask_dollars(
            draft.usd,
            key=FORM.field_key("usd"),
            about="It stops between two calls once so much is spent, and keeps what is done. It also stops after a call whose price is not known.",
        )
        _take("usd", typed)
    with places[2]:
        _whole("Calls at once", "at_once", (1, MAX_AT_ONCE), empty="8", about=_AT_ONCE)
    with places[3]:
        _whole("Seed", "seed", (0, MAX_WHOLE), empty="0", about=_SEED)


_REPEATS: Final = (
    "More repeats of an input show how much chance there is in one run. More inputs show smaller differences."
)
_AT_ONCE: Final = "Of each model. Fewer are kinder to a server that limits requests; a refusal slows all calls to that model."
_SEED: Final = "Of the first repeat; the next one has the next seed, in every arm. Some models take none."


def _whole(label: str, name: str, limits: tuple[int, int], *, empty: str, about: str) -> None:
    """A field for a whole number of the draft. empty: what is shown while nothing is typed."""
    value = getattr(current(), name)
    _take(name, ask_whole(label, value, limits, key=FORM.field_key(name), empty=empty, about=about))


def _take(name: str, value: Any) -> None:
    if getattr(current(), name) != value:
        change(**{name: value})


def _describe_more() -> str:
    """The label of the popover: it shows what is set in it, so that nothing is hidden."""
    draft = current()
    said = []
    if draft.calls is not None:
        said.append(f"{draft.calls:,} calls")
    if draft.tokens is not None:
        said.append(f"{draft.tokens:,} tokens")
    said += [
        f"{escape_markdown(label)} {' and '.join(parts)} a minute"
        for label, limit in sorted(draft.rate_limits.items())
        if (parts := _list_rates(limit))
    ]
    return f":blue[More]{': ' + ', '.join(said) if said else ''}"


def _list_rates(limit: RateLimit) -> list[str]:
    requests, tokens = limit.requests_per_minute, limit.tokens_per_minute
    return [
        *([f"{requests:,} requests"] if requests is not None else []),
        *([f"{tokens:,} tokens"] if tokens is not None else []),
    ]


def _draw_more(models: Sequence[str]) -> None:
    with st.container(width=_MORE_PX):
        st.markdown("**Stop at** of all arms together")
        left, right = st.columns(2)
        with left:
            _whole(
                "Calls",
                "calls",
                (1, MAX_WHOLE),
                empty="no limit",
                about="Calls to models, those for advice too.",
            )
        with right:
            _whole("Tokens", "tokens", (1, MAX_WHOLE), empty="no limit", about="Sent and received.")
        for label in models:
            st.markdown(f"**{escape_markdown(label)}** a minute, at most")
            _draw_rates(label)


def _draw_rates(label: str) -> None:
    limit = current().rate_limits.get(label, RateLimit())
    left, right = st.columns(2)
    with left:
        requests = _rate("Requests", "requests", label, limit.requests_per_minute, step=10)
    with right:
        tokens = _rate("Tokens", "tokens", label, limit.tokens_per_minute, step=1000)
    new = RateLimit(requests_per_minute=requests, tokens_per_minute=tokens)
    if new != limit:
        change(rate_limits={**current().rate_limits, label: new})


def _rate(name: str, field: str, model: str, value: int | None, *, step: int) -> int | None:
    """A number a minute of that model; None for no limit."""
    key = FORM.field_key(field, model)
    return ask_whole(name, value, (1, MAX_WHOLE), key=key, empty="no limit", step=step)
