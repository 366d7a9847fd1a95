"""Opening the database: what it must promise, and what happens when it breaks a promise."""

from __future__ import annotations

import os
from pathlib import Path

import pysqlite3.dbapi2 as sqlite
import pytest

from gateway.clock import FixedClock
from gateway.errors import StoreError
from gateway.store import Conflict, Store
from gateway.store.dialect_sqlite import check_sqlite_version


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """This file is about SQLite; test_postgresql.py is about the other."""
    return tmp_path


def _file(folder: Path) -> Path:
    return folder / "data" / "gateway.sqlite"


def test_the_bundled_sqlite_is_new_enough() -> None:
    check_sqlite_version(sqlite.sqlite_version_info)
    check_sqlite_version((3, 51, 3))


def test_an_sqlite_that_can_damage_its_log_is_refused() -> None:
    with pytest.raises(StoreError, match=r"SQLite 3\.51\.2 .* 3\.51\.3 or later"):
        check_sqlite_version((3, 51, 2))


def test_files_are_the_owners_alone(store: Store, tmp_path: Path) -> None:
    files = list(_file(tmp_path).parent.iterdir())
    assert {f.name for f in files} == {"gateway.sqlite", "gateway.sqlite-wal", "gateway.sqlite-shm"}
    assert {f.stat().st_mode & 0o777 for f in files} == {0o600}
    assert _file(tmp_path).parent.stat().st_mode & 0o777 == 0o700


def test_a_file_that_others_can_read_is_refused(tmp_path: Path, clock: FixedClock) -> None:
    Store.open(tmp_path, clock=clock, upgrade=True).close()
    _file(tmp_path).chmod(0o640)
    with pytest.raises(StoreError, match=r"can be read by others \(mode 0640\)"):
        Store.open(tmp_path, clock=clock)


def test_no_database_is_made_by_accident(tmp_path: Path, clock: FixedClock) -> None:
    with pytest.raises(StoreError, match="there is no database at"):
        Store.open(tmp_path, clock=clock)
    assert list(tmp_path.iterdir()) == []


def test_a_url_names_the_same_database(tmp_path: Path, clock: FixedClock) -> None:
    Store.open(tmp_path, clock=clock, upgrade=True).close()
    Store.open(f"sqlite:///{_file(tmp_path)}", clock=clock).close()


@pytest.mark.parametrize(
    "url",
    ["sqlite://", "sqlite:///:memory:", "sqlite:///relative.sqlite", "sqlite:////a?mode=ro", "nonsense"],
)
def test_a_url_that_names_no_file_is_refused(url: str, clock: FixedClock) -> None:
    with pytest.raises(StoreError, match="database_url"):
        Store.open(url, clock=clock)


def test_another_database_is_refused_by_name(clock: FixedClock) -> None:
    with pytest.raises(StoreError, match="mysql is not supported here"):
        Store.open("mysql://u:secret@db/x", clock=clock)


def test_every_connection_is_durable_and_strict(store: Store) -> None:
    with store.unit_of_work() as work, store.read() as reader:
        for connection in (work.connection, reader):
            found = {
                name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
                for name in (
                    "journal_mode",
                    "synchronous",
                    "foreign_keys",
                    "wal_autocheckpoint",
                    "temp_store",
                )
            }
            assert found == {
                "journal_mode": "wal",
                "synchronous": 2,
                "foreign_keys": 1,
                "wal_autocheckpoint": 10_000,
                "temp_store": 2,
            }


def test_a_reader_cannot_write(store: Store) -> None:
    with store.read() as connection, pytest.raises(StoreError, match="READONLY"):
        connection.exec_driver_sql("DELETE FROM refusals")


def test_a_reader_sees_commits_at_once_and_holds_no_transaction(store: Store) -> None:
    count = "SELECT count(*) FROM clock_marks WHERE node LIKE 'n%'"
    with store.read() as reader:
        for expected in (0, 1, 2):
            assert reader.exec_driver_sql(count).scalar_one() == expected
            with store.unit_of_work() as work:
                work.connection.exec_driver_sql("INSERT INTO clock_marks VALUES (?, 0)", (f"n{expected}",))


def test_a_unit_that_raises_writes_nothing(store: Store) -> None:
    with pytest.raises(ZeroDivisionError), store.unit_of_work() as work:
        work.connection.exec_driver_sql("INSERT INTO clock_marks VALUES ('n', 0)")
        raise ZeroDivisionError
    with store.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM clock_marks").scalar_one() == 0


def test_a_unit_that_is_not_used_takes_no_lock(store: Store, tmp_path: Path, clock: FixedClock) -> None:
    other = Store.open(tmp_path, clock=clock, lock_timeout_seconds=0.1)
    with store.unit_of_work(), other.unit_of_work() as work:
        assert work.connection.in_transaction()
    other.close()


def test_units_of_work_do_not_nest(store: Store) -> None:
    nested = store.unit_of_work()
    with store.unit_of_work(), pytest.raises(RuntimeError, match="open in this thread"), nested:
        pass
    with store.unit_of_work():
        pass


def test_a_locked_database_is_an_error_within_the_time_limit(
    store: Store, tmp_path: Path, clock: FixedClock
) -> None:
    other = Store.open(tmp_path, clock=clock)
    with other.unit_of_work() as holder:
        holder.connection.exec_driver_sql("INSERT INTO clock_marks VALUES ('n', 0)")
        with pytest.raises(StoreError, match="locked by another writer"), store.unit_of_work() as work:
            work.connection.exec_driver_sql("SELECT 1")
    other.close()
    with store.unit_of_work() as work:
        assert work.connection.exec_driver_sql("SELECT count(*) FROM clock_marks").scalar_one() >= 1


def test_a_broken_constraint_is_a_conflict_without_values(store: Store) -> None:
    with pytest.raises(Conflict) as caught, store.unit_of_work() as work:
        for _ in range(2):
            work.connection.exec_driver_sql("INSERT INTO clock_marks VALUES (?, 0)", ("secret-value",))
    assert "clock_marks.node" in str(caught.value)
    assert "secret-value" not in str(caught.value) + str(caught.value.__cause__)


def test_a_full_disk_fails_the_unit_as_a_whole(store: Store) -> None:
    with pytest.raises(StoreError, match="full"), store.unit_of_work() as work:
        pages = work.connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        work.connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 4}").fetchall()
        for number in range(100):
            work.connection.exec_driver_sql(
                "INSERT INTO clock_marks VALUES (? || hex(zeroblob(900)), 0)", (number,)
            )
    with store.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM clock_marks").scalar_one() == 0
    with store.unit_of_work() as work:
        work.connection.exec_driver_sql("INSERT INTO clock_marks VALUES ('n', 0)")


def test_after_a_full_disk_the_rest_of_the_unit_cannot_commit_piece_by_piece(store: Store) -> None:
    with store.unit_of_work() as work:
        work.connection.exec_driver_sql("PRAGMA max_page_count = 1").fetchall()
        with pytest.raises(StoreError, match="full"):
            for number in range(100):
                work.connection.exec_driver_sql(
                    "INSERT INTO clock_marks VALUES (? || hex(zeroblob(900)), 0)", (number,)
                )
        with pytest.raises(Exception, match="invalid transaction"):
            work.connection.exec_driver_sql("INSERT INTO clock_marks VALUES ('late', 0)")
        work.end()
    with store.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM clock_marks").scalar_one() == 0


def test_a_damaged_file_ends_the_process_and_is_not_tried_again(tmp_path: Path, clock: FixedClock) -> None:
    reasons: list[str] = []
    Store.open(tmp_path, clock=clock, upgrade=True).close()
    store = Store.open(tmp_path, clock=clock, on_fatal=reasons.append)
    store.database.close()  # so that the next connection reads the file
    with _file(tmp_path).open("r+b") as file:
        file.write(b"\0" * file.seek(0, os.SEEK_END))
        file.seek(0)
        file.write(b"no database" * 500)
    with pytest.raises(StoreError, match="NOTADB"), store.unit_of_work() as work:
        work.connection.exec_driver_sql("SELECT 1")
    assert reasons == ["the database failed: SQLITE_NOTADB"]
    with pytest.raises(StoreError, match="NOTADB"), store.read():
        pass
    with pytest.raises(StoreError, match="NOTADB"), store.unit_of_work():
        pass
    assert len(reasons) == 1
    store.close()


def test_a_file_that_is_no_database_is_refused_at_the_start(tmp_path: Path, clock: FixedClock) -> None:
    _file(tmp_path).parent.mkdir()
    _file(tmp_path).write_bytes(b"no database" * 500)
    _file(tmp_path).chmod(0o600)
    with pytest.raises(StoreError, match="NOTADB"):
        Store.open(tmp_path, clock=clock, on_fatal=pytest.fail)
