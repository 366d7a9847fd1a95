"""Tables and migrations: they agree, and no other version is worked on."""

from __future__ import annotations

import importlib.resources
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from gateway.clock import FixedClock
from gateway.errors import StoreError
from gateway.store import Store, schema
from gateway.store.engine import open_database
from gateway.store.tables import metadata


def _set_version(store: Store, version: str) -> None:
    with store.unit_of_work() as work:
        work.connection.exec_driver_sql("UPDATE alembic_version SET version_num = ?", (version,))


def test_the_migrations_make_the_tables(store: Store) -> None:
    with store.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_the_migrations_lie_inside_the_package() -> None:
    versions = importlib.resources.files("gateway.store") / "migrations" / "versions"
    names = {entry.name for entry in versions.iterdir()}
    assert "r0001_guard_and_refusals.py" in names


def test_one_line_of_versions() -> None:
    assert len(schema._scripts().get_heads()) == 1


def test_upgrading_again_changes_nothing(store: Store, tmp_path: Path, clock: FixedClock) -> None:
    with store.unit_of_work() as work:
        work.connection.exec_driver_sql("INSERT INTO clock_marks VALUES ('n', 7)")
    again = Store.open(tmp_path, clock=clock, upgrade=True)
    with again.read() as connection:
        found = connection.exec_driver_sql("SELECT at FROM clock_marks WHERE node = 'n'")
        assert found.scalar_one() == 7
    again.close()


def test_a_database_without_tables_is_refused(tmp_path: Path, clock: FixedClock) -> None:
    open_database(tmp_path, create=True).close()
    with pytest.raises(StoreError, match="has no tables yet: it must be upgraded"):
        Store.open(tmp_path, clock=clock)


def test_an_older_database_is_refused(
    store: Store, tmp_path: Path, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    with store.read() as connection:
        current = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one()

    class Later:
        def get_heads(self) -> list[str]:
            return ["r9999"]

        def walk_revisions(self) -> list[object]:
            return [type("Script", (), {"revision": name}) for name in ("r9999", current)]

    monkeypatch.setattr(schema, "_scripts", Later)
    with pytest.raises(StoreError, match=rf"older version \({current}\): it must be upgraded"):
        Store.open(tmp_path, clock=clock)


@pytest.mark.parametrize("upgrade", [False, True])
def test_a_newer_database_is_refused_and_left_alone(
    store: Store, tmp_path: Path, clock: FixedClock, upgrade: bool
) -> None:
    _set_version(store, "r9999")
    with pytest.raises(StoreError, match=r"does not know \(r9999\): it was upgraded by a newer program"):
        Store.open(tmp_path, clock=clock, upgrade=upgrade)
    with store.read() as connection:
        assert connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one() == "r9999"
