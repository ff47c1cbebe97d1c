"""Keys typed for saved connections: in this session's memory, under the connection's name, and nowhere else."""

from __future__ import annotations

from pages.shared.secret import forget as forget_secret
from pages.shared.secret import held
from pages.shared.secret import hold as hold_secret


def typed_key(name: str) -> str:
    """The key typed for that connection, or ""."""
    return held(_place(name)).strip()


def hold(name: str, key: str) -> None:
    """Hold this key for that connection from now on; "" forgets it."""
    if key:
        hold_secret(_place(name), key)
    else:
        forget(name)


def forget(name: str) -> None:
    """Hold it no longer."""
    forget_secret(_place(name))


def _place(name: str) -> str:
    return f"key-of.{name}"
