"""Any question or answer crosses the contract unchanged; damage is a refusal, never a crash or a quote."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from gateway.contract import Service, read_answer, read_request, write_answer, write_request
from gateway.domain.identifiers import ResidentRecordCode
from gateway.domain.verification import IdentityAnswer, IdentityQuestion, NationalAnswer, PresentedDocument
from gateway.refusals import Refused
from tests.kit.questions import BY_CODE, BY_DOCUMENT, NATIONAL, TERMINAL, VERIFY, element
from tests.kit.strategies import answers, keys, questions

services = st.sampled_from([TERMINAL, NATIONAL])


@given(services, questions)
def test_a_question_crosses_unchanged(service: Service, question: IdentityQuestion) -> None:
    operation = service.operation("VerifyIdentity")
    sent = etree.tostring(write_request(service, operation, question), method="c14n", exclusive=True)
    assert read_request(service, operation, etree.fromstring(sent)) == question


@given(answers)
def test_an_answer_crosses_unchanged(answer: IdentityAnswer) -> None:
    sent = write_answer(TERMINAL, VERIFY, answer)
    assert read_answer(TERMINAL, VERIFY, etree.fromstring(sent)) == answer


@given(answers, keys)
def test_a_national_answer_crosses_unchanged(
    answer: IdentityAnswer, key: ResidentRecordCode | PresentedDocument
) -> None:
    operation = NATIONAL.operation("VerifyIdentity")
    given_answer = NationalAnswer(answer, key)
    sent = write_answer(NATIONAL, operation, given_answer)
    assert read_answer(NATIONAL, operation, etree.fromstring(sent)) == given_answer


# Neither text stands in a contract name, so that finding one in a refusal means it was quoted.
_NAMES = st.sampled_from(["Zz", "zz", "{urn:juki-gateway:types:1}zz", "{urn:zz}name", "山田"])
_TEXTS = st.sampled_from(["", "ZZ山田", "9", "{", "\u202e", "x" * 500])


@st.composite
def damages(draw: st.DrawFn) -> list[tuple[str, int, Any]]:
    """Up to three changes: kind, the nth element, what with."""
    kinds = st.one_of(
        st.tuples(st.just("text"), st.integers(0, 30), _TEXTS),
        st.tuples(st.just("tail"), st.integers(0, 30), _TEXTS),
        st.tuples(st.just("tag"), st.integers(0, 30), _NAMES),
        st.tuples(st.just("child"), st.integers(0, 30), _NAMES),
        st.tuples(st.just("attribute"), st.integers(0, 30), _NAMES),
        st.tuples(st.just("remove"), st.integers(1, 30), st.none()),
        st.tuples(st.just("double"), st.integers(1, 30), st.none()),
    )
    return draw(st.lists(kinds, min_size=1, max_size=3))


def _damage(root: etree._Element, kind: str, nth: int, what: Any) -> None:
    every = list(root.iter())
    node = every[nth % len(every)]
    parent = node.getparent()
    if kind == "text":
        node.text = what
    elif kind == "tag":
        node.tag = what
    elif kind == "child":
        etree.SubElement(node, what)
    elif kind == "attribute":
        node.set(what, "ZZ")
    elif parent is not None:
        if kind == "tail":
            node.tail = what
        elif kind == "remove":
            parent.remove(node)
        else:
            node.addnext(etree.fromstring(etree.tostring(node, encoding="utf-8", with_tail=False)))


@given(st.sampled_from([BY_CODE, BY_DOCUMENT]), damages())
def test_damage_is_read_or_refused_silently(
    question: IdentityQuestion, changes: list[tuple[str, int, Any]]
) -> None:
    root = element(question)
    for change in changes:
        _damage(root, *change)
    received = etree.fromstring(etree.tostring(root, encoding="utf-8"))
    try:
        read_request(TERMINAL, VERIFY, received)
    except Refused as refused:
        said = " ".join([str(refused), refused.where, refused.found, refused.wanted])
        assert refused.rule.name in ("xsi", "schema", "value")
        for secret in ("zz", "山田", "\u202e", "試験", "xxx"):
            assert secret not in said.lower()
