"""Step 6, what the References cover: each resolves to one part that stands where it must, all are there."""

from __future__ import annotations

import pytest

from tests.kit.messages import WSA, Draft, good_answer, good_request
from tests.kit.refusal import Bench
from tests.kit.tree import Node

FAULT = "wsse:FailedCheck"
PARTS = ["body", "timestamp", "token", "To", "Action", "MessageID"]
UNSIGNED = {"body": "body-unsigned", "timestamp": "timestamp-unsigned", "token": "token-unsigned"}


@pytest.mark.parametrize("part", PARTS)
def test_a_part_is_not_signed(bench: Bench, part: str) -> None:
    draft = good_request()
    draft.reference(draft.part(part)).cut()
    bench.refuses(draft.resign(), UNSIGNED.get(part, "addressing-unsigned"), FAULT)


@pytest.mark.parametrize("part", PARTS)
def test_a_part_without_an_id(bench: Bench, part: str) -> None:
    draft = good_request()
    node = draft.part(part)
    draft.reference(node).cut()
    del node.attributes["wsu:Id"]
    if part == "token":
        # The key reference finds no token any more: the earlier step names it.
        bench.refuses(draft.resign(), "key-reference", "wsse:InvalidSecurity")
    else:
        bench.refuses(draft.resign(), UNSIGNED.get(part, "addressing-unsigned"), FAULT)


@pytest.mark.parametrize(
    "name", ["ReplyTo", "FaultTo", "From", "RelatesTo", "ReferenceParameters", "anything"]
)
def test_one_more_addressing_header_that_is_not_signed(bench: Bench, name: str) -> None:
    draft = good_request()
    draft.header.append(Node(f"wsa:{name}", {"wsu:Id": "more"}, f"{WSA}/anonymous"))
    bench.refuses(draft, "addressing-unsigned", FAULT)


def test_a_second_addressing_header_that_is_not_signed(bench: Bench) -> None:
    draft = good_request()
    draft.header.one("To").after(Node("wsa:To", {}, "https://127.0.0.1/other"))
    bench.refuses(draft, "addressing-unsigned", FAULT)


@pytest.mark.parametrize("part", ["To", "RelatesTo", "confirmation"])
def test_a_part_of_an_answer_is_not_signed(bench: Bench, part: str) -> None:
    draft = good_answer()
    node = draft.root.one("SignatureConfirmation" if part == "confirmation" else part)
    draft.reference(node).cut()
    rule = "confirmation-unsigned" if part == "confirmation" else "addressing-unsigned"
    bench.refuses_answer(draft.resign(), rule, FAULT)


def test_a_signature_confirmation_without_an_id(bench: Bench) -> None:
    draft = good_answer()
    node = draft.root.one("SignatureConfirmation")
    draft.reference(node).cut()
    del node.attributes["wsu:Id"]
    bench.refuses_answer(draft.resign(), "confirmation-unsigned", FAULT)


@pytest.mark.parametrize("uri", ["#nothing", "#Body-1", "#body-1x", "#t:Ask", "#%62ody-1"])
def test_a_reference_to_nothing(bench: Bench, uri: str) -> None:
    draft = good_request()
    draft.reference(draft.body).attributes["URI"] = uri
    bench.refuses(draft.resign(), "reference-unresolved", FAULT)


def test_one_more_reference_to_nothing(bench: Bench) -> None:
    draft = good_request()
    draft.refer(None, "#nothing")
    bench.refuses(draft.resign(), "reference-unresolved", FAULT)


@pytest.mark.parametrize("name", ["Id", "ID", "id", "xml:id", "x:Id", "AssertionID", "wsse:Id"])
def test_only_the_standards_id_attribute_resolves(bench: Bench, name: str) -> None:
    # WSS 1.1 section 4.3: wsu:Id. An id of another spelling is unique like any other, but names nothing.
    draft = good_request()
    value = draft.body.attributes.pop("wsu:Id")
    draft.body.attributes |= {"xmlns:x": "urn:x", name: value}
    bench.refuses(draft.resign(), "reference-unresolved", FAULT)


def at(draft: Draft, where: str) -> Node:
    """Some element that may not be signed on its own."""
    if where == "unknown header":
        node = Node("x:hint", {"xmlns:x": "urn:x"})
        draft.header.insert(0, node)
        return node
    if where == "wsa element under another header":
        holder = Node("x:hint", {"xmlns:x": "urn:x"})
        draft.header.insert(0, holder)
        node = Node("wsa:To", {}, "urn:x")
        holder.append(node)
        return node
    return {
        "Envelope": draft.root,
        "Header": draft.header,
        "Security": draft.security,
        "Body's child": draft.body.elements[0],
        "deep in the Body": draft.body.one("name"),
        "Created": draft.root.one("Created"),
        "SecurityTokenReference": draft.root.one("SecurityTokenReference"),
    }[where]


@pytest.mark.parametrize(
    "where",
    [
        "unknown header",
        "wsa element under another header",
        "Envelope",
        "Header",
        "Security",
        "Body's child",
        "deep in the Body",
        "SecurityTokenReference",
    ],
)
def test_a_reference_to_anything_else(bench: Bench, where: str) -> None:
    draft = good_request()
    node = at(draft, where)
    node.attributes["wsu:Id"] = "elsewhere"
    draft.refer(node)
    bench.refuses(draft.resign(), "reference-misplaced", FAULT)


@pytest.mark.parametrize("name", ["Signature", "KeyInfo"])
def test_a_reference_to_a_part_of_the_signature(bench: Bench, name: str) -> None:
    # Their Id is ds:Id, which names nothing here.
    draft = good_request()
    node = draft.root.one(name)
    node.attributes["Id"] = "elsewhere"
    draft.refer(node)
    bench.refuses(draft.resign(), "reference-unresolved", FAULT)


@pytest.mark.parametrize("part", PARTS)
def test_two_references_to_one_part(bench: Bench, part: str) -> None:
    draft = good_request()
    draft.refer(draft.part(part))
    bench.refuses(draft.resign(), "reference-doubled", FAULT)


@pytest.mark.parametrize("bad_first", [True, False])
def test_a_good_and_a_bad_digest_of_one_part(bench: Bench, bad_first: bool) -> None:
    # A verifier that keeps results by URI takes the good one for both.
    draft = good_request()
    good = draft.reference(draft.body)
    bad = good.copy()
    (good.before if bad_first else good.after)(bad)
    draft.resign()
    bad.one("DigestValue").text = "A" * 43 + "="
    value = draft.root.one("SignatureValue")
    import base64

    from tests.kit import signing

    value.text = base64.b64encode(signing.signature_value(draft.signed_info, draft.identity)).decode()
    bench.refuses(draft, "reference-doubled", FAULT)


def test_the_reference_points_to_the_other_body(bench: Bench) -> None:
    # The signed id stands on a Body under a header; the real Body has none.
    draft = good_request()
    moved = draft.body.copy()
    del draft.body.attributes["wsu:Id"]
    holder = Node("x:wrapper", {"xmlns:x": "urn:x"})
    holder.append(moved)
    draft.header.insert(0, holder)
    bench.refuses(draft.resign(), "reference-misplaced", FAULT)
