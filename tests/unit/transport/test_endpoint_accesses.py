"""Every message whose Body was read is in the access log, committed before its answer leaves."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from lxml import etree
from sqlalchemy import event

from gateway.domain.faults import operation_fault
from gateway.domain.verification import IdentityAnswer, IdentityQuestion
from gateway.errors import StoreError
from gateway.store.access_check import check_accesses
from gateway.transport.http import HttpAnswer, HttpRequest
from tests.kit import questions, replies
from tests.kit.accesses import codes, listed, told
from tests.kit.door import TERMINAL, Door, question, tls_of
from tests.kit.identities import NOW
from tests.kit.messages import Draft

LATER = NOW + timedelta(milliseconds=1)
BY_CODE = etree.tostring(questions.element(questions.BY_CODE))


@pytest.fixture(params=[False, True], ids=["alone", "together"])
def door(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Door]:
    opened = Door.open(tmp_path, stays_here=request.param)
    yield opened
    opened.close()


def post(door: Door, *drafts: Draft, peer: str = "terminal-1") -> list[HttpAnswer]:
    headers = (
        ("host", "127.0.0.1:8443"),
        ("content-type", "text/xml; charset=utf-8"),
        ("soapaction", f'"{TERMINAL.operation("VerifyIdentity").action}"'),
    )
    tls = tls_of(peer).der
    requests = [
        HttpRequest("POST", TERMINAL.path, "", headers, one.raw(), tls, "127.0.0.1") for one in drafts
    ]
    left = door.endpoint.together(requests)
    return [one if isinstance(one, HttpAnswer) else one() for one in left]


def raises(error: Exception) -> Any:
    def handler(_: IdentityQuestion) -> IdentityAnswer:
        raise error

    return handler


def test_who_asked_for_whom(door: Door) -> None:
    by_code, by_document = question(body=BY_CODE), question()
    answers = post(door, by_code, by_document)
    assert [answer.status for answer in answers] == [200, 200]
    one, two = listed(door.store)
    who = one.who
    assert (who.system, who.municipality, who.terminal) == ("terminal-1", "131016", "131016-terminal-1")
    assert (who.verification_id, who.operator_id, who.purpose) == ("V-0001", "O-01", "record_copy")
    assert (one.at, one.outcome, one.with_number, one.passed_to) == (NOW, "match", False, "national_server")
    assert one.message_id == by_code.header.one("MessageID").text
    assert codes(door.store, one) == ["12345678903"]
    assert [person.subject.value for person in two.people] == ["items"]
    assert check_accesses(door.store.read).good


def test_a_fault_that_passes_and_the_retry(door: Door) -> None:
    draft = question(message_id="urn:uuid:00000000-0000-4000-8000-000000000003", body=BY_CODE)
    door.handlers["terminal"] = raises(operation_fault("TooManyQuestions"))
    (answer,) = post(door, draft)
    assert replies.read(answer.body).code == "TooManyQuestions"
    del door.handlers["terminal"]
    post(
        door,
        question(message_id="urn:uuid:00000000-0000-4000-8000-000000000003", body=BY_CODE, created=LATER),
    )
    assert told(door.store) == [
        ("in", "VerifyIdentity", "fault:TooManyQuestions", ["asked"]),
        ("in", "VerifyIdentity", "match", ["seen"]),
    ]
    assert {code for one in listed(door.store) for code in codes(door.store, one)} == {"12345678903"}


def test_a_fault_that_stays(door: Door) -> None:
    door.handlers["terminal"] = raises(operation_fault("ChangeRefused"))
    post(door, question())
    assert told(door.store) == [("in", "VerifyIdentity", "fault:ChangeRefused", ["asked"])]


def test_an_answer_told_again(door: Door) -> None:
    name = "urn:uuid:00000000-0000-4000-8000-000000000004"
    post(door, question(message_id=name, body=BY_CODE))
    post(door, question(message_id=name, body=BY_CODE, created=LATER))
    assert told(door.store) == [
        ("in", "VerifyIdentity", "match", ["seen"]),
        ("in", "VerifyIdentity", "repeated", ["seen"]),
    ]
    assert [codes(door.store, one) for one in listed(door.store)] == [["12345678903"]] * 2


@pytest.mark.parametrize(
    ("peer", "rule", "unregistered"),
    [
        ("terminal-staff", "operator", "operator_id"),
        ("terminal-few", "terminal", "terminal"),
        ("terminal-other", "purpose", None),
    ],
)
def test_who_names_what_is_not_his(door: Door, peer: str, rule: str, unregistered: str | None) -> None:
    """What is not registered may be any text, a person's number too: it is not kept."""
    post(door, question(peer, body=BY_CODE), peer=peer)
    assert told(door.store) == [("in", "VerifyIdentity", f"refused:{rule}", ["asked"])]
    (one,) = listed(door.store)
    assert (one.who.system, one.who.verification_id) == (peer, "V-0001")
    names = {"terminal": one.who.terminal, "operator_id": one.who.operator_id}
    assert [name for name, value in names.items() if value == "unregistered"] == [unregistered] * bool(
        unregistered
    )


def test_what_nobody_read_is_about_nobody(door: Door) -> None:
    post(door, question(body=b"<x/>"))
    post(door, question(to="https://elsewhere/"))
    assert told(door.store) == []


def test_a_bug(door: Door) -> None:
    door.handlers["terminal"] = raises(KeyError("bug"))
    post(door, question(body=BY_CODE))
    assert told(door.store) == [("in", "VerifyIdentity", "failed", ["asked"])]


def test_no_answer_leaves_without_its_access(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise StoreError("the database is full")

    with monkeypatch.context() as patched:
        patched.setattr(door.store.accesses, "append", full)
        (answer,) = post(door, question(body=BY_CODE))
    assert replies.read(answer.body).fault == "soap:Server"
    assert told(door.store) == []
    with door.store.read() as connection:
        kept = connection.exec_driver_sql("SELECT count(*) FROM guard_messages WHERE state = 'answered'")
        assert kept.scalar_one() == 0


def test_in_the_commit_of_the_answers(tmp_path: Path) -> None:
    door = Door.open(tmp_path, stays_here=True)
    commits: list[str] = []
    event.listen(door.store.database.writer, "commit", lambda _: commits.append("commit"))
    post(door, *(question() for _ in range(4)))
    assert (len(commits), len(told(door.store))) == (1, 4)
    door.close()


def test_a_senders_own_text_is_not_kept(door: Door) -> None:
    post(door, question(message_id="urn:case:12345678903", body=BY_CODE))
    (one,) = listed(door.store)
    assert (one.message_id or "").startswith("sha256:")
