"""Any report, notice, receipt or status crosses the contract unchanged."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from gateway.contract import SERVICES, read_answer, read_request, write_answer, write_body, write_request
from tests.kit.examples import examples
from tests.kit.strategies import (
    cancellations,
    change_questions,
    change_reports,
    receipts,
    resends,
    statuses,
)

_BODIES = st.one_of(
    st.tuples(st.just("resident_record.ReportChanges"), change_reports(), receipts),
    st.tuples(st.just("prefectural.NotifyChanges"), change_reports(revisions=True), receipts),
    st.tuples(st.just("national.NotifyChanges"), change_reports(revisions=True), receipts),
    st.tuples(st.just("resident_record.ResendChange"), resends, receipts),
    st.tuples(st.just("resident_record.CancelChange"), cancellations, receipts),
    st.tuples(st.just("resident_record.QueryChange"), change_questions, statuses),
)


@settings(max_examples=examples(150))
@given(_BODIES)
def test_bodies_cross_unchanged(one: tuple[str, Any, Any]) -> None:
    name, question, answer = one
    service = SERVICES[name.partition(".")[0]]
    operation = service.operation(name.partition(".")[2])
    sent = write_body(service, operation, question)
    assert sent == etree.tostring(write_request(service, operation, question), method="c14n", exclusive=True)
    assert read_request(service, operation, etree.fromstring(sent)) == question
    answered = write_answer(service, operation, answer)
    assert read_answer(service, operation, etree.fromstring(answered)) == answer
