"""A damaged store is set aside, never deleted and never overwritten; a new one is created in its place.

    find_damage what can be seen without reading it all: no header, a log without its database, an impossible length;
                SQLite reads it all if the length is odd or a marker asks for it (see Sqlite.explain)
    set_aside   refinescope.db{,-wal,-shm} -> refinescope.db.damaged-20260131-142500{,-wal,-shm}, in the same folder

All of it only under the startup lock, and setting aside only while no other process has the store open.
"""

from __future__ import annotations

import shlex
import time
from pathlib import Path

from refine_core.errors import StoreError
from refine_core.store.lock import any_writer_alive
from refine_core.store.sqlite import Sqlite

MAGIC = b"SQLite format 3\0"
LOG_HEADER_BYTES = 32  # a write-ahead log of this size holds nothing
_LOG_ALONE = "the database is gone or empty, and only its log is left"
# A journal that is left there would be rolled back into the new database.
_PARTS = ("", "-wal", "-shm", "-journal")


def find_damage(database: Sqlite, locks: Path) -> str | None:
    """What is wrong with the file, in words; None if no damage is visible.

    locks: where the lock files of open stores are. Raises StoreError if the file cannot be looked at.
    """
    path = database.path
    if path.is_dir():
        raise StoreError(f"cannot open the store: {path} is a folder; move it away, and start again")
    size = _size(path)
    if size == 0:
        # SQLite would create a new one here, too, but delete the log, which may hold the latest runs.
        return _LOG_ALONE if _size(_part(path, "-wal")) > LOG_HEADER_BYTES else None
    odd = False
    if not any_writer_alive(locks):
        # Otherwise closing the file would break the locks that this process's own open stores hold on it (POSIX).
        header = _header(path)
        if not header.startswith(MAGIC):
            return "it is not a SQLite database"
        page = int.from_bytes(header[16:18]) or 1
        odd = size % (65536 if page == 1 else page) != 0  # a crash may do that, too: then the log repairs it
    return database.check() if odd or database.marker.exists() else None


def set_aside(path: Path, why: str, locks: Path, *, at: float | None = None) -> str:
    """Rename the file with its log out of the way; return the notice for the user. The startup lock must be held.

    locks: where the lock files of open stores are. at: seconds since the epoch; None is now.
    Raises StoreError, with nothing changed, if another process has the store open, or nothing can be renamed.
    """
    if any_writer_alive(locks):
        raise StoreError(
            f"cannot open the store: {why}, but it is open elsewhere, so it was left as it is. Close every other "
            f"Refinescope and start again: the file will then be set aside. The database is {path}"
        )
    stamp = time.strftime("%Y%m%d-%H%M%S", time.localtime(at))
    aside, count = path.with_name(f"{path.name}.damaged-{stamp}"), 1
    while any(_part(aside, part).exists() for part in _PARTS):
        count += 1
        aside = path.with_name(f"{path.name}.damaged-{stamp}-{count}")
    _rename(path, aside, why)
    notice = (
        f"The store of runs could not be used ({why}), so it was set aside and a new, empty one was begun. "
        f"Nothing was deleted: the old one is {aside}"
    )
    if why == _LOG_ALONE:
        # A database program that finds a log without its database deletes it.
        return f"{notice}-wal. It helps only beside a copy of the database from before, if you have one."
    # Debian 12's sqlite3 fails at .recover, whatever the file.
    tool = f"sqlite3 {shlex.quote(str(aside))}"
    return f"{notice}. What can be saved of it, this shows: {tool} .recover (or, if that fails: {tool} .dump)"


def _rename(path: Path, aside: Path, why: str) -> None:
    """The database first: if this process dies in between, the log alone is recognised as damage, and kept, too."""
    done: list[str] = []
    try:
        for part in _PARTS:
            if _part(path, part).exists():
                _part(path, part).rename(_part(aside, part))
                done.append(part)
    except OSError as error:
        for part in reversed(done):
            _part(aside, part).rename(_part(path, part))
        raise StoreError(
            f"cannot open the store: {why}, and {path} cannot be renamed ({error.strerror or error}); make its folder "
            "yours, or move the file aside yourself, with the files beside it whose names begin as its name does"
        ) from error


def _part(path: Path, part: str) -> Path:
    return path.with_name(path.name + part)


def _header(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(100)
    except OSError as error:
        raise StoreError(
            f"cannot open the store: {path} cannot be read ({error.strerror or error}); make the file and its folder yours"
        ) from error


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
