"""The db command on a system that stands still: copies, what a restore takes over, what it refuses."""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.cli import restore as restoring
from gateway.clock import SystemClock
from gateway.errors import StateError, StoreError
from gateway.settings import clock_of
from gateway.state import StateFolder
from gateway.store import Arrival, Claimed, Store, Stored, StoredAnswer
from gateway.store.evidence_configured import sealer_of
from gateway.store_life import tell_lost_guard
from gateway.telemetry import Alarms
from gateway.trust.configured import signer
from tests.kit.evidence import append, plain_entry
from tests.kit.kept import Kept

Run = Callable[..., Any]
DAY = timedelta(days=1)


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    made = Kept(tmp_path / "home")
    yield made
    made.store.close()


def claim(store: Store, message: str, *, answer: bool = True) -> Claimed | Stored:
    """What the guard says of a message; one that is new is answered when ``answer``."""
    now = datetime.now(UTC)
    found = store.guard.claim(
        Arrival("a", message, b"body", hashlib.sha256(f"{message} {now}".encode()).digest(), now, now + DAY),
        lease_until=now + DAY,
        keep_until=now + 30 * DAY,
    )
    assert not hasattr(found, "until")
    if isinstance(found, Claimed) and answer:
        store.guard.settle(found.token, StoredAnswer("urn:a", b"<a/>"))
    return found  # type: ignore[return-value]


def sealed(kept: Kept, store: Store | None = None) -> None:
    """Everything sealed, and copied outside."""
    keys = signer(kept.settings, kept.state.path)
    seals = sealer_of(kept.settings, kept.state.path, store or kept.store, keys, SystemClock())
    seals.seal()
    seals.copy()


def opened(folder: Path) -> Store:
    return Store.open(folder, clock=SystemClock())


@pytest.fixture
def backup(run: Run, kept: Kept, tmp_path: Path) -> Path:
    claim(kept.store, "before")
    ran = run("db", "backup", tmp_path / "backup", "--state", kept.state.path, "--json")
    assert ran.status == 0, ran
    assert ran.document["newest_seal"] == 2  # what waited was sealed first
    return tmp_path / "backup"


def test_what_a_backup_has(run: Run, kept: Kept, backup: Path, tmp_path: Path) -> None:
    found = {str(path.relative_to(backup)) for path in backup.rglob("*") if path.is_file()}
    assert found == {
        "backup.json",
        "data/gateway.sqlite",
        "gateway.toml",
        "certificates/root.pem",
        "certificates/signing.pem",
    }
    assert {path.stat().st_mode & 0o077 for path in (backup, *backup.rglob("*"))} == {0}
    ran = run("db", "backup", tmp_path / "keys", "--state", kept.state.path, "--with-keys", "--json")
    assert ran.document["keys"] and (tmp_path / "keys/keys/signing.key.pem").exists()
    assert run("db", "backup", tmp_path / "keys", "--state", kept.state.path).status == 2  # not empty


def test_check(run: Run, kept: Kept) -> None:
    ran = run("db", "check", "--state", kept.state.path, "--json")
    assert (ran.status, ran.document["sound"], ran.document["restores"]) == (0, True, [])
    sealed(kept)
    kept.store.close()
    with closing(sqlite3.connect(kept.state.data / "gateway.sqlite")) as connection:
        connection.execute("DELETE FROM evidence_seals WHERE number = 2")
        connection.commit()
    ran = run("db", "check", "--state", kept.state.path, "--json")
    assert (ran.status, ran.document["problems"]) == (
        1, ["an older copy: seal 2 outside is newer than all here"],
    )  # fmt: skip


def test_check_finds_damage(run: Run, kept: Kept) -> None:
    kept.store.close()
    file = kept.state.data / "gateway.sqlite"
    content = bytearray(file.read_bytes())
    content[len(content) // 2 :] = b"\xff" * (len(content) - len(content) // 2)
    file.write_bytes(bytes(content))
    ran = run("db", "check", "--state", kept.state.path, "--json")
    assert (
        ran.status == 1 and not ran.document["sound"] and ran.document["problems"][0].startswith("damaged: ")
    )


def test_a_restore_takes_over_what_the_guard_before_knew(run: Run, kept: Kept, backup: Path) -> None:
    claim(kept.store, "later")
    claim(kept.store, "begun", answer=False)
    append(kept.store, plain_entry(9))
    sealed(kept)
    kept.store.close()
    ran = run("db", "restore", backup, "--state", kept.state.path, "--json")
    assert ran.status == 0, ran
    told = ran.document
    assert (told["guard"], told["taken_over"], told["effects_lost"]) == ("taken", 3, 1)
    assert (told["lost_seal"], told["sealed"], told["retries_act_twice_until"]) == (3, True, None)
    store = opened(kept.state.path)
    try:
        for message in ("before", "later"):
            assert isinstance(claim(store, message), Stored)
        assert store.evidence_rows.newest_seal().number == 4  # type: ignore[union-attr]
    finally:
        store.close()
    assert sorted(path.name for path in Path(told["replaced"]).iterdir()) == ["gateway.sqlite"]
    ran = run("evidence", "verify", "--state", kept.state.path, "--json")
    assert ran.status == 0
    (chain,) = ran.document["restores"]
    assert (chain["lost_seal"], ran.document["unsealed"]) == (3, 0)
    assert run("db", "check", "--state", kept.state.path).status == 0
    people = run("db", "restore", backup, "--state", kept.state.path)
    assert "3 messages taken over" in people.out and "erase it when" in people.out


def test_a_restore_opens_a_chain_even_when_nothing_is_lost(run: Run, kept: Kept, backup: Path) -> None:
    kept.store.close()
    told = run("db", "restore", backup, "--state", kept.state.path, "--json").document
    assert (told["lost_seal"], told["taken_over"], told["effects_lost"]) == (None, 1, 0)
    chains = run("evidence", "verify", "--state", kept.state.path, "--json").document
    assert (chains["good"], chains["chains"], len(chains["restores"])) == (True, 2, 1)


def spoil(kept: Kept, how: str, tmp_path: Path) -> None:
    file = kept.state.data / "gateway.sqlite"
    if how == "absent":
        file.unlink()
    elif how == "no database":
        file.write_bytes(b"x" * 8192)
    elif how == "another":
        file.unlink()
        opened = Store.open(kept.state.path, clock=SystemClock(), upgrade=True)
        append(opened, plain_entry(1))
        opened.close()
    elif how == "an older copy":
        shutil.copy(tmp_path / "older.sqlite", file)


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ("absent", "there is no database at"),
        ("no database", "is damaged: "),
        ("another", "it is another database than the one"),
        ("an older copy", "it is older than the newest seal outside"),
    ],
)
def test_a_guard_that_cannot_be_taken_over_needs_a_word(
    run: Run, kept: Kept, backup: Path, tmp_path: Path, how: str, why: str
) -> None:
    shutil.copy(backup / "data/gateway.sqlite", tmp_path / "older.sqlite")
    claim(kept.store, "later")
    append(kept.store, plain_entry(9))
    sealed(kept)
    kept.store.close()
    spoil(kept, how, tmp_path)
    before = {path: path.read_bytes() for path in kept.state.data.iterdir() if path.is_file()}
    ran = run("db", "restore", backup, "--state", kept.state.path, "--json")
    assert ran.status == 1
    text = ran.document["error"]["text"]
    assert why in text and "would act twice, if it comes before" in text and "No database was changed" in text
    after = {path: path.read_bytes() for path in before}
    assert after == before and not list(kept.state.data.glob(".restored*"))
    ran = run("db", "restore", backup, "--state", kept.state.path, "--accept-lost-guard", "--json")
    assert (ran.status, ran.document["guard"], ran.document["lost_seal"]) == (0, "lost", 3)
    until = datetime.fromisoformat(ran.document["retries_act_twice_until"])
    days = kept.settings.guard.change_days
    assert until - datetime.fromisoformat(ran.document["at"]) == days * DAY
    assert [alarm.code for alarm in Alarms(kept.state.run).active()] == ["guard-lost"]
    store = opened(kept.state.path)
    try:
        assert isinstance(claim(store, "later"), Claimed)  # as was said
        assert store.restores.open_until(until - timedelta(seconds=1)) == until
        assert store.restores.open_until(until) is None
        alarms = Alarms(kept.state.run)
        tell_lost_guard(store, alarms, until)  # as the running system does once a minute
        assert alarms.active() == []
        tell_lost_guard(store, alarms, until - DAY)
        assert [alarm.code for alarm in alarms.active()] == ["guard-lost"]
    finally:
        store.close()
    ran = run("db", "check", "--state", kept.state.path, "--json")
    assert ran.status == 1 and "a retry of a message that a restore lost" in ran.document["problems"][0]


def test_a_new_system_of_a_backup(run: Run, kept: Kept, backup: Path, tmp_path: Path) -> None:
    new = tmp_path / "elsewhere" / "131016-cs"
    assert run("db", "restore", backup, "--state", new).status == 1
    told = run("db", "restore", backup, "--state", new, "--accept-lost-guard", "--json").document
    assert (told["sealed"], told["lost_seal"], told["replaced"]) == (False, None, None)
    shutil.copytree(kept.state.keys, new / "keys", dirs_exist_ok=True)
    ran = run("evidence", "verify", "--state", new, "--json")
    assert ran.status == 0 and ran.document["entries"] == 5
    # The old database elsewhere is good enough, and what the folder has of other files stays.
    (new / "certificates/root.pem").unlink()
    toml = (new / "gateway.toml").read_text()
    (new / "gateway.toml").write_text(toml + "# mine\n")
    old = kept.state.data / "gateway.sqlite"
    told = run("db", "restore", backup, "--state", new, "--old", old, "--json").document
    assert (told["guard"], told["files_restored"]) == ("taken", ["certificates/root.pem"])
    assert (new / "gateway.toml").read_text().endswith("# mine\n")


def test_backups_that_are_not_as_they_were_made(run: Run, kept: Kept, backup: Path, tmp_path: Path) -> None:
    kept.store.close()
    manifest = json.loads((backup / "backup.json").read_text())

    def refused(status: int) -> str:
        before = (kept.state.data / "gateway.sqlite").read_bytes()
        ran = run("db", "restore", backup, "--state", kept.state.path, "--json")
        assert ran.status == status, ran
        assert (kept.state.data / "gateway.sqlite").read_bytes() == before
        return str(ran.document["error"]["text"])

    def written(**changes: Any) -> None:
        (backup / "backup.json").write_text(json.dumps({**manifest, **changes}))

    written(version=2)
    assert "is of version 2" in refused(2)
    written(files=[])
    assert "is not what a backup has" in refused(2)
    written(files={})
    assert "names no database" in refused(2)
    written(files={**manifest["files"], "../x": "0"})
    assert "names a file outside" in refused(2)
    written(system="141003-cs")
    assert "the backup is of 141003-cs" in refused(1)
    written()
    (backup / "gateway.toml").write_text("# changed\n")
    assert "is not as it was when" in refused(2)
    (backup / "gateway.toml").unlink()
    assert "No such file" in refused(2)
    (backup / "backup.json").unlink()
    assert "is no backup" in refused(2)


def test_evidence_that_was_changed_in_a_backup(run: Run, kept: Kept, backup: Path) -> None:
    kept.store.close()
    database = backup / "data/gateway.sqlite"
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("UPDATE evidence_entries SET peer = 'x' WHERE id & 7 = 2")
        connection.commit()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    manifest = json.loads((backup / "backup.json").read_text())
    manifest["files"]["data/gateway.sqlite"] = hashlib.sha256(database.read_bytes()).hexdigest()
    (backup / "backup.json").write_text(json.dumps(manifest))
    ran = run("db", "restore", backup, "--state", kept.state.path, "--json")
    assert ran.status == 1 and "evidence is not as it was written" in ran.document["error"]["text"]


def test_a_restore_that_was_interrupted_is_finished(
    run: Run, kept: Kept, backup: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim(kept.store, "later")
    kept.store.close()

    def killed(_state: StateFolder) -> Path:
        raise StoreError("killed here")

    with monkeypatch.context() as patched:
        patched.setattr(restoring, "finish_swap", killed)
        assert run("db", "restore", backup, "--state", kept.state.path).status == 3
    # Nothing works on a folder in between.
    assert run("db", "check", "--state", kept.state.path).status == 2
    with pytest.raises(StateError, match="a restore was interrupted"):
        StateFolder.open(kept.state.path)
    told = run("db", "restore", backup, "--state", kept.state.path, "--json").document
    assert (told["guard"], told["taken_over"]) == ("taken", 2)
    assert run("evidence", "verify", "--state", kept.state.path).status == 0


def test_not_while_it_runs(run: Run, kept: Kept, backup: Path) -> None:
    with kept.state.running():
        assert run("db", "restore", backup, "--state", kept.state.path).status == 1
    assert run("db", "restore", backup).status == 2


def test_upgrade(run: Run, tmp_path: Path) -> None:
    kept = Kept(tmp_path / "home")
    kept.store.close()
    (kept.state.data / "gateway.sqlite").unlink()
    dry = run("db", "upgrade", "--state", kept.state.path, "--dry-run", "--json").document
    assert (dry["before"], dry["after"]) == (None, None)
    done = run("db", "upgrade", "--state", kept.state.path, "--json").document
    assert (done["before"], done["after"], done["running_programs_may_go_on"]) == (
        None,
        done["program"],
        True,
    )
    assert clock_of(kept.settings, kept.state.path).now().tzinfo is UTC
    assert run("db", "upgrade", "--state", kept.state.path).out.endswith("may go on\n")
