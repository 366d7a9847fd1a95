"""People who move, and the certificates that go with them."""

from __future__ import annotations

import datetime as dt
from typing import Any

from gateway.domain.caller import Caller, Operator
from gateway.domain.card import CardSerial
from gateway.domain.codes import Purpose, Sex
from gateway.domain.eras import Calendar
from gateway.domain.identifiers import MunicipalityCode, ResidentRecordCode
from gateway.domain.identity_record import IdentityRecord
from gateway.domain.kana import Kana
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
from gateway.domain.register_date import Certainty, RegisterDate
from gateway.domain.register_text import RegisterText

NEW_TOWN, OLD_TOWN = MunicipalityCode("131016"), MunicipalityCode("141003")
PLANNED = dt.date(2026, 11, 20)
REPORTED = dt.date(2026, 11, 10)


def clerk(municipality: MunicipalityCode, purpose: Purpose = Purpose.SPECIAL_MOVE_IN) -> Caller:
    """A clerk of a town."""
    return Caller(municipality, f"{municipality}-T001", Operator(f"V{municipality}0001", "OP01"), purpose)


def person_code(number: int) -> ResidentRecordCode:
    """住民票コード of the person ``number``."""
    return ResidentRecordCode.from_base(f"{number:010d}")


def serial_of(number: int) -> CardSerial:
    """製造番号 of the card of the person ``number``."""
    return CardSerial(f"C{number:011d}")


def record_of(number: int, municipality: MunicipalityCode = OLD_TOWN, **changes: Any) -> IdentityRecord:
    """The identity record of the person ``number``."""
    values: dict[str, Any] = {
        "code": person_code(number),
        "individual_number": None,
        "name": RegisterText("転出 太郎"),
        "kana": Kana("テンシュツ タロウ"),
        "latin_name": None,
        "common_name": None,
        "former_surname": None,
        "birth_date": RegisterDate(Calendar.SHOWA, "19700615", Certainty.EXACT, None),
        "sex": Sex.MALE,
        "address": RegisterText("神奈川県横浜市中区本町6丁目50番地の10"),
        "municipality": municipality,
    }
    return IdentityRecord(**{**values, **changes})


def leaving(number: int, *, card: bool = True, **changes: Any) -> Leaving:
    """The person ``number`` as a certificate has him, with or without a card."""
    values: dict[str, Any] = {
        "record": record_of(number),
        "householder": RegisterText("転出 太郎"),
        "relation": Relation("世帯主" if number == 1 else "子"),
        "register": FamilyRegister(
            RegisterText("神奈川県横浜市中区本町6丁目50番"), RegisterText("戸籍 花子")
        ),
        "entitlements": (Entitlement.NATIONAL_HEALTH, Entitlement.CHILD_ALLOWANCE),
        "pension": Pension(PensionKind.FIRST, "1234567890"),
        "card": CarriedCard(
            serial_of(number), dt.date(2024, 4, 1), dt.date(2034, 6, 15), "0123456789ABCDEF" * 2
        )
        if card
        else None,
    }
    return Leaving(**{**values, **changes})


def certificate(*people: Leaving, **changes: Any) -> TransferCertificate:
    """The certificate of these people, from the old town to the new."""
    values: dict[str, Any] = {
        "reference": "R-00000001",
        "municipality": OLD_TOWN,
        "reported_on": REPORTED,
        "planned_on": PLANNED,
        "destination": NEW_TOWN,
        "address": RegisterText("東京都千代田区神田駿河台一丁目8番1号"),
        "people": people or (leaving(1),),
    }
    return TransferCertificate(**{**values, **changes})
