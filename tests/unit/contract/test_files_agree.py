"""The files in wsdl/ and the spyne models say the same, in both directions.

Element names, namespaces, occurrences, base types, facets and enumerations are compared as described by
tests.kit.shapes; the WSDL is compared with SERVICES.
"""

from __future__ import annotations

from typing import Any

import pytest
from lxml import etree

from gateway.contract import FAULTS, SERVICES, Service
from gateway.contract.body import codec_of
from gateway.contract.faults import CODES, Refusal
from gateway.data import data_folder
from tests.kit.shapes import FILES, XS, Files, model, resolve

W = "{http://schemas.xmlsoap.org/wsdl/}"
S = "{http://schemas.xmlsoap.org/wsdl/soap/}"
WSAM = "{http://www.w3.org/2007/05/addressing/metadata}Action"
LANG = "{http://www.w3.org/XML/1998/namespace}lang"

FILE_TRUTH = Files()
OPERATIONS = [
    (service, operation) for service in SERVICES.values() for operation in service.operations.values()
]


@pytest.mark.parametrize(("service", "operation"), OPERATIONS, ids=lambda x: x.name)
def test_messages(service: Service, operation: Any) -> None:
    codec = codec_of(service, operation)
    assert model(codec.request) == FILE_TRUTH.element(operation.request)
    assert model(codec.response) == FILE_TRUTH.element(operation.response)
    assert f"{{{codec.request.get_namespace()}}}{codec.request.get_type_name()}" == operation.request
    assert f"{{{codec.response.get_namespace()}}}{codec.response.get_type_name()}" == operation.response


@pytest.mark.parametrize(
    "change",
    [
        ("[0-9]{11}", "[0-9]{10,11}"),
        ('<xs:maxLength value="200"/>', '<xs:maxLength value="201"/>'),
        ('<xs:maxLength value="200"/>', ""),
        ('<xs:minLength value="1"/>', ""),
        ('value="record_copy"', 'value="record_copies"'),
        ('<xs:enumeration value="2">', '<xs:enumeration value="3">'),
        ('name="birthDate"', 'name="dateOfBirth"'),
        (' minOccurs="0"', ""),
        ('name="sex" type="t:Sex">', 'name="sex" type="t:Sex" minOccurs="0">'),
        ('type="t:Operator"', 'type="t:Operator" maxOccurs="2"'),
        ('type="t:Address"', 'type="t:Name"'),
        ('<xs:element ref="t:caller"/>', ""),
        ('base="xs:string"', 'base="xs:token"'),
        ('maxInclusive value="13"', 'maxInclusive value="14"'),
        ('use="required"', 'use="optional"'),
        ('value="Busy"', 'value="Bored"'),
    ],
)
def test_a_difference_would_be_seen(change: tuple[str, str]) -> None:
    files = Files(change)
    assert files.changed
    pairs = [
        (model(getattr(codec_of(s, o), side)), files.element(getattr(o, side)))
        for s, o in OPERATIONS
        for side in ("request", "response")
    ]
    pairs.append((model(Refusal), files.element(f"{{{FAULTS}}}Refusal")))
    assert any(ours != theirs for ours, theirs in pairs)


def test_the_fault() -> None:
    assert model(Refusal) == FILE_TRUTH.element(f"{{{FAULTS}}}Refusal")
    assert FILE_TRUTH.simple(FILE_TRUTH.types[f"{{{FAULTS}}}Code"]).values == CODES


def test_every_type_of_the_files_is_used() -> None:
    used: set[str] = set()
    for node in [*FILE_TRUTH.elements.values(), *FILE_TRUTH.types.values()]:
        for inner in node.iter():
            for name in ("type", "base", "ref"):
                if inner.get(name):
                    used.add(resolve(inner, inner.get(name, "")))
    assert set(FILE_TRUTH.types) <= used


@pytest.mark.parametrize("service", SERVICES.values(), ids=lambda s: s.name)
def test_no_element_of_a_service_is_unknown_to_the_code(service: Service) -> None:
    declared = {name for name in FILE_TRUTH.elements if name.startswith(f"{{{service.namespace}}}")}
    assert declared == {n for o in service.operations.values() for n in (o.request, o.response)}


@pytest.mark.parametrize("service", SERVICES.values(), ids=lambda s: s.name)
def test_wsdl(service: Service) -> None:
    root = etree.parse(data_folder("wsdl") / service.wsdl).getroot()
    assert root.get("targetNamespace") == service.namespace
    elements = {
        m.get("name"): [resolve(p, p.get("element", "")) for p in m.findall(f"{W}part")]
        for m in root.findall(f"{W}message")
    }

    def message(node: etree._Element) -> list[str]:
        return elements[resolve(node, node.get("message", "")).removeprefix(f"{{{service.namespace}}}")]

    (port,) = root.findall(f"{W}portType")
    seen = {}
    for operation in port.findall(f"{W}operation"):
        _, asked, answer, fault = operation
        assert [asked.tag, answer.tag, fault.tag] == [f"{W}input", f"{W}output", f"{W}fault"]
        assert message(fault) == [f"{{{FAULTS}}}Refusal"]
        seen[asked.get(WSAM)] = (
            operation.get("name"),
            answer.get(WSAM),
            fault.get(WSAM),
            message(asked),
            message(answer),
        )
    assert seen == {
        action: (o.name, o.answer_action, o.fault_action, [o.request], [o.response])
        for action, o in service.operations.items()
    }
    (binding,) = root.findall(f"{W}binding")
    assert binding.find(f"{S}binding").attrib == {
        "style": "document",
        "transport": "http://schemas.xmlsoap.org/soap/http",
    }  # type: ignore[union-attr]
    assert {
        b.get("name"): b.find(f"{S}operation").get("soapAction") for b in binding.findall(f"{W}operation")
    } == {  # type: ignore[union-attr]
        o.name: action for action, o in service.operations.items()
    }
    assert all(b.get("use") == "literal" for b in binding.iter(f"{S}body", f"{S}fault"))
    (address,) = root.iter(f"{S}address")
    assert address.get("location", "").endswith(service.path)


def test_the_folder_holds_what_the_services_name_and_nothing_else() -> None:
    assert set(FILES) == {n for s in SERVICES.values() for n in (s.wsdl, *s.files)}


@pytest.mark.parametrize("name", FILES)
def test_everything_is_documented_in_both_languages(name: str) -> None:
    root = etree.parse(data_folder("wsdl") / name).getroot()
    for node in root.iter(
        f"{XS}element", f"{XS}simpleType", f"{XS}complexType", f"{XS}enumeration", f"{XS}attribute"
    ):
        anonymous = node.get("name") is None and node.tag != f"{XS}enumeration"
        if anonymous or node.get("ref"):
            continue
        texts = {
            d.get(LANG): (d.text or "").strip() for d in node.findall(f"{XS}annotation/{XS}documentation")
        }
        assert set(texts) == {"ja", "en"} and all(texts.values()), (
            name,
            node.get("name") or node.get("value"),
        )
    for node in root.iter(f"{W}definitions", f"{W}operation"):
        if node.find(f"{S}operation") is None:
            texts = {d.get(LANG): d.text for d in node.findall(f"{W}documentation/*")}
            assert set(texts) == {"ja", "en"} and all(texts.values())
