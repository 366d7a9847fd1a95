"""Answers, requests and faults as written: valid by the files, and read back unchanged."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from typing import Any

import pytest
from lxml import etree

from gateway.contract import (
    FAULTS,
    INTERNAL_ERROR,
    SERVICES,
    Service,
    fault_detail,
    read_answer,
    read_request,
    write_answer,
    write_request,
)
from gateway.contract.faults import CODES
from gateway.data import data_folder
from gateway.domain.codes import VerificationResult
from gateway.domain.faults import OPERATION_FAULTS, operation_fault
from gateway.domain.verification import IdentityQuestion, NationalAnswer
from gateway.refusals import RULES, Refused
from tests.kit.questions import ANSWER, BY_CODE, BY_DOCUMENT, NATIONAL, TERMINAL, VERIFY, find

EVERY_SERVICE = pytest.mark.parametrize("service", (TERMINAL, NATIONAL), ids=lambda s: s.name)


def schema(name: str) -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(data_folder("wsdl") / name))


@EVERY_SERVICE
@pytest.mark.parametrize("result", VerificationResult, ids=lambda r: r.value)
def test_every_answer_is_valid_and_read_back(service: Service, result: VerificationResult) -> None:
    operation = service.operation("VerifyIdentity")
    answer: Any = dataclasses.replace(ANSWER, result=result)
    if service.name == "national":
        answer = NationalAnswer(answer, BY_DOCUMENT.key)
    element = etree.fromstring(write_answer(service, operation, answer))
    schema(service.schema).assertValid(element)
    assert element.tag == operation.response
    assert read_answer(service, operation, etree.fromstring(etree.tostring(element))) == answer


@EVERY_SERVICE
@pytest.mark.parametrize("question", [BY_CODE, BY_DOCUMENT])
def test_every_request_is_valid_and_read_back(service: Service, question: object) -> None:
    operation = service.operation("VerifyIdentity")
    element = write_request(service, operation, question)
    schema(service.schema).assertValid(element)
    assert read_request(service, operation, element) == question


def test_canonical_form_declares_each_namespace_once_a_record() -> None:
    """Fields in another namespace than their record would declare it on each field (2 KB for one record)."""
    element = write_request(TERMINAL, VERIFY, BY_DOCUMENT)
    canonical = etree.tostring(element, method="c14n", exclusive=True)
    assert canonical.count(b"xmlns") == 3  # the wrapper, caller, presentedDocument


@pytest.mark.parametrize("question", [BY_CODE, BY_DOCUMENT])
def test_the_national_answer_repeats_the_key(question: IdentityQuestion) -> None:
    service = SERVICES["national"]
    operation = service.operation("VerifyIdentity")
    answer = NationalAnswer(ANSWER, question.key)
    element = etree.fromstring(write_answer(service, operation, answer))
    assert read_answer(service, operation, element) == answer
    element.remove(element[1])
    with pytest.raises(Refused) as caught:
        read_answer(service, operation, element)
    assert (caught.value.rule.name, caught.value.found) == ("schema", "missing")


@pytest.mark.parametrize(
    ("path", "text", "rule", "found"),
    [
        ("verification/result", "perhaps", "schema", "enumeration"),
        ("verification/checkedAt", "2026-11-25T01:02:03", "schema", "pattern"),
        ("verification/checkedAt", "2026-11-25T01:02:03+09:00", "schema", "pattern"),
        ("verification/checkedAt", "2026-13-25T01:02:03Z", "value", "instant"),
        ("verification/checkedAt", "2026-02-29T01:02:03Z", "value", "instant"),
        ("verification/reference", "short", "schema", "pattern"),
    ],
)
def test_an_answer_is_read_as_strictly(path: str, text: str, rule: str, found: str) -> None:
    element = etree.fromstring(write_answer(TERMINAL, VERIFY, ANSWER))
    find(element, path).text = text
    with pytest.raises(Refused) as caught:
        read_answer(TERMINAL, VERIFY, element)
    seen = (caught.value.rule.name, caught.value.where, caught.value.found)
    assert seen == (rule, f"VerifyIdentityResponse/{path}", found)


def test_a_request_is_no_answer() -> None:
    with pytest.raises(Refused) as caught:
        read_answer(TERMINAL, VERIFY, write_request(TERMINAL, VERIFY, BY_CODE))
    assert (caught.value.rule.name, caught.value.found) == ("schema", "element")


def test_service_names() -> None:
    assert {s.name: (s.namespace, s.path, s.body_bytes) for s in SERVICES.values()} == {
        "terminal": ("urn:juki-gateway:terminal:1", "/terminal/1", 262_144),
        "resident_record": ("urn:juki-gateway:resident_record:1", "/resident_record/1", 8_388_608),
        "municipal": ("urn:juki-gateway:municipal:1", "/municipal/1", 262_144),
        "prefectural": ("urn:juki-gateway:prefectural:1", "/prefectural/1", 262_144),
        "national": ("urn:juki-gateway:national:1", "/national/1", 262_144),
        "jlis": ("urn:juki-gateway:jlis:1", "/jlis/1", 262_144),
        "number_use": ("urn:juki-gateway:number_use:1", "/number_use/1", 262_144),
        "addressee_terminal": (
            "urn:juki-gateway:addressee_terminal:1",
            "/addressee_terminal/1",
            8_388_608,
        ),
        "consistency": ("urn:juki-gateway:consistency:1", "/consistency/1", 8_388_608),
        "consistency_result": (
            "urn:juki-gateway:consistency_result:1",
            "/consistency_result/1",
            262_144,
        ),
        "card_management": ("urn:juki-gateway:card_management:1", "/card_management/1", 8_388_608),
    }
    assert VERIFY.action == "urn:juki-gateway:terminal:1:VerifyIdentity"
    assert VERIFY.answer_action == "urn:juki-gateway:terminal:1:VerifyIdentityResponse"
    assert VERIFY.fault_action == "urn:juki-gateway:terminal:1:VerifyIdentityRefusal"
    assert VERIFY.changes is False
    assert TERMINAL.operations[VERIFY.action] is VERIFY
    with pytest.raises(KeyError):
        TERMINAL.operation("Nothing")


@pytest.mark.parametrize("code", sorted(CODES))
def test_every_fault_code_makes_a_valid_detail(code: str) -> None:
    element = fault_detail(code, "ref-00000001")
    schema("faults-1.xsd").assertValid(element)
    assert [child.text for child in element] == [code, "ref-00000001"]


def test_fault_detail_in_full() -> None:
    element = fault_detail("InvalidRequest", "ref-00000001", step=13, en="No & no.", ja="いいえ。")
    schema("faults-1.xsd").assertValid(element)
    assert etree.tostring(element, encoding="unicode") == (
        f'<f:Refusal xmlns:f="{FAULTS}"><f:code>InvalidRequest</f:code>'
        "<f:reference>ref-00000001</f:reference><f:step>13</f:step>"
        '<f:reason xml:lang="ja">いいえ。</f:reason>'
        '<f:reason xml:lang="en">No &amp; no.</f:reason></f:Refusal>'
    )


def test_every_rule_and_operation_fault_has_a_code_and_fits() -> None:
    for rule in RULES.values():
        step = rule.step or None
        detail = fault_detail(rule.fault.local, "ref-00000001", step=step, en=rule.en, ja=rule.ja)
        schema("faults-1.xsd").assertValid(detail)
    for code in OPERATION_FAULTS:
        fault = operation_fault(code)
        assert (fault.code, fault.temporary) == (code, OPERATION_FAULTS[code].temporary)
        schema("faults-1.xsd").assertValid(fault_detail(code, "ref-00000001", en=fault.en, ja=fault.ja))


def test_long_reasons_are_cut_and_unknown_codes_are_a_bug() -> None:
    schema("faults-1.xsd").assertValid(fault_detail(INTERNAL_ERROR, "ref-00000001", en="x" * 501))
    with pytest.raises(ValueError, match="not a fault code"):
        fault_detail("Surprise", "ref-00000001")
    with pytest.raises(KeyError):
        operation_fault("Surprise")


def test_spyne_never_logs_a_message_and_no_class_is_chosen_by_it() -> None:
    """In a process of its own: library loggers set to DEBUG by an operator must still show nothing."""
    program = (
        "import logging; logging.basicConfig(level=logging.DEBUG)\n"
        "from tests.kit.questions import *\n"
        "from gateway.contract import *\n"
        "write_answer(TERMINAL, VERIFY, ANSWER); read_request(TERMINAL, VERIFY, element(BY_DOCUMENT))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "試験" not in done.stderr
    assert "spyne" not in done.stderr
