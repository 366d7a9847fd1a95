"""The database file and its connections: the one place that knows which database it is.

SQLite through pysqlite3, whose own SQLite is new enough. What holds on every connection, and is read
back before it is used: write-ahead log, ``synchronous=FULL``, foreign keys. There are two pools:

writer   exactly one connection in a process, had in turns (turns.py). Each transaction opens with BEGIN
         IMMEDIATE, so a value read in it is still true when it is written (SQLAlchemy's own default
         loses updates without an error).
reader   connections that cannot write and hold no transaction from one statement to the next, so that
         the log can always be written back.

Every error of the driver leaves here as a StoreError without values. An I/O error, a failed fsync or a
damaged file ends the process: after one of them nobody can tell what the operating system still holds.
"""

from __future__ import annotations

import os
import random
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pysqlite3.dbapi2 as driver
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import ArgumentError

from gateway.errors import StoreError
from gateway.store.turns import Turns

SQLITE_FLOOR = (3, 51, 3)
"""Older ones can damage a write-ahead log when a checkpoint meets another process's commit."""

FILE_IN_STATE_FOLDER = Path("data") / "gateway.sqlite"

_IO_ERROR, _CORRUPT, _NOT_A_DATABASE = 10, 11, 26  # primary result codes of SQLite
_BUSY, _LOCKED, _FULL, _CONSTRAINT = 5, 6, 13, 19
_PAUSE = (0.0003, 0.0015)  # seconds between two attempts to be the writer
_READER_WAIT = 2_000  # milliseconds; a reader waits only while a log is recovered
_FATAL = frozenset({_IO_ERROR, _CORRUPT, _NOT_A_DATABASE})


class Conflict(StoreError):
    """A constraint of the database was broken: somebody else wrote first."""


def end_process(reason: str) -> None:
    """End this process at once, without clean-up that could write; exit status 3."""
    sys.stderr.write(f"store: {reason}; this process ends\n")
    sys.stderr.flush()
    os._exit(3)


@dataclass(slots=True)
class Database:
    """An opened database: the writer's and the readers' engines."""

    url: URL
    writer: Engine
    reader: Engine
    on_fatal: Callable[[str], None]
    lock_timeout_seconds: float
    turns: Turns = field(default_factory=Turns)
    armed: bool = False  # while it is being opened a fatal error is an ordinary StoreError
    broken: str = field(default="")

    def rows(self, sql: str, parameters: Mapping[str, Any]) -> list[Any]:
        """All rows of one reading statement whose values are bound by ``:name``, straight from the driver.

        For the hot path: a search is a tenth of a millisecond for SQLite and several through the engine.
        """
        connection = self.reader.raw_connection()
        try:
            return list(connection.cursor().execute(sql, parameters).fetchall())
        except driver.Error as error:
            raise _failure(self, error) from error
        finally:
            connection.close()

    def close(self) -> None:
        """Close every pooled connection."""
        self.writer.dispose()
        self.reader.dispose()


def open_database(
    location: Path | str,
    *,
    create: bool = False,
    lock_timeout_seconds: float = 5.0,
    on_fatal: Callable[[str], None] = end_process,
) -> Database:
    """Open the database of a state folder (a Path) or of a URL (``sqlite:///…``).

    ``create`` makes the file, 0600, in a folder 0700, when it is missing. ``lock_timeout_seconds`` bounds
    each wait for another writer. Raises StoreError.
    """
    check_sqlite_version(driver.sqlite_version_info)
    url = _url(location)
    _prepare_file(Path(url.database or ""), create=create)
    common: dict[str, Any] = {
        "module": driver,
        "hide_parameters": True,
        "pool_timeout": lock_timeout_seconds,
        "connect_args": {"timeout": lock_timeout_seconds},
    }
    writer = create_engine(url, pool_size=1, max_overflow=0, **common)
    reader = create_engine(url, pool_size=16, max_overflow=48, **common)
    database = Database(url, writer, reader, on_fatal, lock_timeout_seconds)
    event.listen(writer, "connect", _prepare_writer)
    event.listen(writer, "begin", lambda connection: _begin_immediate(connection, lock_timeout_seconds))
    event.listen(reader, "connect", _prepare_reader)
    for engine in (writer, reader):
        event.listen(engine, "handle_error", lambda context: _translate(database, context))
    return database


def sqlite_version() -> tuple[int, ...]:
    """The version of the SQLite that the driver brought along."""
    return tuple(driver.sqlite_version_info)


def check_sqlite_version(version: tuple[int, ...]) -> None:
    """Refuse an SQLite below the floor. Raises StoreError."""
    if version < SQLITE_FLOOR:
        found, floor = (".".join(map(str, v)) for v in (version, SQLITE_FLOOR))
        raise StoreError(f"SQLite {found} can damage its write-ahead log; {floor} or later is needed")


def _url(location: Path | str) -> URL:
    if isinstance(location, Path):
        return URL.create("sqlite", database=str((location / FILE_IN_STATE_FOLDER).absolute()))
    try:
        url = make_url(location)
    except ArgumentError:
        raise StoreError("database_url is not a URL such as sqlite:////absolute/path") from None
    if url.get_backend_name() != "sqlite":
        raise StoreError(f"database_url: {url.get_backend_name()} is not supported here, only sqlite")
    if not url.database or url.database == ":memory:" or not Path(url.database).is_absolute() or url.query:
        raise StoreError("database_url must name a file by its absolute path: sqlite:////absolute/path")
    return url


def _prepare_file(path: Path, *, create: bool) -> None:
    """See that the file is there and its owner's alone; its log files take over its mode."""
    try:
        if create:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        mode = path.stat().st_mode
    except FileNotFoundError:
        raise StoreError(f"there is no database at {path}") from None
    except OSError as error:
        raise StoreError(f"the database at {path} cannot be opened: {error.strerror}") from error
    if mode & 0o077:
        raise StoreError(f"{path} can be read by others (mode {mode & 0o777:04o}); it must be 0600")


def _prepare_writer(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # the driver opens no transaction by itself
    _set(connection, "journal_mode", "wal")
    _set(connection, "synchronous", 2)  # FULL: the log is synced before a commit returns
    _set(connection, "foreign_keys", 1)
    _set(connection, "wal_autocheckpoint", 10_000)  # pages; fewer, longer checkpoints: a shorter p99
    _set(connection, "temp_store", 2)  # MEMORY: nothing personal in temporary files
    connection.execute("PRAGMA busy_timeout = 0")  # _begin_immediate does the waiting


def _prepare_reader(connection: Any, record: object) -> None:
    _prepare_writer(connection, record)
    connection.execute(f"PRAGMA busy_timeout = {_READER_WAIT}")
    _set(connection, "query_only", 1)


def _set(connection: Any, pragma: str, value: str | int) -> None:
    connection.execute(f"PRAGMA {pragma} = {value}").fetchall()
    (found,) = connection.execute(f"PRAGMA {pragma}").fetchone()
    if found != value:
        raise StoreError(f"the database does not take {pragma} = {value}: it says {found}")


def _begin_immediate(connection: Connection, timeout_seconds: float) -> None:
    """Wait for the other processes' writers with short pauses; SQLite's own grow to 100 ms and starve."""
    begin: Any = connection.connection.driver_connection
    stop = time.monotonic() + timeout_seconds
    while time.monotonic() < stop:
        try:
            begin.execute("BEGIN IMMEDIATE")
        except driver.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != _BUSY:
                break
            time.sleep(random.uniform(*_PAUSE))  # noqa: S311 - only spreads the attempts
        else:
            return
    connection.exec_driver_sql("BEGIN IMMEDIATE")  # once more, for the error to go its usual way


def _translate(database: Database, context: ExceptionContext) -> StoreError | None:
    """The table of driver errors; the text is SQLite's own, which names columns, never values."""
    error = context.original_exception
    if not isinstance(error, driver.Error):
        return None
    if _code(error) not in (_BUSY, _LOCKED, _CONSTRAINT):
        # SQLite may have rolled back by itself; what followed would then commit statement by statement.
        # A connection that counts as lost takes no further statement until its transaction has ended.
        context.is_disconnect = True
        context.invalidate_pool_on_disconnect = False
    return _failure(database, error)


def _code(error: driver.Error) -> int:
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


def _failure(database: Database, error: driver.Error) -> StoreError:
    """What a driver's error means for the store; ends the process on one that nobody can recover from."""
    code, name = _code(error), getattr(error, "sqlite_errorname", type(error).__name__)
    if code in _FATAL and database.armed:
        database.broken = f"the database failed: {name}"
        database.on_fatal(database.broken)
        return StoreError(database.broken)
    if isinstance(error, driver.IntegrityError):
        return Conflict(f"the database refused a row: {error}")
    if code in (_BUSY, _LOCKED):
        return StoreError("the database stayed locked by another writer until the time limit")
    if code == _FULL:
        return StoreError("the database is full: no space on the disk, or its page limit is reached")
    return StoreError(f"the database failed: {name}: {error}")
