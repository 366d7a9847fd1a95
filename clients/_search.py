"""SearchPerson (本人確認情報の検索) from the asking side: the same operation in three services."""

from __future__ import annotations

from typing import Any

from clients._identity import contract_values
from clients._soap import Channel
from clients._values import caller_values, date_values, read_basic_four, read_date
from gateway.domain.codes import Sex
from gateway.domain.identifiers import IndividualNumber, MunicipalityCode, ResidentRecordCode
from gateway.domain.identity_record import IdentityRecord
from gateway.domain.instant import read_instant
from gateway.domain.kana import Kana
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
from gateway.domain.values import read_code


def ask_search(
    channel: Channel, question: SearchQuestion, *, message_id: str | None, deadline_seconds: float | None
) -> Any:
    """Ask; the answer as zeep read it, verified. Raises CounterpartError."""
    values: dict[str, Any] = {"caller": caller_values(question.caller), "search": _terms(question.terms)}
    if question.residence is not None:
        values["residence"] = question.residence.digits
    return channel.call("SearchPerson", message_id=message_id, deadline_seconds=deadline_seconds, **values)


def search_register(
    channel: Channel, question: SearchQuestion, *, message_id: str | None, deadline_seconds: float | None
) -> RegisterAnswer:
    """Ask another register; its answer repeats the terms. Raises CounterpartError."""
    answer = ask_search(channel, question, message_id=message_id, deadline_seconds=deadline_seconds)
    with contract_values():
        return RegisterAnswer(read_found(answer.found), read_terms(answer.search))


def read_found(found: Any) -> SearchAnswer:
    """The ``found`` element. Raises InvalidValue."""
    return SearchAnswer(
        read_code(SearchResult, found.result),
        read_code(Place, found.answeredBy),
        read_instant(found.checkedAt),
        found.reference,
        tuple(read_record(record) for record in found.record or ()),
    )


def read_terms(search: Any) -> SearchTerms:
    """The terms that an answer repeats. Raises InvalidValue."""
    return SearchTerms(
        name=_read_term(search.name, RegisterText),
        kana=_read_term(search.kana, Kana),
        birth_date=None if search.birthDate is None else read_date(search.birthDate),
        sex=None if search.sex is None else read_code(Sex, search.sex),
        address=_read_term(search.address, RegisterText),
    )


def read_record(record: Any) -> IdentityRecord:
    """An identity record. Raises InvalidValue."""
    four = read_basic_four(record)
    return IdentityRecord(
        code=ResidentRecordCode(record.residentRecordCode),
        individual_number=record.individualNumber and IndividualNumber(record.individualNumber),
        name=four.name,
        kana=record.kana and Kana(record.kana),
        latin_name=record.latinName and RegisterText(record.latinName),
        common_name=record.commonName and RegisterText(record.commonName),
        former_surname=record.formerSurname and RegisterText(record.formerSurname),
        birth_date=four.birth_date,
        sex=four.sex,
        address=four.address,
        municipality=MunicipalityCode(record.municipality),
    )


def _terms(terms: SearchTerms) -> dict[str, Any]:
    values: dict[str, Any] = {}
    if terms.name is not None:
        values["name"] = {"text": terms.name[0].inline, "match": terms.name[1].value}
    if terms.kana is not None:
        values["kana"] = {"text": terms.kana[0].text, "match": terms.kana[1].value}
    if terms.birth_date is not None:
        values["birthDate"] = date_values(terms.birth_date)
    if terms.sex is not None:
        values["sex"] = terms.sex.value
    if terms.address is not None:
        values["address"] = {"text": terms.address[0].inline, "match": terms.address[1].value}
    return values


def _read_term(term: Any, kind: Any) -> Any:
    return None if term is None else (kind(term.text), read_code(Match, term.match))
