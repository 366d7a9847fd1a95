"""SearchPerson crosses the contract unchanged, and its schema refuses what the rules forbid."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from typing import Any

import pytest
from lxml import etree

from gateway.contract import SERVICES, Service, read_answer, read_request, write_answer, write_request
from gateway.domain.codes import Sex
from gateway.domain.eras import Calendar
from gateway.domain.identifiers import IndividualNumber, MunicipalityCode, ResidentRecordCode
from gateway.domain.identity_record import IdentityRecord
from gateway.domain.kana import Kana
from gateway.domain.register_date import Certainty, RegisterDate
from gateway.domain.register_text import RegisterText
from gateway.domain.search import (
    Match,
    Place,
    RegisterAnswer,
    SearchAnswer,
    SearchQuestion,
    SearchResult,
    SearchTerms,
)
from gateway.refusals import Refused
from tests.kit.questions import CALLER, find

EVERY_SERVICE = pytest.mark.parametrize(
    "service", [SERVICES[name] for name in ("terminal", "prefectural", "national")], ids=lambda s: s.name
)
TERMS = SearchTerms(
    name=(RegisterText("試験{J+AD00}"), Match.PREFIX),
    kana=(Kana("シケン"), Match.EXACT),
    birth_date=RegisterDate(Calendar.SHOWA, "19450000", Certainty.MONTH_AND_DAY_UNKNOWN),
    sex=Sex.FEMALE,
    address=(RegisterText("東京都千代田区"), Match.PREFIX),
)
RECORD = IdentityRecord(
    code=ResidentRecordCode("12345678903"),
    individual_number=IndividualNumber("123456789018"),
    name=RegisterText("試験\u3000{J+AD00}太\U000e0100郎"),
    kana=Kana("シケン タロウ"),
    latin_name=RegisterText("SHIKEN TARO"),
    common_name=RegisterText("試験太郎"),
    former_surname=RegisterText("旧試験"),
    birth_date=RegisterDate.exact(Calendar.SHOWA, 1989, 1, 7),
    sex=Sex.MALE,
    address=RegisterText("東京都千代田区丸の内一丁目1番"),
    municipality=MunicipalityCode("131016"),
)
FOUND = SearchAnswer(
    SearchResult.FOUND, Place.NATION, datetime(2026, 11, 25, tzinfo=UTC), "ref-00000001", (RECORD,)
)
QUESTIONS = [
    SearchQuestion(CALLER, TERMS, MunicipalityCode("141003")),
    SearchQuestion(CALLER, SearchTerms(kana=TERMS.kana, address=TERMS.address)),
]


@EVERY_SERVICE
@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_crosses_unchanged(service: Service, question: SearchQuestion) -> None:
    operation = service.operation("SearchPerson")
    assert read_request(service, operation, write_request(service, operation, question)) == question


@EVERY_SERVICE
@pytest.mark.parametrize("records", [(), (RECORD,), (RECORD,) * 50], ids=len)
def test_an_answer_crosses_without_the_individual_number(
    service: Service, records: tuple[IdentityRecord, ...]
) -> None:
    operation = service.operation("SearchPerson")
    result = SearchResult.FOUND if records else SearchResult.TOO_MANY
    answer: Any = dataclasses.replace(FOUND, result=result, records=records)
    shown: Any = dataclasses.replace(
        answer, records=tuple(dataclasses.replace(record, individual_number=None) for record in records)
    )
    if service.name != "terminal":
        answer, shown = RegisterAnswer(answer, TERMS), RegisterAnswer(shown, TERMS)
    element = etree.fromstring(write_answer(service, operation, answer))
    assert b"123456789018" not in etree.tostring(element)
    assert read_answer(service, operation, element) == shown


@pytest.mark.parametrize("left", [("name", "kana"), ("birthDate",), ("address",)])
def test_one_item_beside_sex_is_too_few(left: tuple[str, ...]) -> None:
    service = SERVICES["terminal"]
    operation = service.operation("SearchPerson")
    element = write_request(service, operation, QUESTIONS[0])
    search = find(element, "search")
    for child in list(search):
        if etree.QName(child).localname not in {*left, "sex"}:
            search.remove(child)
    with pytest.raises(Refused) as caught:
        read_request(service, operation, element)
    assert (caught.value.rule.name, caught.value.found) == ("value", "too-few")


def test_more_records_than_are_listed_are_refused() -> None:
    service = SERVICES["terminal"]
    operation = service.operation("SearchPerson")
    answer = dataclasses.replace(FOUND, records=(RECORD,) * 51)
    with pytest.raises(Refused) as caught:
        read_answer(service, operation, etree.fromstring(write_answer(service, operation, answer)))
    assert caught.value.rule.name == "schema"
