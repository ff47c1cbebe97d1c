"""Numbered steps from an empty database to the current one. A step that was released is never changed again."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util import CommandError

from refine_core.errors import StoreError
from refine_core.store.database import Database


def upgrade(database: Database, to: str = "head") -> None:
    """Take the steps that are missing, all in one transaction: all of them, or none.

    to: the last step to take; the newest, but for tests of what older versions left behind.
    Raises: SQLAlchemyError; StoreError for a database at a version that never was.
    """
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    with database.engine.connect() as connection:
        database.begin_to_migrate(connection)
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, to)
        except CommandError as error:
            raise StoreError(
                f"cannot open the store {database.name}: it says that it is of version {database.version()}, which no "
                "Refinescope ever made; set REFINESCOPE_HOME to another folder, or REFINESCOPE_DATABASE to another database. Nothing was changed"
            ) from error
        connection.commit()
