"""Opening a store: under a lock, one process at a time sets aside a damaged one, and migrates it if need be."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from filelock import FileLock, Timeout
from sqlalchemy.exc import SQLAlchemyError

from refine_core.errors import StoreError
from refine_core.store import damage
from refine_core.store.database import Database
from refine_core.store.home import DATABASE_FILE, data_home, make_private
from refine_core.store.lock import WriterLock
from refine_core.store.sql import SqlStore
from refine_core.store.sqlite import DamagedStoreError, Sqlite
from refine_core.store.tables import VERSION

LOCKS, STARTUP_LOCK = "locks", "open.lock"
STARTUP_LOCK_S = 30  # how long to wait for another process that opens or migrates the same store


def open_in(home: Path) -> SqlStore:
    """The store in the folder `home`; see `refine_core.store.open_store`."""
    make_private(home)
    with _startup_lock(home / STARTUP_LOCK):
        try:
            return _open_database(home / DATABASE_FILE)
        except DamagedStoreError as error:
            path = home / DATABASE_FILE
            notice = damage.set_aside(path, error.why, home / LOCKS)
            Sqlite(path).marker.unlink(missing_ok=True)
        return _open_database(home / DATABASE_FILE, (notice,))


def open_at(address: str) -> SqlStore:
    """The store in the database of that address; see `refine_core.store.open_store`."""
    if address.startswith("sqlite:"):
        path = sqlite_path(address)
        make_private(path.parent)
        with _startup_lock(path.with_name(STARTUP_LOCK)):
            return _open_database(path)
    from refine_core.store.postgres import Postgres
    from refine_core.store.postgres_lock import PostgresWriterLock

    with ExitStack() as undo:
        database = Postgres(address)
        undo.callback(database.close)
        _bring_up_to_date(database)
        lock = PostgresWriterLock(database)
        undo.callback(lock.release)
        store = SqlStore(database, lock)
        undo.pop_all()
    return store


def find_database(address: str) -> Database:
    """The database of an address; nothing is opened or made yet. Raises StoreError for what is no address."""
    if address.startswith("sqlite:"):
        return Sqlite(sqlite_path(address))
    from refine_core.store.postgres import Postgres

    return Postgres(address)


def sqlite_path(address: str) -> Path:
    """The file that "sqlite:PATH" names; "sqlite:" alone is the one in the data folder."""
    named = address.removeprefix("sqlite:")
    for slashes in ("///", "//"):
        named = named.removeprefix(slashes) if named.startswith(slashes) else named
    return Path(named).expanduser().absolute() if named else data_home() / DATABASE_FILE


def _open_database(path: Path, notices: tuple[str, ...] = ()) -> SqlStore:
    """The store, brought up to date. Raises StoreError; DamagedStoreError if it should be set aside, with nothing held open."""
    with ExitStack() as undo:
        database, locks = Sqlite(path), path.parent / LOCKS
        undo.callback(database.close)
        if why := damage.find_damage(database, locks):
            raise DamagedStoreError(f"cannot open the store: {why}. The database is {database.path}", why=why)
        _bring_up_to_date(database)
        lock = WriterLock(locks)
        undo.callback(lock.release)
        lock.sweep()
        store = SqlStore(database, lock, notices)
        undo.pop_all()
    return store


@contextmanager
def _startup_lock(file: Path) -> Iterator[None]:
    lock = FileLock(file, thread_local=False)
    try:
        lock.acquire(timeout=STARTUP_LOCK_S, poll_interval=0.01)
    except Timeout as error:
        raise StoreError(
            f"cannot open the store: another process has been opening it for {STARTUP_LOCK_S} seconds ({file} is locked); "
            "end that process and try again"
        ) from error
    except OSError as error:
        raise StoreError(
            f"cannot open the store: {file} cannot be locked ({error.strerror or error}); "
            "see that you may write to its folder, or set REFINESCOPE_HOME to another one"
        ) from error
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _silenced(name: str) -> Iterator[None]:
    """Keep the steps that this thread takes out of a logger: a program that is recorded did not ask for them in its log."""
    thread, logger = threading.get_ident(), logging.getLogger(name)

    def is_wanted(record: logging.LogRecord) -> bool:
        return record.thread != thread or record.levelno > logging.INFO

    logger.addFilter(is_wanted)
    try:
        yield
    finally:
        logger.removeFilter(is_wanted)


def _bring_up_to_date(database: Database) -> None:
    try:
        version = database.version()
        if version == VERSION:
            return
        if version is not None and version > VERSION:
            raise _newer(database.name, version)
        with _silenced("alembic.runtime.plugins"), _silenced("alembic.runtime.migration"):
            from refine_core.store.migrations import upgrade

            upgrade(database)
    except SQLAlchemyError as error:
        raise database.explain("open the store", error) from error


def _newer(name: str, version: str) -> StoreError:
    return StoreError(
        f"cannot open the store {name}: a newer Refinescope made it (store version {version}; this one knows {VERSION}). "
        "Run `pip install --upgrade refinescope`, or set REFINESCOPE_HOME to another folder; nothing was changed"
    )
