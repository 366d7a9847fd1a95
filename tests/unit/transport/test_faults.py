"""The shapes of faults: code, action, detail, and what a sender is told of a refusal."""

from __future__ import annotations

import re

import pytest
from lxml import etree

from gateway.errors import OperationFault
from gateway.refusals import RULES, WSA, Fault, Rule
from gateway.transport import faults
from tests.kit import replies

REFERENCE = "0123456789abcdef0123"


def shape(fault: faults.FaultBody) -> replies.Read:
    return replies.read(faults.unsigned_envelope(fault))


def test_a_reference_is_random() -> None:
    made = {faults.new_reference() for _ in range(100)}
    assert len(made) == 100
    assert all(re.fullmatch("[0-9a-f]{20}", reference) for reference in made)


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.name)
def test_every_rule_with_and_without_detail(rule: Rule) -> None:
    coarse = shape(faults.refusal_fault(rule, REFERENCE, detail=False, where="Body/secret"))
    assert (coarse.fault, coarse.code) == (str(rule.fault), rule.fault.local)
    assert (coarse.children, coarse.reference) == (("code", "reference"), REFERENCE)
    assert rule.en not in (coarse.text or "") or str(rule.fault) in {"soap:MustUnderstand"}
    told = shape(faults.refusal_fault(rule, REFERENCE, detail=True, where="Body"))
    assert (told.step, told.reasons) == (rule.step, {"en": f"{rule.en} (Body)", "ja": f"{rule.ja} (Body)"})
    assert (told.fault, told.code, told.text) == (coarse.fault, coarse.code, coarse.text)


@pytest.mark.parametrize("fault", list(Fault), ids=str)
def test_the_action_of_a_refusals_fault(fault: Fault) -> None:
    rule = Rule("any", 10, fault, "no", "いいえ")
    wanted = f"{WSA}/fault" if fault.namespace == WSA else f"{WSA}/soap/fault"
    made = faults.refusal_fault(rule, REFERENCE, detail=False)
    assert (made.action, made.prefix) == (wanted, fault.prefix)


def test_a_rule_of_one_code_is_as_coarse_as_another() -> None:
    """To a sender without detail all refusals of one code are one."""
    texts: dict[str, set[str | None]] = {}
    for rule in RULES.values():
        seen = shape(faults.refusal_fault(rule, REFERENCE, detail=False))
        texts.setdefault(str(seen.fault), set()).add(seen.text)
    assert {len(found) for found in texts.values()} == {1}


def test_an_operations_own_fault() -> None:
    fault = OperationFault("CounterpartTimeout", "too late", "遅すぎます", temporary=True)
    made = faults.operation_fault(fault, REFERENCE, "urn:a:Refusal")
    seen = shape(made)
    assert (made.action, made.prefix) == ("urn:a:Refusal", "juki")
    assert (seen.fault, seen.code, seen.text) == ("juki:CounterpartTimeout", "CounterpartTimeout", "too late")
    assert (seen.step, seen.reasons) == (None, {"en": "too late", "ja": "遅すぎます"})


def test_a_code_that_the_contract_does_not_have_is_a_bug() -> None:
    with pytest.raises(ValueError, match="code"):
        faults.operation_fault(OperationFault("Whatever", "a", "b"), REFERENCE, "urn:a")


def test_a_failure_of_our_own_tells_a_reference_only() -> None:
    seen = shape(faults.failure_fault(REFERENCE))
    assert (seen.fault, seen.code) == ("soap:Server", "InternalError")
    assert seen.children == ("code", "reference")


def test_an_unsigned_envelope_has_a_body_only() -> None:
    raw = faults.unsigned_envelope(faults.failure_fault(REFERENCE))
    root = etree.fromstring(raw)
    assert [etree.QName(child).localname for child in root] == ["Body"]
    assert [etree.QName(child).localname for child in root[0][0]] == ["faultcode", "faultstring", "detail"]
    assert raw.startswith(b"<?xml version='1.0' encoding='utf-8'?>")
