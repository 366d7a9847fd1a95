"""What an endpoint's answers look like for each kind of outcome; over an endpoint with all its real parts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from lxml import etree

from gateway.domain.faults import operation_fault
from gateway.errors import OperationFault, StoreError
from gateway.refusals import Refused
from tests.kit import replies
from tests.kit.door import TERMINAL, Door, question, signer_of, tls_of
from tests.kit.identities import NOW
from tests.kit.messages import WSU, Draft
from tests.kit.replies import SOAP_FAULT, UNSPECIFIED

WSU_ID = f"{{{WSU}}}Id"
OPERATION = TERMINAL.operation("VerifyIdentity")


@pytest.fixture
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    opened = Door.open(tmp_path_factory.mktemp("door"))
    yield opened
    opened.close()


def post(door: Door, asked: Draft | bytes) -> tuple[int, replies.Read]:
    raw = asked if isinstance(asked, bytes) else asked.raw()
    answer = door.post(raw, tls_of("terminal-1"))
    return answer.status, replies.read(answer.body)


def two(message_id: str) -> tuple[Draft, Draft]:
    """The same question under two signatures."""
    return question(message_id=message_id), question(
        message_id=message_id, created=NOW - timedelta(seconds=1)
    )


def raising(door: Door, error: Callable[[], Exception]) -> None:
    """The use case behind the terminal's operation fails from now on."""

    def fail(_question: Any) -> Any:
        raise error()

    door.handlers["terminal"] = fail


def test_an_answer(door: Door) -> None:
    asked = question()
    status, seen = post(door, asked)
    assert (status, seen.signed, seen.fault) == (200, True, None)
    assert seen.action == OPERATION.answer_action
    assert seen.relates_to == asked.header.one("MessageID").text
    assert seen.confirms == asked.signature_value


def test_two_answers_are_never_the_same_message(door: Door) -> None:
    message_id = "urn:uuid:00000000-0000-4000-8000-000000000001"
    first, second = (door.post(one.raw(), tls_of("terminal-1")) for one in two(message_id))
    assert first.body != second.body
    assert replies.read(first.body).body == replies.read(second.body).body
    ids = [
        {
            value
            for element in etree.fromstring(one.body).iter()
            for name, value in element.items()
            if name.endswith("Id")
        }
        for one in (first, second)
    ]
    # What is the same in every answer keeps its Id: the sender, the anonymous address, the action.
    assert ids[0] & ids[1] == {"token", "to", "action"}


def test_before_step_4_a_fault_is_signed_and_names_no_request(door: Door) -> None:
    for raw in (b"", b"<a/>", b"\xff\xfe", question().raw().replace(b"soap:Header", b"soap:Head")):
        status, seen = post(door, raw)
        assert (status, seen.signed) == (500, True)
        assert (seen.relates_to, seen.confirms, seen.action) == (UNSPECIFIED, None, SOAP_FAULT)
        assert seen.step in {2, 3}


def test_from_step_4_on_it_names_the_request(door: Door) -> None:
    asked = question()
    asked.body.elements[0].attributes["changed"] = "yes"
    status, seen = post(door, asked)
    assert (status, seen.step, seen.signed) == (500, 8, True)
    assert (seen.relates_to, seen.confirms) == (asked.header.one("MessageID").text, None)


def test_after_step_8_it_confirms_the_signature(door: Door) -> None:
    asked = question(to="https://127.0.0.1:1/terminal/1")
    _, seen = post(door, asked)
    assert (seen.step, seen.fault, seen.action) == (
        10,
        "wsa:InvalidAddressingHeader",
        replies.ADDRESSING_FAULT,
    )
    assert (seen.relates_to, seen.confirms) == (asked.header.one("MessageID").text, asked.signature_value)


def test_a_message_id_that_is_none_is_not_repeated(door: Door) -> None:
    asked = question(message_id="not an IRI")
    _, seen = post(door, asked)
    assert (seen.step, seen.relates_to) == (10, UNSPECIFIED)
    assert seen.confirms == asked.signature_value


def test_an_operations_temporary_fault_is_signed_and_not_kept(door: Door) -> None:
    asked, again = two("urn:a:1")
    raising(door, lambda: operation_fault("CounterpartTimeout"))
    status, seen = post(door, asked)
    assert (status, seen.fault, seen.action) == (500, "juki:CounterpartTimeout", OPERATION.fault_action)
    assert (seen.signed, seen.confirms) == (True, asked.signature_value)
    assert set(seen.reasons) == {"ja", "en"}
    del door.handlers["terminal"]
    assert post(door, again)[0] == 200


def test_an_operations_own_fault_is_kept(door: Door) -> None:
    """The very same answer again, though the use case would answer now."""
    asked, again = two("urn:a:2")
    raising(door, lambda: OperationFault("CounterpartRefused", "no", "いいえ"))
    first = post(door, asked)
    del door.handlers["terminal"]
    second = post(door, again)
    assert first[0] == second[0] == 500
    assert first[1].body == second[1].body
    assert second[1].confirms == again.signature_value
    assert second[1].action == OPERATION.fault_action


@pytest.mark.parametrize("error", [KeyError("山田 花子"), RuntimeError("x"), RecursionError(), MemoryError()])
def test_a_bug_is_a_reference_and_a_retry_is_worked_anew(door: Door, error: Exception) -> None:
    asked, again = two("urn:a:3")
    raising(door, lambda: error)
    answer = door.post(asked.raw(), tls_of("terminal-1"))
    seen = replies.read(answer.body)
    assert (answer.status, seen.fault, seen.code) == (500, "soap:Server", "InternalError")
    assert (seen.signed, seen.children) == (True, ("code", "reference"))
    assert "山田" not in answer.body.decode()
    assert b"Traceback" not in answer.body
    assert door.store.refusals.find(seen.reference or "") is None
    del door.handlers["terminal"]
    assert post(door, again)[0] == 200


def test_a_refusal_raised_behind_the_door_is_one(door: Door) -> None:
    asked = question()
    raising(door, lambda: Refused("value", where="VerifyIdentity/caller"))
    _, seen = post(door, asked)
    assert (seen.fault, seen.step) == ("juki:InvalidRequest", 13)
    assert seen.reasons["en"].endswith("(VerifyIdentity/caller)")


def test_a_store_that_fails_for_the_record_still_says_no(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_record: object) -> None:
        raise StoreError("no")

    monkeypatch.setattr(door.store.refusals, "record", fail)
    _, seen = post(door, question(identity=signer_of("nobody")))
    assert seen.fault == "wsse:FailedAuthentication"


def test_a_stranger_gets_a_code_and_a_reference(door: Door) -> None:
    for raw in (b"", question().raw()):
        answer = door.post(raw, tls_of("nobody"))
        seen = replies.read(answer.body)
        assert (answer.status, seen.signed, seen.children) == (500, False, ("code", "reference"))
        root = etree.fromstring(answer.body)
        assert root.find("s:Header", replies.NAMES) is None


def test_a_bug_tells_a_stranger_no_more(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("gateway.transport.endpoint.step_1_http", fail)
    answer = door.post(question().raw(), tls_of("nobody"))
    seen = replies.read(answer.body)
    assert (answer.status, seen.code, seen.signed) == (500, "InternalError", False)
