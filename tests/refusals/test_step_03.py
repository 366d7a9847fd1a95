"""Step 3, the envelope's shape: every element by its exact qualified name."""

from __future__ import annotations

import pytest

from tests.kit import tree
from tests.kit.messages import ACTOR_NEXT, SERVICE, SOAP, WSA, Draft, good_request
from tests.kit.refusal import Bench, replaced
from tests.kit.tree import Node

FAULT = "soap:Client"


@pytest.mark.parametrize("name", ["soap:Envelop", "soap:Body", "soap:envelope", "wsa:To", "t:Ask"])
def test_another_document_element(bench: Bench, name: str) -> None:
    draft = good_request()
    draft.root.name = name
    draft.root.attributes["xmlns:t"] = SERVICE
    bench.refuses(draft, "not-an-envelope", FAULT)


@pytest.mark.parametrize("raw", [b"<a/>", b'<html xmlns="http://www.w3.org/1999/xhtml"><body/></html>'])
def test_another_document(bench: Bench, raw: bytes) -> None:
    bench.refuses(raw, "not-an-envelope", FAULT)


@pytest.mark.parametrize(
    "namespace",
    [
        "http://www.w3.org/2003/05/soap-envelope",
        "http://www.w3.org/2001/12/soap-envelope",
        "http://schemas.xmlsoap.org/soap/envelope",
        "HTTP://schemas.xmlsoap.org/soap/envelope/",
    ],
)
def test_another_envelope_namespace(bench: Bench, namespace: str) -> None:
    raw = replaced(good_request().raw(), f'xmlns:soap="{SOAP}"', f'xmlns:soap="{namespace}"')
    bench.refuses(raw, "envelope-version", "soap:VersionMismatch")


def two_headers(draft: Draft) -> None:
    draft.header.after(draft.header.copy())


def empty_second_header(draft: Draft) -> None:
    draft.header.before(Node("soap:Header"))


def no_header(draft: Draft) -> None:
    draft.header.cut()


def two_bodies(draft: Draft) -> None:
    draft.body.after(draft.body.copy())


def empty_body_first(draft: Draft) -> None:
    draft.body.before(tree.parse(f'<soap:Body xmlns:soap="{SOAP}"><a/></soap:Body>'))


def no_body(draft: Draft) -> None:
    draft.body.cut()


def body_first(draft: Draft) -> None:
    draft.root.insert(0, draft.body.cut())


def element_behind(draft: Draft) -> None:
    draft.body.after(Node("x:more", {"xmlns:x": "urn:x"}))


def element_between(draft: Draft) -> None:
    draft.body.before(Node("x:more", {"xmlns:x": "urn:x"}))


def element_before(draft: Draft) -> None:
    draft.header.before(Node("x:more", {"xmlns:x": "urn:x"}))


def body_of_no_namespace(draft: Draft) -> None:
    draft.body.name = "Body"


def body_of_another_namespace(draft: Draft) -> None:
    draft.body.name = "wsa:Body"


def header_of_another_namespace(draft: Draft) -> None:
    draft.header.name = "wsa:Header"


def body_of_another_case(draft: Draft) -> None:
    draft.body.name = "soap:body"


@pytest.mark.parametrize(
    "change",
    [
        two_headers,
        empty_second_header,
        no_header,
        two_bodies,
        empty_body_first,
        no_body,
        body_first,
        element_behind,
        element_between,
        element_before,
        body_of_no_namespace,
        body_of_another_namespace,
        header_of_another_namespace,
        body_of_another_case,
    ],
)
def test_other_children_of_the_envelope(bench: Bench, change: object) -> None:
    draft = good_request()
    change(draft)  # type: ignore[operator]
    bench.refuses(draft, "envelope-children", FAULT)


@pytest.mark.parametrize("text", ["x", "\u00a0", "\u3000", "\ufeff"])
@pytest.mark.parametrize("where", ["Envelope", "Envelope's end", "Header", "between headers"])
def test_text_between_the_parts(bench: Bench, where: str, text: str) -> None:
    draft = good_request()
    if where == "Envelope":
        draft.root.insert(0, text)
    elif where == "Envelope's end":
        draft.root.append(text)
    elif where == "Header":
        draft.header.insert(0, text)
    else:
        draft.security.before(text)
    bench.refuses(draft, "envelope-text", FAULT)


def test_white_space_between_the_parts(bench: Bench) -> None:
    draft = good_request()
    for node in (draft.root, draft.header, draft.security):
        for child in node.elements:
            child.before("\r\n\t ")
    bench.accepts(draft)


@pytest.mark.parametrize("xml", ["", " ", "<a/><b/>", "<t:Ask xmlns:t='urn:t'/>" * 2])
def test_not_one_element_in_the_body(bench: Bench, xml: str) -> None:
    draft = good_request()
    draft.body.children = [xml]
    raw = draft.resign().raw().replace(b"&lt;", b"<").replace(b"&gt;", b">")
    bench.refuses(raw, "body-children", FAULT)


def test_text_beside_the_bodys_element(bench: Bench) -> None:
    draft = good_request()
    draft.body.append("text")
    bench.refuses(draft.resign(), "body-children", FAULT)


@pytest.mark.parametrize("value", ["1", "true", " 1 ", "yes"])
@pytest.mark.parametrize("actor", [None, "", ACTOR_NEXT])
def test_an_unknown_header_that_must_be_understood(bench: Bench, value: str, actor: str | None) -> None:
    draft = good_request()
    attributes = {"xmlns:x": "urn:x", "soap:mustUnderstand": value}
    if actor is not None:
        attributes["soap:actor"] = actor
    draft.header.insert(0, Node("x:Transaction", attributes, "5"))
    bench.refuses(draft, "header-not-understood", "soap:MustUnderstand")


@pytest.mark.parametrize(
    "xml",
    [
        '<w:To xmlns:w="http://schemas.xmlsoap.org/ws/2004/08/addressing" soap:mustUnderstand="1">u:u</w:To>',
        f'<w:Security xmlns:w="{WSA}x" soap:mustUnderstand="1"/>',
        f'<w:Security xmlns:w="{SOAP}" soap:mustUnderstand="1"/>',
        '<Security soap:mustUnderstand="1"/>',
    ],
)
def test_a_known_local_name_of_another_namespace(bench: Bench, xml: str) -> None:
    raw = replaced(good_request().raw(), "<soap:Header>", f"<soap:Header>{xml}")
    bench.refuses(raw, "header-not-understood", "soap:MustUnderstand")


@pytest.mark.parametrize("where", ["first", "last"])
@pytest.mark.parametrize(
    "attributes",
    [
        {},
        {"soap:mustUnderstand": "0"},
        {"soap:mustUnderstand": "1", "soap:actor": "urn:somebody:else"},
        {"soap:actor": ACTOR_NEXT},
        {"mustUnderstand": "1"},
    ],
)
def test_an_unknown_header_that_need_not_be_understood(
    bench: Bench, attributes: dict[str, str], where: str
) -> None:
    draft = good_request()
    node = Node("x:Hint", {"xmlns:x": "urn:x", **attributes}, "5")
    draft.header.insert(0 if where == "first" else len(draft.header.children), node)
    bench.accepts(draft)


def test_known_headers_that_must_be_understood(bench: Bench) -> None:
    draft = good_request()
    for name in ("To", "Action", "MessageID"):
        draft.header.one(name).attributes["soap:mustUnderstand"] = "1"
    bench.accepts(draft.resign())
