"""The doctor: how the reward can be paid for nothing, which right answers it refuses, what its code and its scores give away."""

from __future__ import annotations

import streamlit as st

from pages.rewards.bench import Bench
from pages.rewards.doctor_findings import draw_findings
from pages.rewards.fields import static_key
from pages.shared.text import escape_markdown
from refine_core.formatting import pluralize


def count_doctor(bench: Bench) -> str:
    """How much it found, for its tab."""
    count = len(bench.findings)
    return f":orange-badge[{count}]" if count else ""


def draw_doctor(bench: Bench) -> None:
    """The verdict, and the probes."""
    headline, detail = _describe(bench)
    with st.container(gap=None, key=static_key("verdict")):
        st.markdown(f"## {escape_markdown(headline)}", anchors=False)
        if detail:
            st.markdown(f":small[:gray[{escape_markdown(detail)}]]")


def draw_under(bench: Bench) -> None:
    """Under the editor: what reading the code finds."""
    draw_findings(bench, bench.findings)


def _describe(bench: Bench) -> tuple[str, str]:
    if bench.unreadable is not None:
        return "The reward cannot be read", "The line above the editor says why."
    if bench.findings:
        return f"Reading the code finds {pluralize(len(bench.findings), 'thing')} to look at", ""
    return "Nothing stands out in the code", ""
