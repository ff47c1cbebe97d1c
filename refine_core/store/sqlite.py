"""All that is SQLite's own: how it is opened, how a transaction begins, and what its errors mean.

WAL with synchronous=NORMAL: readers never wait for the writer, and what is committed survives the death of the process
(a power cut may cost the last moments, never the file).
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from sqlalchemy import URL, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPICursor
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import ConnectionPoolEntry

from refine_core.errors import StoreError

BUSY_S = 10.0  # our own transactions last about a millisecond

_MOVE = "move it aside to begin with a new one (Refinescope never deletes or changes it)"
_WHY = {
    "SQLITE_FULL": "the disk is full; free some space and try again",
    "SQLITE_BUSY": "another program keeps the database locked; close it and try again",
    "SQLITE_LOCKED": "another connection keeps the database locked; try again",
    "SQLITE_READONLY": "the database may only be read; make the file and its folder writable",
    "SQLITE_PERM": "access was denied; make the file and its folder yours",
    "SQLITE_CANTOPEN": "the file cannot be opened; see that its folder exists and is yours",
    "SQLITE_CORRUPT": f"the file is damaged; {_MOVE}",
    "SQLITE_NOTADB": f"the file is not a SQLite database, or is damaged; {_MOVE}",
    "SQLITE_IOERR": "the disk failed to read or write; see whether it is full, gone or broken, and try again",
    "SQLITE_CONSTRAINT": "it is there already, or its run is not; another process may be recording the same run",
    "SQLITE_TOOBIG": "it is larger than a database can hold",
}


class Sqlite:
    """A SQLite database in a file.

    busy_s: how long to wait for another process's transaction. max_pages: refuse to grow further, as a full disk would.
    """

    def __init__(self, path: Path, *, busy_s: float = BUSY_S, max_pages: int | None = None) -> None:
        self.path = path
        # The driver begins no transactions by itself (isolation_level None): a read is one statement, a write says BEGIN.
        self.engine = create_engine(
            URL.create("sqlite", database=str(path)),
            connect_args={"timeout": busy_s, "isolation_level": None},
            pool_size=5,
            max_overflow=20,
        )
        pragmas = ["synchronous=NORMAL", "foreign_keys=ON"]
        if max_pages is not None:
            pragmas.append(f"max_page_count={max_pages}")

        def prepare(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
            cursor = connection.cursor()
            for pragma in pragmas:
                cursor.execute(f"PRAGMA {pragma}")
            cursor.close()

        event.listen(self.engine, "connect", prepare)

    def begin(self, cursor: DBAPICursor) -> None:
        """Begin to write, waiting for other processes to finish first."""
        cursor.execute("BEGIN IMMEDIATE")

    def version(self) -> str | None:
        """The migration that the database is at; None for an empty one. Writes nothing."""
        with self.engine.connect() as connection:
            found = connection.exec_driver_sql(
                "SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'"
            ).first()
            row = (
                connection.exec_driver_sql("SELECT version_num FROM alembic_version").first()
                if found
                else None
            )
            return None if row is None else str(row[0])

    def concerns_everybody(self, error: Exception) -> bool:
        """Whether every other transaction would fail now, too, so that trying each by itself is of no use."""
        return _name(error).startswith(("SQLITE_BUSY", "SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_NOTADB"))

    def explain(self, doing: str, error: Exception, result: str = "") -> StoreError:
        """The error in plain words. doing: what was tried. result: what came of it.

        "cannot record event 3 of run 7f…: the disk is full; free some space …; nothing was written. The database is …"
        """
        name = _name(error)
        why = next(
            (words for start, words in _WHY.items() if name.startswith(start)), str(_driver_error(error))
        )
        return StoreError(f"cannot {doing}: {why}{result}. The database is {self.path}")

    def close(self) -> None:
        """Close all its connections."""
        self.engine.dispose()


def _driver_error(error: Exception) -> BaseException:
    return error.orig if isinstance(error, DBAPIError) and error.orig is not None else error


def _name(error: Exception) -> str:
    """SQLite's own name for the error, such as SQLITE_FULL; "" if it is none of SQLite's."""
    cause = _driver_error(error)
    return str(getattr(cause, "sqlite_errorname", "")) if isinstance(cause, sqlite3.Error) else ""
