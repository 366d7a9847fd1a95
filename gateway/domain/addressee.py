"""送付先情報 (addressees, flow 7): where the papers for people's 個人番号カード are sent, and about whom.

The items are those of the 送付先情報ファイル; the codes are our own. Values hold whatever has its form, also
what does not fit together: that is ruled on item by item (addressee_rules.py), so that each gets an answer.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Final

from gateway.domain.card_characters import Substitute
from gateway.domain.codes import Coded, Sex
from gateway.domain.identifiers import IndividualNumber, MunicipalityCode, ResidentRecordCode
from gateway.domain.kana import Kana
from gateway.domain.postal import Phone, PostalCode
from gateway.domain.register_date import RegisterDate
from gateway.domain.register_text import RegisterText
from gateway.domain.values import InvalidValue, Masked

MOST_PEOPLE: Final = 20
"""People of one addressee at most (own rule)."""

MOST_COUNT: Final = 9_999
"""The highest number that a count may say."""

_NUMBER: Final = re.compile("[0-9A-Za-z]{1,20}")


class PrintClass(Coded):
    """印刷区分: what is printed and sent."""

    NOTICE_AND_APPLICATION = (
        "notice_and_application",
        "個人番号通知書及び交付申請書",
        "Notice of the 個人番号, with the application for a card",
    )
    APPLICATION = ("application", "交付申請書のみ", "The application for a card only; to one person")


class Circumstance(Coded):
    """特別な事情: why the papers go elsewhere than to the address on record."""

    NONE = ("none", "なし", "None: they go to the address on record")
    RESIDENCE_ELSEWHERE = ("residence_elsewhere", "居所登録", "The person lives elsewhere for now (居所)")
    PROTECTED = ("protected", "支援措置対象", "The person is protected from somebody at the address")
    FACILITY = ("facility", "施設入所・入院", "The person is in a hospital or a home for long")


class Residency(Coded):
    """第30条の45に規定する区分 of a foreign resident; permanent ones of the first kind apart (own rule)."""

    MID_TO_LONG_TERM = ("mid_to_long_term", "中長期在留者", "Mid- to long-term resident")
    PERMANENT = ("permanent", "中長期在留者(在留期間の定めなし)", "Resident without an end of the stay")
    SPECIAL_PERMANENT = ("special_permanent", "特別永住者", "Special permanent resident")
    TEMPORARY_REFUGE = ("temporary_refuge", "一時庇護許可者", "Permitted to land for temporary refuge")
    PROVISIONAL_STAY = ("provisional_stay", "仮滞在許可者", "Permitted to stay provisionally")
    TRANSITIONAL = ("transitional", "経過滞在者", "By birth, or by loss of the nationality, for a while")


class Conversion(Coded):
    """代替文字変換結果: whether name or address hold substitute characters for the card."""

    UNNEEDED = ("unneeded", "変換なし", "Nothing was replaced")
    CONVERTED = ("converted", "変換あり", "Characters were replaced")


@dataclass(frozen=True, slots=True, repr=False)
class Office(Masked):
    """Name, 郵便番号, address and telephone number: of the municipality, or of where cards are handed out."""

    name: RegisterText
    postal_code: PostalCode
    address: RegisterText
    phone: Phone


@dataclass(frozen=True, slots=True, repr=False)
class AddresseeHeader(Masked):
    """What all addressees of one message have in common.

    ``office`` is the municipality's (市町村名 …), ``handover`` the 交付場所, ``card_office`` the
    カード送付場所; ``processed_on`` is the 処理年月日 and ``count`` the number of addressees. Raises
    InvalidValue ``count``.
    """

    municipality: MunicipalityCode
    office: Office
    handover: Office
    card_office: Office
    processed_on: dt.date
    count: int

    def __post_init__(self) -> None:
        if not 1 <= self.count <= MOST_COUNT:
            raise InvalidValue("addressee-header", "count")


@dataclass(frozen=True, slots=True, repr=False)
class AddresseePerson(Masked):
    """対象者. ``stay_until`` is the 在留期間の満了の日, of foreign residents only, as is ``residency``."""

    code: ResidentRecordCode
    individual_number: IndividualNumber
    name: RegisterText
    kana: Kana | None
    latin_name: RegisterText | None
    former_surname: RegisterText | None
    birth_date: RegisterDate
    sex: Sex
    postal_code: PostalCode
    address: RegisterText
    residency: Residency | None = None
    stay_until: dt.date | None = None
    conversion: Conversion = Conversion.UNNEEDED
    substitute_name: Substitute | None = None
    substitute_address: Substitute | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Addressee(Masked):
    """One 送付先情報: ``number`` is its 送付先管理番号, ``count`` the 対象となる人数.

    ``postal_code``, ``address`` and ``name`` are the 送付先. Raises InvalidValue ``number``, ``count`` or
    ``people``.
    """

    number: str
    postal_code: PostalCode
    address: RegisterText
    name: RegisterText
    print_class: PrintClass
    circumstance: Circumstance
    count: int
    people: tuple[AddresseePerson, ...]

    def __post_init__(self) -> None:
        if not _NUMBER.fullmatch(self.number):
            raise InvalidValue("addressee", "number")
        if not 1 <= self.count <= MOST_COUNT:
            raise InvalidValue("addressee", "count")
        if not 1 <= len(self.people) <= MOST_PEOPLE:
            raise InvalidValue("addressee", "people")
