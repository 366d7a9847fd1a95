"""InquirePerson (本人確認情報の照会) from the asking side: the same operation in three services."""

from __future__ import annotations

from typing import Any

from clients._identity import contract_values
from clients._search import read_record
from clients._soap import Channel
from clients._values import basic_four_values, caller_values, read_basic_four
from gateway.domain.identifiers import IndividualNumber
from gateway.domain.inquiry import Inquiry, InquiryAnswer, InquiryKey, InquiryResult
from gateway.domain.instant import read_instant
from gateway.domain.values import read_code


def ask_inquiry(
    channel: Channel, inquiry: Inquiry, *, message_id: str | None, deadline_seconds: float | None
) -> Any:
    """Ask; the answer as zeep read it, verified. Raises CounterpartError."""
    return channel.call(
        "InquirePerson",
        message_id=message_id,
        deadline_seconds=deadline_seconds,
        caller=caller_values(inquiry.caller),
        legalBasis=inquiry.basis.value,
        **key_values(inquiry.key),
    )


def inquire_person(
    channel: Channel, inquiry: Inquiry, *, message_id: str | None, deadline_seconds: float | None
) -> InquiryAnswer:
    """Ask a municipal CS. Raises CounterpartError."""
    answer = ask_inquiry(channel, inquiry, message_id=message_id, deadline_seconds=deadline_seconds)
    with contract_values():
        return read_inquiry_answer(answer)


def read_inquiry_answer(answer: Any) -> InquiryAnswer:
    """The ``inquiryAnswer`` element. Raises InvalidValue."""
    return InquiryAnswer(
        read_code(InquiryResult, answer.result),
        read_instant(answer.checkedAt),
        answer.reference,
        None if answer.record is None else read_record(answer.record),
    )


def read_inquiry_key(answer: Any) -> InquiryKey:
    """The key that an answer repeats. Raises InvalidValue."""
    if answer.individualNumber is not None:
        return IndividualNumber(answer.individualNumber)
    return read_basic_four(answer["items"])


def key_values(key: InquiryKey) -> dict[str, Any]:
    """Either key as zeep takes it."""
    if isinstance(key, IndividualNumber):
        return {"individualNumber": key.digits}
    return {"items": basic_four_values(key)}
