"""The database and its connections. Which kind it is, only the dialects know (dialect.py).

There are two pools:

writer   exactly one connection in a process, had in turns (turns.py); what holds on it while a transaction
         is open is the dialect's promise.
reader   connections that cannot write and hold no transaction from one statement to the next.

Every error of the driver leaves here as a StoreError without values. An I/O error, a failed fsync or a
damaged file ends the process: after one of them nobody can tell what the operating system still holds.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from weakref import WeakSet

from sqlalchemy import URL, Connection, Engine, event, make_url
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import PoolProxiedConnection

from gateway.errors import StoreError
from gateway.store.dialect import NAMES, Dialect, dialect_named
from gateway.store.direct import FAILED
from gateway.store.failures import ConnectionLost
from gateway.store.turns import Turns

FILE_IN_STATE_FOLDER = Path("data") / "gateway.sqlite"


def end_process(reason: str) -> None:
    """End this process at once, without clean-up that could write; exit status 3."""
    sys.stderr.write(f"store: {reason}; this process ends\n")
    sys.stderr.flush()
    os._exit(3)


@dataclass(slots=True)
class Database:
    """An opened database: the writer's and the readers' engines."""

    url: URL
    dialect: Dialect
    writer: Engine
    reader: Engine
    on_fatal: Callable[[str], None]
    lock_timeout_seconds: float
    turns: Turns = field(default_factory=Turns)
    armed: bool = False  # while it is being opened a fatal error is an ordinary StoreError
    broken: str = field(default="")
    _thread: threading.local = field(default_factory=threading.local)
    _kept: WeakSet[PoolProxiedConnection] = field(default_factory=WeakSet)  # one for each thread that read

    def begin(self, *, alone: bool = True) -> tuple[Connection, str]:
        """A connection with a write transaction begun, and that one's name for ``commit``. Raises StoreError.

        ``alone``: nobody else writes while it is open. Otherwise others of the same kind may, and the caller
        relies on keys, row locks and conditions only.
        """
        try:
            return self._begin(alone)
        except ConnectionLost:
            return self._begin(alone)  # nothing was done on it yet, and the pool is a new one

    def _begin(self, alone: bool) -> tuple[Connection, str]:
        connection = self.writer.connect()
        try:
            return connection, self.dialect.begin(connection, alone=alone)
        except BaseException:
            connection.close()
            raise

    def commit(self, connection: Connection, transaction: str) -> None:
        """Commit, synced to the disk on return. Raises StoreError; OutcomeUnknown is the only one after which
        the transaction may be written."""
        try:
            connection.commit()
        except BaseException as error:
            # SQLAlchemy takes a transaction whose COMMIT failed for ended, the database may not.
            connection.invalidate()
            if not isinstance(error, ConnectionLost) or not self.dialect.committed(
                self.reader, transaction, wait_seconds=self.lock_timeout_seconds
            ):
                raise

    def rows(self, sql: str, parameters: Mapping[str, Any] | Sequence[Any]) -> list[Any]:
        """All rows of one reading statement, straight from the driver; values bound by ``:name``, or in order
        for a statement that was compiled for it.

        For the hot path: a search is a tenth of a millisecond for SQLite and several through the engine.
        Each thread keeps one connection; between two statements it holds no transaction.
        """
        statement = self.dialect.sql(sql) if isinstance(parameters, Mapping) else sql
        try:
            return self._rows(statement, parameters)
        except ConnectionLost:
            return self._rows(statement, parameters)

    def _rows(self, statement: str, parameters: Mapping[str, Any] | Sequence[Any]) -> list[Any]:
        execute = getattr(self._thread, "execute", None)
        if execute is None:
            connection = self._thread.connection = self.reader.raw_connection()
            self._kept.add(connection)
            execute = self._thread.execute = connection.driver_connection.execute  # type: ignore[union-attr]
        try:
            found: list[Any] = execute(statement, parameters).fetchall()
        except self.dialect.error as error:
            connection = self._thread.connection
            del self._thread.connection, self._thread.execute
            self._kept.discard(connection)
            connection.invalidate()
            raise self.failed(error) from error
        return found

    def failed(self, error: Exception) -> StoreError:
        """What a driver's error means for the store; ends the process on one that nobody can recover from."""
        failure = self.dialect.failure(error)
        if failure.fatal and self.armed:
            self.broken = str(failure.error)
            self.on_fatal(self.broken)
        return failure.error

    def failed_on(self, connection: Connection, error: Exception) -> StoreError | None:
        """As failed, for an error that SQLAlchemy has not seen: what ``_translate`` tells it is done here."""
        if not isinstance(error, self.dialect.error):
            return None
        failure = self.dialect.failure(error)
        if failure.spoiled or failure.lost:
            connection.invalidate(error)  # the writer's only one: its pool makes another
        return self.failed(error)

    def close(self) -> None:
        """Close every connection."""
        for connection in tuple(self._kept):
            connection.close()
        self.writer.dispose()
        self.reader.dispose()


def open_database(
    location: Path | str,
    *,
    create: bool = False,
    lock_timeout_seconds: float = 5.0,
    on_fatal: Callable[[str], None] = end_process,
) -> Database:
    """Open the database of a state folder (a Path) or of a URL (``sqlite:///…``, ``postgresql://…``).

    ``create`` makes SQLite's file when it is missing. ``lock_timeout_seconds`` bounds each wait for another
    writer. Raises StoreError.
    """
    url = _url(location)
    dialect = dialect_named(url.get_backend_name())
    writer, reader = dialect.engines(url, create=create, wait_seconds=lock_timeout_seconds)
    database = Database(url, dialect, writer, reader, on_fatal, lock_timeout_seconds)
    for engine in (writer, reader):
        event.listen(engine, "handle_error", lambda context: _translate(database, context))
    event.listen(writer, "connect", lambda _, record: record.info.__setitem__(FAILED, database.failed_on))
    return database


def _url(location: Path | str) -> URL:
    if isinstance(location, Path):
        return URL.create("sqlite", database=str((location / FILE_IN_STATE_FOLDER).absolute()))
    try:
        url = make_url(location)
    except ArgumentError:
        raise StoreError(
            "database_url is not a URL such as sqlite:////absolute/path or postgresql://host/name"
        ) from None
    if url.get_backend_name() not in NAMES:
        known = " and ".join(NAMES)
        raise StoreError(f"database_url: {url.get_backend_name()} is not supported here, only {known}")
    return url


def _translate(database: Database, context: ExceptionContext) -> StoreError | None:
    """The driver's errors, as the dialect's table has them."""
    error = context.original_exception
    if not isinstance(error, database.dialect.error):
        return None
    failure = database.dialect.failure(error)
    if failure.spoiled or failure.lost:
        # A connection that counts as lost takes no further statement until its transaction has ended.
        context.is_disconnect = True
        context.invalidate_pool_on_disconnect = failure.lost
    return database.failed(error)
