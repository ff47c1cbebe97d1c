"""Where the user's data is: the data folder, and the database with the history."""

from __future__ import annotations

import os
from pathlib import Path

from refine_core.errors import StoreError

VARIABLE = "REFINESCOPE_HOME"
DATABASE_VARIABLE = "REFINESCOPE_DATABASE"
DATABASE_FILE = "refinescope.db"


def data_home() -> Path:
    """The folder that $REFINESCOPE_HOME names, else the platform's place for a user's data. Read at each call."""
    if named := os.environ.get(VARIABLE):
        return Path(named).expanduser().absolute()
    from platformdirs import user_data_path

    return user_data_path("refinescope", appauthor=False)


def database_url() -> str | None:
    """The address of the database that $REFINESCOPE_DATABASE names; None for the file in the data folder. Read at each call."""
    return os.environ.get(DATABASE_VARIABLE) or None


def describe_database() -> str:
    """Where the history is, for people: the address without its password, or the file in the data folder."""
    address = database_url()
    if address is None:
        return str(data_home() / DATABASE_FILE)
    scheme, found, rest = address.partition("://")
    if not found:
        return address if address.startswith("sqlite:") else "an address that cannot be read"
    user, at, place = rest.rpartition("@")
    return f"{scheme}://{user.partition(':')[0]}{at}{place.partition('?')[0]}"


def make_private(folder: Path) -> None:
    """Create `folder` for its owner alone (mode 0700); one that exists is left as it is. Raises StoreError."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"cannot create the data folder {folder}: {error.strerror or error}; "
            f"set {VARIABLE} to a folder that you may write to"
        ) from error
