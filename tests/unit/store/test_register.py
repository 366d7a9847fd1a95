"""The register: versions, what stays findable, who may have which number, and what a search is bound by."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.clock import FixedClock
from gateway.domain.change_reason import ChangeReason
from gateway.domain.codes import Sex
from gateway.domain.eras import Calendar
from gateway.domain.folding import FOLDING
from gateway.domain.identifiers import IndividualNumber, MunicipalityCode, ResidentRecordCode
from gateway.domain.identity_record import IdentityRecord
from gateway.domain.kana import Kana
from gateway.domain.register_date import Certainty, RegisterDate
from gateway.domain.register_text import RegisterText
from gateway.domain.search import Match, SearchTerms
from gateway.errors import StoreError
from gateway.store import Conflict, Found, Store, TooMany
from gateway.store.register_rows import search_rows

NOW = datetime(2026, 11, 25, 1, 2, 3, 4, tzinfo=UTC)
DAY = RegisterDate.exact(Calendar.REIWA, 2026, 11, 24)
BIRTH = RegisterDate.exact(Calendar.SHOWA, 1985, 4, 12)

HANAKO = IdentityRecord(
    code=ResidentRecordCode("05783086273"),
    individual_number=IndividualNumber("149709400944"),
    name=RegisterText("渡邉󠄁\u3000花子"),
    kana=Kana("ワタナベ ハナコ"),
    latin_name=None,
    common_name=None,
    former_surname=None,
    birth_date=BIRTH,
    sex=Sex.FEMALE,
    address=RegisterText("東京都千代田区九段南一丁目2番1号"),
    municipality=MunicipalityCode("131016"),
)
JOHN = replace(
    HANAKO,
    code=ResidentRecordCode("92913465352"),
    individual_number=None,
    name=RegisterText("SMITH JOHN"),
    kana=None,
    latin_name=RegisterText("SMITH JOHN MICHAEL"),
    common_name=RegisterText("田中 ジョン"),
    birth_date=RegisterDate.exact(Calendar.WESTERN, 1978, 7, 4),
    sex=Sex.MALE,
)


def put(store: Store, record: IdentityRecord, **kind: object) -> int:
    facts: dict[str, object] = {"valid_from": DAY, "reason": ChangeReason.MOVE_IN, "recorded_at": NOW}
    with store.unit_of_work() as work:
        return store.register.put(work, record, **{**facts, **kind})  # type: ignore[arg-type]


def found(store: Store, terms: SearchTerms, **bounds: object) -> list[IdentityRecord]:
    answer = store.register.search(terms, **bounds)  # type: ignore[arg-type]
    assert isinstance(answer, Found)
    return list(answer.records)


def by_name(name: str, match: Match = Match.EXACT, birth: RegisterDate = BIRTH) -> SearchTerms:
    return SearchTerms(name=(RegisterText(name), match), birth_date=birth)


def test_a_record_comes_back_whole(store: Store) -> None:
    assert store.register.count() == 0
    assert put(store, HANAKO) == put(store, JOHN) == 1
    assert store.register.find(HANAKO.code) == HANAKO
    assert store.register.find(JOHN.code) == JOHN
    assert store.register.by_individual_number(IndividualNumber("149709400944")) == HANAKO
    assert store.register.find(ResidentRecordCode("12345678903")) is None
    assert store.register.by_individual_number(IndividualNumber("123456789018")) is None
    assert store.register.count() == 2


@pytest.mark.parametrize(
    "date",
    [
        RegisterDate(Calendar.NONE, "00000000", Certainty.UNKNOWN),
        RegisterDate(Calendar.SHOWA, "19500000", Certainty.SEASON, RegisterText("昭和25年春: {J+AD01}")),
        RegisterDate.exact(Calendar.MEIJI, 1912, 7, 30),
        RegisterDate.exact(Calendar.SHOWA, 1930, 2, 30),
    ],
    ids=["unknown", "season", "last day of Meiji", "no day of the calendar"],
)
def test_dates_come_back_as_they_are_written(store: Store, date: RegisterDate) -> None:
    put(store, replace(HANAKO, birth_date=date), valid_from=date)
    record = store.register.find(HANAKO.code)
    assert record is not None
    assert record.birth_date == date
    assert store.register.history(HANAKO.code)[0].valid_from == date


def test_every_version_is_kept(store: Store) -> None:
    married = replace(HANAKO, name=RegisterText("佐藤\u3000花子"), kana=Kana("サトウ ハナコ"))
    moved = replace(
        married, address=RegisterText("神奈川県横浜市港町1番"), municipality=MunicipalityCode("141003")
    )
    assert put(store, HANAKO, valid_from=None, reason=None) == 1
    assert put(store, married, reason=ChangeReason.OFFICIAL_CORRECTION) == 2
    assert put(store, moved, reason=ChangeReason.MOVE_WITHIN) == 3
    assert store.register.find(HANAKO.code) == moved
    history = store.register.history(HANAKO.code)
    assert [(v.number, v.record, v.reason) for v in history] == [
        (1, HANAKO, None),
        (2, married, ChangeReason.OFFICIAL_CORRECTION),
        (3, moved, ChangeReason.MOVE_WITHIN),
    ]
    assert [v.valid_from for v in history] == [None, DAY, DAY]
    assert {v.recorded_at for v in history} == {NOW}
    assert "花子" not in repr(history)
    assert store.register.history(ResidentRecordCode("12345678903")) == ()


def test_past_names_and_addresses_are_found_in_every_combination(store: Store) -> None:
    married = replace(HANAKO, name=RegisterText("佐藤\u3000花子"), kana=Kana("サトウ ハナコ"))
    moved = replace(married, address=RegisterText("神奈川県横浜市港町1番"))
    for record in (HANAKO, married, moved):
        put(store, record)
    for name in ("渡辺花子", "佐藤花子"):
        assert found(store, by_name(name)) == [moved]
        for address in ("東京都千代田区九段南1-2-1", "神奈川県横浜市港町一番地"):
            terms = SearchTerms(
                name=(RegisterText(name), Match.EXACT), address=(RegisterText(address), Match.EXACT)
            )
            assert found(store, terms) == [moved]


def test_a_name_and_a_reading_of_different_times_are_nobody(store: Store) -> None:
    put(store, HANAKO)
    put(store, replace(HANAKO, name=RegisterText("佐藤\u3000花子"), kana=Kana("サトウ ハナコ")))
    old, new = (RegisterText("渡辺花子"), Match.EXACT), (Kana("サトウ"), Match.PREFIX)
    assert found(store, SearchTerms(name=old, kana=new, birth_date=BIRTH)) == []
    assert (
        len(found(store, SearchTerms(name=old, kana=(Kana("ワタナベ"), Match.PREFIX), birth_date=BIRTH))) == 1
    )


def test_corrected_birth_date_sex_and_municipality_are_todays(store: Store) -> None:
    put(store, HANAKO)
    right = RegisterDate.exact(Calendar.SHOWA, 1985, 4, 13)
    put(store, replace(HANAKO, birth_date=right, sex=Sex.MALE, municipality=MunicipalityCode("131024")))
    assert found(store, by_name("渡辺花子")) == []
    (record,) = found(store, by_name("渡辺花子", birth=right), municipality="131024")
    assert record.sex is Sex.MALE
    assert found(store, by_name("渡辺花子", birth=right), municipality="131016") == []


@pytest.mark.parametrize("name", ["smith john", "SMITH JOHN MICHAEL", "田中ジョン", "たなか", "ｓｍｉｔｈ"])
def test_the_other_names_are_found(store: Store, name: str) -> None:
    put(store, JOHN)
    match = Match.PREFIX if name in ("ｓｍｉｔｈ",) else Match.EXACT
    expected = [] if name == "たなか" else [JOHN]
    assert found(store, by_name(name, match, JOHN.birth_date)) == expected


def test_a_former_surname_is_found_with_and_without_the_given_name(store: Store) -> None:
    record = replace(HANAKO, former_surname=RegisterText("齋藤"))
    put(store, record)
    assert found(store, by_name("斎藤 花子")) == [record]
    assert found(store, by_name("斉藤", Match.PREFIX)) == [record]


def test_a_changed_code_keeps_the_person(store: Store) -> None:
    put(store, HANAKO)
    renamed = replace(HANAKO, code=ResidentRecordCode("12345678903"))
    assert put(store, renamed, formerly=HANAKO.code, reason=ChangeReason.CODE_CHANGE_ASKED) == 2
    assert store.register.find(HANAKO.code) is None
    assert store.register.find(renamed.code) == renamed
    assert [v.record.code for v in store.register.history(renamed.code)] == [HANAKO.code, renamed.code]
    assert found(store, by_name("渡辺花子")) == [renamed]


def test_a_changed_individual_number_frees_the_old_one(store: Store) -> None:
    put(store, HANAKO)
    put(store, replace(HANAKO, individual_number=IndividualNumber("123456789018")))
    assert store.register.by_individual_number(IndividualNumber("149709400944")) is None
    put(store, replace(JOHN, individual_number=IndividualNumber("149709400944")))
    put(store, replace(HANAKO, individual_number=None))
    assert store.register.by_individual_number(IndividualNumber("123456789018")) is None


def test_numbers_of_others_are_refused_and_nothing_is_written(store: Store) -> None:
    put(store, HANAKO)
    put(store, JOHN)
    with pytest.raises(Conflict) as individual:
        put(store, replace(JOHN, individual_number=HANAKO.individual_number))
    with pytest.raises(Conflict) as code:
        put(store, replace(JOHN, code=HANAKO.code), formerly=JOHN.code)
    with pytest.raises(Conflict, match="nobody on record has the former"):
        put(store, JOHN, formerly=ResidentRecordCode("12345678903"))
    for conflict in (individual, code):
        assert "149709400944" not in str(conflict.value)
        assert "05783086273" not in str(conflict.value)
    assert store.register.find(JOHN.code) == JOHN
    assert len(store.register.history(JOHN.code)) == 1


def test_a_unit_of_work_that_fails_leaves_the_register_as_it_was(store: Store) -> None:
    put(store, HANAKO)
    with pytest.raises(ZeroDivisionError), store.unit_of_work() as work:
        store.register.put(
            work,
            replace(HANAKO, name=RegisterText("佐藤 花子")),
            valid_from=DAY,
            reason=ChangeReason.OFFICIAL_CORRECTION,
            recorded_at=NOW,
        )
        raise ZeroDivisionError
    assert store.register.find(HANAKO.code) == HANAKO
    assert found(store, by_name("佐藤花子")) == []


@pytest.mark.parametrize("count", [2, 3])
def test_the_bound_on_hits(store: Store, count: int) -> None:
    for number in range(count):
        record = replace(HANAKO, code=ResidentRecordCode.from_base(f"{number:010d}"), individual_number=None)
        put(store, record)
    answer = store.register.search(by_name("渡辺花子"), limit=2)
    if count == 2:
        assert isinstance(answer, Found)
        assert len(answer.records) == 2
    else:
        assert answer == TooMany(2)
    with pytest.raises(ValueError, match="at least one hit"):
        store.register.search(by_name("渡辺花子"), limit=0)


def test_one_person_found_twice_is_one_hit(store: Store) -> None:
    for surname in ("渡辺", "渡部"):
        put(store, replace(HANAKO, name=RegisterText(f"{surname} 花子")))
    assert len(found(store, by_name("渡", Match.PREFIX), limit=1)) == 1


def test_filters_by_place(store: Store) -> None:
    put(store, HANAKO)
    for bounds, hits in (
        ({"municipality": "131016"}, 1),
        ({"municipality": "131024"}, 0),
        ({"prefecture": "13"}, 1),
        ({"prefecture": "14"}, 0),
    ):
        assert len(found(store, by_name("渡辺花子"), **bounds)) == hits


def test_a_text_of_punctuation_finds_only_its_like(store: Store) -> None:
    put(store, HANAKO)
    assert found(store, by_name("・", Match.PREFIX)) == []


def test_very_long_texts_are_compared_as_far_as_keys_are_kept(store: Store) -> None:
    record = replace(HANAKO, address=RegisterText("東京都" + "亜" * 300 + "1番"))
    put(store, record)
    for match in Match:
        terms = SearchTerms(name=(HANAKO.name, Match.EXACT), address=(record.address, match))
        assert found(store, terms) == [record]
    assert all(len(str(value)) <= 100 for row in search_rows(1, [record]) for value in row)


def test_keys_of_another_folding_are_refused(store: Store) -> None:
    put(store, HANAKO)
    with store.unit_of_work() as work:
        work.connection.exec_driver_sql("UPDATE register_marks SET value = '0' WHERE name = 'folding'")
    with pytest.raises(StoreError, match=f"of folding 0, this program's is {FOLDING}"):
        store.register.search(by_name("渡辺花子"))
    with pytest.raises(StoreError, match="made anew"):
        put(store, JOHN)
    assert store.loader.is_stale()
    store.loader.fold_again()
    assert not store.loader.is_stale()
    assert found(store, by_name("渡辺花子")) == [HANAKO]


def test_what_was_put_is_there_after_reopening(store: Store, database: Path | str, clock: FixedClock) -> None:
    put(store, HANAKO)
    again = Store.open(database, clock=clock)
    assert again.register.find(HANAKO.code) == HANAKO
    again.close()
