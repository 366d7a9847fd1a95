"""What differs between the databases that a store can be in, and nothing else does.

Rooms of the store that need to know ask ``dialect_of`` their connection.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Final, Protocol

from sqlalchemy import URL, Connection, Engine

from gateway.store.dialect_sqlite import Sqlite
from gateway.store.failures import Failure


class Dialect(Protocol):
    """One kind of database. It holds no state."""

    name: str
    """SQLAlchemy's name of it."""
    error: type[Exception]
    """The base of the driver's errors."""
    concurrent: bool
    """Whether several transactions may write at once."""

    def engines(self, url: URL, *, create: bool, wait_seconds: float) -> tuple[Engine, Engine]:
        """The writer's and the readers' connections. Raises StoreError for an impossible URL."""
        ...

    def begin(self, connection: Connection, *, alone: bool) -> str:
        """Begin a write transaction; gives its name, empty where the database has none.

        While one that is ``alone`` is open nobody else writes; others may be open side by side.
        """
        ...

    def committed(self, reader: Engine, transaction: str, *, wait_seconds: float) -> bool:
        """What became of a commit whose answer was lost. Raises OutcomeUnknown."""
        ...

    def sql(self, statement: str) -> str:
        """A statement with ``:name`` for values, as the driver takes it."""
        ...

    def failure(self, error: Exception) -> Failure:
        """What one of its errors means."""
        ...

    def micros(self, connection: Connection) -> int:
        """The database's clock, in microseconds since the epoch."""
        ...

    def forget_pages(self, engine: Engine) -> bool:
        """See that nothing erased is left in files of ours; False when others were in the way."""
        ...

    def numbered(self, connection: Connection, table: str, column: str) -> None:
        """Rows were put in with numbers of their own: the next number that the database gives is behind."""
        ...

    def broken_promise(self, connection: Connection, tables: Mapping[str, object]) -> str:
        """What of the tables does not keep what was written; empty when all is well."""
        ...


NAMES: Final = ("postgresql", "sqlite")
"""Every kind, by the name that its URL begins with."""


@cache
def dialect_named(name: str) -> Dialect:
    """The kind of database of one of NAMES. PostgreSQL's driver is loaded with the first use: a tenth of the
    time that a start takes."""
    if name == "sqlite":
        return Sqlite()
    from gateway.store.dialect_postgresql import PostgreSql  # noqa: PLC0415 - see above

    return PostgreSql()


def dialect_of(connection: Connection) -> Dialect:
    """The kind of database that a connection is to."""
    return dialect_named(connection.dialect.name)


Micros = Callable[[Connection], int]


def database_micros(connection: Connection) -> int:
    """The database's clock, in microseconds since the epoch."""
    return dialect_of(connection).micros(connection)
