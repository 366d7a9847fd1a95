"""Every facet of the schema refuses: one change each, at the limit and one past it."""

from __future__ import annotations

import pytest
from lxml import etree

from gateway.contract import read_request
from gateway.domain.basic_four import BasicFour
from gateway.domain.codes import DocumentKind
from gateway.domain.verification import IdentityQuestion, PresentedDocument
from gateway.refusals import Refused
from tests.kit.questions import BY_CODE, CALLER, PERSON, SEASON, TERMINAL, VERIFY, element, find

ITEMS = "presentedDocument/items"
DATE = f"{ITEMS}/birthDate"
WITH_TEXT = IdentityQuestion(
    CALLER,
    PresentedDocument(DocumentKind.PASSPORT, BasicFour(PERSON.name, SEASON, PERSON.sex, PERSON.address)),
)

PATTERNS = [
    (
        "caller/municipality",
        ["13101", "1310160", "481016", "001016", "13101a", "１３１０１６", " 131016", ""],
    ),
    ("caller/terminal", ["", "-a", "a-", "a b", "a_b", "あ", "a" * 65, "a\n"]),
    ("caller/operator/verificationId", ["", "a/b", "x" * 65]),
    ("caller/operator/operatorId", ["", "a.b", "x" * 65]),
    (f"{ITEMS}/name", ["{", "a{b", "{J+AD0}", "{J+ad00}", "{J+AD00", "{{{", "a\tb", "a\nb", "a\rb"]),
    (f"{ITEMS}/address", ["{x}", "a\nb"]),
    (f"{DATE}/digits", ["1989010", "198901070", "19891307", "19890132", "1989-1-7", "１９８９０１０７"]),
]


@pytest.mark.parametrize(("path", "text"), [(path, text) for path, texts in PATTERNS for text in texts])
def test_patterns(path: str, text: str) -> None:
    refused_for(path, text, "pattern")


@pytest.mark.parametrize("text", ["1234567890", "123456789012", "1234567890x", ""])
def test_pattern_of_the_key(text: str) -> None:
    root = element(BY_CODE)
    find(root, "residentRecordCode").text = text
    assert_refused(root, "residentRecordCode", "pattern")


@pytest.mark.parametrize(
    "path",
    ["caller/purpose", "presentedDocument/kind", f"{ITEMS}/sex", f"{DATE}/calendar", f"{DATE}/certainty"],
)
@pytest.mark.parametrize("text", ["", "0", "unheard_of", " 1"])
def test_enumerations(path: str, text: str) -> None:
    refused_for(path, text, "enumeration")


@pytest.mark.parametrize(("path", "limit"), [(f"{ITEMS}/name", 200), (f"{ITEMS}/address", 400)])
def test_longest_text(path: str, limit: int) -> None:
    root = element()
    find(root, path).text = "𠮷" * limit
    read_request(TERMINAL, VERIFY, root)
    refused_for(path, "𠮷" * (limit + 1), "max-length")
    refused_for(path, "", "min-length")


def test_longest_text_of_a_date() -> None:
    root = element(WITH_TEXT)
    find(root, f"{DATE}/text").text = "春" * 60
    read_request(TERMINAL, VERIFY, root)
    find(root, f"{DATE}/text").text = "春" * 61
    assert_refused(root, f"{DATE}/text", "max-length")
    find(root, f"{DATE}/text").text = ""
    assert_refused(root, f"{DATE}/text", "min-length")
    find(root, f"{DATE}/text").text = "{"
    assert_refused(root, f"{DATE}/text", "pattern")


def _paths(root: etree._Element) -> list[str]:
    below = [e for e in root.iter() if e is not root]
    return [
        "/".join(etree.QName(a).localname for a in reversed([e, *list(e.iterancestors())[:-1]]))
        for e in below
    ]


@pytest.mark.parametrize("path", _paths(element()))
def test_every_element_is_required(path: str) -> None:
    root = element()
    found = find(root, path)
    parent = found.getparent()
    assert parent is not None
    parent.remove(found)
    with pytest.raises(Refused) as caught:
        read_request(TERMINAL, VERIFY, root)
    assert caught.value.rule.name == "schema"


@pytest.mark.parametrize("path", _paths(element(WITH_TEXT)))
def test_every_element_stands_once(path: str) -> None:
    root = element(WITH_TEXT)
    found = find(root, path)
    found.addnext(etree.fromstring(etree.tostring(found)))
    with pytest.raises(Refused) as caught:
        read_request(TERMINAL, VERIFY, root)
    assert (caught.value.rule.name, caught.value.found) == ("schema", "element")


@pytest.mark.parametrize("path", _paths(element()))
def test_the_right_name_in_a_wrong_namespace(path: str) -> None:
    root = element()
    find(root, path).tag = f"{{urn:other}}{path.rpartition('/')[2]}"
    with pytest.raises(Refused) as caught:
        read_request(TERMINAL, VERIFY, root)
    assert caught.value.rule.name == "schema"


def refused_for(path: str, text: str, kind: str) -> None:
    root = element()
    find(root, path).text = text
    assert_refused(root, path, kind)


def assert_refused(root: etree._Element, path: str, kind: str) -> None:
    with pytest.raises(Refused) as caught:
        read_request(TERMINAL, VERIFY, root)
    seen = (caught.value.rule.name, caught.value.where, caught.value.found)
    assert seen == ("schema", f"VerifyIdentity/{path}", kind)
