"""Where the history is and where runs work, if that is not here."""

from __future__ import annotations

from refine_core.executors.choice import chosen_executor
from refine_core.store import database_url, describe_database


def describe_places() -> tuple[str, ...]:
    """A sentence each on what REFINESCOPE_DATABASE and REFINESCOPE_EXECUTOR say; () where neither is set. No password is in it."""
    history = (f"The history is in {describe_database()}.",) if database_url() else ()
    kind, _, where = chosen_executor().partition(":")
    if not kind:
        return history
    name = kind.capitalize()
    at = f"at {where}" if "://" in where else "on this machine"
    return (*history, f"Runs work on {name} {at}.")
