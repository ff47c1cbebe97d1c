"""What the store asks of a database, whichever it is: refine_core.store.sqlite, refine_core.store.postgres."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from sqlalchemy import ColumnElement, Connection, Engine

from refine_core.errors import StoreError


class Database(Protocol):
    """A database. name: what a person knows it by, without any password. busy_s: how long to wait for whoever is in the way."""

    engine: Engine
    busy_s: float

    @property
    def name(self) -> str: ...

    def remember(self) -> None:
        """Note which database this is, for `describe_loss`."""

    def describe_loss(self) -> str | None:
        """What happened to the database since `remember`, and what to do; None while it is there. Asked before every write."""

    def connect_to_read(self) -> Connection:
        """A connection for one query."""

    def exists(self) -> bool:
        """Whether there may be something in it: False for a file that is not there. Makes nothing."""

    def connect_to_one_view(self) -> Connection:
        """A connection in a transaction that sees the database as it is now, whatever others write, until it is closed."""

    def connect_to_write(self, busy_s: float, is_cancelled: Callable[[], bool]) -> Connection:
        """A connection that waits `busy_s` seconds for others before it reports that the database is locked.

        is_cancelled: whether whoever waits for an answer would rather not; asked from time to time where one may not come.
        """

    def begin(self, connection: Connection) -> None:
        """Begin a transaction now."""

    def lock_writing(self, connection: Connection) -> None:
        """Wait for everybody else who calls this; until the transaction ends."""

    def version(self) -> str | None:
        """The migration that the database is at; None for an empty one. Writes nothing."""

    def begin_to_migrate(self, connection: Connection) -> None:
        """Begin a transaction to make or change the tables in, while nobody else does."""

    def before_commit(self, connection: Connection) -> str | None:
        """A name for the transaction that is about to be committed, for `was_committed`; None where no answer can be lost."""

    def was_committed(self, connection: Connection, transaction: str) -> bool:
        """Whether a transaction is in the database, of whose commit no answer came."""

    def is_locked(self, error: Exception) -> bool:
        """Whether something was in the way, so that the same may succeed if tried again."""

    def is_lost(self, error: Exception) -> bool:
        """Whether the connection cannot be used any more, and another one is needed."""

    def concerns_all(self, error: Exception) -> bool:
        """Whether every other transaction would fail now, too, so that trying each by itself is useless."""

    def explain(self, doing: str, error: Exception, result: str = "") -> StoreError:
        """The error in plain words. doing: what was tried. result: what came of it."""

    def write_words(self, text: str) -> str:
        """Words as this database's full-text index takes them."""

    def has_words(self, typed: str) -> ColumnElement[bool] | None:
        """Whether a row of run_text has all the words that a person typed; None where these are none."""

    def close(self) -> None:
        """Close all its connections."""


class LivenessLock(Protocol):
    """What shows that this process is alive, and tells whether others are. writer: its name, which nobody uses twice."""

    writer: str

    def alive(self, writer: str) -> bool:
        """Whether the process that is, or was, this writer still holds its lock."""

    @property
    def deaths(self) -> int:
        """How often a writer turned out to be dead so far."""

    def reacquire(self) -> None:
        """See that this process still holds its lock; take it again where it was lost. Raises StoreError."""

    def keep(self) -> None:
        """The same, if that was not looked at just now. Called before every transaction."""

    def release(self) -> None:
        """Release the lock: runs that this writer left unfinished count as interrupted. Calling twice is harmless."""
