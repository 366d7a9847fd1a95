"""Which addressees (送付先情報) are taken: the header, counts, people, print class, circumstances, stay.

``judge_form`` looks at what was sent alone: both the CS and the card management system insist on it.
``judge_people`` holds the people against the register. docs/domain.md says which rules are our own. Pure: no
clock, no register.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from gateway.domain.addressee import (
    Addressee,
    AddresseeHeader,
    AddresseePerson,
    Circumstance,
    Conversion,
    Office,
    PrintClass,
    Residency,
)
from gateway.domain.card_characters import Substitute, substitute_fits
from gateway.domain.change import Presence
from gateway.domain.codes import Coded
from gateway.domain.day import write_day
from gateway.domain.identity_record import IdentityRecord
from gateway.domain.register_date import RegisterDate

_WITH_END: Final = frozenset(
    {Residency.MID_TO_LONG_TERM, Residency.TEMPORARY_REFUGE, Residency.PROVISIONAL_STAY}
)


class AddresseeResult(Coded):
    """What is answered to one addressee; the first two mean that it is passed on. Own codes."""

    ACCEPTED = ("accepted", "受理", "Accepted: it will be passed on.")
    ALREADY_ACCEPTED = ("already_accepted", "受理済み", "This very addressee was accepted before.")
    NUMBER_USED = ("number_used", "送付先管理番号重複", "Another addressee has this 送付先管理番号.")
    HEADER_COUNT = ("header_count", "件数相違", "The header tells of another number of addressees.")
    OTHER_MUNICIPALITY = ("other_municipality", "他市町村", "The header is another municipality's.")
    OFFICE_NAME = ("office_name", "市町村名相違", "The header's name is not that of its municipality.")
    DATE_TO_COME = ("date_to_come", "処理年月日が未来", "The 処理年月日 is still to come.")
    PEOPLE_COUNT = ("people_count", "対象人数相違", "対象となる人数 is not the number of people that follow.")
    PERSON_TWICE = ("person_twice", "対象者重複", "A person stands twice in one addressee.")
    PRINT_CLASS = ("print_class", "印刷区分不適", "Only one person gets an application alone.")
    CIRCUMSTANCE = (
        "circumstance",
        "特別な事情不整合",
        "The 送付先 is to be the address on record, and elsewhere with 特別な事情 only.",
    )
    FOREIGN_ITEMS = (
        "foreign_items",
        "外国人住民項目不整合",
        "区分 and 在留期間の満了の日 do not fit together, or the stay has ended.",
    )
    SUBSTITUTE_NAME = ("substitute_name", "代替文字氏名不整合", "The 代替文字 of the name are wrong.")
    SUBSTITUTE_ADDRESS = ("substitute_address", "代替文字住所不整合", "Those of the address are wrong.")
    CONVERSION = ("conversion", "変換結果不整合", "代替文字変換結果 is not what name and address show.")
    NOT_ON_RECORD = ("not_on_record", "未記載", "Nobody with this 住民票コード is on record here.")
    REMOVED = ("removed", "消除済み", "The person's record here was struck.")
    INDIVIDUAL_NUMBER = ("individual_number", "個人番号相違", "The 個人番号 is not the one on record.")
    RECORD_DIFFERS = ("record_differs", "突合不一致", "The four items are not those on record.")

    @property
    def is_accepted(self) -> bool:
        """Whether the addressee is to be passed on now."""
        return self is AddresseeResult.ACCEPTED

    @property
    def is_taken(self) -> bool:
        """Whether the addressee is with the answering system once the answer is given."""
        return self in {AddresseeResult.ACCEPTED, AddresseeResult.ALREADY_ACCEPTED}


@dataclass(frozen=True, slots=True)
class AddresseeRuling:
    """What is answered to an addressee; ``person`` is the place of the one at fault, from 1."""

    result: AddresseeResult
    person: int | None = None


@dataclass(frozen=True, slots=True)
class OnRecord:
    """A person of an addressee in the register; ``person`` and ``version`` tell whether it changed since."""

    presence: Presence
    person: int | None = None
    version: int | None = None
    record: IdentityRecord | None = None


ACCEPTED: Final = AddresseeRuling(AddresseeResult.ACCEPTED)


def judge_header(
    header: AddresseeHeader, count: int, *, reporter: str, name: str | None, today: dt.date
) -> AddresseeResult:
    """Whether the header is the reporter's own; ``count`` addressees came with it.

    ``reporter`` is the municipality's code, ``name`` its name, None where the table of names has none.
    """
    if header.municipality.digits != reporter:
        return AddresseeResult.OTHER_MUNICIPALITY
    if name is not None and header.office.name.inline != name:
        return AddresseeResult.OFFICE_NAME
    if header.count != count:
        return AddresseeResult.HEADER_COUNT
    return AddresseeResult.DATE_TO_COME if header.processed_on > today else AddresseeResult.ACCEPTED


def judge_form(addressee: Addressee, processed_on: dt.date) -> AddresseeRuling:
    """Whether what was sent fits together; the first rule that says no is the answer."""
    people = addressee.people
    if addressee.count != len(people):
        return AddresseeRuling(AddresseeResult.PEOPLE_COUNT)
    codes = [person.code for person in people]
    for place, code in enumerate(codes, start=1):
        if codes.index(code) < place - 1:
            return AddresseeRuling(AddresseeResult.PERSON_TWICE, place)
    if addressee.print_class is PrintClass.APPLICATION and len(people) > 1:
        return AddresseeRuling(AddresseeResult.PRINT_CLASS)
    here = [
        (person.postal_code, person.address) == (addressee.postal_code, addressee.address)
        for person in people
    ]
    elsewhere = addressee.circumstance is not Circumstance.NONE
    if any(there is elsewhere for there in here):
        return AddresseeRuling(AddresseeResult.CIRCUMSTANCE, here.index(elsewhere) + 1)
    for place, person in enumerate(people, start=1):
        result = _judge_person(person, processed_on)
        if result is not AddresseeResult.ACCEPTED:
            return AddresseeRuling(result, place)
    return ACCEPTED


def _judge_person(person: AddresseePerson, processed_on: dt.date) -> AddresseeResult:
    end = person.stay_until
    if (person.residency in _WITH_END) is (end is None) or (end is not None and end < processed_on):
        return AddresseeResult.FOREIGN_ITEMS
    if not substitute_fits(person.name, person.substitute_name):
        return AddresseeResult.SUBSTITUTE_NAME
    if not substitute_fits(person.address, person.substitute_address):
        return AddresseeResult.SUBSTITUTE_ADDRESS
    converted = person.substitute_name is not None or person.substitute_address is not None
    if (person.conversion is Conversion.CONVERTED) is not converted:
        return AddresseeResult.CONVERSION
    return AddresseeResult.ACCEPTED


def judge_people(addressee: Addressee, found: Sequence[OnRecord]) -> AddresseeRuling:
    """Whether its people are on record so (突合); ``found`` has each of them in their order."""
    for place, (person, there) in enumerate(zip(addressee.people, found, strict=True), start=1):
        result = _match(person, there)
        if result is not AddresseeResult.ACCEPTED:
            return AddresseeRuling(result, place)
    return ACCEPTED


def _match(person: AddresseePerson, there: OnRecord) -> AddresseeResult:
    if there.presence is Presence.REMOVED:
        return AddresseeResult.REMOVED
    record = there.record
    if there.presence is Presence.NOBODY or record is None:
        return AddresseeResult.NOT_ON_RECORD
    if record.individual_number != person.individual_number:
        return AddresseeResult.INDIVIDUAL_NUMBER
    sent = (person.name, person.birth_date, person.sex, person.address)
    if sent != (record.name, record.birth_date, record.sex, record.address):
        return AddresseeResult.RECORD_DIFFERS
    return AddresseeResult.ACCEPTED


def fingerprint(header: AddresseeHeader, addressee: Addressee) -> bytes:
    """SHA-256 of all that an addressee says, but for the header's count: whether two are the same one."""
    parts: list[str | None] = [
        header.municipality.digits,
        write_day(header.processed_on),
        *(
            part
            for office in (header.office, header.handover, header.card_office)
            for part in _office(office)
        ),
        addressee.number,
        addressee.postal_code.digits,
        addressee.address.inline,
        addressee.name.inline,
        addressee.print_class.value,
        addressee.circumstance.value,
        str(addressee.count),
        str(len(addressee.people)),
    ]
    for person in addressee.people:
        parts += _person(person)
    text = "".join("-" if part is None else f"{len(part)}:{part}" for part in parts)
    return hashlib.sha256(text.encode()).digest()


def _office(office: Office) -> tuple[str, ...]:
    return office.name.inline, office.postal_code.digits, office.address.inline, office.phone.text


def _person(person: AddresseePerson) -> tuple[str | None, ...]:
    return (
        person.code.digits,
        person.individual_number.digits,
        person.name.inline,
        person.kana and person.kana.text,
        person.latin_name and person.latin_name.inline,
        person.former_surname and person.former_surname.inline,
        *_date(person.birth_date),
        person.sex.value,
        person.postal_code.digits,
        person.address.inline,
        person.residency and person.residency.value,
        person.stay_until and write_day(person.stay_until),
        person.conversion.value,
        *_substitute(person.substitute_name),
        *_substitute(person.substitute_address),
    )


def _date(date: RegisterDate) -> tuple[str | None, ...]:
    text = None if date.text is None else date.text.inline
    return date.calendar.value, date.digits, date.certainty.value, text


def _substitute(substitute: Substitute | None) -> tuple[str | None, str | None]:
    if substitute is None:
        return None, None
    return substitute.text.inline, " ".join(map(str, substitute.places))
