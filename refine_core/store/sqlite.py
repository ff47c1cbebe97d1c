"""What is specific to SQLite: how it is opened, how a transaction begins, and what its errors mean.

WAL with synchronous=NORMAL: readers never wait for the writer, and what is committed survives the death of the process
(a power cut may cost the last moments, never the file).
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from sqlalchemy import URL, ColumnElement, Connection, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import ConnectionPoolEntry

from refine_core.errors import StoreError
from refine_core.store.index_tables import run_text
from refine_core.store.run_text import match_expression

BUSY_S = 10.0  # our own transactions last about a millisecond

_WHY = {  # on opening, a full disk arrives as SQLITE_IOERR
    "SQLITE_FULL": "the disk is full; free some space and try again",
    "SQLITE_BUSY": "another program keeps the database locked; close it and try again",
    "SQLITE_LOCKED": "another connection keeps the database locked; try again",
    "SQLITE_READONLY": "the database may only be read; make the file and its folder writable",
    "SQLITE_PERM": "access was denied; make the file and its folder yours",
    "SQLITE_CANTOPEN": "the file cannot be opened; see that its folder exists and is yours",
    "SQLITE_CORRUPT": "the file is damaged",
    "SQLITE_NOTADB": "the file is damaged, or is not a SQLite database",
    "SQLITE_IOERR": "the disk failed to read or write; see whether it is full, gone or broken, and try again",
    "SQLITE_CONSTRAINT": "it is there already, or its run is not; another process may be recording the same run",
    "SQLITE_TOOBIG": "it is larger than a database can hold",
}
_PUT_BACK = "put it back, or restart Refinescope to begin with a new one"
_DAMAGE = ("SQLITE_CORRUPT", "SQLITE_NOTADB")


class DamagedStoreError(StoreError):
    """The file is damaged. Whoever opens the store sets it aside. why: what is wrong with it, in words."""

    def __init__(self, message: str, *, why: str) -> None:
        self.why = why
        super().__init__(message)


class Sqlite:
    """A SQLite database in a file.

    busy_s: how long to wait for another process's transaction. max_pages: refuse to grow further, as a full disk would.
    """

    def __init__(self, path: Path, *, busy_s: float = BUSY_S, max_pages: int | None = None) -> None:
        self.path, self.busy_s = path, busy_s
        self._path_text = str(path)
        self._file: tuple[int, int, int] | None = None
        self.marker = path.with_name(
            path.name + ".check"
        )  # tells the next opening of the store to check the file
        # The driver begins a transaction before the first statement that writes, and none for a read.
        self.engine = create_engine(
            URL.create("sqlite", database=str(path)),
            connect_args={"timeout": busy_s, "isolation_level": "IMMEDIATE"},
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
            connection.text_factory = _text

        event.listen(self.engine, "connect", prepare)

    @property
    def name(self) -> str:
        """The path of the file."""
        return self._path_text

    def remember(self) -> None:
        """Note which file this is, for `describe_loss`."""
        self._file = self._stat()

    def describe_loss(self) -> str | None:
        """What happened to the file since `remember`, and what to do; None while it is there.

        An open connection does not notice: it would write to a file that no process can open again.
        """
        now = self._stat()
        if now is not None and self._file is not None and now[:2] == self._file[:2] and now[2]:
            return None
        if now is None and not self.path.parent.exists():
            return (
                f"its folder {self.path.parent} was deleted or moved while Refinescope was open; {_PUT_BACK}"
            )
        if now is None:
            return f"the database was deleted or moved while Refinescope was open; {_PUT_BACK}"
        if not now[2]:
            return f"the database was emptied while Refinescope was open; {_PUT_BACK}"
        return (
            "another file was put in the database's place while Refinescope was open; "
            "restart Refinescope to use that one, or put the old one back"
        )

    def _stat(self) -> tuple[int, int, int] | None:
        """Device, inode and size of the file; None if there is none, or it cannot be read."""
        try:
            status = os.stat(self._path_text)  # noqa: PTH116 - asked before every write, and a Path takes twice as long
        except OSError:
            return None
        return status.st_dev, status.st_ino, status.st_size

    def connect_to_read(self) -> Connection:
        """A connection for one query."""
        return self.engine.connect()

    def exists(self) -> bool:
        """Whether there is a file."""
        return self._stat() is not None

    def connect_to_one_view(self) -> Connection:
        """A connection in a transaction that sees the file as it is now; it keeps nobody from writing."""
        connection = self.engine.connect()
        connection.exec_driver_sql("BEGIN")
        connection.exec_driver_sql("SELECT 1 FROM sqlite_master").first()  # the first reading fixes the view
        return connection

    def connect_to_write(self, busy_s: float, is_cancelled: Callable[[], bool]) -> Connection:  # noqa: ARG002
        """A connection that waits `busy_s` seconds for other processes before it reports that the database is locked."""
        connection = self.engine.connect().execution_options(preserve_rowcount=True)
        connection.exec_driver_sql(f"PRAGMA busy_timeout = {busy_s * 1000:.0f}")
        connection.commit()
        return connection

    def begin(self, connection: Connection) -> None:
        """Begin a transaction now, waiting for other processes to finish theirs first.

        Without it the first statement that writes begins one in the same way, which takes a round trip less.
        """
        driver: Any = connection.connection.driver_connection
        if not driver.in_transaction:
            connection.exec_driver_sql("BEGIN IMMEDIATE")

    def lock_writing(self, connection: Connection) -> None:
        """Wait for everybody else who writes; until the transaction ends."""
        self.begin(connection)

    def begin_to_migrate(self, connection: Connection) -> None:
        """Begin a transaction that nobody else's can come between."""
        connection.exec_driver_sql(
            "PRAGMA journal_mode=WAL"
        )  # of the file; it cannot change in a transaction
        connection.commit()
        self.begin(connection)

    def before_commit(self, connection: Connection) -> None:
        """None: the answer to a commit cannot be lost."""

    def was_committed(self, connection: Connection, transaction: str) -> bool:  # noqa: ARG002
        """False, as nobody has to ask."""
        return False

    def version(self) -> str | None:
        """The migration that the database is at; None for an empty one. Writes nothing."""
        with self.engine.connect() as connection:
            table = connection.exec_driver_sql(
                "SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'"
            ).first()
            row = (
                connection.exec_driver_sql("SELECT version_num FROM alembic_version").first()
                if table
                else None
            )
            return None if row is None else str(row[0])

    def check(self) -> str | None:
        """Read all of it; what is wrong, in words, or None. Raises StoreError if it cannot be read.

        Not the quick check, which leaves out what an index says: then a run might stay unreadable for ever.
        """
        try:
            with self.engine.connect() as connection:
                result = str(connection.exec_driver_sql("PRAGMA integrity_check(1)").scalar())
        except DBAPIError as error:
            if not _name(error).startswith(_DAMAGE):
                raise self.explain("check the store", error) from error
            result = str(_driver_error(error))
        if result == "ok":
            with suppress(OSError):  # a folder that may only be read: then it will be checked again
                self.marker.unlink(missing_ok=True)
            return None
        return "the file is damaged: " + " ".join(result.split())

    def is_locked(self, error: Exception) -> bool:
        """Whether another process was in the way, so that the same may succeed if tried again."""
        return _name(error).startswith("SQLITE_BUSY")

    def is_lost(self, error: Exception) -> bool:  # noqa: ARG002
        """False: a file's connection is not lost."""
        return False

    def concerns_all(self, error: Exception) -> bool:
        """Whether every other transaction would fail now, too, so that trying each by itself is useless."""
        return _name(error).startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_NOTADB"))

    def explain(self, doing: str, error: Exception, result: str = "") -> StoreError:
        """The error in plain words. doing: what was tried. result: what came of it.

        "cannot record event 3 of run 7f…: the disk is full; free some space …; nothing was written. The database is …"
        Of damage a marker is left, so that the next opening checks the file.
        """
        name = _name(error)
        why = next(
            (words for start, words in _WHY.items() if name.startswith(start)), str(_driver_error(error))
        )
        where = f"The database is {self.path}"
        if not name.startswith(_DAMAGE):
            return StoreError(f"cannot {doing}: {why}{result}. {where}")
        try:
            self.marker.touch()
            hint = "Start Refinescope again: it will check the file, set it aside, and begin with a new one"
        except OSError:
            hint = "Move it aside to begin with a new one"
        return DamagedStoreError(f"cannot {doing}: {why}{result}. {hint}. {where}", why=why)

    def write_words(self, text: str) -> str:
        """The same: the index of SQLite takes words apart by itself."""
        return text

    def has_words(self, typed: str) -> ColumnElement[bool] | None:
        """Whether a row of run_text has all the words that a person typed; None where these are none."""
        words = match_expression(typed)
        return run_text.c.run_text.op("MATCH", is_comparison=True)(words) if words else None

    def close(self) -> None:
        """Close all its connections."""
        self.engine.dispose()


def _text(raw: bytes) -> str:
    """Decode text from the file. Invalid bytes, which only damage leaves there, become what JSON refuses.

    So one bad row is reported as such, and hides no others.
    """
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode(errors="backslashreplace")


def _driver_error(error: Exception) -> BaseException:
    return error.orig if isinstance(error, DBAPIError) and error.orig is not None else error


def _name(error: Exception) -> str:
    """SQLite's own name for the error, such as SQLITE_FULL; "" if it is none of SQLite's."""
    cause = _driver_error(error)
    return str(getattr(cause, "sqlite_errorname", "")) if isinstance(cause, sqlite3.Error) else ""
