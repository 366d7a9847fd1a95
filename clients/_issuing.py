"""AllocateCodes and RequestNumber from the asking side: the same operations in two services."""

from __future__ import annotations

from clients._identity import contract_values
from clients._soap import Channel
from clients._values import caller_values
from gateway.domain.identifiers import IndividualNumber, ResidentRecordCode
from gateway.domain.instant import read_instant
from gateway.domain.issuing import CodeBlock, CodeRequest, IssuedNumber, NumberRequest


def allocate_codes(
    channel: Channel, asked: CodeRequest, *, message_id: str | None, deadline_seconds: float | None
) -> CodeBlock:
    """A block of codes that nobody has. Raises CounterpartError."""
    block = channel.call(
        "AllocateCodes",
        message_id=message_id,
        deadline_seconds=deadline_seconds,
        caller=caller_values(asked.caller),
        codeRequest={"reference": asked.reference, "count": asked.count},
    )
    with contract_values():
        codes = tuple(map(ResidentRecordCode, block.residentRecordCode))
        return CodeBlock(read_instant(block.issuedAt), block.reference, codes)


def request_number(
    channel: Channel, asked: NumberRequest, *, message_id: str | None, deadline_seconds: float | None
) -> IssuedNumber:
    """A number for a person. Raises CounterpartError."""
    issued = channel.call(
        "RequestNumber",
        message_id=message_id,
        deadline_seconds=deadline_seconds,
        caller=caller_values(asked.caller),
        numberRequest={
            "reference": asked.reference,
            "residentRecordCode": asked.code.digits,
            "reason": asked.reason.value,
        },
    )
    with contract_values():
        return IssuedNumber(
            read_instant(issued.issuedAt),
            issued.reference,
            ResidentRecordCode(issued.residentRecordCode),
            IndividualNumber(issued.individualNumber),
        )
