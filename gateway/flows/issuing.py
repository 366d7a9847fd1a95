"""Codes and numbers from 機構: the resident record system's request goes there, what is issued comes back.

The gateway makes sure that what comes back is for this request. A request whose answer is lost is made again
under the same reference, and gets the same: nothing is kept of it here.
"""

from __future__ import annotations

from typing import Protocol

from gateway import telemetry
from gateway.domain.faults import operation_fault
from gateway.domain.issuing import CodeBlock, CodeRequest, IssuedNumber, NumberRequest
from gateway.flows.asking import asking


class Issuer(Protocol):
    """機構 (J-LIS), which issues."""

    def allocate_codes(self, asked: CodeRequest) -> CodeBlock:
        """A block of codes. Raises CounterpartError."""
        ...

    def request_number(self, asked: NumberRequest) -> IssuedNumber:
        """A number. Raises CounterpartError."""
        ...


class Issuing:
    """The use cases behind AllocateCodes and RequestNumber; ``issuer`` is None where none is configured."""

    def __init__(self, issuer: Issuer | None, destination: str) -> None:
        self._issuer = issuer
        self._destination = destination

    def allocate_codes(self, asked: CodeRequest) -> CodeBlock:
        """The block. Raises OperationFault when there is none that can be believed."""
        with asking(self._destination):
            block = self._required().allocate_codes(asked)
        self._require(
            block.reference == asked.reference and len(set(block.codes)) == len(block.codes) == asked.count
        )
        return block

    def request_number(self, asked: NumberRequest) -> IssuedNumber:
        """The number. Raises OperationFault when there is none that can be believed."""
        with asking(self._destination):
            issued = self._required().request_number(asked)
        self._require(issued.reference == asked.reference and issued.code == asked.code)
        return issued

    def _required(self) -> Issuer:
        if self._issuer is None:
            raise operation_fault("CounterpartUnavailable")
        return self._issuer

    def _require(self, fits: bool) -> None:
        if not fits:
            telemetry.warning(
                "counterpart-failed", destination=self._destination, code="answer-about-another"
            )
            raise operation_fault("CounterpartAnswerInvalid")
