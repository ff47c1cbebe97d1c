"""Who else takes part, and what the run may spend: adviser, judge, budget. Folded, as most runs need none of it."""

from __future__ import annotations

from functools import partial

import streamlit as st

from pages.lab import roles
from pages.lab.program import faults
from pages.lab.state import Typed, fixed, key
from pages.shared.folded import folded
from pages.shared.text import mistake
from refine_core.programs import ModelSpec

_ROLES = {
    "adviser": "Which model is asked for advice after an attempt that fell short.",
    "judge": "Which model a reward asks when it calls judge(…).",
}


def others(typed: Typed) -> None:
    """Models for the adviser and the judge."""
    known = roles.choices()
    changed = any(st.session_state.get(key(role), roles.SAME) != roles.SAME for role in _ROLES)
    with folded("Separate models for advice and judging", key=key("others"), needed=changed):
        for role, about in _ROLES.items():
            kept: ModelSpec | None = st.session_state.get(fixed(role, "kept"))
            options = [roles.SAME, roles.PRACTICE, *(roles.SAVED + name for name in known.models)]
            if kept is not None:
                options.append(roles.KEPT)
            chosen: str = st.session_state.get(key(role), roles.SAME)
            removed = chosen if chosen not in options else None
            st.selectbox(
                role.capitalize(),
                [*options, removed] if removed else options,
                format_func=partial(_words, kept, removed),
                key=key(role),
                persist_state="session",
                help=about,
            )
            if removed:
                name = removed.removeprefix(roles.SAVED)
                mistake(f"The connection {name} was removed. Choose another, or connect it again.")
                continue
            for field in ("model", "api_base", "key_env", "extra", "temperature"):
                faults(typed, f"{role}.{field}")


def budget(typed: Typed) -> None:
    """What the run may spend."""
    given = any(st.session_state.get(key("budget", unit)) for unit in ("usd", "tokens"))
    with folded("Budget", key=key("budget"), needed=given):
        dollars, tokens = st.columns(2)
        with dollars:
            st.text_input(
                "US dollars",
                key=key("budget", "usd"),
                placeholder="none",
                persist_state="session",
                help="The run stops before the first call after this much was spent, and returns its best attempt. "
                "The call that crosses the line is still paid for.",
            )
            faults(typed, "budget_usd")
        with tokens:
            st.text_input(
                "Tokens",
                key=key("budget", "tokens"),
                placeholder="none",
                persist_state="session",
                help="Sent and received, together. For models whose price is not known.",
            )
            faults(typed, "budget_tokens")


def _words(kept: ModelSpec | None, removed: str | None, chosen: str) -> str:
    """A choice as a person reads it."""
    match chosen:
        case _ if chosen == removed:
            return f"{chosen.removeprefix(roles.SAVED)} (removed)"
        case roles.SAME:
            return "the program's own model"
        case roles.PRACTICE:
            return "practice model"
        case roles.KEPT:
            return f"as loaded: {kept.label}" if kept is not None else "as loaded"
        case _:
            return chosen.removeprefix(roles.SAVED)
