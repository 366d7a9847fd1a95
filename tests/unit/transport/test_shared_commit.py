"""Questions that share a commit: answered, kept and refused as by themselves, and never before the commit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from lxml import etree
from sqlalchemy import event

from gateway.errors import OperationFault, StoreError
from gateway.evidence import Entry, Kept
from gateway.transport.http import HttpAnswer, HttpRequest
from gateway.transport.working import Admitted, Working
from gateway.wss import verify
from gateway.wss.security import Security
from tests.kit import questions, replies
from tests.kit.door import TERMINAL, Door, question, tls_of
from tests.kit.identities import NOW
from tests.kit.messages import Draft

PEER = "terminal-1"
OTHER = etree.tostring(questions.element(questions.BY_CODE))
LATER = NOW + timedelta(milliseconds=1)


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    opened = Door.open(tmp_path, stays_here=True)
    yield opened
    opened.close()


@pytest.fixture
def commits(door: Door) -> list[str]:
    """One entry for each transaction that was committed."""
    found: list[str] = []
    event.listen(door.store.database.writer, "commit", lambda _: found.append("commit"))
    return found


def request(draft: Draft) -> HttpRequest:
    headers = (
        ("host", "127.0.0.1:8443"),
        ("content-type", "text/xml; charset=utf-8"),
        ("soapaction", f'"{TERMINAL.operation("VerifyIdentity").action}"'),
    )
    return HttpRequest("POST", TERMINAL.path, "", headers, draft.raw(), tls_of(PEER).der, "127.0.0.1")


def together(door: Door, drafts: Sequence[Draft]) -> list[HttpAnswer]:
    """The answers to messages that came together."""
    left = door.endpoint.together([request(draft) for draft in drafts])
    return [one if isinstance(one, HttpAnswer) else one() for one in left]


def kept(door: Door) -> list[Entry]:
    rows = door.store.evidence_rows
    found = []
    for chain in rows.chains():
        for _, one in rows.entries(chain.id, last=chain.last):
            assert isinstance(one, Kept)
            found.append(one.entry)
    return found


def told(door: Door) -> list[tuple[str, str, str]]:
    return [(entry.direction, entry.kind, entry.outcome) for entry in kept(door)]


def guard_rows(door: Door) -> list[Any]:
    with door.store.read() as connection:
        return list(connection.exec_driver_sql("SELECT state, answer_body FROM guard_messages").all())


def number_of(name: int) -> str:
    return f"urn:uuid:00000000-0000-4000-8000-{name:012d}"


def test_many_answers_one_commit(door: Door, commits: list[str]) -> None:
    drafts = [question() for _ in range(5)]
    answers = door.endpoint.together([request(draft) for draft in drafts])
    assert (len(door.asked), commits) == (5, ["commit"])
    for draft, answer in zip(drafts, answers, strict=True):
        assert isinstance(answer, HttpAnswer)
        assert answer.status == 200
        assert door.verified(answer.body, draft).bound
    assert [entry.body for entry in kept(door)] == [
        raw
        for draft, answer in zip(drafts, answers, strict=True)
        for raw in (draft.raw(), answer.body)  # type: ignore[union-attr] # checked above
    ]


def test_what_is_kept_is_what_is_kept_alone(door: Door, tmp_path: Path) -> None:
    drafts = [question() for _ in range(3)]
    together(door, drafts)
    (tmp_path / "other").mkdir()
    other = Door.open(tmp_path / "other")
    for draft in drafts:
        (left,) = other.endpoint.together([request(draft)])
        assert callable(left)
        assert left().status == 200

    def comparable(of: Door) -> list[tuple[object, ...]]:
        return [
            (one.direction, one.kind, one.outcome, one.peer, one.operation, one.relates_to)
            for one in kept(of)
        ]

    assert comparable(door) == comparable(other)
    with door.store.read() as one, other.store.read() as two:
        query = (
            "SELECT sender, message_id, body_digest, state, kept_until, answer_action, answer_fault"
            " FROM guard_messages ORDER BY message_id"
        )
        assert one.exec_driver_sql(query).all() == two.exec_driver_sql(query).all()
        query = "SELECT digest, until FROM guard_signatures ORDER BY digest"
        assert one.exec_driver_sql(query).all() == two.exec_driver_sql(query).all()
    other.close()


def test_pages_bad_messages_and_questions_come_together(door: Door) -> None:
    page = HttpRequest("GET", TERMINAL.path, "wsdl", (("host", "x"),), b"", None, "127.0.0.1")
    bad = replace(request(question()), body=b"<not-soap/>")
    good = question()
    answers = door.endpoint.together([page, bad, request(good)])
    assert [answer.status for answer in answers if isinstance(answer, HttpAnswer)] == [200, 500, 200]
    assert told(door) == [
        ("in", "refusal", next(entry.outcome for entry in kept(door) if entry.kind == "refusal")),
        ("in", "request", "answered"),
        ("out", "answer", "answered"),
    ]


def test_twins_in_one_batch_have_one_effect_and_one_answer(door: Door) -> None:
    first = question(message_id=number_of(1))
    second = question(message_id=number_of(1), created=LATER)
    answers = together(door, [first, second])
    assert [answer.status for answer in answers] == [200, 200]
    one, other = (replies.read(answer.body) for answer in answers)
    assert one.body == other.body
    assert one.confirms != other.confirms
    assert door.verified(answers[1].body, second).bound
    assert told(door) == [
        ("in", "request", "answered"),
        ("out", "answer", "answered"),
        ("in", "request", "repeated"),
        ("out", "answer", "repeated"),
    ]
    assert len(guard_rows(door)) == 1


def test_the_same_bytes_twice_in_one_batch(door: Door) -> None:
    draft = question()
    first, second = together(door, [draft, draft])
    assert first.status == 200
    door.refused(second, "replayed", "juki:DuplicateMessage", request=draft)
    assert told(door)[:2] == [("in", "request", "answered"), ("out", "answer", "answered")]
    assert len(guard_rows(door)) == 1


def test_other_content_under_the_same_message_id_in_one_batch(door: Door) -> None:
    first = question(message_id=number_of(1))
    other = question(message_id=number_of(1), body=OTHER)
    answers = together(door, [first, other])
    assert answers[0].status == 200
    door.refused(answers[1], "message-id-reused", "juki:DuplicateMessage", request=other)


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        ({}, "replayed"),
        ({"created": LATER}, "repeated"),
        ({"created": LATER, "body": OTHER}, "message-id-reused"),
    ],
)
def test_a_known_message_goes_alone_from_the_start(door: Door, changes: dict[str, Any], outcome: str) -> None:
    together(door, [question(message_id=number_of(1))])
    again = question(message_id=number_of(1), **changes)
    (left,) = door.endpoint.together([request(again)])
    assert callable(left)
    assert len(door.asked) == 1
    answer = left()
    if outcome == "repeated":
        assert answer.status == 200
        assert told(door)[2:] == [("in", "request", "repeated"), ("out", "answer", "repeated")]
    else:
        door.refused(answer, outcome, "juki:DuplicateMessage", request=again)
    assert len(door.asked) == 1


def test_a_body_that_is_refused_is_refused_alone(door: Door) -> None:
    bad = question(body=etree.tostring(questions.element()).replace(b"passport", b"library card"))
    (left,) = door.endpoint.together([request(bad)])
    assert callable(left)
    door.refused(left(), "schema", "juki:InvalidRequest", request=bad)
    assert guard_rows(door) == []


@pytest.mark.parametrize("temporary", [True, False])
def test_an_operations_own_fault(door: Door, temporary: bool) -> None:
    def fault(_: Any) -> Any:
        raise OperationFault("CounterpartTimeout", "too late", "遅い", temporary=temporary)

    door.handlers["terminal"] = fault
    (left,) = door.endpoint.together([request(question())])
    assert callable(left) is temporary  # a fault that lasts is an answer like any other
    answer = left() if callable(left) else left
    assert answer.status == 500
    assert told(door) == [("in", "request", "fault"), ("out", "fault", "fault")]
    assert [row[0] for row in guard_rows(door)] == ["released" if temporary else "answered"]


def test_a_commit_that_fails_acknowledges_nothing(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk is full: every answer that was made is thrown away, every sender gets a fault."""
    drafts = [question() for _ in range(3)]

    def full(*_: Any) -> None:
        raise StoreError("the database is full")

    with monkeypatch.context() as patched:
        patched.setattr("gateway.store.store.UnitOfWork.commit", full)
        left = door.endpoint.together([request(draft) for draft in drafts])
        assert not any(isinstance(one, HttpAnswer) for one in left)
        answers = [one() for one in left if callable(one)]
    for draft, answer in zip(drafts, answers, strict=True):
        seen = replies.read(answer.body)
        assert (answer.status, seen.fault, seen.code) == (500, "juki:Busy", "Busy")
        assert door.verified(answer.body, draft).is_fault
    assert (guard_rows(door), kept(door)) == ([], [])
    # The senders ask again, and are answered.
    again = [question(created=LATER) for _ in range(3)]
    assert [answer.status for answer in together(door, again)] == [200] * 3


def test_one_that_cannot_be_written_does_not_sink_the_others(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    drafts = [question(message_id=number_of(number)) for number in range(4)]
    append = door.store.guard._record

    def but_one(connection: Any, entries: Sequence[Entry], accesses: Any) -> object:
        if any(number_of(2) in {entry.message_id, entry.relates_to} for entry in entries):
            raise StoreError("a row that the database does not take")
        return append(connection, entries, accesses)

    monkeypatch.setattr(door.store.guard, "_record", but_one)
    answers = together(door, drafts)
    assert [answer.status for answer in answers] == [200, 200, 500, 200]
    assert replies.read(answers[2].body).fault == "soap:Server"
    assert sorted(one for _, _, one in told(door)) == ["answered"] * 6 + ["failed"] * 2


def test_an_error_of_our_own_is_of_its_own_message_only(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    drafts = [question(message_id=number_of(number)) for number in range(3)]
    say = Working.say_all

    def but_one(working: Working, answers: Sequence[tuple[Admitted, Any]]) -> Any:
        if any(one.message.addressing.message_id == number_of(1) for one, _ in answers):
            raise KeyError("bug")
        return say(working, answers)

    monkeypatch.setattr(Working, "say_all", but_one)
    assert [answer.status for answer in together(door, drafts)] == [200, 500, 200]
    assert sorted(one for _, _, one in told(door)) == ["answered"] * 4 + ["failed"] * 2


def test_an_error_of_our_own_while_verifying_is_of_its_own_message_only(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    drafts = [question(message_id=number_of(number)) for number in range(3)]
    time_of = verify.step_9_time

    def but_one(security: Security, *rest: Any) -> None:
        if number_of(1).encode() in etree.tostring(security.element.getroottree()):
            raise KeyError("bug")
        time_of(security, *rest)

    monkeypatch.setattr(verify, "step_9_time", but_one)
    assert [answer.status for answer in together(door, drafts)] == [200, 500, 200]


def test_an_error_of_our_own_in_the_commit(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    def bug(*_: Any) -> None:
        raise KeyError("bug")

    with monkeypatch.context() as patched:
        patched.setattr(door.store.guard, "_record", bug)
        answers = together(door, [question(), question()])
    assert [replies.read(answer.body).fault for answer in answers] == ["soap:Server"] * 2
    assert [one for _, _, one in told(door)] == ["failed"] * 4
