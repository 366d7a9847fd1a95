"""Statements of the hot path, straight to the driver, on a connection that is in its transaction.

SQLAlchemy's own way of a statement costs several times what SQLite needs for it. What it does beside
executing is here too: a driver's error becomes what the dialect's table says, and a connection that takes
no further statement is given up (gateway.store.engine puts ``failed`` into each connection's ``info``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from sqlalchemy import Connection

FAILED: Final = "failed"
"""Key of a connection's ``info``: what makes a StoreError of a driver's error on it, and gives the connection
up if need be; None for any other error."""

Values = Sequence[Any]


def run(connection: Connection, sql: str, values: Values = ()) -> list[Any]:
    """Execute a statement as the driver takes it; gives its rows, if it has any. Raises StoreError."""
    driver: Any = connection.connection.driver_connection
    try:
        cursor = driver.execute(sql, values)
        return cursor.fetchall() if cursor.description else []
    except Exception as error:
        _fail(connection, error)
        raise


def run_many(connection: Connection, sql: str, rows: Sequence[Values]) -> None:
    """Execute a statement once for each row of values. Raises StoreError."""
    driver: Any = connection.connection.driver_connection
    try:
        driver.cursor().executemany(sql, rows)
    except Exception as error:
        _fail(connection, error)
        raise


def _fail(connection: Connection, error: Exception) -> None:
    failed: Callable[[Connection, Exception], Exception | None] = connection.info[FAILED]
    told = failed(connection, error)
    if told is not None:
        raise told from error
