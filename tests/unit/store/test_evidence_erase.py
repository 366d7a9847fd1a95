"""Erasing bytes: they are gone from the disk, and chain, seals and signatures still verify."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from gateway.clock import FixedClock
from gateway.evidence import signature_holds
from gateway.store import Store
from gateway.store.evidence_erase import erasable, erase
from gateway.store.evidence_rows import RowUnreadable
from tests.kit.databases import on_sqlite
from tests.kit.evidence import SYSTEM, append, audit, kinds, message_entry, plain_entry, sealer, sql
from tests.kit.identities import NOW

SECRET = "verysecretname"


def _erase(store: Store, minutes: int, now: int = 60) -> list[int]:
    before = NOW + timedelta(minutes=minutes)
    return list(erase(store, before, system=SYSTEM, now=NOW + timedelta(minutes=now)))


def _on_disk(folder: Path, text: str) -> bool:
    return any(text.encode() in file.read_bytes() for file in folder.rglob("*") if file.is_file())


@on_sqlite
def test_erased_bytes_are_gone_and_everything_verifies(
    store: Store, clock: FixedClock, tmp_path: Path
) -> None:
    for minute in range(4):
        append(
            store, message_entry(f"{SECRET}-{minute}-", minute=minute, kind=("P-256", "RSA-2048")[minute % 2])
        )
    sealer(store, clock).seal()
    assert _on_disk(tmp_path, f"{SECRET}-0-")
    assert _erase(store, 2) == [2]
    assert store.forget_pages()
    for minute in range(4):
        assert _on_disk(tmp_path, f"{SECRET}-{minute}-") is (minute >= 2)
    report = audit(store)
    assert (report.good, report.entries, report.erased, report.unsealed) == (True, 5, 2, 1)
    assert audit(store, bodies=False).erased == 2
    (row,) = store.evidence_rows.chains()
    for _, kept in store.evidence_rows.entries(row.id, last=2):
        assert not isinstance(kept, RowUnreadable)
        assert kept.entry.body is None
        signature = store.evidence_rows.signature(kept)
        assert signature is not None
        assert signature_holds(signature)


@on_sqlite
def test_the_body_id_is_not_left(store: Store, tmp_path: Path) -> None:
    """It keeps the digest of a Body of few bits from being guessed, so it must go with the Body."""
    entry = message_entry("yes")
    assert entry.body is not None
    identifier = entry.body.partition(b"<soap:Body")[2].partition(b'wsu:Id="')[2].partition(b'"')[0].decode()
    assert len(identifier) > 32
    append(store, entry)
    _erase(store, 1)
    assert store.forget_pages()
    assert not _on_disk(tmp_path, identifier)


def test_nothing_old_enough(store: Store) -> None:
    append(store, plain_entry())
    assert _erase(store, 0) == []
    assert audit(store).entries == 1  # not even a notice


def test_the_erasure_is_an_entry(store: Store) -> None:
    append(store, plain_entry())
    _erase(store, 1)
    (row,) = store.evidence_rows.chains()
    ((_, kept),) = store.evidence_rows.entries(row.id, after=1, last=2)
    assert not isinstance(kept, RowUnreadable)
    assert (kept.entry.kind, kept.entry.direction, kept.entry.peer) == ("erasure", "own", SYSTEM)
    assert kept.entry.outcome == "before 2026-11-24T03:05:05.678000Z"


def test_bytes_lost_without_or_beyond_an_erasure_are_found(store: Store) -> None:
    append(store, plain_entry(1, minute=0), plain_entry(2, minute=1), plain_entry(3, minute=2))
    _erase(store, 1)
    assert audit(store).good
    sql(store, "DELETE FROM evidence_bodies WHERE id & 7 = 3")
    report = audit(store)
    assert [(one.kind, one.number) for one in report.findings] == [("body-missing", 3)]


def test_an_erasure_of_another_chain_counts(store: Store, database: Path | str, clock: FixedClock) -> None:
    append(store, plain_entry(1))
    other = Store.open(database, clock=clock)
    _erase(other, 1)
    other.close()
    report = audit(store)
    assert (report.good, report.chains, report.erased) == (True, 2, 1)


def test_an_interrupted_one_goes_on(store: Store) -> None:
    append(store, *(plain_entry(number) for number in range(450)))
    before, now = NOW + timedelta(minutes=1), NOW + timedelta(minutes=60)
    running = erase(store, before, system=SYSTEM, now=now)
    assert next(running) == 200
    running.close()
    assert audit(store).good
    assert erasable(store, before) == 250
    assert list(erase(store, before, system=SYSTEM, now=now)) == [200, 250]
    report = audit(store)
    assert (report.good, report.erased) == (True, 450)


def test_bytes_changed_before_they_are_erased_stay_found(store: Store) -> None:
    append(store, plain_entry(1))
    sql(store, "UPDATE evidence_bodies SET body = ?", b"other")
    assert kinds(audit(store)) == {"body-changed"}


@pytest.mark.parametrize("before", ["x", ""])
def test_an_erasure_that_says_nothing_covers_nothing(store: Store, before: str) -> None:
    append(store, plain_entry(1))
    _erase(store, 1)
    sql(store, "UPDATE evidence_entries SET outcome = ? WHERE kind = 'erasure'", f"before {before}")
    assert kinds(audit(store)) == {"changed", "body-missing"}
