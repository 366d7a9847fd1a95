"""The product's own files pass; each rule sees its one change."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from gateway.contract import SERVICES
from gateway.contract.check import check_wsdl, policy_of
from gateway.data import data_folder

ARRAY = '<xs:restriction xmlns:e="http://schemas.xmlsoap.org/soap/encoding/" base="e:Array"'
OUTPUT = '<wsdl:output message="s:VerifyIdentityResponse"/>'
POLICY = policy_of(data_folder("wsdl") / "terminal-1.wsdl")


@pytest.mark.parametrize("service", SERVICES.values(), ids=lambda s: s.name)
def test_our_own_files_are_good(service: object) -> None:
    assert check_wsdl(data_folder("wsdl") / service.wsdl, POLICY) == []  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("file", "old", "new", "rule"),
    [
        ("terminal-1.wsdl", "<wsdl:definitions", "<wsdl:definitions <", "readable"),
        ("terminal-1.wsdl", 'schemaLocation="terminal-1.xsd"', 'schemaLocation="nothing.xsd"', "schema"),
        ("terminal-1.wsdl", 'schemaLocation="terminal-1.xsd"', 'schemaLocation="jlis-1.wsdl"', "R2004"),
        ("terminal-1.wsdl", '<wsdl:types>', '<wsdl:import location="types-1.xsd"/><wsdl:types>', "R2001"),
        ("terminal-1.wsdl", '<xs:schema>', '<xs:schema><xs:element name="x" type="xs:int"/>', "R2105"),
        ("terminal-1.xsd", 'encoding="UTF-8"', 'encoding="EUC-JP"', "R4003"),
        ("terminal-1.wsdl", 'encoding="UTF-8"', 'encoding="EUC-JP"', "R4003"),
        ("types-1.xsd", '<xs:restriction base="xs:string"', ARRAY, "R2110"),
        ("terminal-1.wsdl", 'name="parameters" element="', 'name="p" type="xs:int" element="', "R2306"),
        ("terminal-1.wsdl", 'element="s:VerifyIdentity"', 'element="s:Nothing"', "R2206"),
        ("terminal-1.wsdl", 'element="s:VerifyIdentity"', 'element="s:SearchPerson"', "R2710"),
        ("terminal-1.wsdl", '<wsdl:input message="s:V', f'{OUTPUT}<wsdl:input message="s:V', "R2303"),
        ("terminal-1.wsdl", 'operation name="SearchPerson"', 'operation name="VerifyIdentity"', "R2304"),
        ("terminal-1.wsdl", 'use="literal"', 'use="literal" namespace="urn:x"', "R2716"),
        ("terminal-1.wsdl", 'transport="http://schemas.xmlsoap.org/soap/http"', 'transport="urn:x"', "R2702"),
        ("terminal-1.wsdl", '<soap:binding style="document"', '<soap:binding style="rpc"', "R2705"),
        ("terminal-1.wsdl", '<soap:body use="literal"/>', '<soap:body use="encoded"/>', "R2706"),
        ("terminal-1.wsdl", 'soapAction="urn:juki-gateway:terminal:1:V', 'soapAction="urn:x:V', "R2744"),
        ("terminal-1.wsdl", '<soap:fault name="Refusal"', '<soap:fault name="Other"', "R2754"),
        ("terminal-1.wsdl", '<wsdl:part name="parameters" element="', '<wsdl:part name="p" type="', "R2204"),
        ("terminal-1.wsdl", 'element="s:VerifyIdentity"', 'element="s:SearchPerson"', "wrapped"),
        ("terminal-1.wsdl", 'wsam:Action="urn:juki-gateway:terminal:1:VerifyIdentity"', "", "action"),
        ("terminal-1.wsdl", '<h:p xml:lang="ja">本人確認', '<h:p xml:lang="fr">本人確認', "documentation"),
        ("terminal-1.wsdl", 'PolicyReference URI="#MessageProfile1"', 'PolicyReference URI="#x"', "policy"),
        ("terminal-1.wsdl", "<sp:RequireSignatureConfirmation/>", "", "policy"),
        ("terminal-1.xsd", '<xs:documentation xml:lang="en">The ans', "<xs:documentation>X", "documentation"),
        ("types-1.xsd", 'type="t:Sex"', 'type="t:Nothing"', "schema"),
    ],
)  # fmt: skip
def test_one_change_is_seen(tmp_path: Path, file: str, old: str, new: str, rule: str) -> None:
    shutil.copytree(data_folder("wsdl"), tmp_path / "wsdl")
    changed = tmp_path / "wsdl" / file
    text = changed.read_text("utf-8")
    assert old in text
    text = text.replace(old, new, 1)
    changed.write_text(text, "euc_jisx0213" if "EUC-JP" in text else "utf-8")
    assert rule in {problem.rule for problem in check_wsdl(tmp_path / "wsdl" / "terminal-1.wsdl", POLICY)}


def test_an_operation_that_is_not_bound(tmp_path: Path) -> None:
    shutil.copytree(data_folder("wsdl"), tmp_path / "wsdl")
    file = tmp_path / "wsdl" / "terminal-1.wsdl"
    head, binding, tail = file.read_text("utf-8").partition("<wsdl:binding")
    file.write_text(
        head + binding + tail.replace('operation name="VerifyIdentity"', 'operation name="Other"', 1), "utf-8"
    )
    found = [problem.text for problem in check_wsdl(file, POLICY) if problem.rule == "R2718"]
    assert sorted(found) == ["Other is bound and stands in no portType", "VerifyIdentity is not bound"]
