"""Flow 2 over real connections: every result, replayed and raced messages, credentials that are no good."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from lxml import etree

from gateway.domain.codes import DocumentKind, VerificationResult
from gateway.domain.identifiers import ResidentRecordCode
from gateway.errors import CounterpartFault
from tests.kit import replies
from tests.kit.messages import Draft
from tests.kit.network import (
    GATEWAY,
    NATIONAL,
    TERMINAL,
    Network,
    Reply,
    Wire,
    by_code,
    by_document,
    caller,
    new_id,
    running,
)

MATCH = VerificationResult.MATCH
NEGATIVE = {
    "expired": ("certificate-expired", "wsse:FailedAuthentication"),
    "not_yet_valid": ("certificate-not-yet-valid", "wsse:FailedAuthentication"),
    "revoked": ("certificate-revoked", "wsse:FailedAuthentication"),
    "other_ca": ("certificate-path", "wsse:FailedAuthentication"),
    "ca_as_leaf": ("certificate-is-ca", "wsse:FailedAuthentication"),
    "wrong_usage": ("certificate-key-usage", "wsse:FailedAuthentication"),
    "small_key": ("key-size", "wsse:UnsupportedAlgorithm"),
    "unknown_system": ("sender-unknown", "wsse:FailedAuthentication"),
    "wrong_role": ("role", "juki:NotPermitted"),
}

ONLY = ("131016-cs", "national-server")


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    with running(tmp_path_factory.mktemp("network") / "net", only=ONLY) as started:
        yield started


@pytest.fixture(scope="module")
def people(network: Network) -> list[dict[str, str]]:
    return network.people()


def ask(network: Network, question: Any, **options: Any) -> VerificationResult:
    with network.client() as client:
        answer = client.terminal.verify_identity(question, **options)
        (exchange,) = client.seen
        assert exchange.verified
        assert "OU=municipal_cs" in (exchange.signer or "")
    return answer.result


# Every result.


@pytest.mark.parametrize(
    ("state", "result"),
    [("active", "match"), ("suspended", "card_suspended"), ("lapsed", "card_lapsed"), ("none", "mismatch")],
)
def test_by_the_code_read_from_a_card(network: Network, state: str, result: str) -> None:
    assert ask(network, by_code(network.person(card_state=state))).value == result


def test_a_code_that_nobody_has(network: Network, people: list[dict[str, str]]) -> None:
    known = {person["resident_record_code"] for person in people}
    codes = (ResidentRecordCode.from_base(f"{number:010d}") for number in range(1_000_000_000, 2_000_000_000))
    free = next(code for code in codes if code.digits not in known)
    assert ask(network, by_code(free.digits)).value == "no_record"


def test_everybody_by_the_four_items_of_a_document(network: Network, people: list[dict[str, str]]) -> None:
    """Kanji beyond the BMP, selectors, J+ tokens, Latin names, unknown and impossible dates: all survive."""
    four = [(one["name"], one["birth_date"], one["sex"], one["address"]) for one in people]
    with network.client() as client:
        for person, items in zip(people, four, strict=True):
            answer = client.terminal.verify_identity(by_document(person))
            wanted = "several_records" if four.count(items) > 1 else "match"
            assert answer.result.value == wanted, person["note"]
        sent = b"".join(exchange.request for exchange in client.seen).decode()
    assert all(person["name"] in sent for person in people)
    assert any(ord(character) > 0xFFFF for character in sent)


@pytest.mark.parametrize(
    ("changes", "result"),
    [
        ({"address": "東京都千代田区一番町9番地"}, "mismatch"),
        ({"sex": "1"}, "mismatch"),
        ({"birth_digits": "19850413"}, "mismatch"),
        ({"name": "山田\u3000花子"}, "match"),
        ({"name": "山田 花江"}, "no_record"),
        ({"birth_digits": "19850413", "address": "東京都千代田区一番町9番地"}, "no_record"),
    ],
)
def test_items_that_differ(network: Network, changes: dict[str, str], result: str) -> None:
    assert ask(network, by_document(network.person(name="山田 花子"), **changes)).value == result


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("渡邉\U000e0101 結衣", "渡邉 結衣"),
        ("渡邉\U000e0101 結衣", "渡邉\U000e0102 結衣"),
        ("\ufa19田 \ufa11子", "神田 \ufa11子"),
        ("\ufa19田 \ufa11子", "\ufa19田 崎子"),
        ("𠮷田 蓮", "吉田 蓮"),
        ("髙橋 一郎", "高橋 一郎"),
        ("{J+AD01}野 千代", "{J+AD02}野 千代"),
    ],
)
def test_another_form_of_a_character_is_another_name(network: Network, name: str, other: str) -> None:
    person = network.person(name=name)
    assert ask(network, by_document(person)) is MATCH
    assert ask(network, by_document(person, name=other)) is not MATCH


@pytest.mark.parametrize(("state", "result"), [("suspended", "card_suspended"), ("lapsed", "card_lapsed")])
def test_the_cards_state_is_told_where_the_card_was_shown(network: Network, state: str, result: str) -> None:
    person = network.person(card_state=state)
    assert ask(network, by_document(person, DocumentKind.INDIVIDUAL_NUMBER_CARD)).value == result
    assert ask(network, by_document(person, DocumentKind.PASSPORT)) is MATCH


# Hand-made messages.


def test_a_hand_made_message_is_answered_and_bound(network: Network) -> None:
    request = network.message(by_code(network.person(card_state="active")))
    answer = network.post(request.raw())
    assert (answer.status, answer.headers["content-type"]) == (200, "text/xml; charset=utf-8")
    message = network.verified(answer.body, request)
    assert message.bound
    assert message.addressing.relates_to == request.header.one("MessageID").text
    root = etree.fromstring(answer.body)
    assert etree.QName(root.find("s:Header", replies.NAMES)[-1]).localname == "Security"


@pytest.mark.parametrize("name", sorted(NEGATIVE))
def test_a_bad_credential_is_refused(network: Network, name: str) -> None:
    assert set(network.document["negative"]) == set(NEGATIVE)
    rule, fault = NEGATIVE[name]
    entry = network.document["negative"][name]
    before = network.asked()
    request = network.message(by_code(network.person(card_state="active")), entry=entry)
    answer = network.post(request.raw(), entry)
    seen = replies.read(answer.body)
    assert (answer.status, seen.fault) == (500, fault)
    if name == "unknown_system":
        assert not seen.signed
        assert seen.children == ("code", "reference")
        assert seen.relates_to is None
    else:
        message = network.verified(answer.body, request)
        assert message.is_fault
        # SignatureConfirmation only once step 8 has passed.
        assert message.bound is (name == "wrong_role")
        assert seen.relates_to == request.header.one("MessageID").text
        assert seen.step in {5, 7, 11}
        assert set(seen.reasons) == {"ja", "en"}
    (line,) = [line for line in network.messages(GATEWAY) if line["reference"] == seen.reference]
    assert (line["outcome"], line["rule"]) == ("refused", rule)
    assert network.asked() == before


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"municipality": "141003"}, "municipality"),
        ({"terminal": "131016-T002"}, "terminal"),
        ({"operator_id": "OP09"}, "operator"),
    ],
)
def test_what_is_not_registered_is_not_permitted(
    network: Network, changes: dict[str, str], rule: str
) -> None:
    before = network.asked()
    with network.client() as client, pytest.raises(CounterpartFault) as caught:
        client.terminal.verify_identity(by_code(network.person(card_state="active"), caller(**changes)))
    assert (caught.value.code, caught.value.standing) == ("NotPermitted", "bound")
    (line,) = [one for one in network.messages(GATEWAY) if one["reference"] == caught.value.reference]
    assert (line["rule"], line["counterpart"]) == (rule, TERMINAL)
    assert network.asked() == before


# Replays and retries.


def duplicate(network: Network, answer: Reply, request: Draft, rule: str) -> None:
    """The answer is the duplicate guard's fault, signed and bound."""
    seen = replies.read(answer.body)
    assert (answer.status, seen.fault) == (500, "juki:DuplicateMessage"), seen
    assert network.verified(answer.body, request).bound
    (line,) = [one for one in network.messages(GATEWAY) if one["reference"] == seen.reference]
    assert (line["rule"], line["step"]) == (rule, 12)


def process_of(network: Network, reference: str | None) -> int:
    (line,) = [one for one in network.messages(GATEWAY) if one["reference"] == reference]
    return int(line["process"])


def by_worker(network: Network) -> dict[int, Wire]:
    """An open connection to each of the two worker processes."""
    found: dict[int, Wire] = {}
    for _ in range(60):
        wire = network.wire()
        seen = replies.read(wire.post(b"").body)
        process = process_of(network, seen.reference)
        if process in found:
            wire.close()
            continue
        found[process] = wire
        if len(found) == 2:
            return found
    raise AssertionError(f"one worker only: {found}")


def test_the_same_bytes_again(network: Network) -> None:
    """On the same connection, on another, at both worker processes, and after a restart: never twice."""
    request = network.message(by_code(network.person(card_state="active")))
    message_id = request.header.one("MessageID").text
    raw = request.raw()
    with contextlib.closing(network.wire()) as wire:
        assert wire.post(raw).status == 200
        duplicate(network, wire.post(raw), request, "replayed")
    duplicate(network, network.post(raw), request, "replayed")
    workers = by_worker(network)
    for process, wire in workers.items():
        answer = wire.post(raw)
        duplicate(network, answer, request, "replayed")
        assert process_of(network, replies.read(answer.body).reference) == process
        wire.close()
    assert network.questions_for(message_id) == 1
    network.restart(GATEWAY)
    duplicate(network, network.post(raw), request, "replayed")
    assert network.questions_for(message_id) == 1


def test_a_retry_under_a_fresh_signature_gets_the_same_answer(network: Network) -> None:
    person, message_id = network.person(card_state="active"), new_id()
    first = network.message(by_code(person), message_id=message_id)
    second = network.message(by_code(person), message_id=message_id)
    assert first.raw() != second.raw()
    answers = [network.post(one.raw()) for one in (first, second)]
    assert [answer.status for answer in answers] == [200, 200]
    for request, answer in zip((first, second), answers, strict=True):
        assert network.verified(answer.body, request).bound
    one, other = (replies.read(answer.body) for answer in answers)
    assert one.body == other.body
    assert one.confirms != other.confirms
    assert network.questions_for(message_id) == 1
    assert [line["outcome"] for line in network.messages(GATEWAY, message_id)] == ["answered", "repeated"]


def test_the_terminals_own_client_asks_again(network: Network) -> None:
    question, message_id = by_code(network.person(card_state="active")), new_id()
    with network.client() as client:
        first, second = (client.terminal.verify_identity(question, message_id=message_id) for _ in range(2))
    assert first == second
    assert network.questions_for(message_id) == 1


def test_other_content_under_the_same_message_id(network: Network, people: list[dict[str, str]]) -> None:
    message_id = new_id()
    first = network.message(by_code(people[0]), message_id=message_id)
    other = network.message(by_code(people[1]), message_id=message_id)
    assert network.post(first.raw()).status == 200
    duplicate(network, network.post(other.raw()), other, "message-id-reused")
    assert network.questions_for(message_id) == 1


def raced(network: Network, *raws: bytes) -> list[Reply]:
    """All at the same moment, on connections that stand already, at both workers."""
    answers: dict[int, Reply] = {}
    wires = list(by_worker(network).values())
    start = threading.Barrier(len(raws))

    def send(at: int) -> None:
        start.wait()
        answers[at] = wires[at].post(raws[at])

    threads = [threading.Thread(target=send, args=(at,)) for at in range(len(raws))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    for wire in wires:
        wire.close()
    return [answers[at] for at in range(len(raws))]


@pytest.mark.parametrize("_round", range(3))
def test_two_identical_requests_raced_have_one_effect(network: Network, _round: int) -> None:
    request = network.message(by_code(network.person(card_state="active")))
    before = network.asked()
    answers = raced(network, request.raw(), request.raw())
    assert sorted(answer.status for answer in answers) == [200, 500]
    (refused,) = [answer for answer in answers if answer.status == 500]
    duplicate(network, refused, request, "replayed")
    assert network.questions_for(request.header.one("MessageID").text) == 1
    assert network.asked() == before + 1


@pytest.mark.parametrize("behaviour", ["off", "slow=500ms"])
def test_two_fresh_signatures_raced_have_one_effect_and_one_answer(network: Network, behaviour: str) -> None:
    message_id, person = new_id(), network.person(card_state="active")
    requests = [network.message(by_code(person), message_id=message_id) for _ in range(2)]
    before = network.asked()
    network.behave(behaviour)
    try:
        answers = raced(network, *(request.raw() for request in requests))
    finally:
        network.behave("off")
    assert [answer.status for answer in answers] == [200, 200]
    for request, answer in zip(requests, answers, strict=True):
        assert network.verified(answer.body, request).bound
    bodies = {replies.read(answer.body).body for answer in answers}
    assert len(bodies) == 1
    assert network.questions_for(message_id) == 1
    assert network.asked() == before + 1
    assert sorted(one["outcome"] for one in network.messages(GATEWAY, message_id)) == ["answered", "repeated"]


def test_what_the_national_server_was_asked_is_not_the_terminals_message(network: Network) -> None:
    """An own MessageID and an own signature: nothing of the terminal's is passed on."""
    request = network.message(by_code(network.person(card_state="active")))
    assert network.post(request.raw()).status == 200
    assert not network.messages(NATIONAL, request.header.one("MessageID").text)
    assert {line["counterpart"] for line in network.messages(NATIONAL)} == {GATEWAY}


# At the port.


@pytest.mark.parametrize(
    ("path", "status", "code"), [("/terminal/2", 404, "soap:Client"), ("/national/1", 404, "soap:Client")]
)
def test_another_path(network: Network, path: str, status: int, code: str) -> None:
    answer = network.post(network.message(by_code(network.person(card_state="active"))).raw(), path=path)
    assert (answer.status, replies.read(answer.body).fault) == (status, code)


@pytest.mark.parametrize(
    ("raw", "headers", "status"),
    [
        (b"<a/>", {"Content-Type": "application/json"}, 415),
        (b"<a/>", {"Content-Encoding": "gzip"}, 415),
        (b"x" * 262_145, {}, 413),
        (b"", {}, 500),
        (b"<a/>", {}, 500),
        (b"\x00" * 1000, {}, 500),
    ],
)
def test_bad_bytes_get_a_fault_and_a_reference(
    network: Network, raw: bytes, headers: dict[str, str], status: int
) -> None:
    answer = network.post(raw, headers=headers)
    seen = replies.read(answer.body)
    assert (answer.status, seen.fault) == (status, "soap:Client")
    assert seen.reference
    assert seen.signed is (status == 500)
    assert seen.relates_to == (replies.UNSPECIFIED if seen.signed else None)
    assert seen.confirms is None


def test_what_came_before_left_the_servers_alive(network: Network) -> None:
    assert ask(network, by_code(network.person(card_state="active"))) is MATCH
    events = {line["event"] for system in (GATEWAY, NATIONAL) for line in network.lines(system)}
    assert not {"bug", "worker-ended"} & events, events
