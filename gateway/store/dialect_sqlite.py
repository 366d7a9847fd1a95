"""SQLite through pysqlite3, whose own SQLite is new enough.

What holds on every connection, and is read back before it is used: write-ahead log, ``synchronous=FULL``,
foreign keys. There is one writing connection in a process; each transaction on it opens with BEGIN IMMEDIATE,
so that a value read in it is still true when it is written (SQLAlchemy's own default loses updates without an
error). Readers cannot write and hold no transaction from one statement to the next, so that the log can
always be written back.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pysqlite3.dbapi2 as driver
from sqlalchemy import URL, Connection, Engine, create_engine, event

from gateway.errors import StoreError
from gateway.store.failures import Conflict, Failure, Unavailable

SQLITE_FLOOR = (3, 51, 3)
"""Older ones can damage a write-ahead log when a checkpoint meets another process's commit."""

_IO_ERROR, _CORRUPT, _NOT_A_DATABASE = 10, 11, 26  # primary result codes of SQLite
_BUSY, _LOCKED, _FULL, _CONSTRAINT = 5, 6, 13, 19
_FATAL = frozenset({_IO_ERROR, _CORRUPT, _NOT_A_DATABASE})
_PAUSE = (0.0003, 0.0015)  # seconds between two attempts to be the writer
_SWITCH_SECONDS = 5.0
_READER_WAIT = 2_000  # milliseconds; a reader waits only while a log is recovered


class Sqlite:
    """One file; writers take turns, in the process and among processes."""

    name = "sqlite"
    error: type[Exception] = driver.Error
    concurrent = False

    def engines(self, url: URL, *, create: bool, wait_seconds: float) -> tuple[Engine, Engine]:
        """The file is checked, or made, 0600 in a folder 0700."""
        check_sqlite_version(driver.sqlite_version_info)
        _prepare_file(_file(url), create=create)
        common: dict[str, Any] = {
            "module": driver,
            "hide_parameters": True,
            "pool_timeout": wait_seconds,
            "connect_args": {"timeout": wait_seconds},
        }
        writer = create_engine(url, pool_size=1, max_overflow=0, **common)
        reader = create_engine(url, pool_size=16, max_overflow=48, **common)
        event.listen(writer, "connect", _prepare_writer)
        event.listen(writer, "begin", lambda connection: _begin_immediate(connection, wait_seconds))
        event.listen(reader, "connect", _prepare_reader)
        return writer, reader

    def begin(self, connection: Connection, *, alone: bool) -> str:
        """BEGIN IMMEDIATE."""
        connection.begin()
        return ""

    def committed(self, reader: Engine, transaction: str, *, wait_seconds: float) -> bool:
        """A commit in a file of ours says what became of it."""
        return False

    def sql(self, statement: str) -> str:
        """The driver takes ``:name``."""
        return statement

    def failure(self, error: Exception) -> Failure:
        """The text is SQLite's own, which names columns, never values."""
        code, name = _code(error), getattr(error, "sqlite_errorname", type(error).__name__)
        if code in _FATAL:
            return Failure(StoreError(f"the database failed: {name}"), fatal=True, spoiled=True)
        if isinstance(error, driver.IntegrityError):
            return Failure(Conflict(f"the database refused a row: {error}"), spoiled=code != _CONSTRAINT)
        if code in (_BUSY, _LOCKED):
            return Failure(Unavailable("the database stayed locked by another writer until the time limit"))
        # SQLite may have rolled back by itself; what followed would then commit statement by statement.
        if code == _FULL:
            full = "the database is full: no space on the disk, or its page limit is reached"
            return Failure(Unavailable(full), spoiled=True)
        return Failure(StoreError(f"the database failed: {name}: {error}"), spoiled=True)

    def micros(self, connection: Connection) -> int:
        """The machine's clock."""
        statement = "SELECT CAST(unixepoch('now', 'subsec') * 1000000 AS INTEGER)"
        return int(connection.exec_driver_sql(statement).scalar_one())

    def forget_pages(self, engine: Engine) -> bool:
        """Write the whole log back and empty it."""
        with engine.connect() as connection:
            return not connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()[0]

    def numbered(self, connection: Connection, table: str, column: str) -> None:
        """The next number is one more than the highest anyway."""

    def broken_promise(self, connection: Connection, tables: Mapping[str, object]) -> str:
        """All tables of the file are alike."""
        return ""


def sqlite_version() -> tuple[int, ...]:
    """The version of the SQLite that the driver brought along."""
    return tuple(driver.sqlite_version_info)


def check_sqlite_version(version: tuple[int, ...]) -> None:
    """Refuse an SQLite below the floor. Raises StoreError."""
    if version < SQLITE_FLOOR:
        found, floor = (".".join(map(str, v)) for v in (version, SQLITE_FLOOR))
        raise StoreError(f"SQLite {found} can damage its write-ahead log; {floor} or later is needed")


def _file(url: URL) -> Path:
    if not url.database or url.database == ":memory:" or not Path(url.database).is_absolute() or url.query:
        raise StoreError("database_url must name a file by its absolute path: sqlite:////absolute/path")
    return Path(url.database)


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
    _write_ahead(connection)
    _set(connection, "synchronous", 2)  # FULL: the log is synced before a commit returns
    _set(connection, "foreign_keys", 1)
    _set(connection, "wal_autocheckpoint", 10_000)  # pages; fewer, longer checkpoints: a shorter p99
    _set(connection, "secure_delete", 1)  # what is deleted is overwritten, in freed pages too
    _set(connection, "temp_store", 2)  # MEMORY: nothing personal in temporary files
    connection.execute("PRAGMA busy_timeout = 0")  # _begin_immediate does the waiting


def _prepare_reader(connection: Any, record: object) -> None:
    _prepare_writer(connection, record)
    connection.execute(f"PRAGMA busy_timeout = {_READER_WAIT}")
    _set(connection, "query_only", 1)


def _write_ahead(connection: Any) -> None:
    """The write-ahead log, which a database keeps; SQLite waits for nobody who switches to it as well."""
    stop = time.monotonic() + _SWITCH_SECONDS
    while True:
        try:
            _set(connection, "journal_mode", "wal")
        except driver.OperationalError as error:
            if _code(error) != _BUSY or time.monotonic() > stop:
                raise
            time.sleep(random.uniform(*_PAUSE))  # noqa: S311 - only spreads the attempts
        else:
            return


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
            if _code(error) != _BUSY:
                break
            time.sleep(random.uniform(*_PAUSE))  # noqa: S311 - only spreads the attempts
        else:
            return
    connection.exec_driver_sql("BEGIN IMMEDIATE")  # once more, for the error to go its usual way


def _code(error: Exception) -> int:
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF
