"""Where runs are stored: one append-only log per run, with its summary beside it.

    open_store() -> SqlStore        the user's own database, created and migrated as needed
    MemoryStore()                   the same in memory, for tests

Importing this loads no database library; `open_store` does.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from refine_core.store.home import data_home, database_url, describe_database
from refine_core.store.memory import MemoryStore
from refine_core.store.protocol import RunRow, Store

if TYPE_CHECKING:
    from refine_core.store.sql import SqlStore

__all__ = [
    "MemoryStore",
    "RunRow",
    "SqlStore",
    "Store",
    "data_home",
    "database_url",
    "describe_database",
    "open_store",
]


def open_store(home: Path | None = None, *, database: str | None = None) -> SqlStore:
    """The store in the folder `home`, or in the database of that address; created or brought up to date if need be.

    database: "postgresql://user@host/name", or "sqlite:PATH". With neither, what REFINESCOPE_DATABASE names, else the one in `data_home()`.
    Several processes may have it open at once. Close it when done; at the interpreter's exit that happens by itself.
    A damaged one is set aside under another name, and a new one begun; then its `notices` say so, to be shown.
    Raises StoreError: the folder or the file cannot be used, is of a newer version, or is damaged and open elsewhere.
    Then nothing was changed.
    """
    from refine_core.store.open import open_at, open_in

    address = database or (database_url() if home is None else None)
    return open_in(home or data_home()) if address is None else open_at(address)


def __getattr__(name: str) -> object:
    if name == "SqlStore":
        from refine_core.store.sql import SqlStore

        return SqlStore
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
