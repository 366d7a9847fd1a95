"""Step 11: who signed, whose connection it is, what that role may call, and what the Body may name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from lxml import etree

from tests.kit import questions, replies
from tests.kit.door import NATIONAL, Door, question, signer_of, tls_of
from tests.kit.identities import Identity, TestAuthority, authority, make_key
from tests.kit.messages import Draft
from tests.kit.refusal import check

AUTHENTICATION = "wsse:FailedAuthentication"
PERMITTED = "juki:NotPermitted"
NATIONAL_ACTION = NATIONAL.operation("VerifyIdentity").action


@pytest.fixture(scope="module")
def revoked() -> Identity:
    """A TLS identity of the terminal that the CRL names."""
    key = make_key("P-256")
    return Identity(key, authority().certify(key, "terminal-1 TLS"))


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory, revoked: Identity) -> Iterator[Door]:
    opened = Door.open(tmp_path_factory.mktemp("door"), revoked=revoked)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    """An endpoint that admits connections without TLS."""
    opened = Door.open(tmp_path_factory.mktemp("plain"), plain_http=True)
    yield opened
    opened.close()


def refuses(
    door: Door,
    rule: str,
    fault: str,
    asked: Draft,
    tls: Identity | None,
    *,
    told: bool = True,
    detail: bool = True,
    **changes: Any,
) -> None:
    """Refused by this rule at step 11, asking nothing; ``told``: by a fault signed and bound."""
    before = len(door.asked)
    answer = door.post(asked.raw(), tls, **changes)
    record = door.refused(
        answer, rule, fault, request=asked if told else None, detail=detail and told, status=500
    )
    check(record.step == 11, f"step {record.step}")
    check(len(door.asked) == before, "the question was asked")
    check(record.chain != (), "no chain on record")
    check(record.message_id == asked.header.one("MessageID").text, "no MessageID on record")


def with_value(path: str, text: str) -> bytes:
    """The Body's child of a good question with one value of the caller changed."""
    element = questions.element()
    questions.find(element, path).text = text
    return etree.tostring(element)


def test_a_good_question_is_asked_once(door: Door) -> None:
    asked = question()
    before = len(door.asked)
    answer = door.post(asked.raw(), tls_of("terminal-1"))
    message = door.verified(answer.body, asked)
    check((answer.status, message.bound, message.is_fault) == (200, True, False), f"{answer.body!r}")
    check(len(door.asked) == before + 1, "asked once")


def test_another_key_of_the_same_holder_is_good(door: Door) -> None:
    """A holder is (anchor, issuer, subject): a renewed certificate needs no new registration."""
    key = make_key("P-384")
    renewed = Identity(key, authority().certify(key, "terminal-1"))
    answer = door.post(question(identity=renewed).raw(), tls_of("terminal-1"))
    check(answer.status == 200, f"{answer.body!r}")


# The signature's side.


def test_a_signer_registered_nowhere(door: Door) -> None:
    asked = question(identity=signer_of("nobody"))
    refuses(door, "sender-unknown", AUTHENTICATION, asked, tls_of("terminal-1"))


def test_a_tls_certificate_is_no_signer(door: Door) -> None:
    asked = question(identity=tls_of("terminal-1"))
    refuses(door, "sender-unknown", AUTHENTICATION, asked, tls_of("terminal-1"))


@pytest.mark.parametrize(("signed", "connected"), [("terminal-1", "terminal-quiet"), ("cs-1", "terminal-1")])
def test_signature_and_connection_of_two_counterparts(door: Door, signed: str, connected: str) -> None:
    asked = question(signed)
    detail = connected != "terminal-quiet"
    refuses(door, "tls-other-counterpart", AUTHENTICATION, asked, tls_of(connected), detail=detail)


# The connection's side: a stranger gets an unsigned fault, a code and a reference.


def test_a_connection_without_a_certificate(door: Door) -> None:
    refuses(door, "tls-missing", AUTHENTICATION, question(), None, told=False)


def test_a_connection_of_a_revoked_certificate(door: Door, revoked: Identity) -> None:
    asked = question()
    refuses(door, "tls-untrusted", AUTHENTICATION, asked, revoked, told=False)
    answer = door.post(question().raw(), revoked)
    found = door.record(replies.read(answer.body).reference).found
    check("certificate-revoked" in found, found)


def test_a_connection_of_another_authority(door: Door) -> None:
    other = TestAuthority("Another CA")
    key = make_key("P-256")
    stranger = Identity(key, other.certify(key, "terminal-1 TLS"))
    refuses(door, "tls-untrusted", AUTHENTICATION, question(), stranger, told=False)


def test_a_connection_that_is_no_certificate(door: Door) -> None:
    answer = door.post(question().raw(), None, peer_certificate=b"\x30\x03\x02\x01\x01")
    record = door.refused(answer, "tls-untrusted", AUTHENTICATION, detail=False)
    check("token-unreadable" in record.found, record.found)


def test_a_connection_of_nobody_registered(door: Door) -> None:
    """The signature is the terminal's: whoever connects must be registered as well."""
    refuses(door, "sender-unknown", AUTHENTICATION, question(), tls_of("nobody"), told=False)
    answer = door.post(question().raw(), tls_of("nobody"))
    record = door.record(replies.read(answer.body).reference)
    check((record.where, record.peer) == ("TLS certificate", "127.0.0.1"), f"{record.where} {record.peer}")


def test_a_signing_certificate_opens_no_connection(door: Door) -> None:
    refuses(door, "sender-unknown", AUTHENTICATION, question(), signer_of("terminal-1"), told=False)


def test_a_stranger_with_an_earlier_flaw_is_told_no_more(door: Door) -> None:
    asked = question()
    asked.body.elements[0].attributes["changed"] = "yes"
    answer = door.post(asked.raw(), tls_of("nobody"))
    record = door.refused(answer, "digest", "wsse:FailedCheck", detail=False)
    check((record.step, record.peer) == (8, "127.0.0.1"), f"{record.step} {record.peer}")


# What a role may call.


@pytest.mark.parametrize("name", ["records-1", "cs-1"])
def test_a_role_that_may_not_ask_the_terminals_service(door: Door, name: str) -> None:
    refuses(door, "role", PERMITTED, question(name), tls_of(name))


def test_a_terminal_may_not_ask_the_national_service(door: Door) -> None:
    asked = question("terminal-1", service=NATIONAL)
    headers = {"soapaction": f'"{NATIONAL_ACTION}"'}
    refuses(door, "role", PERMITTED, asked, tls_of("terminal-1"), path=NATIONAL.path, headers=headers)


def test_without_fault_detail_no_more_is_told(door: Door) -> None:
    asked = question("terminal-quiet", body=with_value("caller/terminal", "131016-terminal-9"))
    refuses(door, "terminal", PERMITTED, asked, tls_of("terminal-quiet"), detail=False)


# What the Body may name.


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("terminal-elsewhere", "municipality"),
        ("terminal-few", "terminal"),
        ("terminal-staff", "operator"),
        ("terminal-other", "purpose"),
    ],
)
def test_what_is_named_is_not_registered_to_the_counterpart(door: Door, name: str, rule: str) -> None:
    refuses(door, rule, PERMITTED, question(name), tls_of(name))


@pytest.mark.parametrize(
    ("rule", "path", "text"),
    [
        ("municipality", "caller/municipality", "141003"),
        ("terminal", "caller/terminal", "131016-terminal-9"),
        ("operator", "caller/operator/verificationId", "V-0002"),
        ("operator", "caller/operator/operatorId", "O-02"),
        ("purpose", "caller/purpose", "move_in"),
    ],
)
def test_something_else_is_named(door: Door, rule: str, path: str, text: str) -> None:
    asked = question(body=with_value(path, text))
    refuses(door, rule, PERMITTED, asked, tls_of("terminal-1"))


def test_a_further_municipality_that_is_registered(door: Door) -> None:
    answer = door.post(question("terminal-branch").raw(), tls_of("terminal-branch"))
    check(answer.status == 200, f"{answer.body!r}")


def national(door: Door, name: str, asked: Draft) -> Any:
    headers = {"soapaction": f'"{NATIONAL_ACTION}"'}
    return door.post(asked.raw(), tls_of(name), path=NATIONAL.path, headers=headers)


def test_a_municipal_cs_vouches_for_its_own_terminals(door: Door) -> None:
    answer = national(door, "cs-1", question("cs-1", service=NATIONAL))
    check(answer.status == 200, f"{answer.body!r}")


def test_a_municipal_cs_names_only_its_own_municipality(door: Door) -> None:
    asked = question("cs-2", service=NATIONAL)
    answer = national(door, "cs-2", asked)
    record = door.refused(answer, "municipality", PERMITTED, request=asked)
    check((record.step, record.operation) == (11, "VerifyIdentity"), f"{record}")


def test_a_refused_caller_is_judged_anew(door: Door) -> None:
    """No effect: the same MessageID with other content is free after a refusal."""
    refused = question(body=with_value("caller/purpose", "move_in"))
    refuses(door, "purpose", PERMITTED, refused, tls_of("terminal-1"))
    again = question(message_id=refused.header.one("MessageID").text)
    check(door.post(again.raw(), tls_of("terminal-1")).status == 200, "the MessageID was taken")


# Plain HTTP: the signature alone tells who asks.


def test_plain_a_good_question_is_asked(plain: Door) -> None:
    asked = question()
    answer = plain.post(asked.raw(), None)
    check((answer.status, plain.verified(answer.body, asked).bound) == (200, True), f"{answer.body!r}")


def test_plain_a_signer_registered_nowhere(plain: Door) -> None:
    asked = question(identity=signer_of("nobody"))
    refuses(plain, "sender-unknown", AUTHENTICATION, asked, None, told=False)


def test_plain_a_role_that_may_not_ask(plain: Door) -> None:
    refuses(plain, "role", PERMITTED, question("records-1"), None, told=False)


def test_plain_a_known_sender_gets_a_signed_fault(plain: Door) -> None:
    """Once the signature is a counterpart's: what its Body names is refused under our signature."""
    asked = question(body=with_value("caller/purpose", "move_in"))
    refuses(plain, "purpose", PERMITTED, asked, None)


def test_plain_a_certificate_still_counts(plain: Door) -> None:
    refuses(plain, "sender-unknown", AUTHENTICATION, question(), tls_of("nobody"), told=False)
