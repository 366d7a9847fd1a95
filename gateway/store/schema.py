"""The version of the tables: upgrade() brings a database to this program's, check() insists on it.

The migrations lie beside this file, inside the package, so that an installed wheel has them.
A new one, with a database at the current version: ``alembic.command.revision(configuration(), …)``.
"""

from __future__ import annotations

import threading
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from gateway.errors import StoreError
from gateway.store.engine import Database

_ALEMBIC = threading.Lock()  # alembic.context is one global for the whole process


def configuration(connection: Connection | None = None) -> Config:
    """Alembic's configuration for our migrations, over ``connection``; there is no ini file."""
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def upgrade(database: Database) -> None:
    """Bring the tables to this program's version, in one transaction; another process's waits for it.

    Raises StoreError, also for a database that is newer than this program.
    """
    with _ALEMBIC, database.writer.begin() as connection:
        _refuse_newer(_current(connection))
        command.upgrade(configuration(connection), "head")


def check(database: Database) -> None:
    """Raise StoreError unless the tables are exactly of this program's version."""
    with database.reader.connect() as connection:
        current = _current(connection)
    if not current:
        raise StoreError("the database has no tables yet: it must be upgraded first")
    _refuse_newer(current)
    if current != set(_scripts().get_heads()):
        raise StoreError(
            f"the database is of an older version ({_names(current)}): it must be upgraded first"
        )


def _current(connection: Connection) -> set[str]:
    return set(MigrationContext.configure(connection).get_current_heads())


def _refuse_newer(current: set[str]) -> None:
    known = {script.revision for script in _scripts().walk_revisions()}
    if not current <= known:
        raise StoreError(
            f"the database is of a version that this program does not know ({_names(current - known)}): "
            "it was upgraded by a newer program"
        )


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(configuration())


def _names(revisions: set[str]) -> str:
    return ", ".join(sorted(revisions))
