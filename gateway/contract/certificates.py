"""転出証明書情報 (transfer certificate information) and 転入通知 between message objects and domain values.

Either is also kept in the store for as long as the move lasts: as its element, in canonical form.
"""

from __future__ import annotations

from typing import Any, Final

from lxml import etree

from gateway.contract import mapping, move_types
from gateway.contract.cards import read_day_at
from gateway.contract.mapping import message_class
from gateway.contract.records import read_record, write_record
from gateway.contract.service import TYPES
from gateway.contract.values import value
from gateway.domain.card import CardSerial
from gateway.domain.day import write_day
from gateway.domain.identifiers import MunicipalityCode, ResidentRecordCode
from gateway.domain.move_certificate import (
    CarriedCard,
    Entitlement,
    FamilyRegister,
    Leaving,
    Pension,
    PensionKind,
    Relation,
    TransferCertificate,
)
from gateway.domain.move_messages import Arrival
from gateway.domain.register_text import RegisterText
from gateway.domain.values import read_code

_Certificate = message_class(move_types.TransferCertificate)
_Leaving = message_class(move_types.Leaving)
_Register = message_class(move_types.FamilyRegister)
_Pension = message_class(move_types.Pension)
_Card = message_class(move_types.CarriedCard)
_Notice = message_class(move_types.MoveInNotice)
_CERTIFICATE: Final = f"{{{TYPES}}}transferCertificate"
_NOTICE: Final = f"{{{TYPES}}}moveInNotice"


def read_certificate(message: Any, at: str) -> TransferCertificate:
    """A certificate."""
    return value(
        at,
        TransferCertificate,
        reference=message.reference,
        municipality=value(f"{at}/municipality", MunicipalityCode, message.municipality),
        reported_on=read_day_at(message.reportedOn, f"{at}/reportedOn"),
        planned_on=read_day_at(message.plannedOn, f"{at}/plannedOn"),
        destination=value(f"{at}/destination", MunicipalityCode, message.destination),
        address=None if message.address is None else value(f"{at}/address", RegisterText, message.address),
        people=tuple(_read_leaving(one, f"{at}/person") for one in message.person),
    )


def write_certificate(certificate: TransferCertificate) -> Any:
    """A certificate as message object."""
    return _Certificate(
        reference=certificate.reference,
        municipality=certificate.municipality.digits,
        reportedOn=write_day(certificate.reported_on),
        plannedOn=write_day(certificate.planned_on),
        destination=certificate.destination.digits,
        address=certificate.address and certificate.address.inline,
        person=[_write_leaving(one) for one in certificate.people],
    )


def read_arrival(message: Any, at: str) -> Arrival:
    """What a move-in notice says."""
    return Arrival(
        message.reference,
        read_day_at(message.movedOn, f"{at}/movedOn"),
        value(f"{at}/address", RegisterText, message.address),
        tuple(
            value(f"{at}/residentRecordCode", ResidentRecordCode, code) for code in message.residentRecordCode
        ),
    )


def write_arrival(arrival: Arrival) -> Any:
    """What a move-in notice says, as message object."""
    return _Notice(
        reference=arrival.reference,
        movedOn=write_day(arrival.moved_on),
        address=arrival.address.inline,
        residentRecordCode=[code.digits for code in arrival.people],
    )


class Papers:
    """Certificates and notices as they are kept."""

    def keep(self, paper: TransferCertificate | Arrival) -> bytes:
        """The element of either."""
        if isinstance(paper, Arrival):
            return mapping.write(move_types.MoveInNotice, write_arrival(paper), _NOTICE)
        return mapping.write(move_types.TransferCertificate, write_certificate(paper), _CERTIFICATE)

    def certificate(self, kept: bytes) -> TransferCertificate:
        """A certificate that was kept."""
        message = mapping.read(move_types.TransferCertificate, _element(kept))
        return read_certificate(message, "transferCertificate")

    def arrival(self, kept: bytes) -> Arrival:
        """A notice that was kept."""
        return read_arrival(mapping.read(move_types.MoveInNotice, _element(kept)), "moveInNotice")


def _element(kept: bytes) -> etree._Element:
    return etree.fromstring(kept, etree.XMLParser(no_network=True, resolve_entities=False))


def _read_leaving(message: Any, at: str) -> Leaving:
    register, pension, card = message.register, message.pension, message.card
    return value(
        at,
        Leaving,
        record=read_record(message.record, f"{at}/record"),
        householder=value(f"{at}/householder", RegisterText, message.householder),
        relation=value(f"{at}/relation", Relation, message.relation),
        register=None
        if register is None
        else FamilyRegister(
            value(f"{at}/register/domicile", RegisterText, register.domicile),
            value(f"{at}/register/head", RegisterText, register.head),
        ),
        entitlements=tuple(
            value(f"{at}/entitlement", read_code, Entitlement, one) for one in message.entitlement or ()
        ),
        pension=None
        if pension is None
        else value(
            f"{at}/pension",
            Pension,
            value(f"{at}/pension/kind", read_code, PensionKind, pension.kind),
            pension.number,
        ),
        card=None if card is None else _read_card(card, f"{at}/card"),
    )


def _read_card(message: Any, at: str) -> CarriedCard:
    return value(
        at,
        CarriedCard,
        value(f"{at}/serial", CardSerial, message.serial),
        read_day_at(message.issuedOn, f"{at}/issuedOn"),
        read_day_at(message.validUntil, f"{at}/validUntil"),
        message.authenticity,
    )


def _write_leaving(one: Leaving) -> Any:
    register, pension, card = one.register, one.pension, one.card
    return _Leaving(
        record=write_record(one.record, with_individual_number=True),
        householder=one.householder.inline,
        relation=one.relation.text,
        register=register and _Register(domicile=register.domicile.inline, head=register.head.inline),
        entitlement=[entitlement.value for entitlement in one.entitlements] or None,
        pension=pension and _Pension(kind=pension.kind.value, number=pension.number),
        card=card
        and _Card(
            serial=card.serial.text,
            issuedOn=write_day(card.issued_on),
            validUntil=write_day(card.valid_until),
            authenticity=card.authenticity,
        ),
    )
