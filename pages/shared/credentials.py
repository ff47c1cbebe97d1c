"""The keys that a run needs, from those of this session (pages/shared/keys.py); never from the run, which has none.

A recorded run may name any address, so a key typed for a connection serves it only where both agree; and what was typed in
the Lab's form serves that form alone, as long as its address is the one that it was typed for.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

import streamlit as st

from pages.shared import keys
from pages.shared.secret import secret_field
from refine_core import connections
from refine_core.programs import ModelSpec, ProgramSpec
from refine_core.runs import Credentials

LAB_KEY: Final = "lab.key"
"""The slot of the key that was typed in the Lab, for a model that is no saved connection."""


def collect_credentials(spec: ProgramSpec, *, form: bool = False) -> Credentials:
    """The typed keys for the models of `spec`, by role. form: whether `spec` is what the Lab's form says now.

    Keys in the environment are looked up where they are used.
    """
    typed = {role: _key(role, model, form=form and role == "model") for role, model in _roles(spec).items()}
    return Credentials({role: key for role, key in typed.items() if key})


def ask_for_keys(spec: ProgramSpec, keyed: Collection[str]) -> None:
    """A field for each role whose key a run needs to go on. keyed: roles whose key was typed when it began."""
    needed = {
        role: model
        for role, model in _roles(spec).items()
        if role in keyed or connections.unset_variable(model)
    }
    for role, model in needed.items():
        if not keys.connection_key(model):
            at = model.api_base or model.provider
            whose = "" if role == "model" else f", the {role}"
            label = f"Key for {model.label}" + (f" at {at}" if at else "") + whose
            secret_field(label, slot=keys.role_slot(role, model))
    if needed:
        st.caption("Keys are kept in this session's memory only; a reload discards them.")


def _key(role: str, model: ModelSpec, *, form: bool) -> str:
    if model.kind != "litellm":
        return ""
    if form and not model.connection:
        return keys.get_key_for(LAB_KEY, keys.address_of(model))
    return keys.connection_key(model) or keys.get_key(keys.role_slot(role, model))


def _roles(spec: ProgramSpec) -> dict[str, ModelSpec]:
    named = {"model": spec.model, "adviser": spec.adviser, "judge": spec.judge}
    return {role: model for role, model in named.items() if model is not None}
