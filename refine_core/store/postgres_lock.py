"""Which writers are alive, on PostgreSQL: each holds an advisory lock, which the server releases when its connection ends.

The connection is the lock's own. Behind a pooler that shares connections between transactions (PgBouncer's transaction mode) it is
worth nothing, so the pooler has to give each client a session of its own.
"""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from hashlib import blake2b
from typing import Final
from uuid import uuid4

from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from refine_core.store.postgres import NOTICE_THE_DEAD, Postgres

FRESH_S: Final = 0.2  # how old the list of living writers may be
HELD_S: Final = 1.0  # how often it is looked whether this process's own lock is still held
_SETTINGS: Final = (
    *NOTICE_THE_DEAD,
    "SET idle_session_timeout = 0",
    "SET lock_timeout = '10s'",
)
_HELD: Final = text(
    "SELECT classid::bigint << 32 | objid::bigint FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1 AND granted "
    "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)


class PostgresWriterLock:
    """This process's lock in the database, and a check of those of others. writer: its name. Raises StoreError."""

    def __init__(self, database: Postgres) -> None:
        self.writer = uuid4().hex
        self._database = database
        self._guard = threading.Lock()
        self._connection: Connection | None = None
        self._released = False
        self._held: frozenset[int] = frozenset()
        self._read_at = float("-inf")
        self._dead: set[str] = set()
        self._deaths = 0
        self._held_at = float("-inf")
        self.reacquire()

    def reacquire(self) -> None:
        """See that the lock is held; take it again where the connection was lost. Raises StoreError."""
        with self._guard:
            if self._released:
                return
            self._held_at = time.monotonic()
            try:
                if self._connection is not None:
                    self._connection.execute(text("SELECT 1"))
                    return
            except SQLAlchemyError:
                self._drop()
            try:
                self._connection = self._take()
            except SQLAlchemyError as error:
                raise self._database.explain("take this app's lock in the database", error) from error

    def keep(self) -> None:
        """The same, if that was not looked at within the last second."""
        if time.monotonic() - self._held_at > HELD_S:
            self.reacquire()

    def alive(self, writer: str) -> bool:
        """Whether the process that is, or was, this writer still holds its lock. Raises StoreError."""
        if writer == self.writer:
            self.keep()
            return not self._released
        key = _key(writer)
        with self._guard:
            now = time.monotonic()
            if now - self._read_at > FRESH_S:
                self._held = self._read_held()
                self._read_at = now
            if key in self._held:
                self._dead.discard(writer)
                return True
            if writer not in self._dead:
                self._dead.add(writer)
                self._deaths += 1
            return False

    @property
    def deaths(self) -> int:
        """How often a writer turned out to be dead so far."""
        return self._deaths

    def release(self) -> None:
        """Release the lock. Calling twice is harmless."""
        with self._guard:
            self._released = True
            self._drop()

    def _take(self) -> Connection:
        connection = self._database.engine.execution_options(isolation_level="AUTOCOMMIT").connect()
        try:
            connection.detach()  # no pool gets it back, with the lock still held
            for setting in _SETTINGS:
                with suppress(SQLAlchemyError):  # an older server does not know all of them
                    connection.exec_driver_sql(setting)
            connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _key(self.writer)})
        except BaseException:
            connection.close()
            raise
        return connection

    def _drop(self) -> None:
        if self._connection is not None:
            with suppress(SQLAlchemyError):
                self._connection.close()
            self._connection = None

    def _read_held(self) -> frozenset[int]:
        try:
            with self._database.connect_to_read() as connection:
                return frozenset(_signed(int(row[0])) for row in connection.execute(_HELD))
        except SQLAlchemyError as error:
            raise self._database.explain("see which processes are alive", error) from error


def _key(writer: str) -> int:
    """The key of a writer's lock: the first 64 bits of a digest of its name, as PostgreSQL takes them."""
    return int.from_bytes(blake2b(writer.encode(), digest_size=8).digest(), signed=True)


def _signed(key: int) -> int:
    return key - (1 << 64) if key >= 1 << 63 else key
