"""Keys typed by a person: in this session's memory and nowhere else. This is the one place where they are kept.

    slot    whose key it is: a field of a form, a saved connection (`connection_slot`), a role of a run (`role_slot`)

A key goes to the address that it was typed for. The slots of connections and roles name their address: where somebody changes
it in another session, the key does not follow. A form's field is bound to the address that the form named when the key was
typed; for another one, `get_key_for` gives it out no more until it is typed again, or somebody says that it belongs there, too.
"""

from __future__ import annotations

import streamlit as st

from refine_core.connections import PRESETS
from refine_core.programs import ModelSpec

_PREFIXES = frozenset(preset.prefix for preset in PRESETS.values())


def get_key(slot: str) -> str:
    """The key in this slot, or "". What is in the slot's field, if that is on the page, comes first."""
    typed = typed_text(slot)
    return (str(st.session_state.get(_memory(slot), "")) if typed is None else typed).strip()


def set_key(slot: str, key: str) -> None:
    """Keep a key in memory; "" for none. Call it before the slot's field is drawn."""
    clear_key(slot)
    if key:
        st.session_state[_memory(slot)] = key


def clear_key(slot: str) -> None:
    """Forget what is in the slot. Call it before the slot's field is drawn."""
    for name in (slot, _memory(slot), _bound(slot)):
        st.session_state.pop(name, None)


def keep_typed(slot: str) -> None:
    """Keep what was just typed into the slot's field, which may leave the page."""
    st.session_state[_memory(slot)] = typed_text(slot) or ""


def typed_text(slot: str) -> str | None:
    """What the browser sent last, if the slot's field is on the page and was typed in."""
    state = st.session_state.get(slot)
    value = state.get("typed") if state else None
    return None if value is None else str(value)


def get_key_for(slot: str, address: str) -> str:
    """The key in this slot, if it was typed for this address; else "".

    Call it in every run of a form with what its address says now: a key that is new was typed for that one.
    address: "" while the form names none; a key then waits for the first that is named.
    """
    key, bound = get_key(slot), _binding(slot)
    if not key or (bound is not None and bound[0] != key):
        st.session_state.pop(_bound(slot), None)
        bound = None
    if key and address and bound is None:
        bind_key(slot, address)
        return key
    return key if bound is not None and bound[1] == address else ""


def bind_key(slot: str, address: str) -> None:
    """Say that the key in this slot is for this address."""
    st.session_state[_bound(slot)] = (get_key(slot), address)


def other_address(slot: str, address: str) -> str:
    """The other address that the key in this slot was typed for; "" where there is none."""
    bound = _binding(slot)
    return bound[1] if get_key(slot) and address and bound is not None and bound[1] != address else ""


def connection_key(model: ModelSpec) -> str:
    """The key typed for the connection that `model` was taken from, at its address; or ""."""
    return get_key(connection_slot(model)) if model.connection else ""


def connection_slot(model: ModelSpec) -> str:
    """The slot of the saved connection that `model` was taken from, at its address."""
    return f"key-of.{model.connection}.{address_of(model)}"


def role_slot(role: str, model: ModelSpec) -> str:
    """The slot of a role of a run, at its model's address: two accounts may be used at one."""
    return f"key-for.{role}.{address_of(model)}"


def address_of(model: ModelSpec) -> str:
    """Where a model is asked: its server, or its provider, which may stand in its name; "" where neither is named."""
    first = model.model.partition("/")[0] if "/" in model.model else ""
    if model.api_base and (first == "openai" or f"{first}/" not in _PREFIXES):
        first = ""  # the name of a model, or the protocol that every server of one's own speaks
    return " ".join(filter(None, ((model.api_base or "").rstrip("/"), model.provider, first)))


def _memory(slot: str) -> str:
    return f"{slot}:held"


def _bound(slot: str) -> str:
    return f"{slot}:for"


def _binding(slot: str) -> tuple[str, str] | None:
    """A key, so that a new one can be told, and the address that it was typed for."""
    bound: tuple[str, str] | None = st.session_state.get(_bound(slot))
    return bound
