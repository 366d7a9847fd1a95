"""Identity records and search terms between message objects and domain values."""

from __future__ import annotations

from typing import Any

from gateway.contract import types
from gateway.contract.mapping import message_class
from gateway.contract.values import read_date, value, write_date
from gateway.domain.codes import Sex
from gateway.domain.identifiers import IndividualNumber, MunicipalityCode, ResidentRecordCode
from gateway.domain.identity_record import IdentityRecord
from gateway.domain.instant import read_instant, write_instant
from gateway.domain.kana import Kana
from gateway.domain.register_text import RegisterText
from gateway.domain.search import Match, Place, SearchAnswer, SearchResult, SearchTerms
from gateway.domain.values import read_code

_SearchTerms = message_class(types.SearchTerms)
_NameTerm = message_class(types.NameTerm)
_KanaTerm = message_class(types.KanaTerm)
_AddressTerm = message_class(types.AddressTerm)
_Found = message_class(types.Found)
_IdentityRecord = message_class(types.IdentityRecord)


def read_terms(message: Any, at: str) -> SearchTerms:
    """What is searched for."""
    return value(
        at,
        SearchTerms,
        name=_read_term(message.name, RegisterText, f"{at}/name"),
        kana=_read_term(message.kana, Kana, f"{at}/kana"),
        birth_date=None if message.birthDate is None else read_date(message.birthDate, f"{at}/birthDate"),
        sex=None if message.sex is None else value(f"{at}/sex", read_code, Sex, message.sex),
        address=_read_term(message.address, RegisterText, f"{at}/address"),
    )


def _read_term(term: Any, kind: Any, at: str) -> Any:
    if term is None:
        return None
    return value(f"{at}/text", kind, term.text), value(f"{at}/match", read_code, Match, term.match)


def write_terms(terms: SearchTerms) -> Any:
    """What is searched for, as message object."""
    return _SearchTerms(
        name=terms.name and _NameTerm(text=terms.name[0].inline, match=terms.name[1].value),
        kana=terms.kana and _KanaTerm(text=terms.kana[0].text, match=terms.kana[1].value),
        birthDate=terms.birth_date and write_date(terms.birth_date),
        sex=terms.sex and terms.sex.value,
        address=terms.address and _AddressTerm(text=terms.address[0].inline, match=terms.address[1].value),
    )


def read_found(message: Any, at: str) -> SearchAnswer:
    """The result of a search."""
    return value(
        at,
        SearchAnswer,
        result=value(f"{at}/result", read_code, SearchResult, message.result),
        answered_by=value(f"{at}/answeredBy", read_code, Place, message.answeredBy),
        checked_at=value(f"{at}/checkedAt", read_instant, message.checkedAt),
        reference=message.reference,
        records=tuple(read_record(record, f"{at}/record") for record in message.record or ()),
    )


def write_found(answer: SearchAnswer) -> Any:
    """The result of a search, as message object; a search never shows a 個人番号 (our own rule)."""
    return _Found(
        result=answer.result.value,
        answeredBy=answer.answered_by.value,
        checkedAt=write_instant(answer.checked_at),
        reference=answer.reference,
        record=[write_record(record, with_individual_number=False) for record in answer.records],
    )


def read_record(message: Any, at: str) -> IdentityRecord:
    """An identity record."""

    def text(name: str) -> RegisterText | None:
        found = getattr(message, name)
        return None if found is None else value(f"{at}/{name}", RegisterText, found)

    number, kana = message.individualNumber, message.kana
    return IdentityRecord(
        code=value(f"{at}/residentRecordCode", ResidentRecordCode, message.residentRecordCode),
        individual_number=None
        if number is None
        else value(f"{at}/individualNumber", IndividualNumber, number),
        name=value(f"{at}/name", RegisterText, message.name),
        kana=None if kana is None else value(f"{at}/kana", Kana, kana),
        latin_name=text("latinName"),
        common_name=text("commonName"),
        former_surname=text("formerSurname"),
        birth_date=read_date(message.birthDate, f"{at}/birthDate"),
        sex=value(f"{at}/sex", read_code, Sex, message.sex),
        address=value(f"{at}/address", RegisterText, message.address),
        municipality=value(f"{at}/municipality", MunicipalityCode, message.municipality),
    )


def write_record(record: IdentityRecord, *, with_individual_number: bool) -> Any:
    """An identity record as message object; the 個人番号 only where the operation is one for it."""
    number = record.individual_number if with_individual_number else None
    return _IdentityRecord(
        residentRecordCode=record.code.digits,
        individualNumber=number and number.digits,
        name=record.name.inline,
        kana=record.kana and record.kana.text,
        latinName=record.latin_name and record.latin_name.inline,
        commonName=record.common_name and record.common_name.inline,
        formerSurname=record.former_surname and record.former_surname.inline,
        birthDate=write_date(record.birth_date),
        sex=record.sex.value,
        address=record.address.inline,
        municipality=record.municipality.digits,
    )
