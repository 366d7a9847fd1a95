"""What must not be refused: every shape in which other SOAP stacks write the profile's messages.

A verifier that is only strict is of no use; these are the differences found in WSS4J, Santuario, gSOAP,
node-soap, xml-crypto, .NET, xmlsec1 and zeep. What is handed on is checked to be what was signed.
"""

from __future__ import annotations

import pytest
from lxml import etree

from tests.kit import identities, tree
from tests.kit.messages import BODY, Draft, Style, good_answer, good_request
from tests.kit.refusal import Bench, check, replaced
from tests.kit.tree import Node

KINDS = ["RSA-2048", "P-256"]
STYLES = {
    "plain": Style(),
    "WSS4J": Style(
        prefix_list="wsa wsu",
        signed_info_prefixes="soap wsa wsu",
        security_first=True,
        order=("token", "timestamp", "signature"),
    ),
    "WSS4J with a default namespace": Style(
        prefix_list="#default wsa wsu",
        signed_info_prefixes="#default soap wsa wsu",
        default_namespace="urn:example:default:1",
        security_first=True,
    ),
    "#default where there is none": Style(prefix_list="#default soap", signed_info_prefixes="#default"),
    "an empty PrefixList": Style(prefix_list="", signed_info_prefixes=""),
    "a PrefixList of undeclared prefixes": Style(prefix_list="nobody xs xsi", signed_info_prefixes="nobody"),
    "gSOAP": Style(
        soap="SOAP-ENV",
        security_first=True,
        order=("timestamp", "token", "signature"),
        ids={"body": "Body", "timestamp": "TS", "token": "X509", "To": "wsa5-To", "Action": "wsa5-Action"},
    ),
    "counters for Ids": Style(
        ids={"body": "_0", "MessageID": "_1", "To": "_2", "Action": "_3", "timestamp": "_4"}
    ),
    "zeep's order": Style(soap="soap-env", order=("signature", "token", "timestamp")),
    "signature in the middle": Style(order=("timestamp", "signature", "token")),
    "other prefixes": Style(soap="S", wsa="a", wsse="o", wsu="u", ds="dsig"),
    "one-letter and Japanese prefixes": Style(soap="s", wsa="宛先", wsse="w", wsu="ns1", ds="d"),
    "indented": Style(gap="\n    "),
    "indented with CRLF": Style(gap="\r\n\t"),
    "Ids as UUIDs": Style(
        ids={"body": "id-9560359f-f599-4689-8b21-b22345d0c169", "token": "X509-EF85117233A4C60E7D"}
    ),
    "Ids with dots": Style(ids={"body": "Body.1_a-b", "token": "本文"}),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("style", STYLES.values(), ids=STYLES)
def test_a_request_in_another_style(bench: Bench, style: Style, kind: str) -> None:
    verified = bench.request(good_request(identities.identity(kind), style=style))
    wanted = etree.fromstring(BODY)
    for seen, sent in zip(verified.content.iter(), wanted.iter(), strict=True):
        check(
            (seen.tag, seen.text or "", dict(seen.attrib)) == (sent.tag, sent.text or "", dict(sent.attrib)),
            "content",
        )


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("style", STYLES.values(), ids=STYLES)
def test_an_answer_in_another_style(bench: Bench, style: Style, kind: str) -> None:
    bench.answer(good_answer(identities.identity(kind), style=style))


@pytest.mark.parametrize("size", [64, 76])
@pytest.mark.parametrize("line_break", ["&#13;\n", "\n", "\r\n"])
@pytest.mark.parametrize("name", ["SignatureValue", "BinarySecurityToken", "DigestValue"])
def test_base64_in_lines(bench: Bench, name: str, line_break: str, size: int) -> None:
    draft = good_request(identities.identity("RSA-2048"))
    node = draft.root.one(name)
    text = node.text
    plain = "\r\n" if line_break.startswith("&") else "\n"
    node.text = plain.join(text[at : at + size] for at in range(0, len(text), size)) + plain
    if name == "BinarySecurityToken":
        draft.resign()
    elif name == "DigestValue":
        resign_value(draft)
    # written as received: &#13; survives the parser's line end rule, a bare CR does not
    raw = draft.raw().replace(b"&#13;\n", line_break.encode())
    bench.accepts(raw)


def resign_value(draft: Draft) -> None:
    """A new signature value over SignedInfo as it stands."""
    import base64

    from tests.kit import signing

    value = signing.signature_value(draft.signed_info, draft.identity)
    draft.root.one("SignatureValue").text = base64.b64encode(value).decode()


def test_ids_declared_on_each_element(bench: Bench) -> None:
    draft = good_request()
    uri = draft.root.attributes.pop("xmlns:wsu")
    for number, node in enumerate([draft.body, draft.timestamp, draft.token, *draft.header.elements[:3]]):
        for below in node.walk():
            below.name = below.name.replace("wsu:", f"u{number}:")
        node.attributes[f"xmlns:u{number}"] = uri
        node.attributes[f"u{number}:Id"] = node.attributes.pop("wsu:Id")
    bench.accepts(draft.resign())


def test_default_namespaces_on_each_element(bench: Bench) -> None:
    draft = good_request()
    for node in draft.root.walk():
        prefix, _, local = node.name.partition(":")
        if prefix in ("ds", "wsa"):
            node.attributes["xmlns"] = draft.root.attributes[f"xmlns:{prefix}"]
            node.name = local
    bench.accepts(draft.resign())


def test_must_understand_of_every_header(bench: Bench) -> None:
    draft = good_request()
    for name in ("To", "Action", "MessageID"):
        draft.header.one(name).attributes["soap:mustUnderstand"] = "1"
    bench.accepts(draft.resign())


@pytest.mark.parametrize("place", [0, 2, 4])
def test_an_unknown_header(bench: Bench, place: int) -> None:
    draft = good_request()
    draft.header.insert(place, tree.parse('<x:Trace xmlns:x="urn:x" x:a="1"><x:b>text</x:b></x:Trace>'))
    bench.accepts(draft)


def test_headers_in_another_order(bench: Bench) -> None:
    draft = good_request()
    draft.header.children.reverse()
    bench.accepts(draft)


def test_references_in_another_order(bench: Bench) -> None:
    draft = good_request()
    nodes = draft.references
    for node in nodes:
        node.cut()
    for node in reversed(nodes):
        draft.signed_info.append(node)
    bench.accepts(draft.resign())


def test_ids_in_the_signature_and_a_token_type(bench: Bench) -> None:
    # WSS4J: Ids on Signature, KeyInfo and SecurityTokenReference, wsse11:TokenType on the latter.
    draft = good_request()
    draft.signature.attributes["Id"] = "SIG-1"
    draft.root.one("KeyInfo").attributes["Id"] = "KI-1"
    holder = draft.root.one("SecurityTokenReference")
    holder.attributes |= {
        "wsu:Id": "STR-1",
        "xmlns:wsse11": "http://docs.oasis-open.org/wss/oasis-wss-wssecurity-secext-1.1.xsd",
        "wsse11:TokenType": draft.token.attributes["ValueType"],
    }
    del draft.root.one("SecurityTokenReference", "Reference").attributes["ValueType"]
    bench.accepts(draft.resign())


def test_character_references_and_cdata(bench: Bench) -> None:
    raw = good_request().raw()
    raw = replaced(raw, "𠮷", "&#134071;")
    raw = replaced(raw, "東京都", "<![CDATA[東京]]>&#x90fd;")
    raw = replaced(raw, ">https://127", ">&#104;ttps://127")
    bench.accepts(raw)


def test_quotes_spaces_and_empty_elements(bench: Bench) -> None:
    raw = good_request().raw()
    raw = replaced(raw, "<t:empty></t:empty>", "<t:empty\n/>")
    raw = replaced(raw, 'soap:mustUnderstand="1"', "soap:mustUnderstand = '1' ")
    raw = replaced(raw, "</soap:Envelope>", "</soap:Envelope >\n\n")
    bench.accepts(b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\r\n' + raw)


def test_what_is_told_of_a_good_message(bench: Bench) -> None:
    draft = good_request()
    verified = bench.request(draft)
    check(verified.about.signature_value == draft.signature_value, "SignatureValue")
    check(verified.certificate.der == draft.identity.der, "certificate")
    check(verified.addressing.action == draft.header.one("Action").text, "Action")
    again = bench.request(good_request())
    check(verified.content_digest == again.content_digest, "the content's digest is the content's")
    other = good_request(body=BODY.replace("東京都", "大阪府"))
    check(verified.content_digest != bench.request(other).content_digest, "another content, another digest")
    fresh = good_request(style=Style(ids={"body": "fresh"}))
    check(verified.content_digest == bench.request(fresh).content_digest, "the Body's Id is no content")


def test_an_unprefixed_body(bench: Bench) -> None:
    draft = good_request()
    child = draft.body.elements[0]
    draft.body.children = []
    twin = Node("Ask", {"xmlns": child.attributes["xmlns:t"]})
    for node in child.elements:
        node.name = node.local
        twin.append(node)
    draft.body.append(twin)
    bench.accepts(draft.resign())
