"""Where the history is and where runs work, if that is not here."""

from __future__ import annotations

from refine_core.executors.choice import chosen_executor
from refine_core.executors.protocol import Workers
from refine_core.formatting import pluralize
from refine_core.store import database_url, describe_database


def describe_history() -> str:
    """What REFINESCOPE_DATABASE says, without a password; "" where it is not set."""
    return describe_database() if database_url() else ""


def name_executor() -> str:
    """What REFINESCOPE_EXECUTOR says, in words: "Dask on this machine"; "" for threads of this process."""
    kind, _, where = chosen_executor().partition(":")
    if not kind:
        return ""
    return f"{kind.capitalize()} at {where}" if "://" in where else f"{kind.capitalize()} on this machine"


def describe_places(workers: Workers | None = None) -> tuple[str, ...]:
    """A sentence each on where the history is and where runs work; () where neither was chosen.

    workers: what the executor said; None: unknown.
    """
    history = f"The history is in {place}." if (place := describe_history()) else ""
    executor = f"Runs work on {name}{_describe_workers(workers)}" if (name := name_executor()) else ""
    if executor and workers is not None and workers.problem:
        executor = workers.problem
    return tuple(filter(None, (history, executor)))


def _describe_workers(workers: Workers | None) -> str:
    if workers is None:
        return "; how many workers it has is not known yet."
    if workers.count:
        return f": {pluralize(workers.count, 'worker')}."
    where = chosen_executor().partition(":")[2]
    if "://" in where:
        return f", which has no workers: start some with dask worker {where}."
    return ", which has no workers just now: it is starting them."
