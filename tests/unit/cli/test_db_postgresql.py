"""The db command on a PostgreSQL: a backup that is a file, a restore into an empty database of any kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from gateway.cli import restore as restoring
from gateway.clock import SystemClock
from gateway.errors import StoreError
from gateway.settings import load_settings
from gateway.state import StateFolder
from gateway.store import Claimed, Store, Stored
from gateway.store.evidence_log import EvidenceLog
from gateway.store.tables import metadata
from tests.kit.evidence import append, plain_entry
from tests.kit.kept import Kept
from tests.kit.postgres import name_of, server
from tests.unit.cli.test_db import claim, sealed

Run = Callable[..., Any]


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    with server().fresh() as url:
        made = Kept(tmp_path / "home", database=url)
        yield made
        made.store.close()


@pytest.fixture
def empty() -> Iterator[str]:
    url = server().create()
    yield url
    server().drop(url)


@pytest.fixture
def backup(run: Run, kept: Kept, tmp_path: Path) -> Path:
    claim(kept.store, "before")
    ran = run("db", "backup", tmp_path / "backup", "--state", kept.state.path, "--json")
    assert ran.status == 0, ran
    assert ran.document["newest_seal"] == 2
    return tmp_path / "backup"


def rows(url: str) -> dict[str, int]:
    """How many rows each table has, but those that come with the tables."""
    with psycopg.connect(server().dsn(name_of(url))) as connection:
        return {
            table: connection.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0]  # noqa: S608 # type: ignore[call-overload]
            for table in metadata.tables
        }


def test_the_guard_is_taken_over_and_the_settings_name_the_new_database(
    run: Run, kept: Kept, backup: Path, empty: str
) -> None:
    claim(kept.store, "later")
    claim(kept.store, "begun", answer=False)
    EvidenceLog(kept.store.unit_of_work, kept.store.rows, SystemClock(), "node-2").begin()  # of another node
    append(kept.store, plain_entry(9))
    sealed(kept)
    kept.store.close()
    before = rows(kept.settings.database_url)
    ran = run("db", "restore", backup, "--state", kept.state.path, "--database", empty, "--json")
    assert ran.status == 0, ran
    told = ran.document
    assert (told["guard"], told["taken_over"], told["effects_lost"]) == ("taken", 3, 1)
    assert (told["lost_seal"], told["sealed"], told["retries_act_twice_until"]) == (3, True, None)
    assert rows(kept.settings.database_url) == before  # nothing of it was touched
    settings = load_settings(kept.state.settings_file)
    assert settings.database_url == empty
    store = Store.open(empty, clock=SystemClock(), node="node-1")
    try:
        for message in ("before", "later"):
            assert isinstance(claim(store, message), Stored)
        assert isinstance(claim(store, "new"), Claimed)  # numbers go on behind those that were put in
        starts = [row.start() for row in store.evidence_rows.chains() if row.start().reason == "restore"]
        assert {(start.node, start.epoch) for start in starts} == {("node-1", 2), ("node-2", 2)}
    finally:
        store.close()
    ran = run("evidence", "verify", "--state", kept.state.path, "--json")
    assert (ran.status, ran.document["unsealed"]) == (0, 0), ran
    assert run("db", "check", "--state", kept.state.path, "--json").document["sound"] is True
    assert not list(kept.state.path.glob(".restored*")) and not kept.state.restoring.exists()


def test_every_row_of_every_table_is_there_again(run: Run, kept: Kept, backup: Path, empty: str) -> None:
    before = rows(kept.settings.database_url)
    kept.store.close()
    run("db", "restore", backup, "--state", kept.state.path, "--database", empty)
    after = rows(empty)
    grown = {"evidence_chains", "evidence_seals", "restores", "clock_marks", "evidence_certificates"}
    assert {name: count for name, count in after.items() if name not in grown} == {
        name: count for name, count in before.items() if name not in grown
    }


def test_without_the_database_before_a_word_is_needed(
    run: Run, kept: Kept, backup: Path, empty: str, tmp_path: Path
) -> None:
    kept.store.close()
    gone = server().create()
    server().drop(gone)
    arguments = ("db", "restore", backup, "--state", kept.state.path, "--database", empty)
    ran = run(*arguments, "--old", gone, "--json")
    assert ran.status == 1
    text = ran.document["error"]["text"]
    assert "the database before cannot be read" in text and "would act twice" in text
    with psycopg.connect(server().dsn(name_of(empty))) as connection:
        assert connection.execute(
            "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
        ).fetchall() == [(0,)]
    ran = run(*arguments, "--old", gone, "--accept-lost-guard", "--json")
    assert (ran.status, ran.document["guard"]) == (0, "lost"), ran
    # A database that is filled is never filled again.
    ran = run("db", "restore", backup, "--state", kept.state.path, "--json")
    assert ran.status == 1 and "is not empty" in ran.document["error"]["text"]


def test_not_while_a_node_works_on_the_database_before(
    run: Run, kept: Kept, backup: Path, empty: str
) -> None:
    arguments = ("db", "restore", backup, "--state", kept.state.path, "--database", empty, "--json")
    ran = run(*arguments)
    assert ran.status == 1 and "nodes still work on the database before" in ran.document["error"]["text"]
    kept.store.close()
    assert run(*arguments).status == 0


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_restore_that_was_interrupted_is_finished(
    run: Run, kept: Kept, backup: Path, empty: str, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    claim(kept.store, "later")
    kept.store.close()
    copy_in = restoring.copy_in

    def killed(*arguments: Any) -> None:
        if when == "after":
            copy_in(*arguments)
        raise StoreError("killed here")

    arguments = ("db", "restore", backup, "--state", kept.state.path, "--database", empty, "--json")
    with monkeypatch.context() as patched:
        patched.setattr(restoring, "copy_in", killed)
        assert run(*arguments).status == 3
    with pytest.raises(Exception, match="a restore was interrupted"):
        StateFolder.open(kept.state.path)
    ran = run(*arguments)
    assert (ran.status, ran.document["guard"], ran.document["taken_over"]) == (0, "taken", 2), ran
    assert load_settings(kept.state.settings_file).database_url == empty
    assert run("evidence", "verify", "--state", kept.state.path).status == 0


def test_from_one_kind_of_database_to_the_other_and_back(
    run: Run, kept: Kept, backup: Path, empty: str, tmp_path: Path
) -> None:
    kept.store.close()
    state = kept.state.path
    assert run("db", "restore", backup, "--state", state, "--database", "file").status == 0
    assert load_settings(kept.state.settings_file).database_url == ""
    assert run("evidence", "verify", "--state", state).status == 0
    assert run("db", "backup", tmp_path / "second", "--state", state).status == 0
    ran = run("db", "restore", tmp_path / "second", "--state", state, "--database", empty, "--json")
    assert (ran.status, ran.document["guard"]) == (0, "taken"), ran
    ran = run("evidence", "verify", "--state", state, "--json")
    assert ran.status == 0 and len(ran.document["restores"]) == 2
    assert run("db", "restore", backup, "--state", state, "--database", "mysql://x/y").status == 2


def test_check_finds_a_table_that_cannot_be_read(run: Run, kept: Kept) -> None:
    name = name_of(kept.settings.database_url)
    assert run("db", "check", "--state", kept.state.path).status == 0
    server().execute("ALTER TABLE card_events RENAME TO aside", name)
    try:
        ran = run("db", "check", "--state", kept.state.path, "--json")
        assert ran.status == 1 and ran.document["problems"][0].startswith("damaged: card_events: ")
    finally:
        server().execute("ALTER TABLE aside RENAME TO card_events", name)
