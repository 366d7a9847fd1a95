"""Seals: when, over what, copied where; and what they find that nothing else does."""

from __future__ import annotations

import subprocess
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.clock import FixedClock
from gateway.errors import StateError
from gateway.evidence import Seal, SealUnreadable, parse_seal, seal_file
from gateway.evidence.seal_trust import SealTrust
from gateway.store import Store
from gateway.store.evidence_sealer import SealCopies, Sealer, lost_seal
from tests.kit.databases import on_sqlite
from tests.kit.evidence import SYSTEM, append, audit, file_signer, kinds, plain_entry, sealer, sql
from tests.kit.identities import NOW, authority

KINDS = ("RSA-2048", "P-256", "P-384")


@pytest.fixture
def copies(tmp_path: Path) -> SealCopies:
    return SealCopies(tmp_path / "outside", SYSTEM)


def _numbers(store: Store) -> list[int]:
    return [number for number, _ in store.evidence_rows.seals()]


def _sealed(store: Store, clock: FixedClock, copies: SealCopies | None = None) -> Seal:
    seal = sealer(store, clock, copies).seal()
    assert seal is not None
    return seal


def test_nothing_to_seal(store: Store, clock: FixedClock) -> None:
    assert sealer(store, clock).seal() is None
    append(store, plain_entry())
    _sealed(store, clock)
    assert sealer(store, clock).seal() is None


def test_a_seal_is_due_after_1000_entries_or_60_seconds(store: Store, clock: FixedClock) -> None:
    seals = sealer(store, clock)
    append(store, plain_entry())
    seals()
    assert _numbers(store) == [1]  # the first at once
    append(store, *(plain_entry(number) for number in range(999)))
    seals()
    assert _numbers(store) == [1]
    append(store, plain_entry())
    seals()
    assert _numbers(store) == [1, 2]
    append(store, plain_entry())
    clock.advance(timedelta(seconds=59))
    seals()
    assert _numbers(store) == [1, 2]
    clock.advance(timedelta(seconds=1))
    seals()
    assert _numbers(store) == [1, 2, 3]
    report = audit(store)
    assert (report.good, report.seals, report.unsealed) == (True, 3, 0)


def test_a_clock_set_back_makes_a_seal_due(store: Store, clock: FixedClock) -> None:
    append(store, plain_entry())
    _sealed(store, clock)
    append(store, plain_entry())
    clock.advance(-timedelta(seconds=1))
    sealer(store, clock)()
    assert _numbers(store) == [1, 2]


def test_a_seal_covers_every_chain_that_grew(store: Store, database: Path | str, clock: FixedClock) -> None:
    append(store, plain_entry(1))
    other = Store.open(database, clock=clock)
    append(other, plain_entry(2), plain_entry(3))
    first = _sealed(store, clock)
    assert [(head.epoch, head.number) for head in first.heads] == [(1, 1), (2, 2)]
    append(other, plain_entry(4))
    second = _sealed(store, clock)
    assert [(head.epoch, head.number) for head in second.heads] == [(2, 3)]
    assert second.previous == first.digest
    other.close()


def test_of_two_who_seal_at_once_one_does(
    store: Store, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    append(store, plain_entry())
    first, second = sealer(store, clock), sealer(store, clock)
    add = second._add

    def late(*arguments: object) -> bool:
        assert first.seal() is not None
        return add(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(second, "_add", late)
    assert second.seal() is None
    assert _numbers(store) == [1]
    assert audit(store).good


def test_entries_that_come_while_it_signs_are_left_for_the_next(
    store: Store, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    append(store, plain_entry(1))
    seals = sealer(store, clock)
    add = seals._add

    def meanwhile(*arguments: object) -> bool:
        append(store, plain_entry(2))
        return add(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(seals, "_add", meanwhile)
    seals.seal()
    assert store.evidence_rows.unsealed() == 1
    monkeypatch.undo()
    seal = seals.seal()
    assert seal is not None
    assert [head.number for head in seal.heads] == [2]


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_reads_back_and_openssl_checks_it(
    kind: str, store: Store, clock: FixedClock, tmp_path: Path
) -> None:
    append(store, plain_entry())
    seal = Sealer(store, file_signer(kind), clock, system=SYSTEM).seal()
    assert seal is not None
    assert parse_seal(seal_file(seal)) == seal
    assert seal.signature_holds()
    (tmp_path / "statement").write_bytes(seal.statement)
    (tmp_path / "signature").write_bytes(seal.signature)
    (tmp_path / "seal").write_bytes(seal_file(seal))
    script = (
        "openssl x509 -in seal -noout -pubkey > key && "
        f"openssl dgst -{seal.algorithm[-6:]} -verify key -signature signature statement"
    )
    done = subprocess.run(["sh", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stdout == "Verified OK\n", done


def test_what_is_no_seal_is_not_read(store: Store, clock: FixedClock) -> None:
    append(store, plain_entry())
    good = seal_file(_sealed(store, clock))
    for bad in (
        b"",
        good[:-1],
        good + b"\n",
        good.replace(b"number 1\n", b"number 01\n"),
        good.replace(b"system ", b"system  "),
        good.replace(b"seal 1\n", b"seal 1\n\n"),
        good.replace(b"SIGNATURE-----\n", b"SIGNATURE-----\n=", 1),
        good.replace(b"previous -", b"previous "),
        good.replace(b"at 2026-11", b"at 2026-13"),
        good.replace(b"certificate ", b"certificate 0", 1),
        b"x" * 16_777_217,
    ):
        with pytest.raises(SealUnreadable):
            parse_seal(bad)


def test_copies_follow_and_only_the_newest_are_kept(store: Store, clock: FixedClock, tmp_path: Path) -> None:
    outside = SealCopies(tmp_path / "outside", SYSTEM, keep=2)
    seals = sealer(store, clock, outside)
    for number in range(4):
        append(store, plain_entry(number))
        clock.advance(timedelta(minutes=1))
        seals()
    assert sorted(file.name for file in outside.folder.iterdir()) == [
        f"{SYSTEM}-000000003.seal",
        f"{SYSTEM}-000000004.seal",
    ]
    assert outside.newest() == store.evidence_rows.newest_seal()
    assert SealCopies(tmp_path / "outside", "131016").newest() is None


def test_a_folder_that_takes_no_copy_raises_the_alarm_until_it_does(
    store: Store, clock: FixedClock, tmp_path: Path
) -> None:
    told: list[bool] = []
    (tmp_path / "outside").write_text("in the way")
    outside = SealCopies(tmp_path / "outside", SYSTEM)
    seals = Sealer(store, file_signer(), clock, system=SYSTEM, copies=outside, alarm=told.append)
    append(store, plain_entry())
    seals()
    seals()
    assert told == [True]
    (tmp_path / "outside").unlink()
    seals()
    assert told == [True, False]
    assert outside.newest() == store.evidence_rows.newest_seal()


def test_without_an_earlier_seal_a_cut_tail_is_only_unsealed(
    store: Store, clock: FixedClock, copies: SealCopies
) -> None:
    append(store, plain_entry(1))
    _sealed(store, clock)
    append(store, plain_entry(2), plain_entry(3))
    last = _sealed(store, clock)
    sql(store, "DELETE FROM evidence_entries WHERE id & 3 IN (2, 3)")
    sql(store, "DELETE FROM evidence_bodies WHERE id & 3 IN (2, 3)")
    assert kinds(audit(store)) == {"truncated"}  # the second seal knows
    sql(store, "DELETE FROM evidence_seals WHERE number = 2")
    assert audit(store).good  # nothing in here knows
    report = audit(store, outside=[last])
    assert kinds(report) == {"truncated"}
    assert report.outside == 1


def test_an_earlier_seal_of_an_untouched_store(store: Store, clock: FixedClock) -> None:
    append(store, plain_entry(1))
    first = _sealed(store, clock)
    append(store, plain_entry(2))
    _sealed(store, clock)
    assert audit(store, outside=[first]).good


def test_a_seal_of_another_key_or_system_is_found(store: Store, clock: FixedClock) -> None:
    append(store, plain_entry(1))
    Sealer(store, file_signer("P-256", "a stranger"), clock, system=SYSTEM).seal()
    assert kinds(audit(store)) == {"seal-signature"}
    append(store, plain_entry(2))
    Sealer(store, file_signer(), clock, system="another-cs").seal()
    assert kinds(audit(store)) == {"seal-signature", "seal-changed"}


def test_who_may_seal(store: Store) -> None:
    own, renewed = file_signer(), file_signer("RSA-2048")  # the same name, another key
    trust = SealTrust(own.certificate_der, [authority().certificate])
    assert trust(own.certificate_der, NOW) is None
    assert trust(renewed.certificate_der, NOW) is None
    assert (
        trust(renewed.certificate_der, NOW - timedelta(days=31))
        == "its certificate was not valid at that time"
    )
    assert trust(b"none", NOW) == "its certificate cannot be read"
    assert trust(file_signer("P-256", "other").certificate_der, NOW) == "its certificate is not this system's"
    nobody = SealTrust(own.certificate_der, [])
    assert nobody(renewed.certificate_der, NOW) == (
        "its certificate was issued by none of the configured authorities"
    )


@on_sqlite
@pytest.mark.parametrize(
    ("statement", "kind"),
    [
        ("DELETE FROM evidence_seals WHERE number = 2", "seal-removed"),
        ("UPDATE evidence_seals SET number = 9 WHERE number = 3", "seal-changed"),
        ("UPDATE evidence_seals SET signature = x'00' WHERE number = 2", "seal-signature"),
        ("UPDATE evidence_seals SET statement = x'00' WHERE number = 2", "seal-changed"),
        ("UPDATE evidence_seals SET statement = replace(statement, '1 2', '1 1')", "seal-changed"),
        ("DELETE FROM evidence_certificates", "seal-changed"),
    ],
)  # fmt: skip
def test_a_changed_seal_is_found(store: Store, clock: FixedClock, statement: str, kind: str) -> None:
    for number in range(3):
        append(store, plain_entry(number))
        _sealed(store, clock)
    sql(store, statement)
    report = audit(store)
    assert not report.good
    assert kind in kinds(report)


def test_a_restored_database_is_recognised_and_told(
    store: Store, clock: FixedClock, tmp_path: Path, copies: SealCopies
) -> None:
    seals = sealer(store, clock, copies)
    append(store, plain_entry(1))
    seals()
    rows = store.evidence_rows
    assert lost_seal(rows, copies) is None
    append(store, plain_entry(2))
    clock.advance(timedelta(minutes=1))
    seals()
    lost = copies.newest()
    assert lost is not None
    sql(store, "DELETE FROM evidence_seals WHERE number = 2")
    sql(store, "DELETE FROM evidence_entries WHERE id & 3 = 2")
    sql(store, "DELETE FROM evidence_bodies WHERE id & 3 = 2")
    sql(store, "UPDATE evidence_chains SET sealed = 1, dirty = false")
    found = lost_seal(rows, copies)
    assert found is not None
    assert found.number == 2
    store.evidence.begin(found)
    assert lost_seal(rows, copies) is None  # told of already
    clock.advance(timedelta(minutes=1))
    seals()
    newest = rows.newest_seal()
    assert newest is not None
    assert newest.number == 3  # a number is never used twice
    assert [(head.epoch, head.number) for head in newest.heads] == [(2, 0)]
    assert audit(store).good
    assert audit(store, outside=[newest]).good
    report = audit(store, outside=[lost])
    assert kinds(report) == {"truncated"}
    assert "a restore has told of it" in report.findings[0].text


def test_a_copy_that_cannot_be_read_stops_the_start(
    store: Store, clock: FixedClock, copies: SealCopies
) -> None:
    append(store, plain_entry())
    sealer(store, clock, copies)()
    (file,) = copies.folder.iterdir()
    file.write_text("not a seal")
    with pytest.raises(StateError, match="the newest copy cannot be read"):
        lost_seal(store.evidence_rows, copies)
