"""The probes as the browser draws them: two lists, each line with the exact text, a bar and the points."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import streamlit as st

from pages.rewards.exact_text import show_exactly
from pages.rewards.fields import static_key
from pages.rewards.right_answer import Probes
from pages.shared.web import PROBES, import_script, read_styles
from refine_core.doctor import ProbeResult
from refine_core.formatting import format_score
from refine_core.unseen import show_unseen_in

KEY: Final = static_key("probes")
NOTHING_PAID: Final = "Nothing. No text without the right answer is paid like it."
NOTHING_REFUSED: Final = "Nothing. However the right answer was written, it is paid the same."
ROUNDING: Final = 1e-9
_component = st.components.v2.component(
    "refinescope.rewards.probes",
    js=import_script(PROBES),
    css=read_styles(PROBES.with_name("doctor.css")),
)


def draw_probes(probes: Probes, *, pending: bool) -> None:
    """Draw both lists. pending: they are of the text before."""
    _component(
        key=KEY,
        data=show_unseen_in(
            {
                "lists": [
                    _list("Paid like the right answer", probes.paid, NOTHING_PAID, probes),
                    _list("Right, but paid differently", probes.refused, NOTHING_REFUSED, probes),
                ],
                "pending": pending,
            }
        ),
        height="content",
    )


def _list(title: str, results: Sequence[ProbeResult], none: str, probes: Probes) -> dict[str, object]:
    return {"title": title, "none": none, "probes": [_describe(one, probes) for one in results]}


def _describe(one: ProbeResult, probes: Probes) -> dict[str, object]:
    text = show_exactly(one.text, probes.lead)
    share = max(0.0, min(1.0, one.share)) if one.share is not None else None
    return {
        "name": one.name,
        "short": text.short,
        "whole": text.whole,
        "said": text.said,
        "share": share,
        "value": _write(one),
        "error": one.error,
    }


def _write(one: ProbeResult) -> str:
    """The points, all with two digits where that is exact enough."""
    if one.value is None:
        return "failed" if one.error else "None"
    return f"{one.value:.2f}" if abs(one.value - round(one.value, 2)) < ROUNDING else format_score(one.value)
