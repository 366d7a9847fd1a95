"""Flow 5, inquiry to 機構: 5-① a question by 個人番号 or the four items goes there, 5-② the record comes.

The gateway decides nothing about the person. It makes sure that the answer is one to this question, and
hands a 個人番号 on only where the legal basis of the inquiry is one for it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

from gateway import telemetry
from gateway.domain.accesses import items_text
from gateway.domain.faults import operation_fault
from gateway.domain.identifiers import IndividualNumber
from gateway.domain.identity_record import IdentityRecord
from gateway.domain.inquiry import (
    Inquiry,
    InquiryAnswer,
    InquiryKey,
    InquiryResult,
    LegalBasis,
    ProvidedAnswer,
)
from gateway.flows.asking import asking


class Provider(Protocol):
    """機構 (J-LIS), which provides identity records."""

    def inquire(self, inquiry: Inquiry) -> ProvidedAnswer:
        """What it answers, and about whom. Raises CounterpartError."""
        ...


class PersonInquiry:
    """The use case behind InquirePerson; ``provider`` is None where none is configured."""

    def __init__(self, provider: Provider | None, destination: str) -> None:
        self._provider = provider
        self._destination = destination

    def __call__(self, inquiry: Inquiry) -> InquiryAnswer:
        """The answer of 機構. Raises OperationFault when there is none that can be believed."""
        if self._provider is None:
            raise operation_fault("CounterpartUnavailable")
        with asking(self._destination):
            found = self._provider.inquire(inquiry)
        record = found.answer.record
        if found.about != inquiry.key or (record is not None and not is_about(record, inquiry.key)):
            # Signed and bound, and still an answer about somebody else: never hand that on.
            telemetry.warning(
                "counterpart-failed", destination=self._destination, code="answer-about-another"
            )
            raise operation_fault("CounterpartAnswerInvalid")
        return replace(found.answer, record=for_basis(record, inquiry.basis))


def is_about(record: IdentityRecord, key: InquiryKey) -> bool:
    """Whether a record may be of whom was asked for; a name may be another that the person has or had."""
    if isinstance(key, IndividualNumber):
        return record.individual_number in {None, key}
    return record.sex is key.sex and record.birth_date.same_day_as(key.birth_date)


def for_basis(record: IdentityRecord | None, basis: LegalBasis) -> IdentityRecord | None:
    """The record as an inquiry on this basis is answered with it."""
    if record is None or basis.has_number:
        return record
    return replace(record, individual_number=None)


def text_of_key(key: InquiryKey) -> str:
    """The 個人番号, or the items without their spaces: to be counted or sealed, never kept in clear."""
    if isinstance(key, IndividualNumber):
        return key.digits
    return items_text(key.name, key.birth_date, key.address)


def subject_of_inquiry(inquiry: Inquiry) -> str:
    """Whom an inquiry is about, for the budget."""
    return text_of_key(inquiry.key)


def is_negative_inquiry(answer: InquiryAnswer) -> bool:
    """Whether an inquiry gave nobody."""
    return answer.result is not InquiryResult.FOUND
