"""Addressees (送付先情報, flow 7): delivered to the CS, and from there to the card management system."""

from __future__ import annotations

from typing import Any

from gateway.contract import addressee_types, types
from gateway.contract.codec import Codec
from gateway.contract.mapping import message_class
from gateway.contract.service import TYPES
from gateway.contract.values import read_caller, read_date, value, write_caller, write_date
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
from gateway.domain.addressee_delivery import (
    MOST_ADDRESSEES,
    AddresseeOutcome,
    AddresseePiece,
    AddresseeReceipt,
    Sending,
    SendingHistory,
    SendingQuestion,
    Target,
    TargetList,
    TargetQuestion,
)
from gateway.domain.addressee_rules import AddresseeResult
from gateway.domain.card_characters import Substitute
from gateway.domain.change_reason import ChangeReason
from gateway.domain.change_report import Delivery
from gateway.domain.codes import Sex
from gateway.domain.day import read_day, write_day
from gateway.domain.identifiers import IndividualNumber, MunicipalityCode, ResidentRecordCode
from gateway.domain.instant import read_instant, write_instant
from gateway.domain.kana import Kana
from gateway.domain.postal import Phone, PostalCode
from gateway.domain.register_text import RegisterText
from gateway.domain.values import read_code

_CALLER: tuple[str, Any] = ("caller", types.element_of(TYPES, types.Caller))
_HEADER: tuple[str, Any] = ("addresseeHeader", types.element_of(TYPES, addressee_types.AddresseeHeader))
_ADDRESSEES: tuple[str, Any] = (
    "addressee",
    addressee_types.Addressee.customize(
        sub_ns=TYPES, min_occurs=1, max_occurs=MOST_ADDRESSEES, nillable=False
    ),
)
_POSITION: tuple[str, Any] = (
    "targetPosition",
    addressee_types.Position.customize(sub_ns=TYPES, min_occurs=0, nillable=False),
)

_Header = message_class(addressee_types.AddresseeHeader)
_Office = message_class(addressee_types.Office)
_Addressee = message_class(addressee_types.Addressee)
_Person = message_class(addressee_types.AddresseePerson)
_Substitute = message_class(addressee_types.Substitute)
_Receipt = message_class(addressee_types.AddresseeReceipt)
_Outcome = message_class(addressee_types.AddresseeOutcome)
_Targets = message_class(addressee_types.AddresseeTargets)
_Target = message_class(addressee_types.AddresseeTarget)
_Sendings = message_class(addressee_types.AddresseeSendings)
_Sending = message_class(addressee_types.AddresseeSending)


def _answer(name: str, kind: Any) -> tuple[str, Any]:
    return name, types.element_of(TYPES, kind)


def piece_codec(namespace: str, name: str) -> Codec[AddresseePiece, AddresseeReceipt]:
    """DeliverAddressees and NotifyAddressees: the same message in two services."""
    request = types.record(namespace, name, [_CALLER, _HEADER, _ADDRESSEES])
    response = types.record(
        namespace, f"{name}Response", [_answer("addresseeReceipt", addressee_types.AddresseeReceipt)]
    )
    asks, answers = message_class(request), message_class(response)
    return Codec(
        request=request,
        response=response,
        read_request=_read_piece,
        write_request=lambda piece: asks(
            caller=write_caller(piece.caller),
            addresseeHeader=_write_header(piece.header),
            addressee=[_write_addressee(addressee) for addressee in piece.addressees],
        ),
        read_answer=lambda message, at: _read_receipt(message.addresseeReceipt, f"{at}/addresseeReceipt"),
        write_answer=lambda receipt: answers(addresseeReceipt=_write_receipt(receipt)),
    )


def targets_codec(namespace: str) -> Codec[TargetQuestion, TargetList]:
    """ListAddresseeTargets."""
    request = types.record(namespace, "ListAddresseeTargets", [_CALLER, _POSITION])
    response = types.record(
        namespace,
        "ListAddresseeTargetsResponse",
        [_answer("addresseeTargets", addressee_types.AddresseeTargets)],
    )
    asks, answers = message_class(request), message_class(response)
    return Codec(
        request=request,
        response=response,
        read_request=lambda message, at: TargetQuestion(
            read_caller(message.caller, f"{at}/caller"), message.targetPosition
        ),
        write_request=lambda asked: asks(caller=write_caller(asked.caller), targetPosition=asked.after),
        read_answer=lambda message, at: _read_targets(message.addresseeTargets, f"{at}/addresseeTargets"),
        write_answer=lambda found: answers(addresseeTargets=_write_targets(found)),
    )


def sendings_codec(namespace: str) -> Codec[SendingQuestion, SendingHistory]:
    """QueryAddresseeSendings."""
    request = types.record(
        namespace,
        "QueryAddresseeSendings",
        [_CALLER, _answer("sendingKey", types.ResidentRecordCode)],
    )
    response = types.record(
        namespace,
        "QueryAddresseeSendingsResponse",
        [_answer("addresseeSendings", addressee_types.AddresseeSendings)],
    )
    asks, answers = message_class(request), message_class(response)
    return Codec(
        request=request,
        response=response,
        read_request=lambda message, at: SendingQuestion(
            read_caller(message.caller, f"{at}/caller"),
            value(f"{at}/sendingKey", ResidentRecordCode, message.sendingKey),
        ),
        write_request=lambda asked: asks(caller=write_caller(asked.caller), sendingKey=asked.code.digits),
        read_answer=lambda message, at: _read_sendings(message.addresseeSendings, f"{at}/addresseeSendings"),
        write_answer=lambda history: answers(addresseeSendings=_write_sendings(history)),
    )


def _read_piece(message: Any, at: str) -> AddresseePiece:
    return AddresseePiece(
        read_caller(message.caller, f"{at}/caller"),
        _read_header(message.addresseeHeader, f"{at}/addresseeHeader"),
        tuple(_read_addressee(one, f"{at}/addressee") for one in message.addressee),
    )


def _read_header(message: Any, at: str) -> AddresseeHeader:
    return value(
        at,
        AddresseeHeader,
        value(f"{at}/municipality", MunicipalityCode, message.municipality),
        _read_office(message.office, f"{at}/office"),
        _read_office(message.handover, f"{at}/handover"),
        _read_office(message.cardOffice, f"{at}/cardOffice"),
        value(f"{at}/processedOn", read_day, message.processedOn),
        message.count,
    )


def _read_office(message: Any, at: str) -> Office:
    return Office(
        value(f"{at}/name", RegisterText, message.name),
        value(f"{at}/postalCode", PostalCode, message.postalCode),
        value(f"{at}/address", RegisterText, message.address),
        value(f"{at}/phone", Phone, message.phone),
    )


def _read_addressee(message: Any, at: str) -> Addressee:
    return value(
        at,
        Addressee,
        message.number,
        value(f"{at}/postalCode", PostalCode, message.postalCode),
        value(f"{at}/address", RegisterText, message.address),
        value(f"{at}/name", RegisterText, message.name),
        value(f"{at}/printClass", read_code, PrintClass, message.printClass),
        value(f"{at}/circumstance", read_code, Circumstance, message.circumstance),
        message.count,
        tuple(_read_person(one, f"{at}/person") for one in message.person),
    )


def _read_person(message: Any, at: str) -> AddresseePerson:
    def text(name: str) -> RegisterText | None:
        found = getattr(message, name)
        return None if found is None else value(f"{at}/{name}", RegisterText, found)

    residency, end = message.residency, message.stayUntil
    return AddresseePerson(
        code=value(f"{at}/residentRecordCode", ResidentRecordCode, message.residentRecordCode),
        individual_number=value(f"{at}/individualNumber", IndividualNumber, message.individualNumber),
        name=value(f"{at}/name", RegisterText, message.name),
        kana=None if message.kana is None else value(f"{at}/kana", Kana, message.kana),
        latin_name=text("latinName"),
        former_surname=text("formerSurname"),
        birth_date=read_date(message.birthDate, f"{at}/birthDate"),
        sex=value(f"{at}/sex", read_code, Sex, message.sex),
        postal_code=value(f"{at}/postalCode", PostalCode, message.postalCode),
        address=value(f"{at}/address", RegisterText, message.address),
        residency=None if residency is None else value(f"{at}/residency", read_code, Residency, residency),
        stay_until=None if end is None else value(f"{at}/stayUntil", read_day, end),
        conversion=value(f"{at}/conversion", read_code, Conversion, message.conversion),
        substitute_name=_read_substitute(message.substituteName, f"{at}/substituteName"),
        substitute_address=_read_substitute(message.substituteAddress, f"{at}/substituteAddress"),
    )


def _read_substitute(message: Any, at: str) -> Substitute | None:
    if message is None:
        return None
    text = value(f"{at}/text", RegisterText, message.text)
    return value(f"{at}/places", Substitute, text, tuple(map(int, message.places.split(" "))))


def _write_header(header: AddresseeHeader) -> Any:
    return _Header(
        municipality=header.municipality.digits,
        office=_write_office(header.office),
        handover=_write_office(header.handover),
        cardOffice=_write_office(header.card_office),
        processedOn=write_day(header.processed_on),
        count=header.count,
    )


def _write_office(office: Office) -> Any:
    return _Office(
        name=office.name.inline,
        postalCode=office.postal_code.digits,
        address=office.address.inline,
        phone=office.phone.text,
    )


def _write_addressee(addressee: Addressee) -> Any:
    return _Addressee(
        number=addressee.number,
        postalCode=addressee.postal_code.digits,
        address=addressee.address.inline,
        name=addressee.name.inline,
        printClass=addressee.print_class.value,
        circumstance=addressee.circumstance.value,
        count=addressee.count,
        person=[_write_person(person) for person in addressee.people],
    )


def _write_person(person: AddresseePerson) -> Any:
    return _Person(
        residentRecordCode=person.code.digits,
        individualNumber=person.individual_number.digits,
        name=person.name.inline,
        kana=person.kana and person.kana.text,
        latinName=person.latin_name and person.latin_name.inline,
        formerSurname=person.former_surname and person.former_surname.inline,
        birthDate=write_date(person.birth_date),
        sex=person.sex.value,
        postalCode=person.postal_code.digits,
        address=person.address.inline,
        residency=person.residency and person.residency.value,
        stayUntil=person.stay_until and write_day(person.stay_until),
        conversion=person.conversion.value,
        substituteName=_write_substitute(person.substitute_name),
        substituteAddress=_write_substitute(person.substitute_address),
    )


def _write_substitute(substitute: Substitute | None) -> Any:
    if substitute is None:
        return None
    return _Substitute(text=substitute.text.inline, places=" ".join(map(str, substitute.places)))


def _read_receipt(message: Any, at: str) -> AddresseeReceipt:
    return value(
        at,
        AddresseeReceipt,
        value(f"{at}/receivedAt", read_instant, message.receivedAt),
        message.reference,
        tuple(
            AddresseeOutcome(
                one.place,
                value(f"{at}/outcome/result", read_code, AddresseeResult, one.result),
                one.person,
            )
            for one in message.outcome
        ),
    )


def _write_receipt(receipt: AddresseeReceipt) -> Any:
    return _Receipt(
        receivedAt=write_instant(receipt.received_at),
        reference=receipt.reference,
        outcome=[
            _Outcome(place=one.place, result=one.result.value, person=one.person) for one in receipt.outcomes
        ],
    )


def _read_targets(message: Any, at: str) -> TargetList:
    return value(
        at,
        TargetList,
        value(f"{at}/checkedAt", read_instant, message.checkedAt),
        message.reference,
        tuple(_read_target(one, f"{at}/target") for one in message.target or ()),
        message.following,
    )


def _read_target(message: Any, at: str) -> Target:
    return Target(
        value(f"{at}/residentRecordCode", ResidentRecordCode, message.residentRecordCode),
        value(f"{at}/reason", read_code, ChangeReason, message.reason),
        value(f"{at}/since", read_instant, message.since),
    )


def _write_targets(found: TargetList) -> Any:
    return _Targets(
        checkedAt=write_instant(found.checked_at),
        reference=found.reference,
        target=[
            _Target(
                residentRecordCode=one.code.digits, reason=one.reason.value, since=write_instant(one.since)
            )
            for one in found.targets
        ],
        following=found.following,
    )


def _read_sendings(message: Any, at: str) -> SendingHistory:
    return value(
        at,
        SendingHistory,
        value(f"{at}/checkedAt", read_instant, message.checkedAt),
        message.reference,
        tuple(
            Sending(
                value(f"{at}/sending/acceptedAt", read_instant, one.acceptedAt),
                value(f"{at}/sending/delivery", read_code, Delivery, one.delivery),
            )
            for one in message.sending or ()
        ),
    )


def _write_sendings(history: SendingHistory) -> Any:
    return _Sendings(
        checkedAt=write_instant(history.checked_at),
        reference=history.reference,
        sending=[
            _Sending(acceptedAt=write_instant(one.accepted_at), delivery=one.delivery.value)
            for one in history.sendings
        ],
    )
