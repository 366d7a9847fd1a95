"""What the endpoint keeps of each message: with the answer, in its transaction, or there is no answer."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.errors import OperationFault, StoreError
from gateway.evidence import Entry, Kept, signature_holds, signature_of
from gateway.transport.http import HttpAnswer
from tests.kit import questions, replies
from tests.kit.door import Door, question, tls_of
from tests.kit.evidence import plain_entry
from tests.kit.identities import NOW
from tests.kit.messages import Style

PEER = "terminal-1"


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    opened = Door.open(tmp_path)
    yield opened
    opened.close()


def kept(door: Door) -> list[Entry]:
    """Every entry, oldest first, its signature checked where it has one."""
    rows = door.store.evidence_rows
    found = []
    for chain in rows.chains():
        for _, one in rows.entries(chain.id, last=chain.last):
            assert isinstance(one, Kept)
            signature = rows.signature(one)
            if one.entry.body is not None:
                assert signature == signature_of(one.entry.body)
            assert signature is None or signature_holds(signature)
            found.append(one.entry)
    return found


def told(entries: list[Entry]) -> list[tuple[str, str, str]]:
    return [(entry.direction, entry.kind, entry.outcome) for entry in entries]


def post(door: Door, draft: Any) -> HttpAnswer:
    return door.post(draft.raw(), tls_of(PEER))


def test_a_question_and_its_answer_as_they_travelled(door: Door) -> None:
    draft = question()
    answer = post(door, draft)
    assert answer.status == 200
    request, reply = kept(door)
    assert (request.body, reply.body) == (draft.raw(), answer.body)
    assert request.digest == hashlib.sha256(draft.raw()).digest()
    assert told([request, reply]) == [("in", "request", "answered"), ("out", "answer", "answered")]
    seen = replies.read(answer.body)
    assert {request.peer, reply.peer} == {PEER}
    assert {request.operation, reply.operation} == {"VerifyIdentity"}
    assert (request.relates_to, reply.relates_to) == (None, request.message_id)
    assert request.message_id == seen.relates_to
    assert f">{reply.message_id}</wsa:MessageID>".encode() in answer.body


def test_a_strangers_stack_with_prefix_lists(door: Door) -> None:
    style = Style(prefix_list="wsu soap", signed_info_prefixes="soap wsse")
    assert post(door, question(style=style)).status == 200
    assert len(kept(door)) == 2


@pytest.mark.parametrize("key", ["P-256", "P-384", "RSA-2048"])
def test_answers_by_every_kind_of_key(tmp_path: Path, key: str) -> None:
    door = Door.open(tmp_path, gateway_key=key)
    assert post(door, question()).status == 200
    assert len(kept(door)) == 2
    door.close()


def test_an_answer_that_is_repeated(door: Door) -> None:
    first = question(message_id="urn:uuid:00000000-0000-4000-8000-000000000001")
    later = NOW + timedelta(milliseconds=1)
    again = question(message_id="urn:uuid:00000000-0000-4000-8000-000000000001", created=later)
    answers = [post(door, first), post(door, again)]
    entries = kept(door)
    assert told(entries)[2:] == [("in", "request", "repeated"), ("out", "answer", "repeated")]
    assert [entry.body for entry in entries] == [first.raw(), answers[0].body, again.raw(), answers[1].body]


@pytest.mark.parametrize("temporary", [True, False])
def test_an_operations_own_fault(door: Door, temporary: bool) -> None:
    def fault(_: Any) -> Any:
        raise OperationFault("CounterpartTimeout", "too late", "遅い", temporary=temporary)

    door.handlers["terminal"] = fault
    answer = post(door, question())
    assert answer.status == 500
    entries = kept(door)
    assert told(entries) == [("in", "request", "fault"), ("out", "fault", "fault")]
    assert entries[1].body == answer.body


def test_an_error_of_our_own(door: Door) -> None:
    def bug(_: Any) -> Any:
        raise KeyError("bug")

    door.handlers["terminal"] = bug
    answer = post(door, question())
    assert told(kept(door)) == [("in", "request", "failed"), ("out", "fault", "failed")]
    assert kept(door)[1].body == answer.body


def test_a_refused_message_by_its_digest(door: Door) -> None:
    answer = door.post(b"<not-soap/>", tls_of(PEER))
    (entry,) = kept(door)
    reference = replies.read(answer.body).reference
    assert told([entry]) == [("in", "refusal", f"not-an-envelope {reference}")]
    assert (entry.body, entry.digest) == (None, hashlib.sha256(b"<not-soap/>").digest())


def test_without_evidence_there_is_no_answer(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    draft = question(message_id="urn:uuid:00000000-0000-4000-8000-000000000002")

    def full(_: Any, entries: Any, _accesses: Any = ()) -> None:
        if entries:
            raise StoreError("the database is full")

    with monkeypatch.context() as patched:
        patched.setattr(door.store.evidence, "append", full)
        patched.setattr(door.store.guard, "_record", full)
        answer = post(door, draft)
    assert replies.read(answer.body).fault == "soap:Server"
    assert kept(door) == []
    # Nothing was settled either: a retry is worked anew once the lease is over.
    with door.store.read() as connection:
        rows = connection.exec_driver_sql("SELECT state, answer_body FROM guard_messages").all()
    assert rows == [("claimed", None)]


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (None, "answered"),
        (OperationFault("CounterpartTimeout", "too late", "遅い", temporary=True), "fault"),
        (OperationFault("CounterpartTimeout", "too late", "遅い", temporary=False), "fault"),
        (KeyError("bug"), "failed"),
    ],
)
def test_what_was_asked_of_others_is_committed_with_what_became_of_it(
    door: Door, error: Exception | None, outcome: str
) -> None:
    commits: list[int] = []

    def asks(_: Any) -> Any:
        before = len(kept(door))
        door.store.keep([plain_entry(1), plain_entry(2)])
        commits.append(len(kept(door)) - before)
        if error is not None:
            raise error
        return questions.ANSWER

    door.handlers["terminal"] = asks
    post(door, question())
    assert commits == [0]
    assert told(kept(door))[:2] == [("out", "answer", "answered")] * 2
    assert [one[2] for one in told(kept(door))[2:]] == [outcome] * 2


def test_what_was_asked_is_kept_though_another_worker_took_the_message_over(door: Door) -> None:
    def asks(_: Any) -> Any:
        door.store.keep([plain_entry(1)])
        with door.store.unit_of_work() as work:
            work.connection.exec_driver_sql("UPDATE guard_messages SET token = 'another'")
        return questions.ANSWER

    door.handlers["terminal"] = asks
    assert post(door, question()).status == 500
    assert told(kept(door))[0] == ("out", "answer", "answered")
