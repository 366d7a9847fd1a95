"""Code tables. The values are our own (no public list exists, docs/domain.md) but 男 1 and 女 2.

Every code has a Japanese and an English text; the contract's documentation repeats them.
"""

from __future__ import annotations

from enum import Enum


class Coded(Enum):
    """A code with two texts: ``Member.value`` on the wire, ``.ja`` and ``.en`` for people."""

    ja: str
    en: str

    def __new__(cls, value: str, ja: str, en: str) -> Coded:
        """The member for one row of a table."""
        member = object.__new__(cls)
        member._value_ = value
        member.ja = ja
        member.en = en
        return member


class Sex(Coded):
    """男女の別 (住民基本台帳法7条3号): 1 and 2 as in ISO 5218; nothing else is accepted."""

    MALE = ("1", "男", "male")
    FEMALE = ("2", "女", "female")

    def __repr__(self) -> str:
        return "Sex(***)"

    def __str__(self) -> str:
        return "Sex(***)"


class VerificationResult(Coded):
    """What an identity verification (本人確認) found."""

    MATCH = ("match", "一致", "The person is on record as asked.")
    MISMATCH = ("mismatch", "不一致", "A record was found but differs from what was asked.")
    NO_RECORD = ("no_record", "該当なし", "No such person is on record.")
    SEVERAL_RECORDS = (
        "several_records",
        "複数該当",
        "More than one record fits, or too many questions were asked.",
    )
    CARD_LAPSED = ("card_lapsed", "カード失効", "The person matches, but the card has lapsed.")
    CARD_SUSPENDED = ("card_suspended", "カード一時停止", "The person matches, but the card is suspended.")


class DocumentKind(Coded):
    """Documents from which the four items may be read.

    施行規則4条2項 names passport, driver's licence and other photo documents of public offices that the mayor
    accepts; the face of the 個人番号カード is our addition (it stands where the law had 住基カード).
    """

    INDIVIDUAL_NUMBER_CARD = ("individual_number_card", "個人番号カード", "Individual Number Card, its face")
    PASSPORT = ("passport", "旅券", "Passport")
    DRIVERS_LICENCE = ("drivers_licence", "運転免許証", "Driver's licence")
    OTHER_OFFICIAL_PHOTO = (
        "other_official_photo",
        "その他官公署が発行した写真付きの書類",
        "Another licence, permit or certificate with a photo, issued by a public office",
    )


class Purpose(Coded):
    """Why a person is looked up (利用事務): the procedure at the counter."""

    RECORD_COPY = ("record_copy", "住民票の写しの交付", "Issue of a copy of the resident record")
    RECORD_COPY_ELSEWHERE = (
        "record_copy_elsewhere",
        "住民票の写しの広域交付",
        "Issue of a copy of a resident record kept by another municipality",
    )
    MOVE_IN = ("move_in", "転入届", "Move-in notification")
    SPECIAL_MOVE_IN = ("special_move_in", "特例転入", "Special move-in by card")
    MOVE_WITHIN = ("move_within", "転居届", "Notification of a move within the municipality")
    MOVE_OUT = ("move_out", "転出届", "Move-out notification")
    CARD_PROCEDURE = (
        "card_procedure",
        "個人番号カードに関する手続",
        "Procedure about an Individual Number Card",
    )
    CODE_CHANGE = ("code_change", "住民票コードの変更", "Change of a 住民票コード (resident record code)")
    OFFICIAL_CORRECTION = (
        "official_correction",
        "職権による記載等",
        "Entry or correction by the mayor's authority",
    )
    NUMBER_USE = ("number_use", "個人番号利用事務", "Work that uses the Individual Number")
