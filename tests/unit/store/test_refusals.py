"""Refusal records: kept whole, found by reference, sampled, swept."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.clock import FixedClock
from gateway.errors import StoreError
from gateway.store import ChainLine, Conflict, MinuteCount, RefusalRecord, Retention, SamplingLimits, Store


@pytest.fixture
def record(clock: FixedClock) -> RefusalRecord:
    now = clock.now()
    return RefusalRecord(
        reference="r-1",
        at=now,
        step=8,
        rule="digest",
        fault="wsse:FailedCheck",
        peer="131016-terminal-1",
        size=6_144,
        digest="ab" * 32,
        found="sha-256 00ff",
        wanted="sha-256 ff00",
        where="soap:Body",
        service="terminal",
        operation="VerifyIdentity",
        message_id="urn:uuid:1",
        chain=(
            ChainLine("CN=端末,O=千代田区", "CN=発行", now + timedelta(days=30)),
            ChainLine("CN=発行", "CN=根", now + timedelta(days=300)),
        ),
        created=now - timedelta(minutes=1),
        expires=now + timedelta(minutes=4, microseconds=123_000),
    )


def test_a_record_is_found_whole(store: Store, record: RefusalRecord) -> None:
    assert store.refusals.record(record)
    assert store.refusals.find("r-1") == record
    assert store.refusals.find("r-2") is None


def test_a_record_of_little_is_found_as_little(store: Store, record: RefusalRecord) -> None:
    little = RefusalRecord("r-2", record.at, 1, "method", "soap:Client", "127.0.0.1", 0, "00" * 32)
    store.refusals.record(little)
    assert store.refusals.find("r-2") == little


def test_long_texts_are_cut(store: Store, record: RefusalRecord) -> None:
    store.refusals.record(replace(record, found="x" * 5_000, message_id="m" * 5_000, peer="p\0" * 500))
    found = store.refusals.find("r-1")
    assert found is not None
    assert (len(found.found), len(found.message_id or ""), len(found.peer)) == (1_000, 256, 256)
    assert "\0" not in found.peer


def test_a_reference_is_given_once(store: Store, record: RefusalRecord) -> None:
    store.refusals.record(record)
    with pytest.raises(Conflict):
        store.refusals.record(record)


def test_the_newest_first(store: Store, record: RefusalRecord) -> None:
    for number in range(5):
        at = record.at + timedelta(seconds=number)
        peer = "a" if number % 2 else "b"
        store.refusals.record(replace(record, reference=f"r{number}", at=at, peer=peer))
    assert [r.reference for r in store.refusals.recent(3)] == ["r4", "r3", "r2"]
    assert [r.reference for r in store.refusals.recent(peer="a")] == ["r3", "r1"]
    assert store.refusals.count() == 5


def test_above_a_hundred_a_minute_they_are_counted_and_sampled(store: Store, record: RefusalRecord) -> None:
    kept = [store.refusals.record(replace(record, reference=f"r{number}")) for number in range(350)]
    assert sum(kept[:100]) == 100
    assert [number for number, k in enumerate(kept[100:], 1) if k] == [100, 200]
    assert store.refusals.count() == 102
    store.refusals.flush()
    minute = record.at.replace(second=0, microsecond=0)
    assert store.refusals.counts(minute) == [MinuteCount(minute, record.peer, 350)]
    assert store.refusals.counts(minute + timedelta(minutes=1)) == []


def test_beyond_the_limit_nothing_is_written_for_each(
    store: Store, record: RefusalRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(101):
        store.refusals.record(replace(record, reference=f"r{number}"))

    def fail() -> None:
        raise AssertionError("a transaction")

    with monkeypatch.context() as patched:
        patched.setattr(store.refusals, "_unit_of_work", fail)
        kept = [store.refusals.record(replace(record, reference=f"x{number}")) for number in range(98)]
    assert not any(kept)


def test_another_peer_is_not_silenced(store: Store, record: RefusalRecord) -> None:
    for number in range(500):
        store.refusals.record(replace(record, reference=f"r{number}"))
    assert store.refusals.record(replace(record, reference="other", peer="131016-terminal-2"))


def test_pending_counts_are_written_at_the_end(
    database: Path | str, clock: FixedClock, record: RefusalRecord
) -> None:
    limits = SamplingLimits(recorded_per_peer=1)
    store = Store.open(database, clock=clock, upgrade=True, sampling=limits)
    for number in range(30):
        store.refusals.record(replace(record, reference=f"r{number}"))
    store.close()
    again = Store.open(database, clock=clock)
    assert [count.refused for count in again.refusals.counts(record.at)] == [30]
    again.close()


def test_old_records_and_counts_are_swept(store: Store, clock: FixedClock, record: RefusalRecord) -> None:
    store.refusals.record(record)
    clock.advance(timedelta(days=90))
    store.sweep(clock.now())
    assert store.refusals.count() == 1
    clock.advance(timedelta(microseconds=1))
    store.sweep(clock.now())
    assert store.refusals.count() == 0
    assert store.refusals.counts(record.at) == []


def test_no_more_records_are_kept_than_the_setting_says(
    database: Path | str, clock: FixedClock, record: RefusalRecord
) -> None:
    store = Store.open(database, clock=clock, upgrade=True, retention=Retention(most_refusals=10))
    for number in range(25):
        at = record.at + timedelta(seconds=number)
        store.refusals.record(replace(record, reference=f"r{number:02}", at=at))
    counts = []
    for _ in range(3):
        store.sweep(clock.now(), limit=10)
        counts.append(store.refusals.count())
    assert counts == [15, 10, 10]
    assert store.refusals.recent(100)[-1].reference == "r15"
    store.close()


def test_a_record_that_cannot_be_written_is_an_error(store: Store, record: RefusalRecord) -> None:
    with store.unit_of_work() as work:
        work.connection.exec_driver_sql("DROP TABLE refusals")
    with pytest.raises(StoreError):
        store.refusals.record(record)
