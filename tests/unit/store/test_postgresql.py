"""PostgreSQL: what a server must promise, what others that write may do, and what a cut line leaves."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator

import psycopg
import pytest
from sqlalchemy import delete, insert, text

from gateway.clock import FixedClock, SystemClock
from gateway.errors import StoreError
from gateway.store import Claimed, Conflict, Store, Stored, StoredAnswer, UnitOfWork
from gateway.store.failures import ConnectionLost, OutcomeUnknown, unbroken
from gateway.store.promises_postgresql import broken_promises
from gateway.store.shared_commits import SharedCommits
from gateway.store.tables import metadata
from tests.kit.arrivals import arrival, terms
from tests.kit.evidence import append, plain_entry
from tests.kit.postgres import name_of, running_server, server

GOOD = {
    "server_version_num": "180004",
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "server_encoding": "UTF8",
    "client_encoding": "UTF8",
    "default_transaction_isolation": "read committed",
    "idle_in_transaction_session_timeout": "10000",
    "lock_timeout": "5000",
    "statement_timeout": "60000",
    "standard_conforming_strings": "on",
    "zero_damaged_pages": "off",
    "ignore_checksum_failure": "off",
    "session_replication_role": "origin",
}
CUT = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()"


@pytest.fixture
def database() -> Iterator[str]:
    with server().fresh() as url:
        yield url


@pytest.fixture
def name(database: str) -> str:
    return database.split("?", maxsplit=1)[0].rsplit("/", 1)[1]


@pytest.fixture
def other(store: Store, database: str, clock: FixedClock) -> Iterator[Store]:
    """A second node."""
    opened = Store.open(database, clock=clock, node="second", lock_timeout_seconds=5)
    yield opened
    opened.close()


def _claim(store: Store, clock: FixedClock, signature: bytes = b"s1") -> object:
    return store.guard.claim(arrival(clock.now(), signature), **terms(clock.now(), 30))


# What it must promise.


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("server_version_num", "130022"),
        ("fsync", "off"),
        ("full_page_writes", "off"),
        ("synchronous_commit", "off"),
        ("server_encoding", "SQL_ASCII"),
        ("client_encoding", "LATIN1"),
        ("default_transaction_isolation", "serializable"),
        ("idle_in_transaction_session_timeout", "0"),
        ("lock_timeout", "0"),
        ("statement_timeout", "0"),
        ("standard_conforming_strings", "off"),
        ("zero_damaged_pages", "on"),
        ("ignore_checksum_failure", "on"),
        ("session_replication_role", "replica"),
    ],
)
def test_each_promise_counts(setting: str, value: str) -> None:
    assert broken_promises(GOOD) == []
    (found,) = broken_promises({**GOOD, setting: value})
    assert found.startswith(f"{setting} is {value}: ")
    (found,) = broken_promises({key: one for key, one in GOOD.items() if key != setting})
    assert found.startswith(f"{setting} is unknown: ")


@pytest.mark.parametrize("setting", ["fsync", "full_page_writes"])
def test_a_server_that_may_forget_is_refused(database: str, clock: FixedClock, setting: str) -> None:
    def turned(value: str) -> None:
        server().execute(f"ALTER SYSTEM SET {setting} = {value}")
        server().execute("SELECT pg_reload_conf()")
        while server().execute(f"SHOW {setting}") != [(value,)]:
            time.sleep(0.02)

    turned("off")
    try:
        with pytest.raises(StoreError, match=f"does not keep its promises: {setting} is off"):
            Store.open(database, clock=clock)
    finally:
        turned("on")
    Store.open(database, clock=clock).close()


def test_commits_that_do_not_wait_for_the_disk_are_refused(
    database: str, name: str, clock: FixedClock
) -> None:
    server().execute(f"ALTER DATABASE {name} SET synchronous_commit = off")
    try:
        with pytest.raises(StoreError, match="synchronous_commit is off"):
            Store.open(database, clock=clock)
    finally:
        server().execute(f"ALTER DATABASE {name} RESET synchronous_commit")


def test_an_isolation_of_the_database_is_not_ours(database: str, name: str, clock: FixedClock) -> None:
    server().execute(f"ALTER DATABASE {name} SET default_transaction_isolation = 'repeatable read'")
    try:
        store = Store.open(database, clock=clock)
        with store.unit_of_work() as work:
            found = work.connection.exec_driver_sql("SHOW transaction_isolation").scalar_one()
        assert found == "read committed"
        store.close()
    finally:
        server().execute(f"ALTER DATABASE {name} RESET default_transaction_isolation")


def test_another_encoding_is_refused(clock: FixedClock) -> None:
    server().execute("CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1'")
    try:
        with pytest.raises(StoreError, match="server_encoding is LATIN1"):
            Store.open(server().url("latin"), clock=clock, upgrade=True)
    finally:
        server().drop(server().url("latin"))


def test_a_table_that_a_crash_empties_is_refused(store: Store, database: str, name: str) -> None:
    server().execute("ALTER TABLE guard_signatures SET UNLOGGED", name)
    try:
        with pytest.raises(StoreError, match=r"a crash empties \(not LOGGED\): guard_signatures"):
            Store.open(database, clock=FixedClock(store._clock.now()))
    finally:
        server().execute("ALTER TABLE guard_signatures SET LOGGED", name)


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("postgresql://juki@/", "must name a database"),
        ("postgresql://juki@/x?options=-c%20fsync%3Doff", "options are set by this program"),
    ],
)
def test_a_url_that_says_too_little_or_too_much_is_refused(url: str, told: str, clock: FixedClock) -> None:
    with pytest.raises(StoreError, match=told):
        Store.open(url, clock=clock)


def test_a_server_that_is_not_there_is_an_error_without_the_password(clock: FixedClock) -> None:
    with pytest.raises(StoreError, match="no connection to the database") as caught:
        Store.open("postgresql://juki:secret-word@127.0.0.1:1/x", clock=clock)
    assert "secret-word" not in str(caught.value) + str(caught.value.__cause__)


def test_after_a_crash_all_is_there_and_a_standby_is_refused(clock: FixedClock) -> None:
    with running_server() as crashing:
        url = crashing.ready()
        store = Store.open(url, clock=clock)
        append(store, plain_entry(1))
        crashing.end(signal.SIGQUIT)
        with pytest.raises(StoreError):
            append(store, plain_entry(2))
        crashing.start()
        assert append(store, plain_entry(3)) == (2,)
        store.close()
        crashing.end()
        (crashing.data / "standby.signal").touch()
        crashing.start()
        with pytest.raises(StoreError, match="is a standby"):
            Store.open(url, clock=clock)


# What others that write may do.


def test_who_is_alone_waits_for_all_and_the_others_do_not_wait_for_each_other(
    store: Store, other: Store
) -> None:
    order: list[str] = []

    def alone() -> None:
        with other.unit_of_work() as work:
            assert work.connection.in_transaction()
            order.append("alone")

    third = Store.open(str(store.database.url.render_as_string()), clock=other._clock)
    with store.unit_beside() as work, third.unit_beside() as beside:
        assert work.connection.in_transaction()
        assert beside.connection.in_transaction()
        thread = threading.Thread(target=alone)
        thread.start()
        time.sleep(0.1)
        order.append("beside")
    thread.join(10)
    assert order == ["beside", "alone"]
    third.close()


def test_a_locked_database_is_an_error_within_the_time_limit(store: Store, other: Store) -> None:
    with other.unit_of_work() as holder:
        assert holder.connection.in_transaction()
        with pytest.raises(StoreError, match="locked by another writer"), store.unit_beside() as work:
            work.connection.exec_driver_sql("SELECT 1")
    with store.unit_of_work() as work:
        work.connection.exec_driver_sql("SELECT 1")


def test_of_two_nodes_that_claim_at_once_one_works(store: Store, other: Store, clock: FixedClock) -> None:
    """The second waits for the first's keys, finds them taken, looks again, and sees what became of it."""
    found: list[object] = []
    with store.unit_beside() as work:
        claimed = work.guard.claim(arrival(clock.now()), **terms(clock.now()))
        assert isinstance(claimed, Claimed)
        thread = threading.Thread(target=lambda: found.append(_claim(other, clock, b"s2")))
        thread.start()
        time.sleep(0.2)
        assert found == []
        work.guard.settle(claimed.token, StoredAnswer("a", b"<a/>"))
    thread.join(10)
    assert found == [Stored(StoredAnswer("a", b"<a/>"))]


def test_processes_of_one_start_have_a_chain_each(store: Store, other: Store) -> None:
    chain = store.evidence.begin()
    store.evidence.use(chain)
    other.evidence.use(chain)
    assert append(store, plain_entry(1)) == (1,)
    assert append(other, plain_entry(2)) == (1,)
    starts = [row.start() for row in store.evidence_rows.chains()]
    assert [(start.node, start.epoch) for start in starts] == [("local", 1), ("local", 2), ("second", 1)]


def test_a_reader_cannot_write(store: Store) -> None:
    with store.read() as connection, pytest.raises(StoreError, match="READONLY"):
        connection.exec_driver_sql("DELETE FROM refusals")


def test_a_broken_constraint_is_a_conflict_without_values(store: Store) -> None:
    with pytest.raises(Conflict, match="pk_clock_marks") as caught, store.unit_of_work() as work:
        for _ in range(2):
            work.connection.execute(text("INSERT INTO clock_marks VALUES (:x, 0)"), {"x": "secret-value"})
    assert "secret-value" not in str(caught.value) + str(caught.value.__cause__)


# What a cut line leaves.


def test_connections_cut_between_two_units_are_made_anew(store: Store, name: str, clock: FixedClock) -> None:
    assert isinstance(_claim(store, clock), Claimed)
    assert store.rows("SELECT 1", {}) == [(1,)]
    server().execute(CUT, "postgres", name)
    assert store.rows("SELECT :x", {"x": 2}) == [(2,)]
    with store.read() as connection:
        assert connection.exec_driver_sql("SELECT 3").scalar_one() == 3
    server().execute(CUT, "postgres", name)
    assert append(store, plain_entry(1)) == (1,)


def test_a_unit_that_is_cut_writes_nothing(store: Store, name: str) -> None:
    with pytest.raises(ConnectionLost), store.unit_of_work() as work:
        work.connection.exec_driver_sql("INSERT INTO clock_marks VALUES ('n', 0)")
        server().execute(CUT, "postgres", name)
        work.connection.exec_driver_sql("INSERT INTO clock_marks VALUES ('m', 0)")
    assert store.rows("SELECT count(*) FROM clock_marks", {}) == [(0,)]


@pytest.mark.parametrize("came", [True, False])
def test_a_commit_whose_answer_is_lost_is_asked_for(
    store: Store, clock: FixedClock, monkeypatch: pytest.MonkeyPatch, came: bool
) -> None:
    """The line ends while COMMIT is under way: by the transaction's number it is known what became of it."""
    real = psycopg.Connection.commit

    def cut(self: psycopg.Connection) -> None:
        monkeypatch.undo()
        if came:
            real(self)
        self.close()
        raise psycopg.OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(psycopg.Connection, "commit", cut)
    if came:
        assert isinstance(_claim(store, clock), Claimed)
    else:
        with store.read() as connection:  # its own line stays
            connection.exec_driver_sql("SELECT 1")
        with pytest.raises(ConnectionLost), store.unit_of_work() as work:
            work.connection.exec_driver_sql("INSERT INTO clock_marks VALUES ('n', 0)")
    written = store.rows("SELECT count(*) FROM guard_messages", {})
    assert written == [(1 if came else 0,)]


def test_a_commit_of_which_nobody_can_be_asked_is_unknown(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(self: psycopg.Connection) -> None:
        self.close()
        raise psycopg.OperationalError("server closed the connection unexpectedly")

    def nobody(*_: object, **__: object) -> None:
        raise psycopg.OperationalError("connection refused")

    with pytest.raises(OutcomeUnknown), store.unit_of_work() as work:
        work.connection.exec_driver_sql("INSERT INTO clock_marks VALUES ('n', 0)")
        monkeypatch.setattr(psycopg.Connection, "commit", cut)
        monkeypatch.setattr(psycopg, "connect", nobody)
        monkeypatch.setattr(store.database.reader.dialect.loaded_dbapi, "connect", nobody)
        store.database.reader.dispose()


def test_what_may_be_done_twice_is_done_again_after_a_cut() -> None:
    tried: list[int] = []

    def third_time() -> int:
        tried.append(1)
        if len(tried) < 3:
            raise ConnectionLost("cut")
        return 7

    assert unbroken(third_time) == 7
    with pytest.raises(ConnectionLost):
        unbroken(lambda: (_ for _ in ()).throw(ConnectionLost("cut")))


def test_of_changes_that_share_a_commit_all_are_told_that_the_line_was_cut(store: Store, name: str) -> None:
    shared, errors = SharedCommits(store.unit_beside), list[type]()
    begun, go_on = threading.Event(), threading.Event()

    def slow(work: UnitOfWork) -> None:
        work.connection.exec_driver_sql("INSERT INTO clock_marks VALUES ('n', 0)")
        begun.set()
        go_on.wait(10)

    def cut(work: UnitOfWork) -> None:
        server().execute(CUT, "postgres", name)
        work.connection.exec_driver_sql("INSERT INTO clock_marks VALUES ('m', 0)")

    def after(work: UnitOfWork) -> None:
        work.connection.exec_driver_sql("INSERT INTO clock_marks VALUES ('o', 0)")

    def told(write: Callable[[UnitOfWork], None]) -> None:
        try:
            shared(write)
        except StoreError as error:
            errors.append(type(error))

    threads = [threading.Thread(target=told, args=(write,)) for write in (slow, cut, after)]
    threads[0].start()
    begun.wait(10)
    for number, thread in enumerate(threads[1:], start=1):
        thread.start()
        while len(shared._waiting) < number:
            time.sleep(0.005)
    go_on.set()
    for thread in threads:
        thread.join(10)
    assert errors == [ConnectionLost, ConnectionLost]
    marks = store.rows("SELECT node FROM clock_marks WHERE at = 0", {})
    assert marks == [("n",)]


def test_what_must_not_stay_is_not_in_the_file_of_its_table_any_more() -> None:
    """Deleted rows lie in the file until it is written anew; that they did shows that this test can see."""
    mark = b"erased-at-hand-over" * 20
    with server().fresh() as url:
        store = Store.open(url, clock=SystemClock())
        try:
            with store.unit_of_work() as work:
                row = {"id": 1, "padding": b"", "body": mark}
                work.connection.execute(insert(metadata.tables["evidence_transient"]), row)
            with store.unit_of_work() as work:
                work.connection.execute(delete(metadata.tables["evidence_transient"]))
            assert mark in _file_of("evidence_transient", url)
            assert store.forget_pages()
            assert mark not in _file_of("evidence_transient", url)
        finally:
            store.close()


def test_who_reads_what_must_not_stay_keeps_nobody_from_writing_it(store: Store, name: str) -> None:
    """A backup reads the table in a transaction of its own: meanwhile it is left as it is."""
    with psycopg.connect(server().dsn(name)) as reading:
        reading.execute("SELECT count(*) FROM evidence_transient")
        forgetting = threading.Thread(target=store.forget_pages)
        forgetting.start()
        begun = time.monotonic()
        while forgetting.is_alive():
            with psycopg.connect(server().dsn(name)) as writing:
                writing.execute("SET lock_timeout = '100ms'")
                writing.execute("LOCK TABLE evidence_transient IN ROW EXCLUSIVE MODE")
        assert time.monotonic() - begun < 5
        assert not store.forget_pages()
    assert store.forget_pages()


def _file_of(table: str, url: str) -> bytes:
    server().execute("CHECKPOINT")
    ((path,),) = server().execute(f"SELECT pg_relation_filepath('{table}')", name_of(url))
    return (server().data / path).read_bytes()
