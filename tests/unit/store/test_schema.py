"""Tables and migrations: they agree, and no other version is worked on."""

from __future__ import annotations

import contextlib
import importlib.resources
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from types import SimpleNamespace

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from gateway.clock import FixedClock
from gateway.errors import StoreError
from gateway.store import Store, schema
from gateway.store.dialect_sqlite import Sqlite
from gateway.store.engine import open_database
from gateway.store.tables import metadata
from tests.kit.databases import on_sqlite
from tests.kit.evidence import append, plain_entry
from tests.kit.newer_program import REVISION, become_newer

Newer = Callable[[str], AbstractContextManager[None]]


def _set_version(store: Store, version: str) -> None:
    with store.unit_of_work() as work:
        work.connection.execute(text("UPDATE alembic_version SET version_num = :new"), {"new": version})


def test_the_migrations_make_the_tables(store: Store) -> None:
    with store.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_the_migrations_lie_inside_the_package() -> None:
    versions = importlib.resources.files("gateway.store") / "migrations" / "versions"
    names = {entry.name for entry in versions.iterdir()}
    assert "r0001_guard_and_refusals.py" in names


def test_one_line_of_versions_as_alembic_has_them() -> None:
    theirs = list(ScriptDirectory.from_config(schema.configuration()).walk_revisions())
    assert [(one.revision, one.before, one.serves) for one in schema._scripts().walk_revisions()] == [
        (one.revision, one.down_revision, getattr(one.module, "serves", one.revision)) for one in theirs
    ]


def test_alembic_is_loaded_only_where_tables_are_changed(store: Store, database: Path | str) -> None:
    """It takes longer to load than most of the rest of a start."""
    program = (
        "import sys; from pathlib import Path; from gateway.clock import SystemClock;"
        "from gateway.store import Store;"
        "Store.open(Path(sys.argv[1]) if sys.argv[2] == 'file' else sys.argv[1],"
        " clock=SystemClock(), upgrade=True).close(); print('alembic' in sys.modules)"
    )
    kind = "url" if isinstance(database, str) else "file"
    done = subprocess.run(
        [sys.executable, "-c", program, str(database), kind], capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"


def test_upgrading_again_changes_nothing(store: Store, database: Path | str, clock: FixedClock) -> None:
    with store.unit_of_work() as work:
        work.connection.exec_driver_sql("INSERT INTO clock_marks VALUES ('n', 7)")
    again = Store.open(database, clock=clock, upgrade=True)
    with again.read() as connection:
        found = connection.exec_driver_sql("SELECT at FROM clock_marks WHERE node = 'n'")
        assert found.scalar_one() == 7
    again.close()


def test_a_database_without_tables_is_refused(tmp_path: Path, clock: FixedClock) -> None:
    open_database(tmp_path, create=True).close()
    with pytest.raises(StoreError, match="has no tables yet: it must be upgraded"):
        Store.open(tmp_path, clock=clock)


def test_an_older_database_is_refused(
    store: Store, database: Path | str, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    with store.read() as connection:
        current = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one()

    class Later:
        def get_heads(self) -> list[str]:
            return ["r9999"]

        def walk_revisions(self) -> list[object]:
            return [type("Script", (), {"revision": name, "serves": name}) for name in ("r9999", current)]

    monkeypatch.setattr(schema, "_scripts", Later)
    with pytest.raises(StoreError, match=rf"older version \({current}\): it must be upgraded"):
        Store.open(database, clock=clock)


@pytest.mark.parametrize("upgrade", [False, True])
def test_a_newer_database_is_refused_and_left_alone(
    store: Store, database: Path | str, clock: FixedClock, upgrade: bool
) -> None:
    _set_version(store, "r9999")
    with pytest.raises(StoreError, match=r"does not know \(r9999\): it was upgraded by a newer program"):
        Store.open(database, clock=clock, upgrade=upgrade)
    with store.read() as connection:
        assert connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one() == "r9999"
    _set_version(store, str(*schema._scripts().get_heads()))


@pytest.fixture
def newer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Newer:
    """Makes this program one version newer for a block."""

    @contextlib.contextmanager
    def newer(kind: str) -> Iterator[None]:
        with monkeypatch.context() as patched:
            patched.setattr(schema, "configuration", schema.configuration)
            patched.setattr(schema, "folders", schema.folders)
            become_newer(kind, tmp_path / kind)
            yield

    return newer


def test_what_this_program_serves_is_kept(store: Store) -> None:
    with store.read() as connection:
        found = connection.exec_driver_sql("SELECT revision FROM schema_serves").scalars().all()
    assert set(found) == set(schema.served()) and schema.program() in found


@on_sqlite
@pytest.mark.parametrize("upgrade", [False, True])
def test_an_older_program_goes_on_where_the_newer_tables_serve_it(
    store: Store, tmp_path: Path, clock: FixedClock, newer: Newer, upgrade: bool
) -> None:
    ours = schema.program()
    with newer("expand"):
        assert schema.works_beside(ours)
        Store.open(tmp_path, clock=clock, upgrade=True).close()
    # The store that was open all the time, and one that is opened now.
    again = Store.open(tmp_path, clock=clock, upgrade=upgrade)
    for one in (store, again):
        append(one, plain_entry())
    assert schema.version(again.database) == REVISION
    again.close()


@on_sqlite
@pytest.mark.parametrize("upgrade", [False, True])
def test_an_older_program_stops_where_they_do_not(
    store: Store, tmp_path: Path, clock: FixedClock, newer: Newer, upgrade: bool
) -> None:
    ours = schema.program()
    with newer("break"):
        assert not schema.works_beside(ours)
        Store.open(tmp_path, clock=clock, upgrade=True).close()
    with pytest.raises(StoreError, match="was upgraded by a newer program"):
        Store.open(tmp_path, clock=clock, upgrade=upgrade)


def test_a_migration_serves_nobody_whom_a_later_one_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    line = {"r5": None, "r4": "r1", "r3": "r3", "r2": "r1", "r1": None}

    class Line:
        def walk_revisions(self) -> list[object]:
            return [SimpleNamespace(revision=name, serves=serves or name) for name, serves in line.items()]

    monkeypatch.setattr(schema, "_scripts", Line)
    assert schema.served() == ("r5",)
    line.pop("r5")
    assert schema.served() == ("r4", "r3")  # r3 took away what r2 and r1 need
    for gone in ("r4", "r3"):
        line.pop(gone)
    assert schema.served() == ("r2", "r1")


@on_sqlite
def test_where_others_may_run_a_breaking_migration_needs_a_word(
    store: Store, tmp_path: Path, newer: Newer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Sqlite, "concurrent", True)
    with newer("break"):
        with pytest.raises(StoreError, match="cannot work on the newer tables: stop every node"):
            schema.upgrade(store.database)
        schema.upgrade(store.database, breaking=True)
    assert schema.version(store.database) == REVISION


def test_everybody_opens_the_store_that_the_settings_name() -> None:
    """One setting decides on the database, for every command and process."""
    package = Path(__file__).parents[3] / "gateway"
    direct = [
        str(file.relative_to(package))
        for file in package.rglob("*.py")
        if "Store.open(" in file.read_text(encoding="utf-8")
    ]
    # A restore opens files beside the one that the settings name.
    assert sorted(direct) == ["cli/restore.py", "store/configured.py"]
