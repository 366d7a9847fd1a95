"""The simulated national server's people: from the file into the register, and verified there."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.cli.network.people import people_csv
from gateway.clock import FixedClock
from gateway.domain.basic_four import BasicFour
from gateway.domain.caller import Caller, Operator
from gateway.domain.codes import DocumentKind, Purpose, Sex, VerificationResult
from gateway.domain.identifiers import MunicipalityCode, ResidentRecordCode
from gateway.domain.identity_record import IdentityRecord
from gateway.domain.register_text import RegisterText
from gateway.domain.verification import IdentityQuestion, PresentedDocument
from gateway.errors import UsageError
from gateway.people import read_people
from gateway.simulators.verification import VerifyIdentity
from gateway.stock import fill
from gateway.store import Store

NOW = datetime(2026, 11, 25, tzinfo=UTC)
CALLER = Caller(MunicipalityCode("131016"), "terminal-1", Operator("V-1", "O-1"), Purpose.RECORD_COPY)
CODE_OF_NOBODY = ResidentRecordCode("12345678903")


@pytest.fixture
def people(tmp_path: Path) -> Path:
    file = tmp_path / "people.csv"
    file.write_bytes(people_csv())
    return file


@pytest.fixture
def store(tmp_path: Path, people: Path) -> Iterator[Store]:
    store = Store.open(tmp_path, clock=FixedClock(NOW), upgrade=True)
    fill(store, people, now=NOW)
    yield store
    store.close()


def rows() -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(people_csv().decode())))


def records(people: Path) -> list[IdentityRecord]:
    return [person.record for person in read_people(people)]


def change_first(people: Path, column: str, value: str) -> None:
    changed = rows()
    changed[0][column] = value
    with people.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, changed[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(changed)


def four(record: IdentityRecord) -> BasicFour:
    return BasicFour(record.name, record.birth_date, record.sex, record.address)


def verified(store: Store, key: ResidentRecordCode | PresentedDocument) -> VerificationResult:
    answer = VerifyIdentity(store.register, store.cards, FixedClock(NOW))(IdentityQuestion(CALLER, key))
    assert answer.about == key
    assert answer.answer.checked_at == NOW
    return answer.answer.result


def by_document(
    store: Store, items: BasicFour, kind: DocumentKind = DocumentKind.PASSPORT
) -> VerificationResult:
    return verified(store, PresentedDocument(kind, items))


def test_everybody_of_the_file_is_on_record(store: Store, people: Path) -> None:
    assert store.register.count() == len(rows())
    for record, row in zip(records(people), rows(), strict=True):
        assert store.register.find(record.code) == record
        assert (store.cards.of(record.code) or "none") == row["card_state"]


def test_the_same_file_is_not_read_again_and_what_was_recorded_since_stays(
    store: Store, people: Path
) -> None:
    record = replace(records(people)[0], address=RegisterText("北海道函館市1番"))
    with store.unit_of_work() as work:
        store.register.put(work, record, valid_from=None, reason=None, recorded_at=NOW)
    fill(store, people, now=NOW)
    assert store.register.find(record.code) == record


def test_another_file_replaces_everybody(store: Store, people: Path) -> None:
    first = records(people)[0]
    change_first(people, "resident_record_code", CODE_OF_NOBODY.digits)
    fill(store, people, now=NOW)
    assert store.register.find(first.code) is None
    assert store.cards.of(first.code) is None
    found = store.register.find(CODE_OF_NOBODY)
    assert found is not None
    assert found.name == first.name


@pytest.mark.parametrize(
    ("column", "value"),
    [("resident_record_code", "05783086274"), ("name", "\u200b"), ("sex", "3"), ("municipality", "131017")],
)
def test_a_bad_line_is_named_without_what_is_in_it(
    tmp_path: Path, people: Path, column: str, value: str
) -> None:
    change_first(people, column, value)
    store = Store.open(tmp_path / "other", clock=FixedClock(NOW), upgrade=True)
    with pytest.raises(UsageError, match=rf"people\.csv: line 2, column {column}: ") as error:
        fill(store, people, now=NOW)
    assert value not in str(error.value).rpartition("line 2, ")[2]
    people.write_bytes(people_csv())
    fill(store, people, now=NOW)
    assert store.register.count() == len(rows())
    store.close()


def test_by_code_the_state_of_the_card_is_told(store: Store) -> None:
    results = {
        "active": VerificationResult.MATCH,
        "suspended": VerificationResult.CARD_SUSPENDED,
        "lapsed": VerificationResult.CARD_LAPSED,
        "none": VerificationResult.MISMATCH,
    }
    for row in rows():
        assert verified(store, ResidentRecordCode(row["resident_record_code"])) is results[row["card_state"]]
    assert verified(store, CODE_OF_NOBODY) is VerificationResult.NO_RECORD


def test_by_the_four_items(store: Store, people: Path) -> None:
    everybody = records(people)
    states = {row["resident_record_code"]: row["card_state"] for row in rows()}
    twins = 0
    for record in everybody:
        alike = [other for other in everybody if four(other) == four(record)]
        expected = VerificationResult.MATCH if len(alike) == 1 else VerificationResult.SEVERAL_RECORDS
        twins += len(alike) > 1
        assert by_document(store, four(record)) is expected
        if len(alike) == 1 and states[record.code.digits] == "suspended":
            card = by_document(store, four(record), DocumentKind.INDIVIDUAL_NUMBER_CARD)
            assert card is VerificationResult.CARD_SUSPENDED
    assert twins == 2


def test_one_item_wrong(store: Store, people: Path) -> None:
    record = records(people)[0]
    items = four(record)
    other_sex = Sex.MALE if record.sex is Sex.FEMALE else Sex.FEMALE
    other_birth = records(people)[1].birth_date
    elsewhere = RegisterText("北海道函館市1番")
    assert by_document(store, replace(items, sex=other_sex)) is VerificationResult.MISMATCH
    assert by_document(store, replace(items, birth_date=other_birth)) is VerificationResult.MISMATCH
    assert by_document(store, replace(items, address=elsewhere)) is VerificationResult.MISMATCH
    nobody = replace(items, address=elsewhere, birth_date=other_birth)
    assert by_document(store, nobody) is VerificationResult.NO_RECORD
    assert by_document(store, replace(items, name=RegisterText("試験 太郎"))) is VerificationResult.NO_RECORD


def test_what_a_search_forgives_a_verification_does_not(store: Store, people: Path) -> None:
    """Variants and ways to write an address are folded for search only."""
    record = next(person for person in records(people) if "髙" in person.name.inline)
    written = RegisterText(record.name.inline.replace("髙", "高"))
    assert by_document(store, replace(four(record), name=written)) is VerificationResult.NO_RECORD
    spaced = RegisterText(record.name.inline.replace(" ", "\u3000"))
    assert by_document(store, replace(four(record), name=spaced)) is VerificationResult.MATCH


def test_a_past_name_is_no_match(store: Store, people: Path) -> None:
    record = records(people)[0]
    married = replace(record, name=RegisterText("佐藤 花子"))
    with store.unit_of_work() as work:
        store.register.put(work, married, valid_from=None, reason=None, recorded_at=NOW)
    assert by_document(store, four(record)) is VerificationResult.NO_RECORD
    assert by_document(store, four(married)) is VerificationResult.MATCH
