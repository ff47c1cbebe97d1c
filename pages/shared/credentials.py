"""The keys that a run needs, from what this session holds; never from the run, which has none.

Rule: a key goes to the address that it was typed for. A recorded run may name any address, so a key typed for a
connection serves it only where both agree, and what was typed in the Lab's form serves that form alone, as long as its
address is the one that it was typed for.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

import streamlit as st

from pages.shared import keys
from pages.shared.secret import held, held_for, secret
from refine_core import connections
from refine_core.programs import ModelSpec, ProgramSpec
from refine_core.runs import Credentials

LAB_KEY: Final = "lab.key"
"""Where the key lies that was typed in the Lab, for a model that is no saved connection."""


def credentials(spec: ProgramSpec, *, form: bool = False) -> Credentials:
    """The typed keys for the models of `spec`, by role. form: whether `spec` is what the Lab's form says now.

    Keys in the environment are looked up where they are used.
    """
    found = {role: _typed(role, model, form=form and role == "model") for role, model in _roles(spec).items()}
    return Credentials({role: key for role, key in found.items() if key})


def missing_keys(spec: ProgramSpec, keyed: Collection[str]) -> None:
    """A field for each role whose key a run needs to go on. keyed: roles whose key was typed when it began."""
    needed = {
        role: model
        for role, model in _roles(spec).items()
        if role in keyed or connections.unset_variable(model)
    }
    for role, model in needed.items():
        if not keys.typed_key(model):
            at = model.api_base or model.provider
            whose = "" if role == "model" else f", the {role}"
            secret(f"Key for {model.label}" + (f" at {at}" if at else "") + whose, key=_place(role, model))
    if needed:
        st.caption("A key is held in this session's memory: a reload forgets it.")


def holds_key(model: ModelSpec) -> bool:
    """Whether this session holds a typed key for the saved connection that `model` was taken from."""
    return bool(keys.typed_key(model))


def _typed(role: str, model: ModelSpec, *, form: bool = False) -> str:
    if model.kind != "litellm":
        return ""
    if form and not model.connection:
        return held_for(LAB_KEY, keys.address_of(model)).strip()
    return keys.typed_key(model) or held(_place(role, model)).strip()


def _place(role: str, model: ModelSpec) -> str:
    """Where a key lies that was typed for this role at this address: two accounts may be used at one."""
    return f"key-for.{role}.{keys.address_of(model)}"


def _roles(spec: ProgramSpec) -> dict[str, ModelSpec]:
    named = {"model": spec.model, "adviser": spec.adviser, "judge": spec.judge}
    return {role: model for role, model in named.items() if model is not None}
