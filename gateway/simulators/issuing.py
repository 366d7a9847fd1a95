"""How the simulated 機構 issues: codes and numbers at random, none twice, none that anybody has."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

from gateway.clock import Clock
from gateway.domain.faults import operation_fault
from gateway.domain.identifiers import IndividualNumber, ResidentRecordCode
from gateway.domain.issuing import CodeBlock, CodeRequest, IssuedNumber, NumberRequest
from gateway.flows.decision import Decision
from gateway.store import Store


class Issue:
    """The use cases behind AllocateCodes and RequestNumber."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._issued = store.issued
        self._clock = clock

    def allocate_codes(self, asked: CodeRequest) -> Decision[CodeBlock]:
        """A block; the very one when the request was answered before."""
        owner = asked.caller.municipality.digits
        before = self._issued.of(owner, "code", asked.reference)
        if before:
            if len(before) != asked.count:
                raise operation_fault("IssueRefused")
            codes = tuple(map(ResidentRecordCode, before))
            return Decision(CodeBlock(self._clock.now(), asked.reference, codes))
        drawn: dict[str, ResidentRecordCode] = {}
        while len(drawn) < asked.count:
            code = ResidentRecordCode.from_base(f"{secrets.randbelow(10**10):010d}")
            if self._store.changes.owner_of_code(code) is None and not self._issued.has("code", code.digits):
                drawn[code.digits] = code
        block = CodeBlock(self._clock.now(), asked.reference, tuple(drawn.values()))
        return Decision(block, self._write(owner, "code", asked.reference, list(drawn), ""))

    def request_number(self, asked: NumberRequest) -> Decision[IssuedNumber]:
        """A number; the very one when the request was answered before."""
        owner = asked.caller.municipality.digits
        before = self._issued.of(owner, "number", asked.reference)
        if before:
            if self._issued.about(owner, asked.reference) != asked.code.digits:
                raise operation_fault("IssueRefused")
            return Decision(self._number(asked, IndividualNumber(before[0])))
        while True:
            number = IndividualNumber.from_base(f"{secrets.randbelow(10**11):011d}")
            known = self._store.changes.owner_of_number(number) is not None
            if not known and not self._issued.has("number", number.digits):
                break
        issued = self._number(asked, number)
        write = self._write(owner, "number", asked.reference, [number.digits], asked.code.digits)
        return Decision(issued, write)

    def _number(self, asked: NumberRequest, number: IndividualNumber) -> IssuedNumber:
        return IssuedNumber(self._clock.now(), asked.reference, asked.code, number)

    def _write(
        self, owner: str, kind: str, reference: str, digits: list[str], about: str
    ) -> Callable[[Any], None]:
        return lambda work: self._issued.write(
            work, owner, kind, reference, digits, about, at=self._clock.now()
        )
