"""Keys typed for saved connections: in this session's memory, under the connection's name, and nowhere else."""

from __future__ import annotations

from pages.shared.secret import forget as forget_secret
from pages.shared.secret import held, secret


def field(name: str) -> None:
    """Draw the field for the key of that connection."""
    secret("Key", key=_place(name))


def typed_key(name: str) -> str:
    """The key typed for that connection, or ""."""
    return held(_place(name)).strip()


def forget(name: str) -> None:
    """Hold it no longer."""
    forget_secret(_place(name))


def _place(name: str) -> str:
    return f"key-of.{name}"
