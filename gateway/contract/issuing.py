"""AllocateCodes and RequestNumber: what 機構 issues, the same in two services."""

from __future__ import annotations

from typing import Any

from gateway.contract import types
from gateway.contract.codec import Codec
from gateway.contract.mapping import message_class
from gateway.contract.service import TYPES
from gateway.contract.types import codes, record
from gateway.contract.values import read_caller, value, write_caller
from gateway.domain.identifiers import IndividualNumber, ResidentRecordCode
from gateway.domain.instant import read_instant, write_instant
from gateway.domain.issuing import (
    MOST_CODES,
    CodeBlock,
    CodeRequest,
    IssuedNumber,
    NumberReason,
    NumberRequest,
)
from gateway.domain.values import read_code

# isort: split
from spyne import Integer

CodeCount = Integer(type_name="CodeCount", ge=1, le=MOST_CODES, min_occurs=1, nillable=False)
NumberReasonCode = codes("NumberReason", NumberReason)
CodeRequestType = record(TYPES, "CodeRequest", [("reference", types.Reference), ("count", CodeCount)])
CodeBlockType = record(
    TYPES,
    "CodeBlock",
    [
        ("issuedAt", types.Instant),
        ("reference", types.Reference),
        (
            "residentRecordCode",
            types.ResidentRecordCode.customize(min_occurs=1, max_occurs=MOST_CODES, nillable=False),
        ),
    ],
)
NumberRequestType = record(
    TYPES,
    "NumberRequest",
    [
        ("reference", types.Reference),
        ("residentRecordCode", types.ResidentRecordCode),
        ("reason", NumberReasonCode),
    ],
)
IssuedNumberType = record(
    TYPES,
    "IssuedNumber",
    [
        ("issuedAt", types.Instant),
        ("reference", types.Reference),
        ("residentRecordCode", types.ResidentRecordCode),
        ("individualNumber", types.IndividualNumber),
    ],
)

_CALLER: tuple[str, Any] = ("caller", types.element_of(TYPES, types.Caller))
_CodeRequest, _CodeBlock = message_class(CodeRequestType), message_class(CodeBlockType)
_NumberRequest, _IssuedNumber = message_class(NumberRequestType), message_class(IssuedNumberType)


def codes_codec(namespace: str) -> Codec[CodeRequest, CodeBlock]:
    """AllocateCodes."""
    request = record(
        namespace, "AllocateCodes", [_CALLER, ("codeRequest", types.element_of(TYPES, CodeRequestType))]
    )
    response = record(
        namespace, "AllocateCodesResponse", [("codeBlock", types.element_of(TYPES, CodeBlockType))]
    )
    asks, answers = message_class(request), message_class(response)
    return Codec(
        request,
        response,
        read_request=lambda message, at: value(
            f"{at}/codeRequest",
            CodeRequest,
            read_caller(message.caller, f"{at}/caller"),
            message.codeRequest.reference,
            message.codeRequest.count,
        ),
        write_request=lambda asked: asks(
            caller=write_caller(asked.caller),
            codeRequest=_CodeRequest(reference=asked.reference, count=asked.count),
        ),
        read_answer=lambda message, at: _read_block(message.codeBlock, f"{at}/codeBlock"),
        write_answer=lambda block: answers(
            codeBlock=_CodeBlock(
                issuedAt=write_instant(block.issued_at),
                reference=block.reference,
                residentRecordCode=[code.digits for code in block.codes],
            )
        ),
    )


def number_codec(namespace: str) -> Codec[NumberRequest, IssuedNumber]:
    """RequestNumber."""
    request = record(
        namespace,
        "RequestNumber",
        [_CALLER, ("numberRequest", types.element_of(TYPES, NumberRequestType))],
    )
    response = record(
        namespace, "RequestNumberResponse", [("issuedNumber", types.element_of(TYPES, IssuedNumberType))]
    )
    asks, answers = message_class(request), message_class(response)
    return Codec(
        request,
        response,
        read_request=lambda message, at: _read_request(message, f"{at}/numberRequest"),
        write_request=lambda asked: asks(
            caller=write_caller(asked.caller),
            numberRequest=_NumberRequest(
                reference=asked.reference, residentRecordCode=asked.code.digits, reason=asked.reason.value
            ),
        ),
        read_answer=lambda message, at: _read_number(message.issuedNumber, f"{at}/issuedNumber"),
        write_answer=lambda issued: answers(
            issuedNumber=_IssuedNumber(
                issuedAt=write_instant(issued.issued_at),
                reference=issued.reference,
                residentRecordCode=issued.code.digits,
                individualNumber=issued.number.digits,
            )
        ),
    )


def _code(digits: str, at: str) -> ResidentRecordCode:
    return value(f"{at}/residentRecordCode", ResidentRecordCode, digits)


def _read_block(message: Any, at: str) -> CodeBlock:
    return value(
        at,
        CodeBlock,
        value(f"{at}/issuedAt", read_instant, message.issuedAt),
        message.reference,
        tuple(_code(digits, at) for digits in message.residentRecordCode),
    )


def _read_request(message: Any, at: str) -> NumberRequest:
    asked = message.numberRequest
    return value(
        at,
        NumberRequest,
        read_caller(message.caller, "RequestNumber/caller"),
        asked.reference,
        _code(asked.residentRecordCode, at),
        value(f"{at}/reason", read_code, NumberReason, asked.reason),
    )


def _read_number(message: Any, at: str) -> IssuedNumber:
    return value(
        at,
        IssuedNumber,
        value(f"{at}/issuedAt", read_instant, message.issuedAt),
        message.reference,
        _code(message.residentRecordCode, at),
        value(f"{at}/individualNumber", IndividualNumber, message.individualNumber),
    )
