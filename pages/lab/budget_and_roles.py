"""Who else takes part, and what the run may spend in tokens: behind More, as most runs need none of it."""

from __future__ import annotations

from functools import partial

import streamlit as st

from pages.lab import roles
from pages.lab.fields import field_key, static_key
from pages.lab.form_state import FormState
from pages.lab.problems import show_problems
from pages.shared.text import show_error
from refine_core.glossary import GLOSSARY
from refine_core.programs import ModelSpec

_ROLES = {
    "adviser": GLOSSARY["adviser"],
    "judge": "The model that the reward asks when it calls `judge(…)`.",
}


def other_models_form(form: FormState) -> None:
    """Models for the adviser and the judge."""
    choices = roles.list_choices()
    columns = st.columns(len(_ROLES))
    for (role, about), column in zip(_ROLES.items(), columns, strict=True):
        kept: ModelSpec | None = st.session_state.get(static_key(role, "kept"))
        options = [roles.SAME, roles.PRACTICE, *(roles.SAVED + name for name in choices.models)]
        if kept is not None:
            options.append(roles.KEPT)
        chosen: str = st.session_state.get(field_key(role), roles.SAME)
        removed = chosen if chosen not in options else None
        with column:
            st.selectbox(
                role.capitalize(),
                [*options, removed] if removed else options,
                format_func=partial(_name_choice, kept, removed),
                key=field_key(role),
                persist_state="session",
                help=about,
            )
        if removed:
            name = removed.removeprefix(roles.SAVED)
            show_error(f"The connection {name} was removed. Choose another one, or add it again.")
            continue
        for field in ("model", "api_base", "key_env", "extra", "temperature"):
            show_problems(form, f"{role}.{field}")


def token_budget(form: FormState) -> None:
    """What the run may spend in tokens, for a model whose price is unknown."""
    st.text_input(
        "Token budget",
        key=field_key("budget", "tokens"),
        placeholder="none",
        persist_state="session",
        help="Sent and received together. Use this for a model whose price is unknown.",
    )
    show_problems(form, "budget_tokens")


def _name_choice(kept: ModelSpec | None, removed: str | None, chosen: str) -> str:
    """A choice as a person reads it."""
    match chosen:
        case _ if chosen == removed:
            return f"{chosen.removeprefix(roles.SAVED)} (removed)"
        case roles.SAME:
            return "same as the program"
        case roles.PRACTICE:
            return "practice model"
        case roles.KEPT:
            return f"as loaded: {kept.label}" if kept is not None else "as loaded"
        case _:
            return chosen.removeprefix(roles.SAVED)
