"""転出証明書情報 (transfer certificate information): what one municipality tells the next of who moves.

住民基本台帳法施行令24条の3, 施行規則7条の2 (as of 2013, with the 個人番号カード for the 住基カード).
It goes from municipality to municipality only: relation, family register and the other items never pass
through a prefectural or the national server.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Final

from gateway.domain.card import CardSerial
from gateway.domain.codes import Coded
from gateway.domain.identifiers import MunicipalityCode, ResidentRecordCode
from gateway.domain.identity_record import IdentityRecord
from gateway.domain.register_text import RegisterText
from gateway.domain.values import InvalidValue, Masked

MOST_PEOPLE: Final = 20
"""People of one certificate at most (own rule)."""

RELATIONS: Final = (
    *("世帯主", "夫", "妻", "夫(未届)", "妻(未届)", "子", "子(子の夫)", "子(子の妻)", "父", "母"),
    *("兄", "姉", "弟", "妹", "縁故者", "同居人"),
)
"""続柄 that may stand alone or be joined by の (標準仕様書 1.1.11)."""

MOST_GENERATIONS: Final = 4
"""続柄 joined at most (子の子の子の子)."""

_OF_FAMILY: Final = "|".join(map(re.escape, RELATIONS[1:-2]))
_JOINED: Final = re.compile(f"(?:{_OF_FAMILY})(?:の(?:{_OF_FAMILY})){{1,{MOST_GENERATIONS - 1}}}")
_NUMBER: Final = re.compile("[0-9]{10}")
_AUTHENTICITY: Final = re.compile("[0-9A-F]{32}")


@dataclass(frozen=True, slots=True, repr=False)
class Relation(Masked):
    """世帯主との続柄 (標準仕様書 1.1.11): 子, 妻の父, 子の子の妻 …; 祖父 or 孫 are none.

    Raises InvalidValue ``relation``.
    """

    text: str

    def __post_init__(self) -> None:
        if self.text not in RELATIONS and not _JOINED.fullmatch(self.text):
            raise InvalidValue("relation", "relation")


@dataclass(frozen=True, slots=True, repr=False)
class FamilyRegister(Masked):
    """戸籍の表示 (法7条5号): 本籍 and 筆頭者. A foreigner has none."""

    domicile: RegisterText
    head: RegisterText


class Entitlement(Coded):
    """資格 (令24条の3, 法7条10号から11号の2). Own codes."""

    NATIONAL_HEALTH = ("national_health", "国民健康保険", "National health insurance")
    LATE_ELDERLY = ("late_elderly", "後期高齢者医療", "Medical care of the late elderly")
    LONG_TERM_CARE = ("long_term_care", "介護保険", "Long-term care insurance")
    CHILD_ALLOWANCE = ("child_allowance", "児童手当", "Child allowance")


class PensionKind(Coded):
    """国民年金の被保険者の種別. Own codes."""

    FIRST = ("first", "第1号被保険者", "Insured of the first kind")
    VOLUNTARY = ("voluntary", "任意加入被保険者", "Insured by choice")


@dataclass(frozen=True, slots=True, repr=False)
class Pension(Masked):
    """国民年金: kind and 基礎年金番号, ten digits. Raises InvalidValue ``digits``."""

    kind: PensionKind
    number: str

    def __post_init__(self) -> None:
        if not _NUMBER.fullmatch(self.number):
            raise InvalidValue("pension", "digits")


@dataclass(frozen=True, slots=True, repr=False)
class CarriedCard(Masked):
    """The card that comes along (規則7条の2): serial, days, and 真正確認用の符号 (own form: 32 hex digits).

    Raises InvalidValue ``days`` or ``authenticity``.
    """

    serial: CardSerial
    issued_on: dt.date
    valid_until: dt.date
    authenticity: str

    def __post_init__(self) -> None:
        if self.valid_until < self.issued_on:
            raise InvalidValue("carried-card", "days")
        if not _AUTHENTICITY.fullmatch(self.authenticity):
            raise InvalidValue("carried-card", "authenticity")


@dataclass(frozen=True, slots=True, repr=False)
class Leaving(Masked):
    """One person of a certificate. ``record`` is the one of the old town; its address is 転出前の住所.

    ``entitlements`` are in the order of their table, none twice. Raises InvalidValue ``entitlements``.
    """

    record: IdentityRecord
    householder: RegisterText
    relation: Relation
    register: FamilyRegister | None = None
    entitlements: tuple[Entitlement, ...] = ()
    pension: Pension | None = None
    card: CarriedCard | None = None

    def __post_init__(self) -> None:
        order = [one for one in Entitlement if one in self.entitlements]
        if list(self.entitlements) != order:
            raise InvalidValue("leaving", "entitlements")


@dataclass(frozen=True, slots=True, repr=False)
class TransferCertificate(Masked):
    """転出証明書情報: who leaves ``municipality``, when that was planned, and for where.

    ``reference`` is the old town's for this move. ``reported_on`` is the day of the 転出届, ``planned_on``
    the 転出の予定年月日; of ``destination`` and ``address`` (転出先) the latter may be unknown. Raises
    InvalidValue ``count``, ``people`` (the same person twice), ``municipality`` (a record of another one's,
    or the destination is the old town), ``card`` (nobody has one: no special move-in) or ``reference``.
    """

    reference: str
    municipality: MunicipalityCode
    reported_on: dt.date
    planned_on: dt.date
    destination: MunicipalityCode
    address: RegisterText | None
    people: tuple[Leaving, ...]

    def __post_init__(self) -> None:
        if not re.fullmatch("[0-9A-Za-z-]{8,64}", self.reference):
            raise InvalidValue("transfer-certificate", "reference")
        if not 1 <= len(self.people) <= MOST_PEOPLE:
            raise InvalidValue("transfer-certificate", "count")
        if len(set(self.codes)) != len(self.people):
            raise InvalidValue("transfer-certificate", "people")
        records = (one.record for one in self.people)
        if self.destination == self.municipality or any(
            record.municipality != self.municipality for record in records
        ):
            raise InvalidValue("transfer-certificate", "municipality")
        if not any(one.card for one in self.people):
            raise InvalidValue("transfer-certificate", "card")

    @property
    def codes(self) -> tuple[ResidentRecordCode, ...]:
        """住民票コード of all who leave, in their order."""
        return tuple(one.record.code for one in self.people)

    def card_of(self, code: ResidentRecordCode) -> CarriedCard | None:
        """The card of one of them."""
        return next((one.card for one in self.people if one.record.code == code), None)
