"""All rows of a database into an empty one of either kind: how a PostgreSQL is backed up, and restored.

The copy is an SQLite file with the same tables: it is judged, upgraded and given what the duplicate guard
knew as any other, wherever it came from and wherever it goes.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Table, delete, func, insert, select

from gateway.errors import StoreError
from gateway.state import FILE_MODE
from gateway.store import schema
from gateway.store.engine import Database, open_database
from gateway.store.tables import access_keys, metadata, schema_serves

_AT_ONCE: Final = 2_000  # rows
_SNAPSHOT: Final = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_NO_LIMITS: Final = (
    "SET LOCAL statement_timeout = 0",
    "SET LOCAL idle_in_transaction_session_timeout = 0",
)
_MADE_WITH_TABLES: Final = frozenset({schema_serves.name, access_keys.name})
_OTHERS: Final = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    " AND application_name = 'juki-gateway' AND pid <> pg_backend_pid()"
)

Progress = Callable[[int, int], None]
"""Told how many rows are done, and how many there were about."""


def copy_out(source: Database, target: Path, progress: Progress = lambda _done, _all: None) -> None:
    """Copy a PostgreSQL that may be in use, as of one instant, to a new SQLite file, 0600, synced.

    Raises StoreError, also for tables of another version than this program's.
    """
    _require_version(source)
    try:
        os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE))
    except OSError as error:
        raise StoreError(f"{target}: {error.strerror}") from None
    copy = open_database(f"sqlite:///{target}", create=True)
    try:
        schema.upgrade(copy)
        with snapshot(source) as reading:
            writing, transaction = copy.begin()
            with writing:
                _copy(reading, writing, _put, progress)
                copy.commit(writing, transaction)
        copy.dialect.forget_pages(copy.reader)  # one file
    finally:
        copy.close()


def copy_in(file: Path, target: Database, progress: Progress = lambda _done, _all: None) -> None:
    """Put all rows of an SQLite file into a PostgreSQL without any, in one transaction. Raises StoreError."""
    schema.upgrade(target)
    _require_version(target)
    copy = open_database(f"sqlite:///{file}")
    try:
        _require_version(copy)
        with copy.reader.connect() as reading:
            writing, transaction = target.begin()
            with writing:
                for statement in _NO_LIMITS:
                    writing.exec_driver_sql(statement)
                _copy(reading, writing, _put_by_copy, progress)
                for table in metadata.sorted_tables:
                    _number(writing, table)
                writing.exec_driver_sql("ANALYZE")
                target.commit(writing, transaction)
    finally:
        copy.close()


def holds_rows(database: Database) -> bool:
    """Whether there is anything in a database but what comes with the tables."""
    with database.reader.connect() as connection:
        there = set(connection.dialect.get_table_names(connection))
        return any(
            connection.execute(select(1).select_from(table).limit(1)).first() is not None
            for table in metadata.sorted_tables
            if table.name in there and table.name not in _MADE_WITH_TABLES
        )


def others_on(database: Database) -> int:
    """How many connections of nodes there are on a PostgreSQL, but the one that asks."""
    with database.reader.connect() as connection:
        return int(connection.exec_driver_sql(_OTHERS).scalar_one())


def unreadable(database: Database) -> list[str]:
    """Tables of a PostgreSQL that cannot be read from end to end, with the error; nothing for a sound one."""
    found = []
    for table in metadata.sorted_tables:
        try:
            with snapshot(database) as connection:
                connection.execute(select(func.count()).select_from(table)).scalar_one()
        except StoreError as error:
            found.append(f"{table.name}: {error}")
    return found


@contextmanager
def snapshot(database: Database) -> Iterator[Connection]:
    """A connection on which everything is as of one instant; stops no writer."""
    with database.reader.connect() as connection:
        connection.exec_driver_sql(_SNAPSHOT)
        try:
            for statement in _NO_LIMITS:
                connection.exec_driver_sql(statement)
            yield connection
        finally:
            connection.invalidate()  # its transaction with it


def _require_version(database: Database) -> None:
    if schema.version(database) != schema.program():
        raise StoreError(f"the tables are not of this program's version ({schema.program()})")


Put = Callable[[Connection, Table, list[Any]], None]


def _copy(reading: Connection, writing: Connection, put: Put, progress: Progress) -> None:
    total = sum(
        int(reading.execute(select(func.count()).select_from(table)).scalar_one())
        for table in metadata.sorted_tables
    )
    done = 0
    for table in metadata.sorted_tables:
        writing.execute(delete(table))
        rows = reading.execution_options(stream_results=True, yield_per=_AT_ONCE).execute(
            select(table).order_by(*table.primary_key.columns)
        )
        for some in rows.partitions(_AT_ONCE):
            put(writing, table, list(some))
            done += len(some)
            progress(done, total)


def _put(writing: Connection, table: Table, rows: list[Any]) -> None:
    writing.execute(insert(table), [row._asdict() for row in rows])


def _put_by_copy(writing: Connection, table: Table, rows: list[Any]) -> None:
    names = ", ".join(f'"{column.name}"' for column in table.columns)
    cursor = writing.connection.cursor()
    with cursor, cursor.copy(f'COPY "{table.name}" ({names}) FROM STDIN') as copy:  # type: ignore[attr-defined]
        for row in rows:
            copy.write_row(tuple(row))


def _number(writing: Connection, table: Table) -> None:
    """The next number that the database gives is behind those that were put in."""
    column = table.autoincrement_column
    if column is None:
        return
    newest = select(func.coalesce(func.max(column), 0) + 1).scalar_subquery()
    sequence = func.pg_get_serial_sequence(table.name, column.name)
    writing.execute(select(func.setval(sequence, newest, False)).where(sequence.is_not(None)))
