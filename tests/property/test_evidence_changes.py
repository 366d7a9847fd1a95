"""Any one change to evidence is found: each column and table, each row gone, doubled, moved or cut off."""

# ruff: noqa: S608 - the statements are those of somebody who has the file

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.clock import FixedClock
from gateway.evidence import Seal
from gateway.store import Store
from tests.kit.evidence import append, audit, kinds, message_entry, plain_entry, sealer
from tests.kit.examples import examples
from tests.kit.identities import NOW

TEXTS = ("direction", "kind", "peer", "operation", "message_id", "relates_to", "outcome", "algorithm")
NUMBERS = ("at", "size")
BLOBS = ("digest", "signed", "value", "certificate", "link")
ROWS = 12
_ID = "(SELECT id FROM evidence_entries ORDER BY id LIMIT 1 OFFSET {})"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Seal]]:
    """A state folder with 12 entries in two chains, all sealed, and its last seal."""
    folder = tmp_path_factory.mktemp("built")
    clock = FixedClock(NOW)
    for _ in range(2):
        store = Store.open(folder, clock=clock, upgrade=True)
        store.evidence.begin()
        for number in range(ROWS // 4):
            append(store, message_entry(f"secret {number}"), plain_entry(number))
            clock.advance(timedelta(minutes=1))
            sealer(store, clock).seal()
        last = store.evidence_rows.newest_seal()
        assert last is not None
        assert audit(store).good
        assert store.forget_pages()
        store.close()
    yield folder, last


class Tampered:
    """A copy of the store that somebody with the file has changed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "changed"

    def __call__(self, built: Path, *statements: str) -> Store:
        shutil.rmtree(self._folder, ignore_errors=True)
        shutil.copytree(built, self._folder)
        store = Store.open(self._folder, clock=FixedClock(NOW))
        with store.unit_of_work() as work:
            for statement in statements:
                work.connection.exec_driver_sql(statement)
        return store


@pytest.fixture(scope="module")
def tampered(tmp_path_factory: pytest.TempPathFactory) -> Tampered:
    return Tampered(tmp_path_factory.mktemp("tampered"))


def _found(store: Store, last: Seal, *, bodies: bool = True) -> set[str]:
    try:
        report = audit(store, outside=[last], bodies=bodies)
    finally:
        store.close()
    assert report.count == len(report.findings)
    return kinds(report)


_SETTINGS = settings(
    max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@_SETTINGS
@given(row=st.integers(0, ROWS - 1), column=st.sampled_from(TEXTS + NUMBERS + BLOBS), data=st.data())
def test_any_changed_column(
    built: tuple[Path, Seal], tampered: Tampered, row: int, column: str, data: st.DataObject
) -> None:
    folder, last = built
    here = _ID.format(row)
    if column in TEXTS:
        change = data.draw(st.sampled_from([f"coalesce({column}, '') || 'x'", "x'00'", "'-'", "'in'", "12"]))
    elif column in NUMBERS:
        change = data.draw(
            st.sampled_from([f"{column} + 1", f"{column} - 1", "'x'", "-1", "9223372036854775807"])
        )
    else:
        octet = data.draw(st.integers(1, 31))
        other = f"substr({column}, 1, {octet - 1}) || x'a7' || substr({column}, {octet + 1})"
        change = data.draw(st.sampled_from([f"coalesce({other}, x'07')", "x'00'", "'text'", "7"]))
        change = f"CAST({change} AS BLOB)" if "substr" in change else change
    with_change = (
        f"UPDATE evidence_entries SET {column} = {change} WHERE id = {here} AND {column} IS NOT {change}"
    )
    store = tampered(folder, with_change)
    with store.read() as connection:
        changed = connection.exec_driver_sql("SELECT * FROM evidence_entries ORDER BY id").all()
    original = Store.open(folder, clock=FixedClock(NOW))
    with original.read() as connection:
        same = connection.exec_driver_sql("SELECT * FROM evidence_entries ORDER BY id").all() == changed
    original.close()
    found = _found(store, last)
    assert same or found & {"changed", "signature", "removed", "body-changed", "body-missing"}, with_change
    assert not (same and found)


@pytest.mark.parametrize("row", range(ROWS))
def test_any_removed_entry(built: tuple[Path, Seal], tampered: Tampered, row: int) -> None:
    here = _ID.format(row)
    store = tampered(
        built[0],
        f"DELETE FROM evidence_bodies WHERE id = {here}",
        f"DELETE FROM evidence_entries WHERE id = {here}",
    )
    assert _found(store, built[1]) & {"removed", "truncated"}


@pytest.mark.parametrize("row", range(ROWS - 1))
@pytest.mark.parametrize("links", [True, False])
def test_any_two_that_change_places(
    built: tuple[Path, Seal], tampered: Tampered, row: int, links: bool
) -> None:
    columns = (*TEXTS, *NUMBERS, *(blob for blob in BLOBS if links or blob != "link"))
    first, second = _ID.format(row), _ID.format(row + 1)
    swap = ", ".join(
        f"{column} = (SELECT {column} FROM evidence_entries o"
        f" WHERE o.id = CASE WHEN evidence_entries.id = {first} THEN {second} ELSE {first} END)"
        for column in columns
    )
    bodies = (
        f"UPDATE evidence_bodies SET body = (SELECT body FROM evidence_bodies o"
        f" WHERE o.id = CASE WHEN evidence_bodies.id = {first} THEN {second} ELSE {first} END)"
        f" WHERE id IN ({first}, {second})"
    )
    store = tampered(built[0], bodies, f"UPDATE evidence_entries SET {swap} WHERE id IN ({first}, {second})")
    assert "changed" in _found(store, built[1])


@pytest.mark.parametrize("row", range(ROWS))
def test_an_inserted_entry(built: tuple[Path, Seal], tampered: Tampered, row: int) -> None:
    here = _ID.format(row)
    columns = ", ".join((*TEXTS, *NUMBERS, *BLOBS))
    store = tampered(
        built[0],
        f"UPDATE evidence_entries SET id = -id - 1 WHERE id > {here} AND id >> 40 = {here} >> 40",
        "UPDATE evidence_entries SET id = -id WHERE id < 0",
        f"INSERT INTO evidence_entries (id, {columns}) SELECT id + 1, {columns} FROM evidence_entries"
        f" WHERE id = {here}",
    )
    assert _found(store, built[1], bodies=False) & {"changed"}


@pytest.mark.parametrize("keep", range(ROWS // 2))
def test_any_truncation(built: tuple[Path, Seal], tampered: Tampered, keep: int) -> None:
    """All tables cut back to a moment, as an older copy of the file would be: only the seal outside knows."""
    store = tampered(
        built[0],
        f"DELETE FROM evidence_bodies WHERE id > (2 << 40) + {keep}",
        f"DELETE FROM evidence_entries WHERE id > (2 << 40) + {keep}",
        f"DELETE FROM evidence_seals WHERE number > 3 + {keep // 2}",
    )
    assert audit(store).good
    assert "truncated" in _found(store, built[1])


@pytest.mark.parametrize(
    ("statement", "kind"),
    [
        ("UPDATE evidence_bodies SET body = CAST(body || x'20' AS BLOB) WHERE id & 7 = 3", "body-changed"),
        ("UPDATE evidence_bodies SET body = CAST(body AS TEXT) WHERE id & 7 = 3", "changed"),
        ("DELETE FROM evidence_bodies WHERE id & 7 = 3", "body-missing"),
        ("INSERT INTO evidence_bodies VALUES (5 << 40, x'00')", "inserted"),
        ("UPDATE evidence_certificates SET der = x'00'", "signature"),
        ("UPDATE evidence_chains SET text = replace(text, '-11-', '-12-') WHERE id = 2", "changed"),
        ("UPDATE evidence_chains SET text = x'00' WHERE id = 2", "changed"),
        ("UPDATE evidence_chains SET genesis = x'00' WHERE id = 2", "changed"),
        ("UPDATE evidence_chains SET genesis = 'text' WHERE id = 2", "changed"),
        ("UPDATE evidence_chains SET genesis = 'text' WHERE id = 1", "changed"),
        ("UPDATE evidence_chains SET node = 'x' WHERE id = 1", "truncated"),
        ("DELETE FROM evidence_chains WHERE id = 1", "truncated"),
        ("DELETE FROM evidence_chains WHERE id = 2", "truncated"),
    ],
)
def test_other_tables(built: tuple[Path, Seal], tampered: Tampered, statement: str, kind: str) -> None:
    found = _found(tampered(built[0], statement), built[1])
    assert kind in found or (kind == "signature" and "changed" in found)
