"""Compatible changes of a contract are told from breaking ones, for callers and for servers."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.contract import SERVICES
from gateway.contract.difference import Broken, differences
from gateway.contract.grammar import NotComparable
from gateway.data import data_folder

CALLERS, SERVERS = Broken.CALLERS, Broken.SERVERS
NOTE = '<xs:annotation><xs:documentation xml:lang="en">A note.</xs:documentation></xs:annotation>'

Change = Callable[..., Path]


@pytest.fixture
def change(tmp_path: Path) -> Change:
    def made(file: str, old: str, new: str, wsdl: str = "terminal-1.wsdl") -> Path:
        folder = tmp_path / "new"
        if not folder.exists():
            shutil.copytree(data_folder("wsdl"), folder)
        text = (folder / file).read_text("utf-8")
        if old not in text:
            raise AssertionError(f"{file} does not have {old}")
        (folder / file).write_text(text.replace(old, new, 1), "utf-8")
        return folder / wsdl

    return made


def found(new: Path) -> list[tuple[str, str, set[Broken]]]:
    return [(one.where, one.text, one.breaks) for one in differences(data_folder("wsdl") / new.name, new)]


@pytest.mark.parametrize("service", SERVICES.values(), ids=lambda s: s.name)
def test_a_file_does_not_differ_from_itself(service: object) -> None:
    file = data_folder("wsdl") / service.wsdl  # type: ignore[attr-defined]
    assert differences(file, file) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "wanted"),
    [
        pytest.param(
            "terminal-1.xsd",
            '<xs:element name="SearchPerson">',
            f'<xs:element name="Unused" type="xs:string">{NOTE}</xs:element><xs:element name="SearchPerson">',
            [],
            id="an element that no message has",
        ),
        pytest.param(
            "terminal-1.wsdl",
            "Identity verification: asks",
            "Identity check: asks",
            [],
            id="other words",
        ),
        pytest.param(
            "terminal-1.wsdl",
            'soapAction="urn:juki-gateway:terminal:1:VerifyIdentity"',
            'soapAction="urn:x"',
            [("VerifyIdentity", "has another soapAction or wsa:Action", {CALLERS, SERVERS})],
            id="soapAction",
        ),
        pytest.param(
            "terminal-1.wsdl",
            "<sp:IncludeTimestamp/>",
            "",
            [("policy", "is another", {CALLERS, SERVERS})],
            id="policy",
        ),
        pytest.param(
            "terminal-1.wsdl",
            '<soap:binding style="document"',
            '<soap:binding style="rpc"',
            [("binding", "is another", {CALLERS, SERVERS})],
            id="binding",
        ),
    ],
)
def test_what_is_not_in_a_message(
    change: Change, file: str, old: str, new: str, wanted: list[tuple[str, str, set[Broken]]]
) -> None:
    assert found(change(file, old, new)) == wanted


RESIDENCE = '<xs:element ref="t:residence" minOccurs="0"/>'
CODE = '<xs:element ref="t:residentRecordCode"{}/>'
UNKNOWN = "it is not known, or not at this place"


@pytest.mark.parametrize(
    ("file", "old", "new", "wanted"),
    [
        pytest.param(
            "terminal-1.xsd",
            RESIDENCE,
            RESIDENCE + CODE.format(' minOccurs="0"'),
            [("SearchPerson/residentRecordCode", f"in the old file {UNKNOWN}", {SERVERS})],
            id="a question may say more",
        ),
        pytest.param(
            "terminal-1.xsd",
            RESIDENCE,
            RESIDENCE + CODE.format(""),
            [
                ("SearchPerson/residentRecordCode", "in the new file it is required", {CALLERS}),
                ("SearchPerson/residentRecordCode", f"in the old file {UNKNOWN}", {SERVERS}),
            ],
            id="a question must say more",
        ),
        pytest.param(
            "terminal-1.xsd",
            RESIDENCE,
            RESIDENCE.replace(' minOccurs="0"', ""),
            [("SearchPerson/residence", "in the new file it is required", {CALLERS})],
            id="a question must say what it could",
        ),
        pytest.param(
            "terminal-1.xsd",
            RESIDENCE,
            "",
            [("SearchPerson/residence", f"in the new file {UNKNOWN}", {CALLERS})],
            id="a question may not say it any more",
        ),
        pytest.param(
            "terminal-1.xsd",
            '<xs:element ref="t:presentedDocument"/>',
            "",
            [("VerifyIdentity/presentedDocument", "in the new file it is not known", {CALLERS})],
            id="one way to ask is gone",
        ),
        pytest.param(
            "terminal-1.xsd",
            '<xs:element ref="t:presentedDocument"/>',
            '<xs:element ref="t:presentedDocument"/><xs:element ref="t:search"/>',
            [("VerifyIdentity/search", "in the old file it is not known", {SERVERS})],
            id="another way to ask",
        ),
        pytest.param(
            "terminal-1.xsd",
            '<xs:element ref="t:cards"/>',
            '<xs:element ref="t:cards" minOccurs="0"/>',
            [("QueryCardsResponse/cards", "in the old file it is required", {CALLERS})],
            id="an answer may say less",
        ),
        pytest.param(
            "terminal-1.xsd",
            '<xs:element ref="t:cards"/>',
            '<xs:element ref="t:cards"/>' + CODE.format(' minOccurs="0"'),
            [("QueryCardsResponse/residentRecordCode", f"in the old file {UNKNOWN}", {CALLERS})],
            id="an answer may say more",
        ),
        pytest.param(
            "types-1.xsd",
            'type="t:IdentityRecord" minOccurs="0" maxOccurs="50"',
            'type="t:IdentityRecord" minOccurs="0" maxOccurs="60"',
            [("Found/record", "in the old file it may be there 50 times at the most", {CALLERS})],
            id="longer answers",
        ),
        pytest.param(
            "types-1.xsd",
            'type="t:IdentityRecord" minOccurs="0" maxOccurs="50"',
            'type="t:IdentityRecord" minOccurs="0" maxOccurs="40"',
            [("Found/record", "in the new file it may be there 40 times at the most", {SERVERS})],
            id="shorter answers",
        ),
        pytest.param(
            "types-1.xsd",
            '<xs:maxLength value="400"/>',
            '<xs:maxLength value="500"/>',
            [("Address", "in the old file it has maxLength 400", {CALLERS, SERVERS})],
            id="longer texts in questions and answers",
        ),
        pytest.param(
            "types-1.xsd",
            '<xs:pattern value="[0-9A-Z]{12}"/>',
            '<xs:pattern value="[0-9A-Z]{13}"/>',
            [
                ("CardSerial", "in the new file it must match [0-9A-Z]{13}", {CALLERS, SERVERS}),
                ("CardSerial", "in the old file it must match [0-9A-Z]{12}", {CALLERS, SERVERS}),
            ],
            id="another pattern",
        ),
    ],
)  # fmt: skip
def test_what_is_in_a_message(
    change: Change, file: str, old: str, new: str, wanted: list[tuple[str, str, set[Broken]]]
) -> None:
    assert found(change(file, old, new)) == wanted


def test_a_value_that_only_questions_have_and_one_that_only_answers_have(change: Change) -> None:
    value = f'<xs:enumeration value="another">{NOTE}</xs:enumeration>'
    for type_ in ("Purpose", "VerificationResult"):
        begin = f'<xs:simpleType name="{type_}">'
        text = (data_folder("wsdl") / "types-1.xsd").read_text("utf-8").partition(begin)[2]
        first = text[text.index("<xs:enumeration") :].split(">")[0] + ">"
        whole = begin + text[: text.index("<xs:enumeration")] + first
        new = change("types-1.xsd", whole, whole.removesuffix(first) + value + first)
    assert found(new) == [
        ("Purpose", "in the old file it does not have the value another", {SERVERS}),
        ("VerificationResult", "in the old file it does not have the value another", {CALLERS}),
    ]


def test_a_list_of_values_that_becomes_a_pattern(change: Change) -> None:
    """The values were compared with no values: whether the pattern takes them must still be asked."""
    begin = '<xs:simpleType name="VerificationResult">'
    text = (data_folder("wsdl") / "types-1.xsd").read_text("utf-8").partition(begin)[2]
    inside = text[: text.index("</xs:simpleType>")]
    new = inside[: inside.index("<xs:enumeration")] + '<xs:pattern value="[0-9]"/></xs:restriction>'
    assert found(change("types-1.xsd", begin + inside, begin + new)) == [
        ("VerificationResult", "in the new file it must match [0-9]", {SERVERS}),
        ("VerificationResult", "in the old file it has only certain values", {CALLERS}),
    ]


def test_operations_come_and_go(change: Change) -> None:
    new = change("terminal-1.wsdl", '<wsdl:operation name="QueryMoves">', '<wsdl:operation name="AskMoves">')
    assert found(new) == [("AskMoves", "is new", {SERVERS}), ("QueryMoves", "is gone", {CALLERS})]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("<xs:choice>", "<xs:all>", "cannot be read"),
        ('<xs:choice>\n          <xs:element ref="t:residentRecordCode"/>', "<xs:any/><xs:choice>", "xs:any"),
        (RESIDENCE, RESIDENCE.replace("/>", ' nillable="true"/>'), "nillable"),
        ("<xs:complexType>", '<xs:complexType mixed="true">', "mixed"),
        ('elementFormDefault="qualified"', 'attributeFormDefault="qualified"', "attributeFormDefault"),
        ('ref="t:caller"', 'ref="t:nobody"', "there is no element"),
    ],
)
def test_what_cannot_be_compared_is_said(change: Change, old: str, new: str, told: str) -> None:
    with pytest.raises(NotComparable, match=told):
        found(change("terminal-1.xsd", old, new))
