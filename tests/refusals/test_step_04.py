"""Step 4, the Security header: which elements stand in it, how often, in which order, with what."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.kit.messages import ACTOR_NEXT, Draft, good_request
from tests.kit.refusal import Bench
from tests.kit.tree import Node

FAULT = "wsse:InvalidSecurity"
Change = Callable[[Draft], object]


# The header itself


def cut(draft: Draft) -> None:
    draft.security.cut()


def under_another_header(draft: Draft) -> None:
    wrapper = Node("x:wrapper", {"xmlns:x": "urn:x"})
    draft.security.before(wrapper)
    wrapper.append(draft.security.cut())


def in_the_body(draft: Draft) -> None:
    draft.body.elements[0].append(draft.security.cut())


def of_no_namespace(draft: Draft) -> None:
    draft.security.attributes = {}
    draft.security.name = "Security"


def of_another_namespace(draft: Draft) -> None:
    draft.security.attributes = {}
    draft.security.name = "wsu:Security"


def for_somebody_else(draft: Draft) -> None:
    draft.security.attributes["soap:actor"] = "urn:somebody:else"


@pytest.mark.parametrize(
    "change",
    [cut, under_another_header, in_the_body, of_no_namespace, of_another_namespace, for_somebody_else],
)
def test_no_security_header_for_us(bench: Bench, change: Change) -> None:
    draft = good_request()
    change(draft)
    bench.refuses(draft, "security-missing", FAULT)


@pytest.mark.parametrize("actor", [None, "", ACTOR_NEXT])
@pytest.mark.parametrize("place", ["before", "behind"])
def test_a_second_security_header_for_us(bench: Bench, place: str, actor: str | None) -> None:
    draft = good_request()
    second = Node("wsse:Security", {"soap:mustUnderstand": "1"})
    if actor is not None:
        second.attributes["soap:actor"] = actor
    (draft.security.before if place == "before" else draft.security.after)(second)
    bench.refuses(draft, "security-doubled", FAULT)


def test_the_whole_security_header_twice(bench: Bench) -> None:
    draft = good_request()
    draft.security.after(draft.security.copy())
    bench.refuses(draft, "security-doubled", FAULT)


def test_a_security_header_for_somebody_else_beside_ours(bench: Bench) -> None:
    draft = good_request()
    draft.security.before(Node("wsse:Security", {"soap:actor": "urn:somebody:else"}))
    bench.accepts(draft)


@pytest.mark.parametrize("value", [None, "0", "", "true", " 1"])
def test_a_security_header_that_need_not_be_understood(bench: Bench, value: str | None) -> None:
    draft = good_request()
    del draft.security.attributes["soap:mustUnderstand"]
    if value is not None:
        draft.security.attributes["soap:mustUnderstand"] = value
    bench.refuses(draft, "security-must-understand", FAULT)


def test_must_understand_of_another_namespace(bench: Bench) -> None:
    draft = good_request()
    draft.security.attributes = {"wsse:mustUnderstand": "1"}
    bench.refuses(draft, "security-must-understand", FAULT)


@pytest.mark.parametrize("actor", ["", ACTOR_NEXT])
def test_a_security_header_with_an_actor(bench: Bench, actor: str) -> None:
    # The profile's header has no actor at all, also not the one that names whoever comes next.
    draft = good_request()
    draft.security.attributes["soap:actor"] = actor
    bench.refuses(draft, "security-attributes", FAULT)


# Its children

PARTS = ["BinarySecurityToken", "Timestamp", "Signature"]


@pytest.mark.parametrize("part", PARTS)
def test_a_part_is_missing(bench: Bench, part: str) -> None:
    draft = good_request()
    draft.security.one(part).cut()
    bench.refuses(draft, "security-children", FAULT)


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("place", ["before", "behind"])
def test_a_part_stands_twice(bench: Bench, part: str, place: str) -> None:
    draft = good_request()
    node = draft.security.one(part)
    twin = node.copy()
    twin.attributes.pop("wsu:Id", None)
    (node.before if place == "before" else node.after)(twin)
    bench.refuses(draft, "security-children", FAULT)


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("prefix", ["soap:", "", "wsa:", "x:"])
def test_a_part_of_another_namespace(bench: Bench, part: str, prefix: str) -> None:
    draft = good_request()
    node = draft.security.one(part)
    node.name = prefix + part
    node.attributes["xmlns:x"] = "http://docs.oasis-open.org/wss/2004/01/"
    bench.refuses(draft.resign(), "security-children", FAULT)


@pytest.mark.parametrize(
    "name",
    ["wsse:UsernameToken", "wsse:SecurityTokenReference", "ds:KeyInfo", "ds:SignedInfo", "wsa:To", "x:any"],
)
def test_one_more_element(bench: Bench, name: str) -> None:
    draft = good_request()
    draft.security.append(Node(name, {"xmlns:x": "urn:x"}))
    bench.refuses(draft, "security-children", FAULT)


@pytest.mark.parametrize(
    "order", ["token signature timestamp", "signature timestamp token", "timestamp token signature"]
)
def test_the_parts_may_stand_in_any_order(bench: Bench, order: str) -> None:
    draft = good_request()
    nodes = {"token": draft.token, "timestamp": draft.timestamp, "signature": draft.signature}
    draft.security.children = []
    for name in order.split():
        draft.security.append(nodes[name])
    bench.accepts(draft)


# Attributes and text

ELEMENTS = [
    "Security",
    "BinarySecurityToken",
    "Timestamp",
    "Created",
    "Expires",
    "Signature",
    "SignedInfo",
    "CanonicalizationMethod",
    "SignatureMethod",
    "Reference",
    "Transforms",
    "Transform",
    "DigestMethod",
    "DigestValue",
    "SignatureValue",
    "KeyInfo",
    "SecurityTokenReference",
]


@pytest.mark.parametrize("name", ELEMENTS)
@pytest.mark.parametrize("attribute", ["extra", "x:extra", "xml:base", "xml:lang"])
def test_an_attribute_that_has_no_place_there(bench: Bench, name: str, attribute: str) -> None:
    draft = good_request()
    draft.root.one(name).attributes |= {"xmlns:x": "urn:x", attribute: "1"}
    bench.refuses(draft.resign(), "security-attributes", FAULT)


def test_an_attribute_on_the_token_reference(bench: Bench) -> None:
    draft = good_request()
    draft.root.one("SecurityTokenReference", "Reference").attributes["extra"] = "1"
    bench.refuses(draft.resign(), "security-attributes", FAULT)


ELEMENT_ONLY = [
    "Security",
    "Timestamp",
    "Signature",
    "SignedInfo",
    "Reference",
    "Transforms",
    "KeyInfo",
    "SecurityTokenReference",
]


@pytest.mark.parametrize("name", ELEMENT_ONLY)
@pytest.mark.parametrize("place", ["first", "last"])
@pytest.mark.parametrize("text", ["x", "\u3000"])
def test_text_where_only_elements_stand(bench: Bench, name: str, place: str, text: str) -> None:
    draft = good_request()
    node = draft.root.one(name)
    node.insert(0 if place == "first" else len(node.children), text)
    bench.refuses(draft.resign(), "security-text", FAULT)


@pytest.mark.parametrize("name", ELEMENT_ONLY)
def test_white_space_where_only_elements_stand(bench: Bench, name: str) -> None:
    draft = good_request()
    for child in draft.root.one(name).elements:
        child.before("\n  ")
    bench.accepts(draft.resign())


# The token's type


@pytest.mark.parametrize("attribute", ["ValueType", "EncodingType"])
@pytest.mark.parametrize("value", [None, "", "#X509v3", "#X509PKIPathv1", "#X509v1", "#HexBinary", "#PKCS7"])
def test_another_type_of_token(bench: Bench, attribute: str, value: str | None) -> None:
    draft = good_request()
    full = draft.token.attributes.pop(attribute)
    if value is not None:
        draft.token.attributes[attribute] = full.partition("#")[0] + value if value != "#X509v3" else value
    if value is None and attribute == "EncodingType":
        bench.accepts(draft.resign())  # WSS 1.1 section 6.2: Base64 is the default
    else:
        bench.refuses(draft.resign(), "token-type", FAULT)
