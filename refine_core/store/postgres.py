"""What is specific to PostgreSQL: how it is reached, how a transaction begins and ends, and what its errors mean.

A commit survives the death of this process and of the server's, as far as the server's own `synchronous_commit` says (on, unless
somebody changed it). A connection that was lost is replaced, and what it was to write is tried again for `busy_s` seconds. Where
the answer to a commit was lost, the server is asked what became of that transaction.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, Final
from uuid import uuid4

from sqlalchemy import URL, ColumnElement, Connection, Dialect, create_engine, event, make_url, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.pool import ConnectionPoolEntry

from refine_core.errors import StoreError
from refine_core.store.word_splitting import has_postgres_words, take_words

BUSY_S: Final = 10.0
PATIENCE_S: Final = 3.0  # with a server that says nothing, before it is asked whether it is there
CONNECT_S: Final = 5  # and for how long
# Of a host that is gone. A server that is there and says nothing: refine_core.store.postgres_connection.
KEEPALIVE: Final = {
    "keepalives": 1,
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}
# A host that is gone tells nobody: the server then finds out within half a minute, and lets go of what it held.
NOTICE_THE_DEAD: Final = (
    "SET tcp_keepalives_idle = 15",
    "SET tcp_keepalives_interval = 5",
    "SET tcp_keepalives_count = 3",
)
SCHEMES: Final = ("postgresql", "postgres", "postgresql+psycopg")
COMMIT_KIND: Final = "commit"
"""Of documents that name the last transaction of each process that has the store open; see Postgres.before_commit."""
OUR_LOCKS: Final = 0x5265_6669  # the first half of the keys of our transaction locks
WRITE_LOCK, OPEN_LOCK = 1, 2

_BEGIN_NAMES: Final = text(
    "INSERT INTO documents (kind, name, text, changed_at) VALUES (:kind, :name, '', extract(epoch FROM now())) "
    "ON CONFLICT (kind, name) DO NOTHING"
)
_NAME_COMMIT: Final = "UPDATE documents SET text = %(text)s, changed_at = extract(epoch FROM now()) WHERE kind = %(kind)s AND name = %(name)s"
# FOR UPDATE waits for a transaction that still holds the row.
_READ_COMMIT: Final = "SELECT text FROM documents WHERE kind = %(kind)s AND name = %(name)s FOR UPDATE"
_SWEEP: Final = text(
    "DELETE FROM documents WHERE kind = :kind AND changed_at < extract(epoch FROM now()) - 86400"
)
_STARTING = ("57P01", "57P02", "57P03")  # it shuts down, crashed, or starts
_WHY: Final = {
    "28": "it does not let this user in; check the user, the password (PGPASSWORD or ~/.pgpass keep it out of the URL) and pg_hba.conf",
    "3D": "there is no such database; create it with createdb or put it back from a backup, or correct REFINESCOPE_DATABASE",
    "42501": "this user may not do that there; have its owner run GRANT CREATE, USAGE ON SCHEMA public, or make this user the owner",
    "42P01": "tables of it are gone; put the database back from a backup, or name an empty one and restart Refinescope",
    "53100": "the disk of its server is full; free some space and try again",
    "53300": "its server has no connection left; end other programs, or raise max_connections",
    "53": "its server is out of resources; see its log",
    "25006": "it may only be read: it is a standby or was set to read-only; name the primary server",
    "55P03": "another program keeps a table locked; end it and try again",
    "40": "another program was in the way; try again",
    "23": "it is there already, or its run is not; another process may be recording the same run",
    "57P01": "its server was shut down; start it and try again",
    "57P02": "its server crashed; start it and try again",
    "57P03": "its server is just starting or shutting down; try again",
    "57014": "its server ended the statement, which took too long",
    "54000": "it is larger than the database can hold",
}
_UNREACHABLE: Final = (
    "its server cannot be reached; see that it runs and that the address is right, and try again"
)
_SILENT: Final = "its server does not answer; see whether it is frozen or overloaded, and try again"


class Postgres:
    """A PostgreSQL database. url: postgresql://user@host:port/database; a password in it is shown nowhere.

    patience_s: how long to wait for an answer before the server is asked whether it is there at all.
    Raises StoreError for a URL that is none, and where the driver is not installed.
    """

    def __init__(self, url: str, *, busy_s: float = BUSY_S, patience_s: float = PATIENCE_S) -> None:
        self.busy_s = busy_s
        self._session = uuid4().hex
        self._url = _read_url(url)
        try:
            self.engine = create_engine(
                self._url,
                connect_args={
                    "connect_timeout": CONNECT_S,
                    "application_name": "refinescope",
                    **KEEPALIVE,
                    **self._url.query,
                },
                pool_size=5,
                max_overflow=20,
            )
        except (ModuleNotFoundError, NoSuchModuleError) as error:
            raise StoreError(
                'cannot open the store: the driver for PostgreSQL is not installed; run pip install "refinescope[postgres]"'
            ) from error
        self._reading = self.engine.execution_options(isolation_level="AUTOCOMMIT")
        event.listen(self.engine, "do_connect", partial(_connect, patience_s))
        event.listen(self.engine, "connect", _prepare)

    @property
    def name(self) -> str:
        """postgresql://user@host:port/database."""
        url = self._url
        return URL.create(
            "postgresql", url.username, None, url.host, url.port, url.database
        ).render_as_string()

    def remember(self) -> None:
        """Remove what processes that were killed have left; the server itself says when the database is gone."""
        with suppress(DBAPIError), self.engine.begin() as connection:
            connection.execute(_SWEEP, {"kind": COMMIT_KIND})

    def describe_loss(self) -> None:
        """None: an open connection to a database keeps it there, and the server says when its tables are gone."""

    def connect_to_read(self) -> Connection:
        """A connection for one query, without a transaction of its own."""
        connection = self._reading.connect()
        if not connection.info.get("waits"):  # once for each connection of the pool
            connection.exec_driver_sql(f"SET lock_timeout = '{self.busy_s * 1000:.0f}ms'")
            connection.info["waits"] = True
        return connection

    def exists(self) -> bool:
        """True: the server says whether there is one, once it is asked."""
        return True

    def connect_to_one_view(self) -> Connection:
        """A connection in a transaction that reads the database as it is now, and writes nothing."""
        connection = self.engine.connect().execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )
        connection.execute(text("SELECT 1"))  # the first statement fixes the view
        return connection

    def connect_to_write(self, busy_s: float, is_cancelled: Callable[[], bool]) -> Connection:
        """A connection that waits `busy_s` seconds for a lock of somebody else's; but a second for an answer, once that is cancelled."""
        connection = self.engine.connect().execution_options(
            preserve_rowcount=True, isolation_level="READ COMMITTED"
        )
        for setting in NOTICE_THE_DEAD:
            connection.exec_driver_sql(setting)
        connection.exec_driver_sql(f"SET lock_timeout = '{busy_s * 1000:.0f}ms'")
        connection.commit()
        driver: Any = connection.connection.driver_connection
        driver.is_cancelled = is_cancelled
        connection.info["waits"] = False  # as long as a reader would; see connect_to_read
        return connection

    def begin(self, connection: Connection) -> None:
        """Nothing: the first statement begins the transaction."""

    def version(self) -> str | None:
        """The migration that the database is at; None for an empty one. Writes nothing."""
        with self.connect_to_read() as connection:
            if connection.scalar(text("SELECT to_regclass('alembic_version')")) is None:
                return None
            row = connection.execute(text("SELECT version_num FROM alembic_version")).first()
            return None if row is None else str(row[0])

    def begin_to_migrate(self, connection: Connection) -> None:
        """Begin a transaction, after everybody else who migrates has ended theirs."""
        connection.execute(text("SET LOCAL lock_timeout = '30s'"))
        self.lock_writing(connection, OPEN_LOCK)

    def before_commit(self, connection: Connection) -> str | None:
        """Write a new name for the transaction into it, in place of the one before.

        The server's own numbers would not do: after a crash it may give one again that it has not told.
        The row is there before, as `was_committed` cannot wait for one that nobody else sees yet.
        """
        transaction = uuid4().hex
        driver: Any = connection.connection.driver_connection
        values = {"kind": COMMIT_KIND, "name": self._session, "text": transaction}
        if driver.execute(_NAME_COMMIT, values).rowcount == 0:  # the first one; or it was swept, after a day
            with self.connect_to_read() as other:
                other.execute(_BEGIN_NAMES, {"kind": COMMIT_KIND, "name": self._session})
            driver.execute(_NAME_COMMIT, values)
        return transaction

    def was_committed(self, connection: Connection, transaction: str) -> bool:
        """Whether that name is there.

        The server may still be at work for the connection that was lost, or not know that it was: then this waits for a lock,
        as any statement does.
        """
        driver: Any = connection.connection.driver_connection
        row = driver.execute(_READ_COMMIT, {"kind": COMMIT_KIND, "name": self._session}).fetchone()
        driver.rollback()
        return row is not None and row[0] == transaction

    def is_locked(self, error: Exception) -> bool:
        """Whether somebody was in the way, or the server could not be reached, so that the same may succeed if tried again."""
        state = _state(error)
        return state == "55P03" or state.startswith("40") or self.is_lost(error)

    def is_lost(self, error: Exception) -> bool:
        """Whether the connection cannot be used any more."""
        is_invalid = isinstance(error, DBAPIError) and error.connection_invalidated
        return is_invalid or _state(error) in _STARTING or _is_unreachable(error)

    def concerns_all(self, error: Exception) -> bool:
        """Whether every other transaction would fail now, too."""
        return self.is_lost(error) or _state(error).startswith(("25006", "28", "3D", "53", "42P01", "42501"))

    def explain(self, doing: str, error: Exception, result: str = "") -> StoreError:
        """The error in plain words: "cannot record event 3 of run 7f…: the disk of its server is full; …. The database is …"."""
        return StoreError(f"cannot {doing}: {self._why(error)}{result}. The database is {self.name}")

    def _why(self, error: Exception) -> str:
        state = _state(error)
        if known := [start for start in _WHY if state.startswith(start)]:
            return _WHY[max(known, key=len)]
        said = " ".join(str(_driver_error(error)).split())
        if (password := self._url.password) is not None:
            said = said.replace(str(password), "…")
        if _is_silent(error):
            return _SILENT
        if _is_unreachable(error) or (isinstance(error, DBAPIError) and error.connection_invalidated):
            for start, words in (
                ("password authentication failed", _WHY["28"]),
                ("no password supplied", _WHY["28"]),
                ("does not exist", _WHY["3D"] if "database" in said else _WHY["28"]),
                ("no pg_hba.conf entry", _WHY["28"]),
                ("too many clients", _WHY["53300"]),
                ("remaining connection slots", _WHY["53300"]),
            ):
                if start in said:
                    return words
            return _UNREACHABLE
        return said

    def write_words(self, text: str) -> str:
        """The words of `text`, apart, as the index finds them."""
        return " ".join(take_words(text))

    def has_words(self, typed: str) -> ColumnElement[bool] | None:
        """Whether a row of run_text has all the words that a person typed; None where these are none."""
        return has_postgres_words(typed)

    def lock_writing(self, connection: Connection, key: int = WRITE_LOCK) -> None:
        """Wait for everybody else who writes what depends on what they have read; until the transaction ends."""
        connection.execute(text("SELECT pg_advisory_xact_lock(:ours, :key)"), {"ours": OUR_LOCKS, "key": key})

    def close(self) -> None:
        """Close all its connections."""
        with suppress(DBAPIError), self.engine.begin() as connection:
            connection.execute(text("SET LOCAL lock_timeout = '100ms'"))  # a transaction in doubt may hold it
            mine = text("DELETE FROM documents WHERE kind = :kind AND name = :name")
            connection.execute(mine, {"kind": COMMIT_KIND, "name": self._session})
        self.engine.dispose()


def _read_url(url: str) -> URL:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:
        raise StoreError(
            "cannot open the store: REFINESCOPE_DATABASE is no address of a database; "
            "write postgresql://user@host:5432/database"
        ) from error
    if parsed.drivername not in SCHEMES:
        raise StoreError(
            f"cannot open the store: REFINESCOPE_DATABASE begins with {parsed.drivername}://, which Refinescope does not know; "
            "write postgresql://user@host:5432/database, or leave it unset for a file in the data folder"
        )
    return parsed.set(drivername="postgresql+psycopg")


def _connect(
    patience_s: float, _dialect: Dialect, _record: object, _args: object, address: dict[str, Any]
) -> DBAPIConnection:
    """A connection that gives up a server which says nothing."""
    from refine_core.store.postgres_connection import WatchedConnection

    connection = WatchedConnection.connect(**address)
    connection.address, connection.patience_s = address, patience_s
    return connection  # type: ignore[return-value]


def _prepare(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    """Have texts written and read so that U+0000, which PostgreSQL's cannot hold, comes back, too."""
    from refine_core.store.postgres_text import TextDumper, TextLoader

    connection.adapters.register_dumper(str, TextDumper)
    for kind in ("text", "varchar"):
        connection.adapters.register_loader(kind, TextLoader)


def _driver_error(error: Exception) -> BaseException:
    return error.orig if isinstance(error, DBAPIError) and error.orig is not None else error


def _state(error: Exception) -> str:
    """PostgreSQL's code of five characters for the error; "" if it has none."""
    return str(getattr(_driver_error(error), "sqlstate", None) or "")


def _is_unreachable(error: Exception) -> bool:
    """Whether the driver could not connect, or lost the connection: it then has no code of the server's."""
    return not _state(error) and type(_driver_error(error)).__name__ in (
        "OperationalError",
        "ConnectionTimeout",
        "NoAnswer",
    )


def _is_silent(error: Exception) -> bool:
    """Whether the driver was connected, and the server said nothing any more."""
    return type(_driver_error(error)).__name__ == "NoAnswer"
