"""Addressees (送付先情報) for tests: invented ones that are right, and one way to spoil each part."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

from gateway.domain.addressee import (
    Addressee,
    AddresseeHeader,
    AddresseePerson,
    Circumstance,
    Conversion,
    Office,
    PrintClass,
)
from gateway.domain.addressee_delivery import AddresseePiece
from gateway.domain.caller import Caller
from gateway.domain.card_characters import Substitute, outside, units
from gateway.domain.identifiers import MunicipalityCode
from gateway.domain.identity_record import IdentityRecord
from gateway.domain.postal import Phone, PostalCode
from gateway.domain.register_text import RegisterText
from tests.kit.changes import HOME, clerk, record

POSTAL = PostalCode("1000005")
PROCESSED = dt.date(2026, 11, 20)
MARK = "送付先試験町七丁目"
"""Stands in a 送付先 that only an addressee brings."""


def office(name: str = "千代田区") -> Office:
    """An office of the municipality."""
    return Office(
        RegisterText(name),
        PostalCode("1028688"),
        RegisterText("東京都千代田区九段南1丁目2番1号"),
        Phone("03-3264-2111"),
    )


def header(count: int = 1, **changes: Any) -> AddresseeHeader:
    """A header of the home municipality."""
    places = office(), office("麹町出張所"), office("千代田区役所")
    made = AddresseeHeader(MunicipalityCode(HOME), *places, PROCESSED, count)
    return dataclasses.replace(made, **changes)


def substituted(text: RegisterText) -> Substitute | None:
    """What stands for a text on the card: 〓 for each character that it cannot hold."""
    places = outside(text)
    if not places:
        return None
    made = "".join(
        "〓" if place in places else "{{" if unit == "{" else unit
        for place, unit in enumerate(units(text), start=1)
    )
    return Substitute(RegisterText(made), places)


def person(of: IdentityRecord, **changes: Any) -> AddresseePerson:
    """The person of a record, as an addressee has it."""
    assert of.individual_number is not None
    name, address = substituted(of.name), substituted(of.address)
    made = AddresseePerson(
        code=of.code,
        individual_number=of.individual_number,
        name=of.name,
        kana=of.kana,
        latin_name=of.latin_name,
        former_surname=of.former_surname,
        birth_date=of.birth_date,
        sex=of.sex,
        postal_code=POSTAL,
        address=of.address,
        conversion=Conversion.CONVERTED if name or address else Conversion.UNNEEDED,
        substitute_name=name,
        substitute_address=address,
    )
    return dataclasses.replace(made, **changes)


def addressee(number: str, *of: IdentityRecord, **changes: Any) -> Addressee:
    """An addressee about these people, sent to the address on record."""
    people = tuple(map(person, of))
    made = Addressee(
        number=number,
        postal_code=people[0].postal_code,
        address=people[0].address,
        name=people[0].name,
        print_class=PrintClass.NOTICE_AND_APPLICATION,
        circumstance=Circumstance.NONE,
        count=len(people),
        people=people,
    )
    return dataclasses.replace(made, **changes)


def elsewhere(number: str, *of: IdentityRecord, mark: str = MARK, **changes: Any) -> Addressee:
    """An addressee sent to where nobody is on record: values that only flow 7 brings."""
    there = {
        "circumstance": Circumstance.RESIDENCE_ELSEWHERE,
        "postal_code": PostalCode("9071801"),
        "address": RegisterText(f"沖縄県八重山郡与那国町{mark}"),
        **changes,
    }
    return addressee(number, *of, **there)


def piece(*addressees: Addressee, caller: Caller | None = None, **changes: Any) -> AddresseePiece:
    """A message with them."""
    return AddresseePiece(caller or clerk(), header(len(addressees), **changes), addressees)


def somebody(one: int, **changes: Any) -> IdentityRecord:
    """An invented record, as ``tests.kit.changes`` has it."""
    return record(one, **changes)
