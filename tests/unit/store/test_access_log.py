"""The access log in the store: found by who, what and whom, tamper-evident, erased from its old end."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.clock import FixedClock
from gateway.domain.accesses import Concern, Effect, Subject, Who, items_text
from gateway.domain.identifiers import IndividualNumber, ResidentRecordCode
from gateway.errors import StoreError
from gateway.store import Store, Subjects
from gateway.store.access_check import check_accesses
from gateway.store.access_erase import erase_accesses
from gateway.store.tables import accesses
from tests.kit.accesses import AT, CLERK, access, code, codes, listed, told, write
from tests.kit.changes import record
from tests.kit.evidence import plain_entry, sealer, sql

DAY = timedelta(days=1)


@pytest.fixture
def store(tmp_path: Path, clock: FixedClock) -> Iterator[Store]:
    """On SQLite, whose rows are changed by hand here; test_access_log_everywhere.py is on every database."""
    opened = Store.open(tmp_path, clock=clock, upgrade=True, lock_timeout_seconds=0.3)
    yield opened
    opened.close()


OTHER = Who("131016-terminal-2", "131016", "T002", "V-0002", "O-02", "move_in")


def test_it_is_read_back_as_it_was_written(store: Store) -> None:
    made = access(1, 2, with_number=True, passed_to="national_server")
    write(store, made)
    (found,) = listed(store)
    assert (found.id, found.at, found.who, found.outcome) == ("local/1", AT, CLERK, "found")
    assert (found.with_number, found.passed_to, found.message_id) == (
        True,
        "national_server",
        made.message_id,
    )
    assert codes(store, found) == [code(1).digits, code(2).digits]


def test_it_is_found_by_each_of_its_marks(store: Store) -> None:
    write(
        store,
        access(1),
        access(2, who=OTHER, at=AT + DAY, operation="VerifyIdentity", outcome="fault:Busy"),
        access(3, at=AT + 2 * DAY, passed_to="national_server", outcome="faulty"),
    )
    by = {
        "1": [{"until": AT + DAY}, {"people": (sealed(store, 1),)}, {"outcome": "found"}],
        "2": [
            *({"since": AT + DAY, "until": AT + 2 * DAY}, {"system": "131016-terminal-2"}),
            *({"operator": "V-0002"}, {"terminal": "T002"}, {"operation": "VerifyIdentity"}),
            *({"outcome": "fault"}, {"outcome": "fault:Busy"}, {"people": (sealed(store, 2),)}),
        ],
        "3": [{"system": "national_server"}, {"since": AT + 2 * DAY}],
    }
    for number, queries in by.items():
        for wanted in queries:
            assert [one.id for one in listed(store, **wanted)] == [f"local/{number}"], wanted
    assert [one.id for one in listed(store, operator="V-0001")] == ["local/1", "local/3"]
    assert listed(store, people=(sealed(store, 1),), operator="V-0002") == []


def sealed(store: Store, person: int) -> bytes:
    return store.accesses.subjects.seal(Subject.CODE, code(person).digits)


def test_many_are_read_in_pages_and_in_order(store: Store) -> None:
    write(store, *(access(1, at=AT + timedelta(seconds=n // 3)) for n in range(1201)))
    found = listed(store)
    assert [one.id for one in found] == [f"local/{n}" for n in range(1, 1202)]
    assert [one.id for one in listed(store, people=(sealed(store, 1),))] == [one.id for one in found]


def test_a_person_is_known_by_all_names_on_record(store: Store, clock: FixedClock) -> None:
    old, new = record(1), record(1, "東京都千代田区三番町9番", code=code(9))
    with store.unit_of_work() as work:
        values: Any = {"valid_from": None, "reason": None, "recorded_at": clock.now()}
        store.register.put(work, old, **values)
        store.register.put(work, new, formerly=old.code, **values)
    items = items_text(old.name, old.birth_date, old.address)
    write(
        store,
        access(1),
        access(9),
        access(people=(Concern(Subject.ITEMS, items, Effect.ASKED),)),
        access(5),
        access(people=(Concern(Subject.TERMS, items, Effect.ASKED),)),
    )
    for person in (new.code, old.individual_number):
        assert isinstance(person, ResidentRecordCode | IndividualNumber)
        names = store.access_rows.names(person)
        people = tuple(store.accesses.subjects.seal(*name) for name in names)
        assert [one.id for one in listed(store, people=people)] == ["local/1", "local/2", "local/3"]


def test_somebody_who_is_not_on_record(store: Store) -> None:
    assert store.access_rows.names(code(7)) == ((Subject.CODE, code(7).digits),)
    number = IndividualNumber.from_base("00000000007")
    assert store.access_rows.names(number) == ((Subject.NUMBER, number.digits),)


def test_no_code_is_in_the_file(store: Store, tmp_path: Path) -> None:
    person = 7_654_321  # of few zeros: a MessageID ends in many, and a random byte behind it may be any digit
    write(store, access(person), access(people=(Concern(Subject.ITEMS, "試験太郎/19800107", Effect.ASKED),)))
    store.forget_pages()
    kept = b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
    assert code(person).digits.encode() not in kept
    assert "試験太郎".encode() not in kept
    (one, two) = listed(store)
    with pytest.raises(StoreError, match="not sealed with this database's key"):
        store.accesses.subjects.open(two.people[0].sealed)
    assert one.people[0].sealed != two.people[0].sealed


def test_what_is_rolled_back_never_was(store: Store) -> None:
    write(store, access(1))
    with pytest.raises(ZeroDivisionError), store.unit_of_work() as work:
        store.accesses.append(work.connection, [store.accesses.sealed(access(2))])
        raise ZeroDivisionError
    write(store, access(3))
    assert [codes(store, one) for one in listed(store)] == [[code(1).digits], [code(3).digits]]
    assert check_accesses(store.read).good


def test_a_good_log(store: Store, clock: FixedClock) -> None:
    assert check_accesses(store.read).good
    write(store, access(1), access())
    sealer(store, clock).seal()
    write(store, access(2, 3))
    found = check_accesses(store.read)
    assert (found.good, found.accesses, found.notes, found.unnoted) == (True, 3, 0, 3)
    store.keep([plain_entry(1)])
    sealer(store, clock).seal()
    found = check_accesses(store.read)
    assert (found.good, found.notes, found.unnoted) == (True, 1, 0)
    assert store.note_accesses("131016-cs") is False


@pytest.fixture
def noted(store: Store) -> Store:
    """A log of five accesses, three of which the evidence log knows."""
    write(store, access(1), access(2), access(3, 4))
    store.note_accesses("131016-cs")
    write(store, access(5), access(6))
    return store


@pytest.mark.parametrize(
    ("statement", "kind", "number"),
    [
        ("UPDATE accesses SET outcome = 'match' WHERE id & 0xff = 2", "changed", 2),
        ("UPDATE accesses SET verification_id = 'V-9' WHERE id & 0xff = 5", "changed", 5),
        ("UPDATE accesses SET with_number = 1 WHERE id & 0xff = 1", "changed", 1),
        ("UPDATE accesses SET purpose = NULL WHERE id & 0xff = 1", "changed", 1),
        ("UPDATE accesses SET people = 0 WHERE id & 0xff = 1", "changed", 1),
        ("UPDATE access_people SET sealed = x'00' WHERE access & 0xff = 4", "changed", 4),
        ("UPDATE access_people SET effect = 'asked' WHERE access & 0xff = 4", "changed", 4),
        ("DELETE FROM access_people WHERE access & 0xff = 3 AND position = 1", "changed", 3),
        (
            "INSERT INTO access_people SELECT access, 7, subject, effect, sealed FROM access_people LIMIT 1",
            "changed",
            1,
        ),
        ("DELETE FROM accesses WHERE id & 0xff = 2", "removed", 2),
        ("DELETE FROM accesses WHERE id & 0xff = 5", "removed", 5),
        ("DELETE FROM accesses", "removed", 1),
        (
            "UPDATE access_chains SET number = 4, link = (SELECT link FROM accesses WHERE id & 0xff = 4)",
            "changed",
            5,
        ),
        (
            "UPDATE access_chains SET erased = 2,"
            " erased_link = (SELECT link FROM accesses WHERE id & 0xff = 2)",
            "erased",
            2,
        ),
        ("DELETE FROM access_chains", "removed", 1),
    ],
)
def test_what_is_changed_by_hand_is_found(noted: Store, statement: str, kind: str, number: int) -> None:
    sql(noted, statement)
    found = check_accesses(noted.read)
    assert (kind, number) in [(one.kind, one.number) for one in found.findings]


def test_a_chain_written_anew_is_found(noted: Store) -> None:
    """Whoever can write the database can make links; he cannot make the evidence log's."""
    for table in ("accesses", "access_people", "access_chains"):
        sql(noted, f"DELETE FROM {table}")  # noqa: S608 - names
    write(noted, access(1), access(2), access(7), access(8), access(9))
    found = check_accesses(noted.read)
    assert [(one.kind, one.number) for one in found.findings] == [("rewritten", 3)]
    assert "local/3" in str(found.findings[0])


def test_a_log_cut_off_at_the_end_is_found(noted: Store) -> None:
    sql(noted, "DELETE FROM accesses WHERE id & 0xff > 2")
    sql(noted, "DELETE FROM access_people WHERE access & 0xff > 2")
    sql(noted, "UPDATE access_chains SET number = 2, link = (SELECT link FROM accesses WHERE id & 0xff = 2)")
    assert [(one.kind, one.number) for one in check_accesses(noted.read).findings] == [("removed", 3)]


def test_erasing(store: Store, clock: FixedClock) -> None:
    def erase(before: timedelta) -> int:
        return erase_accesses(store, AT + before, system="131016-cs", now=clock.now())

    write(store, *(access(n, at=AT + n * DAY) for n in range(1, 701)))
    store.note_accesses("131016-cs")
    assert erase(1 * DAY) == 0
    assert erase(601 * DAY) == 600
    assert erase(601 * DAY) == 0
    assert [one.id for one in listed(store)] == [f"local/{n}" for n in range(601, 701)]
    found = check_accesses(store.read)
    assert (found.good, found.erased, found.accesses) == (True, 600, 100)
    write(store, access(1, at=AT + 800 * DAY))
    assert erase(900 * DAY) == 101
    write(store, access(2, at=AT + 900 * DAY))
    found = check_accesses(store.read)
    assert (found.good, found.erased, found.accesses) == (True, 701, 1)
    with store.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM access_people").scalar_one() == 1


def test_an_old_access_behind_a_young_one_waits_for_it(store: Store, clock: FixedClock) -> None:
    write(store, access(1), access(2, at=AT + 9 * DAY), access(3))
    assert erase_accesses(store, AT + DAY, system="131016-cs", now=clock.now()) == 1
    assert [one.id for one in listed(store)] == ["local/3", "local/2"]
    assert check_accesses(store.read).good


def test_nodes_have_chains_of_their_own(store: Store, tmp_path: Path, clock: FixedClock) -> None:
    second = Store.open(tmp_path, clock=clock, node="second")
    write(store, access(1))
    write(second, access(2), access(1))
    assert [one.id for one in listed(store)] == ["local/1", "second/1", "second/2"]
    assert listed(store)[0].people == listed(second)[2].people
    assert check_accesses(store.read).good
    second.close()


def test_all_columns_are_under_the_link() -> None:
    assert [column.name for column in accesses.columns][1:-1] == [
        *(
            "at",
            "direction",
            "system",
            "municipality",
            "terminal",
            "verification_id",
            "operator_id",
            "purpose",
        ),
        *("operation", "outcome", "message_id", "with_number", "passed_to", "people"),
    ]


def test_told(store: Store) -> None:
    write(store, access(1))
    assert told(store) == [("in", "SearchPerson", "found", ["seen"])]


def test_the_key_outlasts_the_people(store: Store) -> None:
    write(store, access(1))
    store.loader.clear()
    again = Subjects(store.read)
    assert again.open(listed(store)[0].people[0].sealed) == code(1).digits


def test_without_its_key_there_is_no_access(store: Store) -> None:
    sql(store, "DELETE FROM access_keys")
    with pytest.raises(StoreError, match="key of the access log"):
        store.accesses.sealed(access(1))
