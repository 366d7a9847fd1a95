"""Step 10, WS-Addressing: the fields, their agreement with HTTP and the Body, and the direction."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.kit.messages import (
    ACTION,
    ACTOR_NEXT,
    ANONYMOUS,
    ANSWER_ACTION,
    CONFIRMED,
    FAULT_ACTION,
    MESSAGE_ID,
    SERVICE,
    TO,
    WSA,
    WSSE11,
    Draft,
    good_answer,
    good_fault,
    good_request,
)
from tests.kit.refusal import ANSWER, REQUEST, Bench, check
from tests.kit.tree import Node

FAULT = "wsa:InvalidAddressingHeader"
REQUIRED = "wsa:MessageAddressingHeaderRequired"
UNSUPPORTED = "wsa:ActionNotSupported"
UNSPECIFIED = f"{WSA}/unspecified"
ONCE = ["To", "Action", "MessageID"]


def header(draft: Draft, name: str, text: str = "", **attributes: str) -> Node:
    """One more signed wsa header."""
    node = Node(f"wsa:{name}", {"wsu:Id": f"more-{name}", **attributes}, text)
    draft.header.insert(0, node)
    draft.refer(node)
    return node


def endpoint(draft: Draft, name: str, address: str) -> Node:
    """A signed ReplyTo, FaultTo or From."""
    node = header(draft, name)
    node.append(Node("wsa:Address", {}, address))
    return node


@pytest.mark.parametrize("name", ONCE)
def test_a_required_header_is_missing(bench: Bench, name: str) -> None:
    draft = good_request()
    node = draft.header.one(name)
    draft.reference(node).cut()
    node.cut()
    bench.refuses(draft.resign(), "addressing-missing", REQUIRED)


@pytest.mark.parametrize("name", ONCE)
def test_a_required_header_of_another_version(bench: Bench, name: str) -> None:
    draft = good_request()
    node = draft.header.one(name)
    draft.reference(node).cut()
    node.name = f"old:{name}"
    node.attributes["xmlns:old"] = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
    bench.refuses(draft.resign(), "addressing-missing", REQUIRED)


@pytest.mark.parametrize("name", ONCE)
@pytest.mark.parametrize("same", [True, False])
def test_a_header_stands_twice(bench: Bench, name: str, same: bool) -> None:
    draft = good_request()
    header(draft, name, draft.header.one(name).text if same else "urn:other:value")
    bench.refuses(draft.resign(), "addressing-doubled", FAULT)


@pytest.mark.parametrize("name", ["ReplyTo", "FaultTo", "From"])
def test_an_endpoint_stands_twice(bench: Bench, name: str) -> None:
    draft = good_request()
    endpoint(draft, name, ANONYMOUS)
    node = endpoint(draft, name, ANONYMOUS)
    node.attributes["wsu:Id"] = "again"
    draft.references[-1].attributes["URI"] = "#again"
    bench.refuses(draft.resign(), "addressing-doubled", FAULT)


# Values


@pytest.mark.parametrize("name", ["To", "Action"])
@pytest.mark.parametrize("text", ["", " ", "\n"])
def test_a_header_without_a_value(bench: Bench, name: str, text: str) -> None:
    draft = good_request()
    draft.header.one(name).text = text
    bench.refuses(draft.resign(), "addressing-value", FAULT)


@pytest.mark.parametrize("name", ONCE)
def test_a_header_with_an_element_in_it(bench: Bench, name: str) -> None:
    draft = good_request()
    draft.header.one(name).append(Node("x:x", {"xmlns:x": "urn:x"}))
    bench.refuses(draft.resign(), "addressing-value", FAULT)


@pytest.mark.parametrize("name", ONCE)
@pytest.mark.parametrize(
    "attribute", ["x:any", "any", "soap:encodingStyle", "wsa:IsReferenceParameter", "xml:base"]
)
def test_a_header_with_a_strange_attribute(bench: Bench, name: str, attribute: str) -> None:
    draft = good_request()
    draft.header.one(name).attributes |= {"xmlns:x": "urn:x", attribute: "true"}
    bench.refuses(draft.resign(), "addressing-value", FAULT)


@pytest.mark.parametrize("name", ONCE)
def test_a_header_for_somebody_else(bench: Bench, name: str) -> None:
    draft = good_request()
    draft.header.one(name).attributes["soap:actor"] = "urn:somebody:else"
    bench.refuses(draft.resign(), "addressing-value", FAULT)


@pytest.mark.parametrize(
    "name",
    [
        "ReferenceParameters",
        "ProblemAction",
        "FaultDetail",
        "to",
        "messageID",
        "EndpointReference",
        "Address",
    ],
)
def test_an_element_that_is_no_header(bench: Bench, name: str) -> None:
    draft = good_request()
    header(draft, name, "urn:x")
    bench.refuses(draft.resign(), "addressing-value", FAULT)


def test_white_space_around_values_is_allowed(bench: Bench) -> None:
    draft = good_request()
    for name in ONCE:
        node = draft.header.one(name)
        node.text = f"\r\n\t {node.text} \n"
    bench.accepts(draft.resign())


@pytest.mark.parametrize(
    "text",
    [
        f"{TO}x",
        TO.removesuffix("1"),
        TO.upper(),
        TO.replace("https", "http"),
        TO.replace("127.0.0.1", "localhost"),
        f"{TO}?wsdl",
        f"{TO}#x",
        f"{TO}\u00a0",
        f"{TO} {TO}",
        ANONYMOUS,
        f"{WSA}/none",
    ],
)
def test_an_address_that_is_not_ours(bench: Bench, text: str) -> None:
    bench.refuses(good_request(to=text), "to", FAULT)


@pytest.mark.parametrize(
    "text", [ANSWER_ACTION, FAULT_ACTION, f"{ACTION}x", ACTION.upper(), f"{WSA}/fault", "Ask"]
)
def test_an_action_that_is_not_ours(bench: Bench, text: str) -> None:
    expected = replace(REQUEST, soap_action=text)
    bench.refuses(good_request(action=text), "action", UNSUPPORTED, expected=expected)


GOOD_IDS = ["urn:uuid:1", "http://example.org/1", "uuid:1", "urn:x:髙橋", "tag:a,2026:" + "x" * 245, "a:b"]
WRONG_IDS = [
    "1",
    "3f1a6c52-8f0b-4f57-9d3e-0d5f6c1b2a90",
    "/1",
    "//host/1",
    "?a:b",
    "#a",
    ":a",
    "1a:b",
    "urn:",
    "urn:a b",
    "urn:a\u00a0b",
    "urn:<a>",
    "tag:a,2026:" + "x" * 246,
    "あ:b",
]


@pytest.mark.parametrize("text", GOOD_IDS)
def test_message_ids(bench: Bench, text: str) -> None:
    verified = bench.request(good_request(message_id=text))
    check(verified.addressing.message_id == text, "the MessageID that was sent")


@pytest.mark.parametrize("text", WRONG_IDS)
def test_message_ids_that_are_none(bench: Bench, text: str) -> None:
    bench.refuses(good_request(message_id=text), "message-id", FAULT)


@pytest.mark.parametrize("name", ["ReplyTo", "FaultTo", "From"])
def test_an_anonymous_endpoint(bench: Bench, name: str) -> None:
    draft = good_request()
    endpoint(draft, name, ANONYMOUS)
    bench.accepts(draft.resign())


@pytest.mark.parametrize("name", ["ReplyTo", "FaultTo", "From"])
@pytest.mark.parametrize("address", ["http://127.0.0.1:9/", f"{WSA}/none", "", ANONYMOUS + "x", TO])
def test_an_endpoint_elsewhere(bench: Bench, name: str, address: str) -> None:
    draft = good_request()
    endpoint(draft, name, address)
    bench.refuses(draft.resign(), "reply-to", FAULT)


@pytest.mark.parametrize("name", ["ReplyTo", "FaultTo", "From"])
@pytest.mark.parametrize("form", ["no Address", "two Addresses", "parameters", "text", "another Address"])
def test_an_endpoint_of_another_form(bench: Bench, name: str, form: str) -> None:
    draft = good_request()
    node = endpoint(draft, name, ANONYMOUS)
    if form == "no Address":
        node.children = []
    elif form == "two Addresses":
        node.append(Node("wsa:Address", {}, "http://127.0.0.1:9/"))
    elif form == "parameters":
        node.append(Node("wsa:ReferenceParameters"))
    elif form == "text":
        node.append("http://127.0.0.1:9/")
    else:
        node.elements[0].name = "x:Address"
        node.elements[0].attributes["xmlns:x"] = "urn:x"
    bench.refuses(draft.resign(), "addressing-value", FAULT)


# Agreement


@pytest.mark.parametrize("value", [None, "", ANSWER_ACTION, ACTION + "x", f'"{ACTION}"', ACTION.upper()])
def test_soap_action_differs(bench: Bench, value: str | None) -> None:
    bench.refuses(good_request(), "soap-action", FAULT, expected=replace(REQUEST, soap_action=value))


@pytest.mark.parametrize(
    "body",
    [
        f'<t:Delete xmlns:t="{SERVICE}"/>',
        f'<t:AskAnswer xmlns:t="{SERVICE}"/>',
        '<t:Ask xmlns:t="urn:example:other:1"/>',
        "<Ask/>",
        f'<t:ask xmlns:t="{SERVICE}"/>',
    ],
)
def test_the_body_is_not_the_actions(bench: Bench, body: str) -> None:
    bench.refuses(good_request(body=body), "action-body", FAULT)


# Direction


def test_a_request_relates_to_something(bench: Bench) -> None:
    draft = good_request()
    header(draft, "RelatesTo", "urn:uuid:other")
    bench.refuses(draft.resign(), "request-relates", FAULT)


def test_a_request_confirms_a_signature(bench: Bench) -> None:
    draft = good_request()
    node = Node("c:SignatureConfirmation", {"xmlns:c": WSSE11, "wsu:Id": "confirmation", "Value": CONFIRMED})
    draft.security.append(node)
    draft.refer(node)
    bench.refuses(draft.resign(), "request-relates", FAULT)


def test_an_answer_is_never_a_request(bench: Bench) -> None:
    expected = replace(
        REQUEST,
        addresses=frozenset({ANONYMOUS}),
        actions={ANSWER_ACTION: f"{{{SERVICE}}}AskAnswer"},
        soap_action=ANSWER_ACTION,
    )
    bench.refuses(good_answer(), "request-relates", FAULT, expected=expected)
    bench.refuses(good_answer(confirms=None), "request-relates", FAULT, expected=expected)


def test_a_request_is_never_an_answer(bench: Bench) -> None:
    expected = replace(ANSWER, actions={ACTION: f"{{{SERVICE}}}Ask"})
    bench.refuses_answer(good_request(to=ANONYMOUS), "answer-relates", FAULT, expected=expected)


def test_a_good_answer(bench: Bench) -> None:
    verified = bench.answer(good_answer())
    check(verified.bound, "bound")
    check(not verified.is_fault, "no fault")
    check(verified.addressing.relates_to == MESSAGE_ID, "RelatesTo")


@pytest.mark.parametrize("text", ["urn:uuid:other", UNSPECIFIED, MESSAGE_ID + "0", MESSAGE_ID.upper()])
def test_an_answer_to_another_request(bench: Bench, text: str) -> None:
    bench.refuses_answer(good_answer(relates_to=text), "answer-relates", FAULT)


def test_an_answer_that_relates_to_nothing(bench: Bench) -> None:
    draft = good_answer()
    node = draft.header.one("RelatesTo")
    draft.reference(node).cut()
    node.cut()
    bench.refuses_answer(draft.resign(), "answer-relates", FAULT)


def test_an_answer_that_relates_twice(bench: Bench) -> None:
    draft = good_answer()
    header(draft, "RelatesTo", "urn:uuid:other")
    bench.refuses_answer(draft.resign(), "addressing-doubled", FAULT)


@pytest.mark.parametrize("kind", [f"{WSA}/reply", None])
def test_the_relationship_of_a_reply(bench: Bench, kind: str | None) -> None:
    draft = good_answer()
    if kind:
        draft.header.one("RelatesTo").attributes["RelationshipType"] = kind
    bench.answer(draft.resign())


@pytest.mark.parametrize("kind", ["urn:other", f"{WSA}/Reply", ""])
def test_another_relationship(bench: Bench, kind: str) -> None:
    draft = good_answer()
    draft.header.one("RelatesTo").attributes["RelationshipType"] = kind
    bench.refuses_answer(draft.resign(), "addressing-value", FAULT)


@pytest.mark.parametrize("value", [None, "AAAA", CONFIRMED + "A", CONFIRMED[:-4], "", CONFIRMED.lower()])
def test_an_answer_that_confirms_another_signature(bench: Bench, value: str | None) -> None:
    draft = good_answer()
    node = draft.root.one("SignatureConfirmation")
    del node.attributes["Value"]
    if value is not None:
        node.attributes["Value"] = value
    bench.refuses_answer(draft.resign(), "answer-confirmation", FAULT)


def test_an_answer_that_confirms_nothing(bench: Bench) -> None:
    bench.refuses_answer(good_answer(confirms=None), "answer-confirmation", FAULT)


def test_a_confirmation_with_something_in_it(bench: Bench) -> None:
    for child in ("text", Node("x:x", {"xmlns:x": "urn:x"})):
        draft = good_answer()
        draft.root.one("SignatureConfirmation").append(child)
        bench.refuses_answer(draft.resign(), "answer-confirmation", FAULT)


@pytest.mark.parametrize("to", [TO, f"{WSA}/none", ANONYMOUS + "/"])
def test_an_answer_to_an_address(bench: Bench, to: str) -> None:
    draft = good_answer()
    draft.header.one("To").text = to
    bench.refuses_answer(draft.resign(), "answer-to", FAULT)


@pytest.mark.parametrize("action", [ACTION, FAULT_ACTION, f"{WSA}/fault", "urn:other"])
def test_an_answer_with_another_action(bench: Bench, action: str) -> None:
    bench.refuses_answer(good_answer(action=action), "action", UNSUPPORTED)


def test_an_answer_with_another_body(bench: Bench) -> None:
    draft = good_answer(body=f'<t:Other xmlns:t="{SERVICE}"/>')
    bench.refuses_answer(draft, "action-body", FAULT)
    fault_body = good_fault().body.elements[0]
    draft = good_answer()
    draft.body.children = [fault_body.copy()]
    draft.body.elements[0].parent = draft.body
    bench.refuses_answer(draft.resign(), "action-body", FAULT)


# Faults


def test_a_bound_fault(bench: Bench) -> None:
    verified = bench.answer(good_fault())
    check(verified.is_fault, "a fault")
    check(verified.bound, "bound")


@pytest.mark.parametrize(
    ("relates_to", "confirms"), [(UNSPECIFIED, None), (MESSAGE_ID, None), (UNSPECIFIED, CONFIRMED)]
)
def test_an_unbound_fault(bench: Bench, relates_to: str, confirms: str | None) -> None:
    verified = bench.answer(good_fault(relates_to=relates_to, confirms=confirms))
    check(verified.is_fault, "a fault")
    check(not verified.bound, "not bound")


def test_a_fault_bound_to_another_request(bench: Bench) -> None:
    bench.refuses_answer(good_fault(relates_to="urn:uuid:other"), "answer-relates", FAULT)
    bench.refuses_answer(good_fault(confirms="AAAA"), "answer-confirmation", FAULT)


def test_the_next_actor_is_us(bench: Bench) -> None:
    draft = good_request()
    draft.header.one("To").attributes["soap:actor"] = ACTOR_NEXT
    bench.accepts(draft.resign())
