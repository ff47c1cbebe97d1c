"""The reward of one attempt: its number, rules, parts, feedback, and what it printed."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice

import streamlit as st

from pages.shared.text import (
    escape_markdown,
    show_output,
    show_text,
    show_whole_message,
)
from refine_core.formatting import (
    format_duration,
    format_number,
)
from refine_core.glossary import GLOSSARY
from refine_core.messages import (
    describe_refusals,
    format_reward,
)
from refine_core.runs import Attempt, Timeline

PARTS_ON_A_PAGE = 20


def draw_reward(timeline: Timeline, attempt: Attempt) -> None:
    """The number beside the threshold, then what the reward tells of it."""
    st.markdown("**Reward**", help=GLOSSARY["reward"])
    scored = attempt.score
    if scored is None:
        st.caption("Not scored yet." if attempt.state == "running" else "No reward was measured.")
        return
    threshold = timeline.spec.threshold
    delta = "no threshold" if threshold is None else f"threshold {format_reward(timeline, threshold)}"
    st.metric(
        "Reward",
        format_reward(timeline, scored.value),
        delta,
        delta_color="off",
        delta_arrow="off",
        label_visibility="collapsed",
    )
    if scored.unmet:
        unmet = "\n".join(f"Rule not met, {name}: {message}" for name, message in scored.unmet.items())
        st.warning(escape_markdown(unmet), icon=":material/rule:")
        show_whole_message(unmet, key=f"rules-{attempt.index}")
        st.caption(
            "An attempt ends the run early only if it meets every rule, and ranks below those that do."
        )
    if scored.parts:
        _parts(scored.parts, key=f"parts-{attempt.index}")
    if scored.refusals:
        refused = "\n".join(describe_refusals(scored))
        st.warning(escape_markdown(refused), icon=":material/block:")
        show_whole_message(refused, key=f"refusals-{attempt.index}")
    if scored.feedback:
        st.caption("What the reward says")
        show_text(scored.feedback, key=f"feedback-{attempt.index}")
    if scored.stdout:
        show_output(scored.stdout, "What the reward printed", key=f"printed-{attempt.index}")
    st.caption(f"Scored in {escape_markdown(format_duration(scored.took_s))}")


def _parts(parts: Mapping[str, float], *, key: str) -> None:
    """The parts of a reward, a page of them where there are many."""
    key = f"{key}-{len(parts)}"
    pages = -(-len(parts) // PARTS_ON_A_PAGE)
    page = int(st.session_state.get(key) or 1)
    shown = islice(parts.items(), (page - 1) * PARTS_ON_A_PAGE, page * PARTS_ON_A_PAGE)
    st.markdown(
        "\n".join(
            f"- {escape_markdown(name)}: {escape_markdown(format_number(value))}" for name, value in shown
        )
    )
    if pages > 1:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.pagination(pages, key=key, max_visible_pages=5)
            st.caption(f"{len(parts):,} parts", width="content")
