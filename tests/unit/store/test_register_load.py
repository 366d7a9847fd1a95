"""The bulk load: the same as recording one by one, resumable at every step, and nothing in between."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from gateway.clock import FixedClock
from gateway.domain.identifiers import ResidentRecordCode
from gateway.domain.identity_record import IdentityRecord
from gateway.domain.register_text import RegisterText
from gateway.domain.search import Match, SearchTerms
from gateway.errors import StoreError
from gateway.store import Conflict, Found, Newcomer, Progress, Store, register_load
from gateway.store.tables import metadata
from tests.kit.databases import on_sqlite
from tests.kit.townspeople import townspeople

NOW = datetime(2026, 11, 25, tzinfo=UTC)
PEOPLE = list(townspeople(60))
TABLES = (
    "people",
    "person_codes",
    "person_numbers",
    "person_versions",
    "search_by_name",
    "search_by_kana",
    "search_by_address",
    "search_by_birth",
    "search_staging",
    "card_states",
    "register_marks",
    "addressee_targets",
    "addressee_people",
)


class Ended(Exception):
    """The loading process ends here."""


@pytest.fixture(autouse=True)
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches and ranges so small that 60 people need many of each."""
    monkeypatch.setattr(register_load, "BATCH", 13)
    monkeypatch.setattr(register_load, "RANGE", 15)
    monkeypatch.setattr(register_load, "_SAMPLE_EVERY", 3)


def load(store: Store, people: list[IdentityRecord] = PEOPLE, **more: Any) -> int:
    newcomers = (Newcomer((record,)) for record in people)
    return store.loader.load(newcomers, source="town", recorded_at=NOW, **more)


def content(store: Store) -> dict[str, list[tuple[Any, ...]]]:
    with store.read() as connection:
        return {
            table: sorted(
                (tuple(row) for row in connection.execute(select(metadata.tables[table]))), key=repr
            )
            for table in TABLES
        }


def ending_at(step: int) -> Callable[[Progress], None]:
    """A progress callback that ends the process after so many steps."""
    steps: Iterator[int] = itertools.count(1)

    def report(_: Progress) -> None:
        if next(steps) == step:
            raise Ended

    return report


def test_it_is_the_same_as_recording_one_by_one(store: Store, tmp_path: Path, clock: FixedClock) -> None:
    assert load(store) == len(PEOPLE)
    other = Store.open(tmp_path / "other", clock=clock, upgrade=True)
    for record in PEOPLE:
        with other.unit_of_work() as work:
            other.register.put(work, record, valid_from=None, reason=None, recorded_at=NOW)
    loaded, recorded = content(store), content(other)
    other.close()
    assert loaded.pop("register_marks") == [("folding", "1"), ("source", "town")]
    assert recorded.pop("register_marks") == [("folding", "1")]
    for table in loaded:
        assert loaded[table] == recorded[table], table
    assert loaded["search_staging"] == []
    assert [store.register.find(record.code) for record in PEOPLE] == PEOPLE


def test_versions_and_cards_are_the_same_as_recorded_one_after_another(
    store: Store, tmp_path: Path, clock: FixedClock
) -> None:
    lives = [
        (replace(record, name=RegisterText("五稜郭 恵"), address=RegisterText("北海道函館市1番")), record)
        if number % 3 == 0
        else (record,)
        for number, record in enumerate(PEOPLE)
    ]
    states = [("active", None, "lapsed")[number % 3] for number in range(len(lives))]
    newcomers = [Newcomer(versions, state) for versions, state in zip(lives, states, strict=True)]
    assert store.loader.load(newcomers, source="town", recorded_at=NOW) == len(PEOPLE)
    other = Store.open(tmp_path / "other", clock=clock, upgrade=True)
    for newcomer in newcomers:
        with other.unit_of_work() as work:
            for record in newcomer.versions:
                other.register.put(work, record, valid_from=None, reason=None, recorded_at=NOW)
            if newcomer.card_state is not None:
                other.cards.put(work, [(newcomer.versions[-1].code, newcomer.card_state)])
    loaded, recorded = content(store), content(other)
    other.close()
    assert len(loaded["card_states"]) == 40
    for table in set(TABLES) - {"register_marks"}:
        assert loaded[table] == recorded[table], table


@on_sqlite
def test_it_goes_on_where_it_ended_at_every_step(store: Store, tmp_path: Path, clock: FixedClock) -> None:
    reports: list[Progress] = []
    load(store, progress=reports.append)
    whole = content(store)
    assert {report.phase for report in reports} == {"reading", "sorting"}
    assert reports[-1].done == reports[-1].whole
    for step in range(1, len(reports) + 1):
        other = Store.open(tmp_path / str(step), clock=clock, upgrade=True)
        with pytest.raises(Ended):
            load(other, progress=ending_at(step))
        assert other.loader.source() is None
        assert other.loader.unfinished() == "town"
        other.close()
        other = Store.open(tmp_path / str(step), clock=clock)
        assert load(other) == len(PEOPLE)
        assert content(other) == whole
        other.close()


def test_while_it_is_unfinished_nobody_is_searched_or_recorded(store: Store) -> None:
    with pytest.raises(Ended):
        load(store, progress=ending_at(2))
    terms = SearchTerms(name=(PEOPLE[0].name, Match.EXACT), birth_date=PEOPLE[0].birth_date)
    with pytest.raises(StoreError, match="is being loaded; it cannot be searched"):
        store.register.search(terms)
    with pytest.raises(StoreError, match="is being loaded; nobody else"), store.unit_of_work() as work:
        store.register.put(work, PEOPLE[0], valid_from=None, reason=None, recorded_at=NOW)
    with pytest.raises(StoreError, match="another load of the register is unfinished"):
        store.loader.load((), source="another town", recorded_at=NOW)
    with pytest.raises(StoreError, match="finish that first"):
        store.loader.fold_again()
    load(store)
    found = store.register.search(terms)
    assert isinstance(found, Found)
    assert PEOPLE[0] in found.records


def test_a_register_with_people_is_not_loaded(store: Store) -> None:
    load(store)
    assert store.loader.source() == "town"
    with pytest.raises(StoreError, match="holds people already"):
        load(store)
    store.loader.clear()
    assert store.loader.source() is None
    assert store.register.count() == 0
    load(store)
    assert store.register.count() == len(PEOPLE)


def test_forgetting_people_leaves_the_keys_of_other_tables_and_nothing_that_names_a_person(
    store: Store,
) -> None:
    """Persons' numbers are given anew: what was sent about one must not be told of the next."""
    load(store)
    store.budgets.spend([("operator", "A")], at=NOW)
    keys = {row for row in content(store)["register_marks"] if "key" in row[0]}
    assert keys
    with store.unit_of_work() as work:
        target = {"person": 1, "reason": "birth", "since": 0}
        work.connection.execute(insert(metadata.tables["addressee_targets"]), target)
        work.connection.execute(insert(metadata.tables["addressee_people"]), {"person": 1, "addressee": 1})
    store.loader.clear()
    left = content(store)
    assert set(left["register_marks"]) == keys
    assert [name for name in left if name.startswith("addressee") and left[name]] == []
    assert store.budgets.spent([("operator", "A")], since=NOW - timedelta(days=1)) == (1,)


@pytest.mark.parametrize("number", ["code", "individual_number"])
def test_one_number_twice_is_a_conflict(store: Store, number: str) -> None:
    other = ResidentRecordCode("12345678903")
    twin = PEOPLE[1] if number == "code" else replace(PEOPLE[1], code=other)
    assert twin.individual_number is not None
    with pytest.raises(Conflict, match=f"two records have the same {number}") as conflict:
        load(store, [*PEOPLE, twin])
    assert twin.individual_number.digits not in str(conflict.value)
    store.loader.clear()
    load(store)


def test_one_code_twice_is_the_same_conflict_where_both_have_cards(store: Store) -> None:
    twins = [Newcomer((PEOPLE[0],), "active"), Newcomer((PEOPLE[0],), "lapsed")]
    with pytest.raises(Conflict, match=r"^two records have the same code$"):
        store.loader.load(twins, source="town", recorded_at=NOW)


def test_an_empty_load_is_a_load(store: Store) -> None:
    assert load(store, []) == 0
    assert store.loader.source() == "town"


def test_keys_are_made_anew_from_every_version(store: Store) -> None:
    load(store)
    moved = replace(PEOPLE[3], address=RegisterText("北海道函館市1番"), name=RegisterText("五稜郭 恵"))
    with store.unit_of_work() as work:
        store.register.put(work, moved, valid_from=None, reason=None, recorded_at=NOW)
    whole = content(store)
    for table in ("search_by_name", "search_by_kana", "search_by_address", "search_by_birth"):
        with store.unit_of_work() as work:
            columns = metadata.tables[table].c
            work.connection.execute(update(metadata.tables[table]).values(name_key="x" + columns.name_key))
    for step in (1, 4, 9, 10_000):
        try:
            store.loader.fold_again(ending_at(step))
        except Ended:
            assert store.loader.is_stale()
            assert store.loader.unfinished() is None
    assert not store.loader.is_stale()
    assert content(store) == whole
