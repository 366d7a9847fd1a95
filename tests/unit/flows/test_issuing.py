"""Codes and numbers: 機構 issues nothing twice, and the CS hands on only what is for this request."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway.clock import FixedClock
from gateway.domain.identifiers import ResidentRecordCode
from gateway.domain.issuing import CodeRequest, NumberReason, NumberRequest
from gateway.errors import CounterpartTimeout, OperationFault
from gateway.flows.issuing import Issuing
from gateway.simulators.issuing import Issue
from gateway.store import Conflict, Store
from tests.kit.inquiries import AT, USING

CODES = CodeRequest(USING, "request-0001", 20)
NUMBER = NumberRequest(USING, "request-0001", ResidentRecordCode("12345678903"), NumberReason.NEW)


class Jlis:
    """The simulated 機構 over a real store, each request committed; ``spoil`` changes what it answers."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.issue = Issue(store, FixedClock(AT))
        self.spoil: Any = lambda answer: answer

    def allocate_codes(self, asked: CodeRequest) -> Any:
        return self._committed(self.issue.allocate_codes(asked))

    def request_number(self, asked: NumberRequest) -> Any:
        return self._committed(self.issue.request_number(asked))

    def _committed(self, decision: Any) -> Any:
        with self.store.unit_of_work() as work:
            decision.write(work)
        return self.spoil(decision.answer)


@pytest.fixture
def jlis(database: Path | str) -> Iterator[Jlis]:
    store = Store.open(database, clock=FixedClock(AT), upgrade=True)
    yield Jlis(store)
    store.close()


def test_a_block_of_codes_once_for_each_request(jlis: Jlis) -> None:
    issuing = Issuing(jlis, "jlis-server")
    block = issuing.allocate_codes(CODES)
    assert len(set(block.codes)) == 20
    assert issuing.allocate_codes(CODES).codes == block.codes
    other = issuing.allocate_codes(replace(CODES, reference="request-0002"))
    assert not set(other.codes) & set(block.codes)
    with pytest.raises(OperationFault) as caught:
        issuing.allocate_codes(replace(CODES, count=21))
    assert caught.value.code == "IssueRefused"


def test_a_number_for_one_person(jlis: Jlis) -> None:
    issuing = Issuing(jlis, "jlis-server")
    issued = issuing.request_number(NUMBER)
    assert issued.code == NUMBER.code
    assert issuing.request_number(NUMBER) == issued
    assert issuing.request_number(replace(NUMBER, reference="request-0002")).number != issued.number
    with pytest.raises(OperationFault):
        issuing.request_number(replace(NUMBER, code=ResidentRecordCode("05783086273")))


def test_two_that_are_issued_the_same_at_once(jlis: Jlis) -> None:
    first, second = jlis.issue.request_number(NUMBER), jlis.issue.request_number(NUMBER)
    jlis._committed(first)
    with pytest.raises(Conflict):
        jlis._committed(second)


def test_what_is_for_another_request_is_discarded(jlis: Jlis) -> None:
    issuing = Issuing(jlis, "jlis-server")
    other = ResidentRecordCode("05783086273")
    for spoil, ask in (
        (lambda block: replace(block, reference="request-0009"), issuing.allocate_codes),
        (lambda block: replace(block, codes=block.codes[1:]), issuing.allocate_codes),
        (lambda block: replace(block, codes=(*block.codes[1:], block.codes[1])), issuing.allocate_codes),
        (lambda issued: replace(issued, code=other), issuing.request_number),
        (lambda issued: replace(issued, reference="request-0009"), issuing.request_number),
    ):
        jlis.spoil = spoil
        with pytest.raises(OperationFault) as caught:
            ask(CODES if ask == issuing.allocate_codes else NUMBER)  # type: ignore[arg-type]
        assert caught.value.code == "CounterpartAnswerInvalid"


def test_without_an_issuer_and_without_an_answer(jlis: Jlis) -> None:
    with pytest.raises(OperationFault, match="reached"):
        Issuing(None, "jlis").allocate_codes(CODES)

    def late(_answer: Any) -> Any:
        raise CounterpartTimeout("late")

    jlis.spoil = late
    with pytest.raises(OperationFault) as caught:
        Issuing(jlis, "jlis-server").allocate_codes(CODES)
    assert caught.value.code == "CounterpartTimeout"
    jlis.spoil = lambda answer: answer
    assert len(Issuing(jlis, "jlis-server").allocate_codes(CODES).codes) == 20
