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
from pages.shared.text import escape_markdown
from refine_core import connections, runs
from refine_core.programs import ModelSpec, ProgramSpec
from refine_core.runs import Credentials, ForeignModel

LAB_KEY: Final = "lab.key"
"""The slot of the key that was typed in the Lab, for a model that is no saved connection."""


def collect_credentials(spec: ProgramSpec, *, form: bool = False, origin: str | None = None) -> Credentials:
    """The typed keys for the models of `spec`, by role. form: whether `spec` is what the Lab's form says now.

    origin: the run that it was made from; what was agreed to, if that was imported, goes along. Keys in the environment are looked up where they are used.
    """
    typed = {role: _key(role, model, form=form and role == "model") for role, model in _roles(spec).items()}
    agreed = {one.text for one in runs.list_foreign(origin, spec) if st.session_state.get(_agree_key(one))}
    return Credentials({role: key for role, key in typed.items() if key}, frozenset(agreed))


def ask_to_agree(spec: ProgramSpec, origin: str | None) -> None:
    """A box for each model that came with an imported run: what would be sent where. origin: the run that `spec` was made from."""
    for one in {one.text: one for one in runs.list_foreign(origin, spec)}.values():
        st.checkbox(
            f"Let this ask {escape_markdown(one.text)}. The run came from a file, so that address is its author's choice.",
            key=_agree_key(one),
        )


def _agree_key(one: ForeignModel) -> str:
    return f"agree.{one.text}"


def ask_for_keys(spec: ProgramSpec, keyed: Collection[str], *, origin: str | None = None) -> None:
    """A field for each role whose key a run needs to go on. keyed: roles whose key was typed when it began. origin: see `ask_to_agree`."""
    ask_to_agree(spec, origin)
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
