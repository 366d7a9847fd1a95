"""InquirePerson (本人確認情報の照会, flow 5): the same question in three services, by who asks.

The answer of 機構 also repeats the key, so that an answer about somebody else is noticed.
"""

from __future__ import annotations

from typing import Any

from gateway.contract import inquiry_types, types
from gateway.contract.codec import Codec
from gateway.contract.mapping import message_class
from gateway.contract.records import read_record, write_record
from gateway.contract.service import TYPES
from gateway.contract.values import read_basic_four, read_caller, value, write_basic_four, write_caller
from gateway.domain.identifiers import IndividualNumber
from gateway.domain.inquiry import (
    Inquiry,
    InquiryAnswer,
    InquiryKey,
    InquiryResult,
    LegalBasis,
    ProvidedAnswer,
)
from gateway.domain.instant import read_instant, write_instant
from gateway.domain.values import read_code

_Answer = message_class(inquiry_types.InquiryAnswer)

# The two keys are a choice in the schema, which spyne cannot say: optional here, one of two there.
_KEYS: list[tuple[str, Any]] = [
    ("individualNumber", types.optional(types.element_of(TYPES, types.IndividualNumber))),
    ("items", types.optional(types.element_of(TYPES, types.BasicFour))),
]
_ANSWER: tuple[str, Any] = ("inquiryAnswer", types.element_of(TYPES, inquiry_types.InquiryAnswer))


def asking_codec(namespace: str) -> Codec[Inquiry, InquiryAnswer]:
    """Models and conversions as a municipal CS has them for those that ask it."""
    response = types.record(namespace, "InquirePersonResponse", [_ANSWER])
    made = message_class(response)
    return _codec(
        namespace,
        response,
        read_answer=lambda message, at: _read_answer(message.inquiryAnswer, f"{at}/inquiryAnswer"),
        write_answer=lambda answer: made(inquiryAnswer=_write_answer(answer)),
    )


def provider_codec(namespace: str) -> Codec[Inquiry, ProvidedAnswer]:
    """Models and conversions as 機構 has them."""
    response = types.record(namespace, "InquirePersonResponse", [_ANSWER, *_KEYS])
    made = message_class(response)
    return _codec(
        namespace,
        response,
        read_answer=lambda message, at: ProvidedAnswer(
            _read_answer(message.inquiryAnswer, f"{at}/inquiryAnswer"), read_key(message, at)
        ),
        write_answer=lambda found: made(inquiryAnswer=_write_answer(found.answer), **write_key(found.about)),
    )


def _codec(namespace: str, response: Any, *, read_answer: Any, write_answer: Any) -> Codec[Any, Any]:
    request = types.record(
        namespace,
        "InquirePerson",
        [
            ("caller", types.element_of(TYPES, types.Caller)),
            ("legalBasis", types.element_of(TYPES, inquiry_types.LegalBasisCode)),
            *_KEYS,
        ],
    )
    made = message_class(request)
    return Codec(
        request=request,
        response=response,
        read_request=lambda message, at: Inquiry(
            read_caller(message.caller, f"{at}/caller"),
            read_basis(message.legalBasis, at),
            read_key(message, at),
        ),
        write_request=lambda inquiry: made(
            caller=write_caller(inquiry.caller), legalBasis=inquiry.basis.value, **write_key(inquiry.key)
        ),
        read_answer=read_answer,
        write_answer=write_answer,
    )


def read_basis(code: str, at: str) -> LegalBasis:
    """A legal basis."""
    return value(f"{at}/legalBasis", read_code, LegalBasis, code)


def read_key(message: Any, at: str) -> InquiryKey:
    """Whom a message is about, by either key."""
    if message.individualNumber is not None:
        return value(f"{at}/individualNumber", IndividualNumber, message.individualNumber)
    return read_basic_four(message.items, f"{at}/items")


def write_key(key: InquiryKey) -> dict[str, Any]:
    """Whom a message is about, as its member."""
    if isinstance(key, IndividualNumber):
        return {"individualNumber": key.digits}
    return {"items": write_basic_four(key)}


def _read_answer(message: Any, at: str) -> InquiryAnswer:
    return value(
        at,
        InquiryAnswer,
        value(f"{at}/result", read_code, InquiryResult, message.result),
        value(f"{at}/checkedAt", read_instant, message.checkedAt),
        message.reference,
        None if message.record is None else read_record(message.record, f"{at}/record"),
    )


def _write_answer(answer: InquiryAnswer) -> Any:
    record = answer.record
    return _Answer(
        result=answer.result.value,
        checkedAt=write_instant(answer.checked_at),
        reference=answer.reference,
        record=None if record is None else write_record(record, with_individual_number=True),
    )
