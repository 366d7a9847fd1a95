"""The version of the tables: upgrade() brings a database to this program's, check() insists on it.

The migrations lie beside this file, inside the package, so that an installed wheel has them. Each may say in
``serves`` which revision's programs may work on the tables after it, the oldest of them; one that does not
serves nobody older. What the newest serves is kept in the database, so that an older program, which does not
know the migration, can tell whether it may go on: so nodes are upgraded one after the other.
A new one, with a database at the current version: ``alembic.command.revision(configuration(), …)``.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, column, delete, insert, inspect, select, table

from gateway.errors import StoreError
from gateway.store.engine import Database
from gateway.store.revisions import Revisions
from gateway.store.tables import metadata, schema_serves

if TYPE_CHECKING:
    from alembic.config import Config

_HERE: Final = Path(__file__).parent / "migrations"
_VERSION: Final = table("alembic_version", column("version_num"))
_ALEMBIC = threading.Lock()  # alembic.context is one global for the whole process


def configuration(connection: Connection | None = None) -> Config:
    """Alembic's configuration for our migrations, over ``connection``; there is no ini file."""
    from alembic.config import Config  # noqa: PLC0415 - only where tables are changed

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(_HERE).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def folders() -> list[Path]:
    """Where this program's migrations are."""
    return [_HERE / "versions"]


def upgrade(database: Database, *, breaking: bool = False) -> None:
    """Bring the tables to this program's version, in one transaction; another process's waits for it.

    One that is newer and serves this program is left as it is. ``breaking`` allows a migration that programs
    of the present version cannot work beside: on SQLite they do not run then, since a state folder is served
    by one system. Raises StoreError, also for a database that is newer and does not serve this program.
    """
    with database.reader.connect() as look:
        found = _current(look)
        if found == set(_scripts().get_heads()) or _serves_us(look, found):
            return  # without a lock: other nodes are at work
    with _ALEMBIC:
        connection, transaction = database.begin()
        with connection:
            current = _current(connection)
            if _serves_us(connection, current):
                return
            _refuse_newer(current)
            if database.dialect.concurrent and not breaking:
                _refuse_breaking(current)
            from alembic import command  # noqa: PLC0415 - as above

            command.upgrade(configuration(connection), "head")
            connection.execute(delete(schema_serves))
            connection.execute(insert(schema_serves), [{"revision": one} for one in served()])
            database.commit(connection, transaction)


def check(database: Database) -> None:
    """Raise StoreError unless the tables are of this program's version, or newer and serve it."""
    with database.reader.connect() as connection:
        current = _current(connection)
        serves = _serves_us(connection, current)
        broken = "" if not current else database.dialect.broken_promise(connection, metadata.tables)
    if broken:
        raise StoreError(f"the database does not keep its promises: {broken}")
    if serves:
        return
    if not current:
        raise StoreError("the database has no tables yet: it must be upgraded first")
    _refuse_newer(current)
    if current != set(_scripts().get_heads()):
        raise StoreError(
            f"the database is of an older version ({_names(current)}): it must be upgraded first"
        )


def served() -> tuple[str, ...]:
    """Revisions whose programs may work on this program's tables, the newest (its own) first."""
    found: list[str] = []
    oldest: list[str] = []  # what each migration down to here says
    for script in _scripts().walk_revisions():
        found.append(script.revision)
        oldest.append(script.serves)
        if script.revision in oldest:
            break
    return tuple(found)


def program() -> str:
    """The revision of this program."""
    return _names(set(_scripts().get_heads()))


def works_beside(current: str) -> bool:
    """Whether programs of the revision ``current`` may go on when the tables become this program's."""
    return current in served()


def version(database: Database) -> str:
    """The version of the tables as they are. Raises StoreError."""
    with database.reader.connect() as connection:
        return _names(_current(connection))


def _current(connection: Connection) -> set[str]:
    if not inspect(connection).has_table(_VERSION.name):
        return set()
    return set(connection.execute(select(_VERSION.c.version_num)).scalars())


def _serves_us(connection: Connection, current: set[str]) -> bool:
    """Whether the tables are newer than this program, and it may work on them."""
    ours = _scripts().get_heads()
    known = {script.revision for script in _scripts().walk_revisions()}
    if not current or current <= known or not inspect(connection).has_table(schema_serves.name):
        return False
    serves = set(connection.execute(select(schema_serves.c.revision)).scalars())
    return serves.issuperset({*ours, *current})


def _refuse_breaking(current: set[str]) -> None:
    if current and not all(works_beside(one) for one in current):
        raise StoreError(
            f"programs of the database's version ({_names(current)}) cannot work on the newer tables: "
            "stop every node, then 'juki-gateway db upgrade --nodes-stopped'"
        )


def _refuse_newer(current: set[str]) -> None:
    known = {script.revision for script in _scripts().walk_revisions()}
    if not current <= known:
        raise StoreError(
            f"the database is of a version that this program does not know ({_names(current - known)}): "
            "it was upgraded by a newer program"
        )


def _scripts() -> Revisions:
    return Revisions(folders())


def _names(revisions: set[str]) -> str:
    return ", ".join(sorted(revisions))
