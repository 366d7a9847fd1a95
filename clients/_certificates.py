"""転出証明書情報 (transfer certificate information) and 転入通知 as zeep takes and reads them."""

from __future__ import annotations

from typing import Any

from clients._changes import record_values
from clients._search import read_record
from gateway.domain.card import CardSerial
from gateway.domain.day import read_day, write_day
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


def certificate_values(certificate: TransferCertificate) -> dict[str, Any]:
    """A ``transferCertificate`` element; what is absent is left out."""
    return _present(
        reference=certificate.reference,
        municipality=certificate.municipality.digits,
        reportedOn=write_day(certificate.reported_on),
        plannedOn=write_day(certificate.planned_on),
        destination=certificate.destination.digits,
        address=certificate.address and certificate.address.inline,
        person=[_leaving_values(one) for one in certificate.people],
    )


def arrival_values(arrival: Arrival) -> dict[str, Any]:
    """A ``moveInNotice`` element."""
    return {
        "reference": arrival.reference,
        "movedOn": write_day(arrival.moved_on),
        "address": arrival.address.inline,
        "residentRecordCode": [code.digits for code in arrival.people],
    }


def read_certificate(certificate: Any) -> TransferCertificate:
    """A certificate. Raises InvalidValue."""
    return TransferCertificate(
        reference=certificate.reference,
        municipality=MunicipalityCode(certificate.municipality),
        reported_on=read_day(certificate.reportedOn),
        planned_on=read_day(certificate.plannedOn),
        destination=MunicipalityCode(certificate.destination),
        address=certificate.address and RegisterText(certificate.address),
        people=tuple(_read_leaving(one) for one in certificate.person),
    )


def read_arrival(notice: Any) -> Arrival:
    """A move-in notice. Raises InvalidValue."""
    return Arrival(
        notice.reference,
        read_day(notice.movedOn),
        RegisterText(notice.address),
        tuple(map(ResidentRecordCode, notice.residentRecordCode)),
    )


def _leaving_values(one: Leaving) -> dict[str, Any]:
    register, pension, card = one.register, one.pension, one.card
    return _present(
        record=record_values(one.record),
        householder=one.householder.inline,
        relation=one.relation.text,
        register=register and {"domicile": register.domicile.inline, "head": register.head.inline},
        entitlement=[entitlement.value for entitlement in one.entitlements] or None,
        pension=pension and {"kind": pension.kind.value, "number": pension.number},
        card=card
        and {
            "serial": card.serial.text,
            "issuedOn": write_day(card.issued_on),
            "validUntil": write_day(card.valid_until),
            "authenticity": card.authenticity,
        },
    )


def _read_leaving(one: Any) -> Leaving:
    register, pension, card = one.register, one.pension, one.card
    return Leaving(
        record=read_record(one.record),
        householder=RegisterText(one.householder),
        relation=Relation(one.relation),
        register=register and FamilyRegister(RegisterText(register.domicile), RegisterText(register.head)),
        entitlements=tuple(read_code(Entitlement, code) for code in one.entitlement or ()),
        pension=pension and Pension(read_code(PensionKind, pension.kind), pension.number),
        card=card
        and CarriedCard(
            CardSerial(card.serial), read_day(card.issuedOn), read_day(card.validUntil), card.authenticity
        ),
    )


def _present(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
