"""Appending: numbers, chains, transactions, certificates; and what verify says of an untouched store."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.clock import FixedClock
from gateway.evidence import ChainStart, Head, Lost, entry_text, link_of, signed_seal
from gateway.evidence.entry import opening
from gateway.store import RefusalRecord, Store
from tests.kit.databases import on_sqlite
from tests.kit.evidence import SYSTEM, append, audit, file_signer, message_entry, plain_entry, sealer, sql
from tests.kit.identities import NOW


class Stop(Exception):
    pass


def _starts(store: Store) -> list[ChainStart]:
    return [row.start() for row in store.evidence_rows.chains()]


def test_links_are_rebuilt_from_the_texts(store: Store) -> None:
    entries = [message_entry(), plain_entry(1), message_entry(kind="RSA-2048")]
    assert append(store, *entries) == (1, 2, 3)
    (row,) = store.evidence_rows.chains()
    link = hashlib.sha256(row.text.encode()).digest()
    for number, entry in enumerate(entries, 1):
        link = link_of(link, entry_text(opening("local", 1), number, entry))
        assert store.evidence_rows.link_at("local", 1, number) == link
    kept = [one for _, one in store.evidence_rows.entries(row.id, last=row.last)]
    assert [one.entry.body for one in kept] == [entry.body for entry in entries]  # type: ignore[union-attr]


def test_nothing_to_append(store: Store) -> None:
    assert append(store) == ()
    assert store.evidence_rows.chains() == []


def test_a_batch_goes_on_where_the_one_before_ended(store: Store) -> None:
    assert append(store, plain_entry(1), plain_entry(2)) == (1, 2)
    assert append(store, plain_entry(3)) == (3,)
    with store.unit_of_work() as work:
        assert store.evidence.append(work.connection, [plain_entry(4)]) == (4,)
        assert store.evidence.append(work.connection, [plain_entry(5), plain_entry(6)]) == (5, 6)
    assert audit(store).good


def test_what_is_rolled_back_never_was(store: Store) -> None:
    with pytest.raises(Stop), store.unit_of_work() as work:
        store.evidence.append(work.connection, [message_entry()])
        raise Stop
    assert store.evidence_rows.chains() == []
    assert append(store, message_entry()) == (1,)
    with pytest.raises(Stop), store.unit_of_work() as work:
        assert store.evidence.append(work.connection, [message_entry("other")]) == (2,)
        raise Stop
    assert append(store, message_entry()) == (2,)
    report = audit(store)
    assert (report.good, report.entries, report.chains) == (True, 2, 1)


def test_a_savepoint_that_is_rolled_back_leaves_the_rest(store: Store) -> None:
    with store.unit_of_work() as work:
        store.evidence.append(work.connection, [plain_entry(1)])
        savepoint = work.connection.begin_nested()
        store.evidence.append(work.connection, [message_entry()])
        savepoint.rollback()
        assert store.evidence.append(work.connection, [message_entry()]) == (2,)
    assert audit(store).good


def test_each_start_has_a_chain_that_names_the_one_before(
    store: Store, database: Path | str, clock: FixedClock
) -> None:
    append(store, plain_entry(1), plain_entry(2))
    again = Store.open(database, clock=clock)
    again.evidence.begin()
    append(again, plain_entry(3))
    append(store, plain_entry(4))  # the first is not gone yet
    third = Store.open(database, clock=clock, node="other")
    append(third, plain_entry(5))
    starts = _starts(store)
    assert [start.name for start in starts] == ["local-1", "local-2", "other-1"]
    link = store.evidence_rows.link_at("local", 1, 2)
    assert link is not None
    assert [start.after for start in starts] == [None, Head("local", 1, 2, link), None]
    report = audit(store)
    assert (report.good, report.entries, report.unsealed) == (True, 5, 5)
    again.close()
    third.close()


@on_sqlite
def test_processes_of_one_start_share_its_chain(
    store: Store, database: Path | str, clock: FixedClock
) -> None:
    chain = store.evidence.begin()
    worker = Store.open(database, clock=clock)
    worker.evidence.use(chain)
    assert append(worker, plain_entry(1)) == (1,)
    assert append(store, plain_entry(2)) == (2,)
    assert append(worker, plain_entry(3)) == (3,)
    worker.close()


def test_a_restore_is_told_by_the_chain(store: Store) -> None:
    append(store, plain_entry())
    heads = [Head("local", 7, 9, b"\x01" * 32), Head("other", 9, 1, b"\x01" * 32)]
    lost = signed_seal(file_signer(), system=SYSTEM, number=41, previous=None, at=NOW, heads=heads)
    store.evidence.begin(lost)
    store.evidence.begin()
    _, start, following = _starts(store)
    assert (start.reason, start.lost, start.epoch) == ("restore", Lost(41, lost.digest), 8)
    assert (following.reason, following.epoch) == ("start", 9)
    report = audit(store)
    assert (report.good, report.restores) == (True, [start])


def test_a_signers_certificate_is_kept_once_even_after_a_rollback(store: Store) -> None:
    with pytest.raises(Stop), store.unit_of_work() as work:
        store.evidence.append(work.connection, [message_entry()])
        raise Stop
    for _ in range(3):
        append(store, message_entry())
    with store.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM evidence_certificates").scalar_one() == 1
    assert audit(store).good


def test_a_recorded_refusal_is_an_entry_without_bytes(store: Store) -> None:
    digest = hashlib.sha256(b"refused").hexdigest()
    record = RefusalRecord(
        "r-1", NOW, 8, "digest", "wsse:FailedCheck", "127.0.0.1", 7, digest, message_id="urn:m"
    )
    assert store.refusals.record(record)
    (row,) = store.evidence_rows.chains()
    ((_, kept),) = store.evidence_rows.entries(row.id, last=row.last)
    entry = kept.entry  # type: ignore[union-attr]
    assert (entry.kind, entry.outcome, entry.body, entry.size) == ("refusal", "digest r-1", None, 7)
    assert entry.digest.hex() == digest
    report = audit(store)
    assert (report.good, report.erased) == (True, 0)


def test_refusals_above_the_rate_are_no_entries(store: Store) -> None:
    record = RefusalRecord("r", NOW, 8, "digest", "wsse:FailedCheck", "127.0.0.1", 7, "00" * 32)
    kept = sum(store.refusals.record(replace(record, reference=f"r-{number}")) for number in range(300))
    assert 100 <= kept < 110
    assert audit(store).entries == kept


def test_verify_streams_over_many_pages(store: Store, clock: FixedClock) -> None:
    append(store, *(plain_entry(number) for number in range(2_500)))
    told: list[tuple[int, int]] = []
    report = audit(store, progress=lambda done, total: told.append((done, total)))
    assert (report.good, report.entries, report.unsealed) == (True, 2_500, 2_500)
    assert told == [(1_000, 2_500), (2_000, 2_500), (2_500, 2_500)]
    sealer(store, clock).seal()
    assert audit(store).unsealed == 0


def test_a_full_chain_takes_no_more(store: Store) -> None:
    append(store, plain_entry(1))
    sql(store, "UPDATE evidence_entries SET id = 2199023255551")
    with pytest.raises(Exception, match="the evidence chain is full"):
        append(store, plain_entry(2))
