"""What a system's database holds, read past the store: the file of a state folder, or a PostgreSQL."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg

from gateway.settings import load_settings


def rows(state: Path, statement: str, *values: object) -> list[tuple[Any, ...]]:
    """The rows of a statement, with ``?`` for values; on the database that the folder's settings name."""
    url = load_settings(state / "gateway.toml").database_url
    if url.startswith("postgresql://"):
        with psycopg.connect(url) as connection:
            cursor = connection.execute(statement.replace("?", "%s"), values or None)  # type: ignore[call-overload]
            return [tuple(row) for row in cursor.fetchall()]
    file = state / "data" / "gateway.sqlite"
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
        return connection.execute(statement, values).fetchall()


def tables_with(url: str, *values: str) -> list[str]:
    """Tables of a PostgreSQL with a row that holds any of these values, as text or within bytes."""
    found = []
    with psycopg.connect(url) as connection:
        columns = connection.execute(
            "SELECT table_name, column_name, data_type FROM information_schema.columns"
            " WHERE table_schema = 'public' ORDER BY table_name"
        ).fetchall()
        for table, column, kind in columns:
            for value in values:
                held = (
                    f"position(%s::bytea in {column})"
                    if kind == "bytea"
                    else f"position(%s in {column}::text)"
                )
                sought = value.encode() if kind == "bytea" else value
                query = f"SELECT count(*) FROM {table} WHERE {held} > 0"  # noqa: S608 - names of the catalogue
                if connection.execute(query, (sought,)).fetchall() != [(0,)]:  # type: ignore[call-overload]
                    found.append(f"{table}.{column}")
    return found
