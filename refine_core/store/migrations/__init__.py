"""Numbered steps from an empty database to the current one. A step that was released is never changed again."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util import CommandError

from refine_core.errors import StoreError
from refine_core.store.sqlite import Sqlite


@contextmanager
def _silenced(name: str) -> Iterator[None]:
    """Keep what this thread does out of a logger: a script that is recorded did not ask for our steps in its log."""
    thread, logger = threading.get_ident(), logging.getLogger(name)

    def is_of_others(record: logging.LogRecord) -> bool:
        return record.thread != thread or record.levelno > logging.INFO

    logger.addFilter(is_of_others)
    try:
        yield
    finally:
        logger.removeFilter(is_of_others)


def upgrade(database: Sqlite, to: str = "head") -> None:
    """Take the steps that are missing, all in one transaction: all of them, or none.

    to: the last step to take; the newest, but for tests of what older versions left behind.
    Raises: SQLAlchemyError; StoreError for a database at a version that never was.
    """
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    with database.engine.connect() as connection:
        connection.exec_driver_sql(
            "PRAGMA journal_mode=WAL"
        )  # a property of the file; it cannot change in a transaction
        connection.commit()
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        config.attributes["connection"] = connection
        try:
            with _silenced("alembic.runtime.migration"):
                command.upgrade(config, to)
        except CommandError as error:
            raise StoreError(
                f"cannot open the store {database.path}: it says that it is of version {database.version()}, which no "
                "Refinescope ever made; set REFINESCOPE_HOME to another folder. Nothing was changed"
            ) from error
        connection.commit()
