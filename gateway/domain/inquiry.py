"""Inquiry to 機構 (本人確認情報の照会, flow 5 of the source document): the question and its answer.

Asked by 個人番号 (Individual Number) or by the four items, for a purpose and on a legal basis, both of which
every inquiry names. The codes of the bases, and which of them goes with which purpose, are our own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from gateway.domain.basic_four import BasicFour
from gateway.domain.caller import Caller
from gateway.domain.codes import Coded, Purpose
from gateway.domain.identifiers import IndividualNumber
from gateway.domain.identity_record import IdentityRecord
from gateway.domain.instant import require_utc
from gateway.domain.values import InvalidValue

_REFERENCE = re.compile("[0-9A-Za-z-]{8,64}")

InquiryKey = IndividualNumber | BasicFour
"""Whom an inquiry is about."""


class LegalBasis(Coded):
    """Legal basis (根拠) of an inquiry, by kind; which provision stands behind one is for whoever asks."""

    RESIDENT_REGISTER = (
        "resident_register",
        "住民基本台帳に関する事務",
        "Work of the resident register itself",
    )
    NUMBER_USE = ("number_use", "個人番号利用事務", "Work that uses the Individual Number")
    LISTED_WORK = (
        "listed_work",
        "個人番号を利用しない法定・条例事務",
        "Work named by law or ordinance that does not use the Individual Number",
    )

    @property
    def has_number(self) -> bool:
        """Whether an inquiry on it may be made by 個人番号, and is answered with it."""
        return self is not LegalBasis.LISTED_WORK


class InquiryResult(Coded):
    """What 機構 answers to an inquiry."""

    FOUND = ("found", "該当あり", "The person's identity record is given.")
    NO_RECORD = ("no_record", "該当なし", "No such person is on record.")
    SEVERAL_RECORDS = ("several_records", "複数該当", "More than one person fits; none is given.")
    REFUSED = (
        "refused",
        "提供不可",
        "The record is not provided for this purpose on this legal basis.",
    )


def may_be_provided(purpose: Purpose, basis: LegalBasis, key: InquiryKey) -> bool:
    """Whether 機構 provides a record (rule of our own, after the kinds of work that the law parts).

    Work that uses the 個人番号 asks for that purpose and no other; work that does not is never asked by it.
    """
    if basis is LegalBasis.LISTED_WORK:
        return purpose is not Purpose.NUMBER_USE and isinstance(key, BasicFour)
    return (purpose is Purpose.NUMBER_USE) is (basis is LegalBasis.NUMBER_USE)


@dataclass(frozen=True, slots=True)
class Inquiry:
    """Who asks, on which legal basis, and for whom."""

    caller: Caller
    basis: LegalBasis
    key: InquiryKey


@dataclass(frozen=True, slots=True)
class InquiryAnswer:
    """The result, when it was found (UTC), the reference of whoever answered, and the record with ``found``.

    Raises InvalidValue ``reference``, ``record`` or ``not-utc``.
    """

    result: InquiryResult
    checked_at: datetime
    reference: str
    record: IdentityRecord | None = None

    def __post_init__(self) -> None:
        require_utc(self.checked_at)
        if not _REFERENCE.fullmatch(self.reference):
            raise InvalidValue("inquiry-answer", "reference")
        if (self.record is not None) is not (self.result is InquiryResult.FOUND):
            raise InvalidValue("inquiry-answer", "record")


@dataclass(frozen=True, slots=True)
class ProvidedAnswer:
    """The answer of 機構, with the key that it is about, as it was understood there.

    Whoever asked compares ``about`` with what it asked: an answer about somebody else is no answer.
    """

    answer: InquiryAnswer
    about: InquiryKey
