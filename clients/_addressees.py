"""Addressees (送付先情報, flow 7) from the asking side: the same values in two services."""

from __future__ import annotations

from typing import Any

from clients._identity import contract_values
from clients._soap import Channel
from clients._values import caller_values, date_values
from gateway.domain.addressee import Addressee, AddresseeHeader, AddresseePerson, Office
from gateway.domain.addressee_delivery import (
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
from gateway.domain.day import write_day
from gateway.domain.identifiers import ResidentRecordCode
from gateway.domain.instant import read_instant
from gateway.domain.values import read_code
from gateway.errors import CounterpartAnswerInvalid


def tell_addressees(
    channel: Channel,
    operation: str,
    piece: AddresseePiece,
    *,
    message_id: str | None,
    deadline_seconds: float | None,
) -> AddresseeReceipt:
    """Deliver or notify; the receipt has an outcome for each addressee. Raises CounterpartError."""
    answer = channel.call(
        operation,
        message_id=message_id,
        deadline_seconds=deadline_seconds,
        caller=caller_values(piece.caller),
        addresseeHeader=_header_values(piece.header),
        addressee=[_addressee_values(addressee) for addressee in piece.addressees],
    )
    with contract_values():
        receipt = AddresseeReceipt(
            read_instant(answer.receivedAt),
            answer.reference,
            tuple(
                AddresseeOutcome(one.place, read_code(AddresseeResult, one.result), one.person)
                for one in answer.outcome
            ),
        )
    if len(receipt.outcomes) != len(piece.addressees):
        raise CounterpartAnswerInvalid("the receipt is about other addressees than were told")
    return receipt


def list_targets(
    channel: Channel, question: TargetQuestion, *, message_id: str | None, deadline_seconds: float | None
) -> TargetList:
    """Whose addressees are to be extracted. Raises CounterpartError."""
    asked: dict[str, Any] = {} if question.after is None else {"targetPosition": question.after}
    answer = channel.call(
        "ListAddresseeTargets",
        message_id=message_id,
        deadline_seconds=deadline_seconds,
        caller=caller_values(question.caller),
        **asked,
    )
    with contract_values():
        return TargetList(
            read_instant(answer.checkedAt),
            answer.reference,
            tuple(
                Target(
                    ResidentRecordCode(one.residentRecordCode),
                    read_code(ChangeReason, one.reason),
                    read_instant(one.since),
                )
                for one in answer.target
            ),
            answer.following,
        )


def query_sendings(
    channel: Channel, question: SendingQuestion, *, message_id: str | None, deadline_seconds: float | None
) -> SendingHistory:
    """What was sent about a person. Raises CounterpartError."""
    answer = channel.call(
        "QueryAddresseeSendings",
        message_id=message_id,
        deadline_seconds=deadline_seconds,
        caller=caller_values(question.caller),
        sendingKey=question.code.digits,
    )
    with contract_values():
        return SendingHistory(
            read_instant(answer.checkedAt),
            answer.reference,
            tuple(
                Sending(read_instant(one.acceptedAt), read_code(Delivery, one.delivery))
                for one in answer.sending
            ),
        )


def _header_values(header: AddresseeHeader) -> dict[str, Any]:
    return {
        "municipality": header.municipality.digits,
        "office": _office_values(header.office),
        "handover": _office_values(header.handover),
        "cardOffice": _office_values(header.card_office),
        "processedOn": write_day(header.processed_on),
        "count": header.count,
    }


def _office_values(office: Office) -> dict[str, str]:
    return {
        "name": office.name.inline,
        "postalCode": office.postal_code.digits,
        "address": office.address.inline,
        "phone": office.phone.text,
    }


def _addressee_values(addressee: Addressee) -> dict[str, Any]:
    return {
        "number": addressee.number,
        "postalCode": addressee.postal_code.digits,
        "address": addressee.address.inline,
        "name": addressee.name.inline,
        "printClass": addressee.print_class.value,
        "circumstance": addressee.circumstance.value,
        "count": addressee.count,
        "person": [_person_values(person) for person in addressee.people],
    }


def _person_values(person: AddresseePerson) -> dict[str, Any]:
    """A ``person`` element; what is absent is left out."""
    values = {
        "residentRecordCode": person.code.digits,
        "individualNumber": person.individual_number.digits,
        "name": person.name.inline,
        "kana": person.kana and person.kana.text,
        "latinName": person.latin_name and person.latin_name.inline,
        "formerSurname": person.former_surname and person.former_surname.inline,
        "birthDate": date_values(person.birth_date),
        "sex": person.sex.value,
        "postalCode": person.postal_code.digits,
        "address": person.address.inline,
        "residency": person.residency and person.residency.value,
        "stayUntil": person.stay_until and write_day(person.stay_until),
        "conversion": person.conversion.value,
        "substituteName": _substitute_values(person.substitute_name),
        "substituteAddress": _substitute_values(person.substitute_address),
    }
    return {name: value for name, value in values.items() if value is not None}


def _substitute_values(substitute: Substitute | None) -> dict[str, str] | None:
    if substitute is None:
        return None
    return {"text": substitute.text.inline, "places": " ".join(map(str, substitute.places))}
