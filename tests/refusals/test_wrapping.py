"""XML signature wrapping: the signed part is moved where nobody reads it, a forged one put in its place.

XSW1 to XSW8 after Somorovsky et al., "On Breaking SAML" (2012), here with the Body as the signed part,
and the SOAP forms after McIntosh and Austel (2005). The attacker has a good message and no key: nothing
is re-signed. The forged part carries the id of the signed one, none, or another; the wrong rule that a
naive verifier would pass (first or last element of an id, of a name, anywhere) differs between the three.
"""

from __future__ import annotations

import pytest

from gateway.refusals import Refused
from tests.kit import identities, tree
from tests.kit.messages import SOAP, Draft, good_answer, good_request
from tests.kit.refusal import Bench, check
from tests.kit.tree import Node

CLIENT = "soap:Client"
INVALID = "wsse:InvalidSecurity"
CHECK = "wsse:FailedCheck"
IDS = ["same id", "no id", "another id", "same id of another kind"]
SHAPES = {
    "envelope-children": CLIENT,
    "body-children": CLIENT,
    "security-missing": INVALID,
    "security-doubled": INVALID,
    "security-children": INVALID,
    "signature-children": INVALID,
    "id-doubled": INVALID,
    "reference-misplaced": CHECK,
    "reference-unresolved": CHECK,
}


def forged(node: Node, ids: str, text: str) -> Node:
    """A copy of a signed part with other content and, as asked, an id."""
    twin = node.copy()
    target = twin.one("address") if twin.local == "Body" else twin
    if twin.local == "Timestamp":
        twin.one("Expires").text = "2026-11-24T03:13:05Z"
    else:
        target.text = text
    value = twin.attributes.pop("wsu:Id")
    if ids == "same id":
        twin.attributes["wsu:Id"] = value
    elif ids == "another id":
        twin.attributes["wsu:Id"] = "forged-1"
    elif ids == "same id of another kind":
        twin.attributes["ID"] = value
    return twin


def put_forged_body(draft: Draft, ids: str) -> Node:
    """Swap the Body for a forged one; the signed one is returned without a place."""
    signed = draft.body
    signed.before(forged(signed, ids, "大阪府"))
    return signed.cut()


def wrapper(draft: Draft, **attributes: str) -> Node:
    """An unknown header that need not be understood."""
    node = Node("x:wrapper", {"xmlns:x": "urn:x", **attributes})
    draft.header.insert(0, node)
    return node


def refused(bench: Bench, draft: Draft, ids: str, rule: str) -> None:
    """Where ids are doubled that alone refuses, unless an earlier step (3) sees the shape."""
    doubled = ids.startswith("same") and rule not in (
        "envelope-children",
        "body-children",
        "security-missing",
    )
    name = "id-doubled" if doubled and rule != "security-doubled" else rule
    bench.refuses(draft, name, SHAPES[name])


@pytest.mark.parametrize("ids", IDS)
def test_xsw1_the_signed_body_inside_the_signature(bench: Bench, ids: str) -> None:
    draft = good_request()
    draft.signature.append(put_forged_body(draft, ids))
    refused(bench, draft, ids, "signature-children")


@pytest.mark.parametrize("ids", IDS)
@pytest.mark.parametrize("place", ["before", "behind"])
def test_xsw2_the_signed_body_beside_the_signature(bench: Bench, ids: str, place: str) -> None:
    draft = good_request()
    signed = put_forged_body(draft, ids)
    (draft.signature.before if place == "before" else draft.signature.after)(signed)
    refused(bench, draft, ids, "security-children")


@pytest.mark.parametrize("ids", IDS)
@pytest.mark.parametrize("place", ["before", "behind", "before the Header"])
def test_xsw3_two_bodies(bench: Bench, ids: str, place: str) -> None:
    draft = good_request()
    signed = put_forged_body(draft, ids)
    if place == "before":
        draft.body.before(signed)
    elif place == "behind":
        draft.body.after(signed)
    else:
        draft.header.before(signed)
    refused(bench, draft, ids, "envelope-children")


@pytest.mark.parametrize("ids", IDS)
@pytest.mark.parametrize("depth", ["child", "only child", "grandchild"])
def test_xsw4_the_signed_body_under_the_forged_body(bench: Bench, ids: str, depth: str) -> None:
    draft = good_request()
    signed = put_forged_body(draft, ids)
    if depth == "child":
        draft.body.append(signed)
        refused(bench, draft, ids, "body-children")
        return
    if depth == "only child":
        draft.body.children = []
        draft.body.append(signed)
    else:
        draft.body.elements[0].append(signed)
    refused(bench, draft, ids, "reference-misplaced")


@pytest.mark.parametrize("ids", IDS)
@pytest.mark.parametrize("place", ["end of the Envelope", "under a header"])
def test_xsw5_the_security_header_in_the_forged_body(bench: Bench, ids: str, place: str) -> None:
    draft = good_request()
    signed = put_forged_body(draft, ids)
    draft.body.elements[0].append(draft.security.cut())
    if place == "end of the Envelope":
        draft.body.after(signed)
        refused(bench, draft, ids, "envelope-children")
    else:
        wrapper(draft).append(signed)
        refused(bench, draft, ids, "security-missing")


@pytest.mark.parametrize("ids", IDS)
def test_xsw6_all_of_it_in_the_forged_body(bench: Bench, ids: str) -> None:
    draft = good_request()
    signed = put_forged_body(draft, ids)
    draft.signature.append(signed)
    draft.body.elements[0].append(draft.security.cut())
    refused(bench, draft, ids, "security-missing")


@pytest.mark.parametrize("ids", IDS)
@pytest.mark.parametrize(
    "attributes",
    [{}, {"soap:actor": "urn:somebody:else", "soap:mustUnderstand": "1"}, {"soap:mustUnderstand": "0"}],
)
def test_xsw7_the_signed_body_under_a_header(bench: Bench, ids: str, attributes: dict[str, str]) -> None:
    draft = good_request()
    signed = put_forged_body(draft, ids)
    wrapper(draft, **attributes).append(signed)
    refused(bench, draft, ids, "reference-misplaced")


@pytest.mark.parametrize("ids", IDS)
def test_xsw7_the_forged_body_under_a_header(bench: Bench, ids: str) -> None:
    # The other way round: the signed Body stays, a reader by name would find the forged one first.
    draft = good_request()
    wrapper(draft).append(forged(draft.body, ids, "大阪府"))
    if ids.startswith("same"):
        bench.refuses(draft, "id-doubled", INVALID)
    else:
        verified = bench.request(draft)
        if verified.content.findtext("{*}address") == "大阪府":
            raise AssertionError("the forged Body was read")


@pytest.mark.parametrize("ids", IDS)
def test_xsw8_the_signed_body_in_an_object(bench: Bench, ids: str) -> None:
    draft = good_request()
    holder = Node("ds:Object")
    holder.append(put_forged_body(draft, ids))
    draft.signature.append(holder)
    refused(bench, draft, ids, "signature-children")


@pytest.mark.parametrize("ids", IDS)
@pytest.mark.parametrize("name", ["soap:Body", "soap:Header", "soap:Envelope"])
def test_the_signed_body_under_another_soap_element(bench: Bench, ids: str, name: str) -> None:
    draft = good_request()
    signed = put_forged_body(draft, ids)
    holder = Node(name)
    holder.append(signed)
    draft.header.insert(0, holder)
    refused(bench, draft, ids, "reference-misplaced")


@pytest.mark.parametrize("ids", IDS)
def test_a_whole_signed_envelope_in_a_forged_one(bench: Bench, ids: str) -> None:
    signed = good_request()
    draft = good_request()
    if ids != "same id":
        for node in draft.root.walk():
            node.attributes.pop("wsu:Id", None)
    wrapper(draft).append(signed.root)
    rule = "id-doubled" if ids == "same id" else "key-reference"
    bench.refuses(draft, rule, INVALID)


# Other signed parts than the Body

PARTS = ["timestamp", "To", "Action", "MessageID"]


@pytest.mark.parametrize("ids", IDS)
@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("place", ["header", "Body", "part"])
def test_a_signed_part_moved_aside(bench: Bench, ids: str, part: str, place: str) -> None:
    draft = good_request()
    signed = draft.part(part)
    twin = forged(signed, ids, "urn:forged:value")
    signed.before(twin)
    signed.cut()
    if place == "header":
        wrapper(draft).append(signed)
    elif place == "Body":
        # Moving it there changes the Body's digest, but no digest is looked at before the place.
        draft.body.elements[0].append(signed)
    else:
        twin.append(signed)
    if place == "part" and part == "timestamp" and not ids.startswith("same"):
        bench.refuses(draft, "timestamp-children", INVALID)
    elif ids == "same id of another kind" and part == "timestamp" and place == "part":
        bench.refuses(draft, "id-doubled", INVALID)
    else:
        refused(bench, draft, ids, "reference-misplaced")


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("place", ["before", "behind"])
def test_a_forged_part_beside_the_signed_one(bench: Bench, part: str, place: str) -> None:
    draft = good_request()
    signed = draft.part(part)
    twin = forged(signed, "no id", "urn:forged:value")
    (signed.before if place == "before" else signed.after)(twin)
    if part == "timestamp":
        bench.refuses(draft, "security-children", INVALID)
    else:
        bench.refuses(draft, "addressing-unsigned", CHECK)


@pytest.mark.parametrize("ids", IDS)
def test_the_token_moved_aside_for_the_attackers_own(bench: Bench, ids: str) -> None:
    # The attacker has a good certificate, and wants the signed one's rights.
    other = good_request(identities.authority().identity("P-256", "attacker"))
    draft = good_request()
    signed = draft.token
    twin = forged(signed, ids, other.token.text)
    signed.before(twin)
    wrapper(draft).append(signed.cut())
    if ids.startswith("same"):
        bench.refuses(draft, "id-doubled", INVALID)
    else:
        bench.refuses(draft, "key-reference", INVALID)


def test_the_attackers_token_with_the_signed_one_in_the_key_reference(bench: Bench) -> None:
    other = good_request(identities.authority().identity("P-256", "attacker"))
    draft = good_request()
    draft.token.text = other.token.text
    # The token's digest and the signature value are both wrong; which is told first is the engine's affair.
    try:
        bench.request(draft.raw())
    except Refused as refused:
        check(refused.rule.name in {"digest", "signature-value"}, refused.rule.name)
    else:
        check(False, "accepted")


@pytest.mark.parametrize("ids", IDS)
def test_an_answers_confirmation_moved_aside(bench: Bench, ids: str) -> None:
    draft = good_answer()
    signed = draft.root.one("SignatureConfirmation")
    twin = signed.copy()
    value = twin.attributes.pop("wsu:Id")
    twin.attributes["Value"] = "AAAA"
    if ids != "no id":
        name = "ID" if ids.endswith("kind") else "wsu:Id"
        twin.attributes[name] = "forged" if ids == "another id" else value
    signed.before(twin)
    wrapper(draft).append(signed.cut())
    if ids.startswith("same"):
        bench.refuses_answer(draft, "id-doubled", INVALID)
    else:
        bench.refuses_answer(draft, "reference-misplaced", CHECK)


# The Security header moved or doubled


@pytest.mark.parametrize("place", ["wrapper", "Body", "Envelope", "wsa header"])
def test_the_security_header_moved(bench: Bench, place: str) -> None:
    draft = good_request()
    security = draft.security.cut()
    if place == "Envelope":
        draft.header.after(security)
        bench.refuses(draft, "envelope-children", CLIENT)
        return
    target = {"Body": draft.body.elements[0], "wsa header": draft.header.one("To")}.get(place) or wrapper(
        draft
    )
    target.append(security)
    bench.refuses(draft, "security-missing", INVALID)


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("copied", [True, False])
def test_two_security_headers(bench: Bench, first: bool, copied: bool) -> None:
    draft = good_request()
    second = draft.security.copy() if copied else Node("wsse:Security", {"soap:mustUnderstand": "1"})
    if copied:
        for node in second.walk():
            node.attributes.pop("wsu:Id", None)
    (draft.security.before if first else draft.security.after)(second)
    bench.refuses(draft, "security-doubled", INVALID)


def test_the_security_header_for_somebody_else_and_a_forged_one_for_us(bench: Bench) -> None:
    draft = good_request()
    forged_header = draft.security.copy()
    for node in forged_header.walk():
        node.attributes.pop("wsu:Id", None)
    draft.security.attributes["soap:actor"] = "urn:somebody:else"
    draft.security.after(forged_header)
    bench.refuses(draft, "key-reference", INVALID)


# The right local name in another namespace


@pytest.mark.parametrize("part", ["To", "Action", "MessageID"])
def test_a_signed_header_of_another_namespace(bench: Bench, part: str) -> None:
    draft = good_request()
    node = draft.header.one(part)
    node.name = f"x:{part}"
    node.attributes["xmlns:x"] = "urn:x"
    bench.refuses(draft.resign(), "reference-misplaced", CHECK)


@pytest.mark.parametrize(
    "namespace", ["", "urn:x", SOAP.removesuffix("/"), "http://www.w3.org/2003/05/soap-envelope"]
)
def test_the_signed_body_under_a_header_with_a_body_of_another_namespace(
    bench: Bench, namespace: str
) -> None:
    draft = good_request()
    other = tree.parse(f'<Body xmlns="{namespace}"/>' if namespace else "<Body/>")
    other.append(draft.body.copy())
    del draft.body.attributes["wsu:Id"]
    draft.header.append(other)
    bench.refuses(draft, "reference-misplaced", CHECK)
