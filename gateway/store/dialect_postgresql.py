"""PostgreSQL through psycopg: several nodes on one database.

Transactions run side by side at READ COMMITTED, each statement on the newest that is committed. What they
need of each other they get by an advisory lock of the database, taken in the same round trip as BEGIN: a
transaction that is alone takes it exclusively and finds nobody else writing, as on SQLite; one that relies on
keys, row locks and conditions only takes it shared. A commit whose answer is lost is asked for by the
transaction's own number.

Before a connection is used the server is asked what it promises (promises_postgresql.py).
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

import psycopg
from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import SQLAlchemyError

from gateway.errors import StoreError
from gateway.store.failures import Conflict, ConnectionLost, Failure, OutcomeUnknown, Unavailable
from gateway.store.promises_postgresql import SESSION, check_promises, permanent

_LOCK: Final = 0x6A756B69  # "juki"; advisory locks are a database's own
_BEGIN: Final = "BEGIN; SELECT pg_current_xact_id()::text, pg_advisory_xact_lock{}({})::text"
_BEGIN_ALONE: Final = _BEGIN.format("", _LOCK)
_BEGIN_BESIDE: Final = _BEGIN.format("_shared", _LOCK)
_STATUS: Final = "SELECT pg_xact_status(%s::text::xid8)"
_FILE: Final = "SELECT pg_relation_filenode('evidence_transient')"
_NAME: Final = re.compile(r"(?<!:):([a-z_][a-z0-9_]*)")
_READERS, _MORE_READERS = 4, 12  # connections of a process, beside its writer's; a server has 100 by default
_PAUSE: Final = 0.05

# SQLSTATE, by class or whole.
_DAMAGED: Final = frozenset({"XX001", "XX002"})
_CONSTRAINT, _OVERTAKEN = "23", frozenset({"40001", "40P01"})
_TIMED_OUT: Final = frozenset({"55P03", "57014"})
_FULL: Final = frozenset({"53100", "53200"})
_READ_ONLY, _CONNECTIONS = "25006", "53300"
_GONE: Final = ("08", "57P", "25P03", "25P04")


class PostgreSql:
    """A server; writers run side by side."""

    name = "postgresql"
    error: type[Exception] = psycopg.Error
    concurrent = True

    def engines(self, url: URL, *, create: bool, wait_seconds: float) -> tuple[Engine, Engine]:
        """The database itself is made by whoever runs the server."""
        if not url.database:
            raise StoreError("database_url must name a database: postgresql://host/name")
        if "options" in url.query:
            raise StoreError("database_url: options are set by this program")
        url = url.set(drivername="postgresql+psycopg")
        writer = create_engine(
            url, pool_size=1, max_overflow=0, connect_args=_arguments(wait_seconds), **_common(wait_seconds)
        )
        reader = create_engine(
            url,
            pool_size=_READERS,
            max_overflow=_MORE_READERS,
            pool_pre_ping=True,
            connect_args=_arguments(wait_seconds, read_only=True),
            **_common(wait_seconds),
        )
        for engine in (writer, reader):
            event.listen(engine, "connect", lambda connection, _record: check_promises(connection))
        return writer, reader

    def begin(self, connection: Connection, *, alone: bool) -> str:
        """BEGIN, the lock and the transaction's number, in one round trip."""
        connection.begin()
        cursor = connection.connection.cursor()
        try:
            cursor.execute(_BEGIN_ALONE if alone else _BEGIN_BESIDE)
            cursor.nextset()
            (number, _) = cursor.fetchone()  # type: ignore[misc]
        except psycopg.Error as error:
            failure = self.failure(error)
            connection.invalidate()
            raise failure.error from error
        finally:
            cursor.close()
        return str(number)

    def committed(self, reader: Engine, transaction: str, *, wait_seconds: float) -> bool:
        """Ask for the transaction by its number, until the server answers and it is over."""
        stop = time.monotonic() + wait_seconds
        while True:
            try:
                with reader.connect() as connection:
                    status = connection.exec_driver_sql(_STATUS, (transaction,)).scalar_one()
            except (StoreError, SQLAlchemyError):
                status = None
            if status in {"committed", "aborted"}:
                return bool(status == "committed")
            if time.monotonic() > stop:
                raise OutcomeUnknown(
                    "the connection ended while a commit was under way; nobody could tell what became of it"
                )
            time.sleep(_PAUSE)

    def sql(self, statement: str) -> str:
        """``%(name)s`` for ``:name``."""
        return _translated(statement)

    def failure(self, error: Exception) -> Failure:
        """By SQLSTATE; the server's text quotes values, so none of it is kept."""
        state = getattr(error, "sqlstate", None)
        diagnostics = getattr(error, "diag", None)
        place = getattr(diagnostics, "constraint_name", None) or getattr(diagnostics, "table_name", None)
        name = f"{type(error).__name__} {state or ''}".strip() + (f" ({place})" if place else "")
        # A connection that could not be made has a text of libpq's own, about hosts and users.
        told = name if state is not None else f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
        if isinstance(error, psycopg.Error):
            error.args = (name,)
        found = Failure(StoreError(f"the database failed: {told}"))
        if state is None:
            if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
                found = Failure(ConnectionLost(f"no connection to the database: {told}"), lost=True)
        elif state.startswith(_GONE):
            found = Failure(ConnectionLost(f"the connection to the database ended: {name}"), lost=True)
        elif state in _DAMAGED:
            found = Failure(StoreError(f"the database failed: {name}"), fatal=True)
        elif state.startswith(_CONSTRAINT) or state in _OVERTAKEN:
            found = Failure(Conflict(f"the database refused a row: {name}"))
        elif state in _TIMED_OUT:
            found = Failure(Unavailable("the database stayed locked by another writer until the time limit"))
        elif state in _FULL:
            found = Failure(Unavailable("the database is full: no space on its disk, or no memory"))
        elif state == _READ_ONLY:
            found = Failure(StoreError("the database is READONLY here: a reader, or a standby"))
        elif state == _CONNECTIONS:
            found = Failure(StoreError("the database takes no more connections"))
        return found

    def micros(self, connection: Connection) -> int:
        """The server's clock, at this statement."""
        statement = "SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)"
        return int(connection.exec_driver_sql(statement).scalar_one())

    def forget_pages(self, engine: Engine) -> bool:
        """Write the small table of what must not stay anew, and give up dead rows of the others.

        While somebody uses the small table (a backup, for one) it is left: to wait for it would let all
        others wait that write to it. What lies in pages of those until they are used again, in the server's
        log and in backups, is its operator's (decision 30).
        """
        try:
            with engine.connect() as connection:
                before = connection.exec_driver_sql(_FILE).scalar_one()
                connection.exec_driver_sql("VACUUM (FULL, SKIP_LOCKED) evidence_transient")
                after = connection.exec_driver_sql(_FILE).scalar_one()
                connection.exec_driver_sql("VACUUM evidence_bodies, outbox, guard_messages")
        except StoreError:
            return False
        return bool(before != after)

    def numbered(self, connection: Connection, table: str, column: str) -> None:
        """Move the sequence, and let the planner know what came in."""
        connection.exec_driver_sql(
            f"SELECT setval(pg_get_serial_sequence('{table}', '{column}'),"  # noqa: S608 - names only
            f" coalesce((SELECT max({column}) FROM {table}), 0) + 1, false)"
        )
        connection.exec_driver_sql("ANALYZE")

    def broken_promise(self, connection: Connection, tables: Mapping[str, object]) -> str:
        """A table that is not logged is empty after a crash."""
        return permanent(connection, tables)


def _common(wait_seconds: float) -> dict[str, Any]:
    return {
        "hide_parameters": True,
        "pool_timeout": wait_seconds,
        "paramstyle": "format",
        "use_native_hstore": False,
    }


def _arguments(wait_seconds: float, *, read_only: bool = False) -> dict[str, Any]:
    wait = f"{max(1, round(wait_seconds * 1000))}ms"
    only = "on" if read_only else "off"
    settings = {**SESSION, "lock_timeout": wait, "default_transaction_read_only": only}
    return {
        "autocommit": True,  # transactions are begun by hand, readers have none
        "application_name": "juki-gateway",
        "client_encoding": "utf8",
        "connect_timeout": 5,
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": 15_000,
        "options": " ".join(f"-c {name}={_escaped(value)}" for name, value in settings.items()),
    }


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace(" ", "\\ ")


@lru_cache(maxsize=4096)
def _translated(statement: str) -> str:
    return _NAME.sub(r"%(\1)s", statement.replace("%", "%%"))
