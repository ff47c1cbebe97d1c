"""Keys typed for saved connections: in this session's memory and nowhere else.

A key is held for a connection's name *and* the address that it was typed for: where somebody changes the address in another
session, the key does not follow.
"""

from __future__ import annotations

from pages.shared.secret import forget as forget_secret
from pages.shared.secret import held
from pages.shared.secret import hold as hold_secret
from refine_core.connections import PRESETS
from refine_core.programs import ModelSpec

_PREFIXES = frozenset(preset.prefix for preset in PRESETS.values())


def typed_key(model: ModelSpec) -> str:
    """The key typed for the connection that `model` was taken from, at its address; or ""."""
    return held(_place(model)).strip() if model.connection else ""


def hold(model: ModelSpec, key: str) -> None:
    """Hold this key for that connection from now on; "" forgets it."""
    if key:
        hold_secret(_place(model), key)
    else:
        forget(model)


def forget(model: ModelSpec) -> None:
    """Hold it no longer."""
    forget_secret(_place(model))


def address_of(model: ModelSpec) -> str:
    """Where a model is asked: its server, or its provider, which may stand in its name; "" where neither is named."""
    first = model.model.partition("/")[0] if "/" in model.model else ""
    if model.api_base and (first == "openai" or f"{first}/" not in _PREFIXES):
        first = ""  # the name of a model, or the protocol that every server of one's own speaks
    return " ".join(filter(None, ((model.api_base or "").rstrip("/"), model.provider, first)))


def _place(model: ModelSpec) -> str:
    return f"key-of.{model.connection}.{address_of(model)}"
