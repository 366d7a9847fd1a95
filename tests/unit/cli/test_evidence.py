"""The evidence command: what it prints, how it ends, and that it goes on where it stopped."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.cli import evidence
from tests.kit.evidence import plain_entry, sql
from tests.kit.kept import NOW, Kept

Run = Callable[..., Any]


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    made = Kept(tmp_path)
    yield made
    made.store.close()


def test_verify(run: Run, kept: Kept) -> None:
    ran = run("evidence", "verify", "--state", kept.state.path, "--signatures", "--json")
    assert ran.status == 0
    document = ran.document
    assert document.pop("newest_seal")["number"] == 1
    assert document == {
        "good": True,
        "chains": 1,
        "entries": 5,
        "erased": 0,
        "seals": 1,
        "seals_from_elsewhere": 1,
        "unsealed": 1,
        "restores": [],
        "finding_count": 0,
        "findings": [],
    }
    people = run("evidence", "verify", "--state", kept.state.path)
    assert people.status == 0
    assert people.out.endswith("good\n")


def test_verify_finds_a_change(run: Run, kept: Kept) -> None:
    sql(kept.store, "UPDATE evidence_entries SET peer = 'x' WHERE id & 7 = 2")
    ran = run("evidence", "verify", "--state", kept.state.path, "--json")
    assert ran.status == 1
    assert [(one["kind"], one["chain"], one["number"]) for one in ran.document["findings"]] == [
        ("changed", "local-1", 2)
    ]
    people = run("evidence", "verify", "--state", kept.state.path)
    assert people.status == 1
    assert "local-1 2: is not what was written" in people.out
    assert "NOT GOOD: 1 findings" in people.out


def test_verify_takes_a_seal_as_proof_against_rollback(run: Run, kept: Kept, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.seal"
    elsewhere.write_bytes(kept.seal.read_bytes())
    kept.seal.unlink()
    for statement in (
        "DELETE FROM evidence_entries WHERE id & 7 > 2",
        "DELETE FROM evidence_bodies WHERE id & 7 > 2",
        "DELETE FROM evidence_seals",
    ):
        sql(kept.store, statement)
    assert run("evidence", "verify", "--state", kept.state.path).status == 0
    ran = run("evidence", "verify", "--state", kept.state.path, "--seal", elsewhere, "--json")
    assert ran.status == 1
    assert {one["kind"] for one in ran.document["findings"]} == {"truncated"}
    kept.seal.write_bytes(elsewhere.read_bytes())
    assert run("evidence", "verify", "--state", kept.state.path).status == 1  # the copy in its folder


def test_a_seal_that_cannot_be_read(run: Run, kept: Kept, tmp_path: Path) -> None:
    missing = run("evidence", "verify", "--state", kept.state.path, "--seal", tmp_path / "none")
    assert (missing.status, "--seal" in missing.err) == (2, True)
    kept.seal.write_text("no seal")
    assert run("evidence", "verify", "--state", kept.state.path, "--seal", kept.seal).status == 2
    broken_copy = run("evidence", "verify", "--state", kept.state.path)
    assert (broken_copy.status, "the newest copy cannot be read" in broken_copy.err) == (2, True)


def test_export(run: Run, kept: Kept, tmp_path: Path) -> None:
    ran = run("evidence", "export", tmp_path / "out", "--state", kept.state.path, "--json")
    assert ran.status == 0
    files = sum(1 for file in (tmp_path / "out").rglob("*") if file.is_file())
    folder = str(tmp_path / "out")
    assert ran.document == {"folder": folder, "entries": 5, "unsealed": 0, "files": files}
    assert {file.stat().st_mode & 0o077 for file in (tmp_path / "out").rglob("*")} == {0}
    again = run("evidence", "export", tmp_path / "out", "--state", kept.state.path)
    assert (again.status, "is not empty" in again.err) == (2, True)


def test_export_chooses(run: Run, kept: Kept, tmp_path: Path) -> None:
    chosen = ("--message", kept.message.message_id)
    one = run("evidence", "export", tmp_path / "one", *chosen, "--state", kept.state.path, "--json")
    assert (one.status, one.document["entries"]) == (0, 1)
    late = ("--since", (NOW - timedelta(days=30)).strftime("%Y-%m-%dT%H:%M:%SZ"))
    some = run("evidence", "export", tmp_path / "some", *late, "--state", kept.state.path, "--json")
    assert some.document["entries"] == 1 + sum(
        entry.at > NOW - timedelta(days=30) for entry in [plain_entry()] * 3
    )
    none = run("evidence", "export", tmp_path / "none", "--message", "urn:none", "--state", kept.state.path)
    assert (none.status, "no entry was chosen" in none.err) == (1, True)
    bad = run("evidence", "export", tmp_path / "bad", "--since", "yesterday", "--state", kept.state.path)
    assert (bad.status, "2026-11-23T00:00:00Z" in bad.err) == (2, True)


def test_an_interrupted_export_goes_on(
    run: Run, kept: Kept, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seal = evidence.Bundle.seal

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(evidence.Bundle, "seal", interrupted)
    assert run("evidence", "export", tmp_path / "out", "--state", kept.state.path).status == 130
    other = run("evidence", "export", tmp_path / "out", "--message", "x", "--state", kept.state.path)
    assert (other.status, "was begun for another selection" in other.err) == (2, True)
    (stretch, _) = sorted((tmp_path / "out").glob("chains/*/links-*"))
    written = stretch.stat().st_mtime_ns
    monkeypatch.setattr(evidence.Bundle, "seal", seal)
    assert run("evidence", "export", tmp_path / "out", "--state", kept.state.path).status == 0
    assert stretch.stat().st_mtime_ns == written


def test_export_of_evidence_that_is_not_whole(run: Run, kept: Kept, tmp_path: Path) -> None:
    sql(kept.store, "UPDATE evidence_entries SET digest = 'x' WHERE id & 7 = 2")
    ran = run("evidence", "export", tmp_path / "out", "--state", kept.state.path)
    assert (ran.status, "'evidence verify' says more" in ran.err) == (2, True)


def test_erase(run: Run, kept: Kept) -> None:
    dry = run("evidence", "erase", "--dry-run", "--state", kept.state.path, "--json")
    assert (dry.document["found"], dry.document["erased"]) == (1, 0)
    ran = run("evidence", "erase", "--state", kept.state.path, "--json")
    assert ran.status == 0
    assert (ran.document["found"], ran.document["erased"], ran.document["log_emptied"]) == (1, 1, True)
    again = run("evidence", "erase", "--state", kept.state.path, "--json")
    assert (again.document["found"], again.document["erased"]) == (0, 0)
    report = run("evidence", "verify", "--state", kept.state.path, "--signatures", "--json").document
    assert (report["good"], report["erased"], report["unsealed"], report["entries"]) == (True, 1, 0, 6)


def test_erase_before_the_end_of_retention(run: Run, kept: Kept, tmp_path: Path) -> None:
    before = ("--before", NOW.strftime("%Y-%m-%dT%H:%M:%SZ"))
    assert run("evidence", "erase", *before, "--state", kept.state.path).status == 0
    future = ("--before", "2126-01-01T00:00:00Z")
    assert run("evidence", "erase", *future, "--state", kept.state.path).status == 2
    (tmp_path / "p").mkdir()
    production = Kept(tmp_path / "p", "production")
    ran = run("evidence", "erase", *before, "--state", production.state.path)
    assert (ran.status, "the retention of 2557 days ends at" in ran.err) == (1, True)
    production.store.close()


def test_list(run: Run, kept: Kept) -> None:
    document = run("evidence", "list", "--limit", 3, "--state", kept.state.path, "--json").document
    assert sorted(one["number"] for one in document["entries"]) == [3, 4, 5]
    assert (document["unsealed"], document["seal"]["number"]) == (1, 1)
    one = run("evidence", "list", "--message", kept.message.message_id, "--state", kept.state.path, "--json")
    (entry,) = one.document["entries"]
    assert (entry["digest"], entry["bytes"]) == (kept.message.digest.hex(), "kept")
    assert "131016-terminal-1" in run("evidence", "list", "--state", kept.state.path).out


def test_progress_is_told_with_an_estimate(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evidence, "_PROGRESS_SECONDS", 0.0)
    progress = evidence._Progress(evidence.Output(as_json=False), "entries checked")
    progress(0, 4_000)
    progress(1_000, 4_000)
    assert "1,000 of 4,000 entries checked, about 0 s left" in capsys.readouterr().err
