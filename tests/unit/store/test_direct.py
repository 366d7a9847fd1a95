"""Statements straight to the driver: their errors are the store's, and a spoiled connection takes no more."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import PendingRollbackError

from gateway.errors import StoreError
from gateway.store import Conflict, ConnectionLost, Store, Unavailable, UnitOfWork
from gateway.store.direct import run, run_many
from tests.kit.databases import on_postgresql, on_sqlite
from tests.kit.postgres import server

INSERT = {
    "sqlite": "INSERT INTO guard_signatures (digest, until) VALUES (?, ?)",
    "postgresql": "INSERT INTO guard_signatures (digest, until) VALUES (%s, %s)",
}
ROW = (b"secret", 1)


def put(work: UnitOfWork, row: tuple[bytes, int] = ROW) -> None:
    run(work.connection, INSERT[work.connection.dialect.name], row)


def put_many(work: UnitOfWork, *rows: tuple[bytes, int]) -> None:
    run_many(work.connection, INSERT[work.connection.dialect.name], rows)


def count(store: Store) -> int:
    return int(store.rows("SELECT count(*) FROM guard_signatures", {})[0][0])


def test_rows_are_written_with_the_transaction(store: Store) -> None:
    with store.unit_of_work() as work:
        put(work)
        put_many(work, (b"one", 1), (b"two", 2))
        found = run(work.connection, "SELECT count(*) FROM guard_signatures")
    assert found == [(3,)]
    with pytest.raises(KeyError), store.unit_of_work() as work:
        run(work.connection, "DELETE FROM guard_signatures")
        raise KeyError
    assert count(store) == 3


@pytest.mark.parametrize("many", [False, True])
def test_a_row_that_is_there_already_is_a_conflict_without_values(store: Store, many: bool) -> None:
    with pytest.raises(Conflict) as caught, store.unit_of_work() as work:
        put(work)
        if many:
            put_many(work, ROW)
        else:
            put(work)
    assert "secret" not in str(caught.value)
    assert count(store) == 0


def test_a_bad_statement_is_an_error_of_the_store(store: Store) -> None:
    with pytest.raises(StoreError, match="the database"), store.unit_of_work() as work:
        run(work.connection, "SELECT nothing FROM nowhere")
    assert count(store) == 0


@on_sqlite
def test_a_full_database_takes_nothing_more_of_the_transaction(store: Store) -> None:
    with store.unit_of_work() as work:
        pages = run(work.connection, "PRAGMA page_count")[0][0]
        run(work.connection, f"PRAGMA max_page_count = {pages}")
    with pytest.raises(Unavailable), store.unit_of_work() as work:
        put(work)
        with pytest.raises(Unavailable):
            put_many(work, *((bytes([at]) * 4000, at) for at in range(99)))
        with pytest.raises(PendingRollbackError):
            put(work)
        raise Unavailable("as whoever met it")
    assert count(store) == 0


@on_postgresql
def test_a_line_that_is_cut(store: Store) -> None:
    with pytest.raises(ConnectionLost), store.unit_of_work() as work:
        put(work)
        process = run(work.connection, "SELECT pg_backend_pid()")[0][0]
        server().execute("SELECT pg_terminate_backend(%s)", "postgres", process)
        put(work)
    assert count(store) == 0
    with store.unit_of_work() as work:
        put(work)
    assert count(store) == 1
