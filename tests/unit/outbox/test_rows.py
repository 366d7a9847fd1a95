"""The outbox's rows: lines, leases, tokens, settlements, operators, over the real tables."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.clock import SystemClock
from gateway.store import (
    Backlog,
    Conflict,
    Delivered,
    GiveUp,
    Lease,
    OutboxState,
    Retry,
    Store,
    Wanted,
)
from gateway.store.instants import span
from gateway.store.outbox_rows import HORIZON
from tests.kit.outbox import Boxes, outgoing

ONE = {"a": Wanted(1, timedelta(seconds=20))}
MANY = {"a": Wanted(100, timedelta(seconds=20))}
ANSWER = Delivered("urn:uuid:answer", b"digest")


@pytest.fixture
def boxes(database: Path | str) -> Iterator[Boxes]:
    opened = Boxes.open(database)
    yield opened
    opened.close()


def row_ids(leases: list[Lease]) -> list[int]:
    return [lease.row.id for lease in leases]


def test_messages_of_one_key_come_one_after_the_other(boxes: Boxes) -> None:
    boxes.enqueue(*(outgoing(key="k1", body=b"<a n='%d'/>" % n) for n in range(3)))
    bodies = []
    for _ in range(3):
        (lease,) = boxes.claim(MANY)
        assert boxes.claim(MANY) == []
        bodies.append(lease.row.body)
        assert boxes.settle(lease, ANSWER)
    assert bodies == [b"<a n='0'/>", b"<a n='1'/>", b"<a n='2'/>"]
    assert boxes.claim(MANY) == []
    assert boxes.lines() == 0


def test_other_keys_and_destinations_do_not_wait(boxes: Boxes) -> None:
    boxes.enqueue(
        outgoing(key="k1"), outgoing(key="k1"), outgoing(key="k2"), outgoing("b", key="k1"), outgoing("c")
    )
    assert row_ids(boxes.claim({**MANY, "b": Wanted(1, timedelta(seconds=9))})) == [1, 3, 4]


def test_a_claim_takes_no_more_than_wanted_the_longest_due_first(boxes: Boxes) -> None:
    for key in ("k1", "k2", "k3"):
        boxes.enqueue(outgoing(key=key))
        boxes.pass_time(0.001)
    assert row_ids(boxes.claim(ONE)) == [1]
    assert row_ids(boxes.claim({"a": Wanted(2, timedelta(seconds=20))})) == [2, 3]


def test_nothing_is_due_until_its_unit_commits(boxes: Boxes) -> None:
    with pytest.raises(ZeroDivisionError), boxes.store.unit_of_work() as work:
        boxes.outbox.enqueue(work, outgoing())
        raise ZeroDivisionError
    assert not boxes.outbox.due(MANY)
    boxes.enqueue(outgoing())
    assert boxes.outbox.due(MANY)
    assert not boxes.outbox.due({"b": Wanted(1, timedelta(seconds=20))})


def test_a_message_id_stands_in_the_outbox_once(boxes: Boxes) -> None:
    boxes.enqueue(outgoing(message_id="urn:uuid:1"))
    with pytest.raises(Conflict):
        boxes.enqueue(outgoing(key="k9", message_id="urn:uuid:1"))
    assert len(boxes.claim(MANY)) == 1


def test_a_lease_holds_until_its_end_and_no_longer(boxes: Boxes) -> None:
    boxes.enqueue(outgoing())
    (first,) = boxes.claim(MANY)
    assert first.until - first.claimed_at == timedelta(seconds=20)
    boxes.pass_time(19.999)
    assert boxes.claim(MANY) == []
    boxes.pass_time(0.001)
    (second,) = boxes.claim(MANY)
    assert (second.row.id, second.row.attempts, second.row.message_id) == (1, 2, first.row.message_id)
    assert second.token != first.token


@pytest.mark.parametrize("settlement", [ANSWER, Retry(timedelta(0), "Timeout"), GiveUp("X", business=True)])
def test_only_the_holder_of_the_token_settles(boxes: Boxes, settlement: Delivered | Retry | GiveUp) -> None:
    boxes.enqueue(outgoing())
    (first,) = boxes.claim(MANY)
    boxes.pass_time(20)
    (second,) = boxes.claim(MANY)
    assert not boxes.settle(first, settlement)
    assert boxes.row(1).state is OutboxState.LEASED
    assert boxes.settle(second, settlement)
    assert not boxes.settle(second, settlement)


def test_a_lease_that_nobody_took_over_still_counts(boxes: Boxes) -> None:
    boxes.enqueue(outgoing())
    (lease,) = boxes.claim(MANY)
    boxes.pass_time(3600)
    assert boxes.settle(lease, ANSWER)


def test_what_was_delivered_is_kept_without_its_body(boxes: Boxes) -> None:
    boxes.enqueue(outgoing(body=b"<personal/>"))
    (lease,) = boxes.claim(MANY)
    boxes.settle(lease, ANSWER)
    row = boxes.row(1)
    assert (row.state, row.body, row.answer_message_id) == (OutboxState.DELIVERED, b"", "urn:uuid:answer")
    assert row.settled_at is not None
    assert boxes.value("answer_digest") == b"digest"


def test_a_retry_waits_and_keeps_everything(boxes: Boxes) -> None:
    boxes.enqueue(outgoing(key="k1"), outgoing(key="k1"))
    (first,) = boxes.claim(MANY)
    boxes.settle(first, Retry(timedelta(seconds=5), "Timeout"))
    assert boxes.row(1).code == "Timeout"
    boxes.pass_time(4.999)
    assert boxes.claim(MANY) == []
    boxes.pass_time(0.001)
    (second,) = boxes.claim(MANY)
    assert (second.row.id, second.row.message_id, second.row.attempts) == (1, first.row.message_id, 2)


def test_a_destination_that_answers_again_wakes_what_waits(boxes: Boxes) -> None:
    boxes.enqueue(outgoing(key="k1"), outgoing(key="k2"), outgoing(key="k3"), outgoing("b"))
    one, two, three = boxes.claim(MANY)
    boxes.settle(one, Retry(timedelta(seconds=300), "Timeout"))
    boxes.settle(two, GiveUp("X", business=True))
    with boxes.store.unit_of_work() as work:
        assert boxes.outbox.wake(work, "a") == 1
    assert row_ids(boxes.claim(MANY)) == [one.row.id]
    assert boxes.settle(three, ANSWER)


def test_a_clock_set_back_puts_nothing_off_for_long(boxes: Boxes) -> None:
    boxes.enqueue(outgoing())
    boxes.pass_time(-HORIZON.total_seconds())
    assert boxes.claim(MANY) == []
    boxes.pass_time(-0.001)
    assert len(boxes.claim(MANY)) == 1


def test_a_successor_takes_back_what_its_predecessor_held(boxes: Boxes) -> None:
    boxes.enqueue(outgoing(key="k1"), outgoing(key="k2"), outgoing(key="k3"))
    mine = boxes.claim(ONE, "local/0")
    others = boxes.claim(ONE, "local/1")
    with boxes.store.unit_of_work() as work:
        assert boxes.outbox.recover(work, "local/0") == 1
    assert boxes.row(1).state is OutboxState.PENDING
    assert row_ids(boxes.claim(MANY, "local/0")) == [1, 3]
    assert not boxes.settle(mine[0], ANSWER)
    assert boxes.settle(others[0], ANSWER)


def test_a_dead_letter_stops_its_line_only(boxes: Boxes) -> None:
    boxes.enqueue(outgoing(key="k1"), outgoing(key="k1"), outgoing(key="k2"))
    first, other = boxes.claim(MANY)
    boxes.settle(first, GiveUp("PersonUnknown", business=True))
    boxes.settle(other, ANSWER)
    boxes.enqueue(outgoing(key="k1"))
    boxes.pass_time(86_400)
    assert boxes.claim(MANY) == []
    assert boxes.outbox.blocked() == {"a"}
    assert boxes.desk.backlog() == (Backlog("a", 2, 0, 1, boxes.row(1).enqueued_at),)


def test_a_requeue_after_a_business_fault_draws_a_new_message_id(boxes: Boxes) -> None:
    boxes.enqueue(outgoing(key="k1", message_id="urn:uuid:1"), outgoing(key="k1"))
    for new in ("urn:uuid:2", "urn:uuid:3"):
        (lease,) = boxes.claim(MANY)
        boxes.settle(lease, GiveUp("PersonUnknown", business=True))
        requeued = boxes.requeue(1, new)
        assert requeued is not None
        assert (requeued.message_id, requeued.state) == (new, OutboxState.PENDING)
    (lease,) = boxes.claim(MANY)
    assert (lease.row.id, lease.row.message_id, lease.row.attempts) == (1, "urn:uuid:3", 1)
    filed = boxes.desk.find(1)
    assert filed is not None
    assert [(old.message_id, old.code) for old in filed.given_up] == [
        ("urn:uuid:1", "PersonUnknown"),
        ("urn:uuid:2", "PersonUnknown"),
    ]
    assert filed.first
    behind = boxes.desk.find(2)
    assert behind is not None
    assert not behind.first


def test_a_requeue_after_anything_else_keeps_it(boxes: Boxes) -> None:
    boxes.enqueue(outgoing(message_id="urn:uuid:1"))
    (lease,) = boxes.claim(MANY)
    boxes.settle(lease, GiveUp("DuplicateMessage", business=False))
    assert boxes.requeue(1, "urn:uuid:2") is not None
    (lease,) = boxes.claim(MANY)
    assert lease.row.message_id == "urn:uuid:1"
    filed = boxes.desk.find(1)
    assert filed is not None
    assert filed.given_up == ()


def test_a_dropped_letter_lets_the_line_go_on(boxes: Boxes) -> None:
    boxes.enqueue(outgoing(key="k1"), outgoing(key="k1"), outgoing(key="k2"))
    for lease in boxes.claim(MANY):
        boxes.settle(lease, GiveUp("PersonUnknown", business=True))
    for row in (1, 3):
        dropped = boxes.drop(row)
        assert dropped is not None
        assert boxes.row(row).state is OutboxState.DROPPED
        assert boxes.row(row).body == b""
    assert row_ids(boxes.claim(MANY)) == [2]
    assert boxes.lines() == 1


def test_an_operator_touches_dead_letters_only(boxes: Boxes) -> None:
    boxes.enqueue(outgoing(), outgoing(key="k2"))
    (lease,) = boxes.claim(ONE)
    for row in (1, 2, 3):
        assert boxes.requeue(row, "urn:uuid:9") is None
        assert boxes.drop(row) is None
    boxes.settle(lease, ANSWER)
    assert boxes.requeue(1, "urn:uuid:9") is None


def test_duplicate_since_is_the_first_of_them_in_a_row(boxes: Boxes) -> None:
    boxes.enqueue(outgoing())
    seen = []
    for duplicate in (True, None, True, False, True):
        (lease,) = boxes.claim(MANY)
        boxes.settle(lease, Retry(timedelta(seconds=1), "x", duplicate))
        found = boxes.row(1).duplicate_since
        seen.append(None if found is None else round((found - boxes.start).total_seconds()))
        boxes.pass_time(1)
    assert seen == [0, 0, 0, None, 4]


def test_lists_are_read_by_pages(boxes: Boxes) -> None:
    boxes.enqueue(*(outgoing(key=f"k{n}") for n in range(5)), outgoing("b"))
    (lease,) = boxes.claim(ONE)
    boxes.settle(lease, GiveUp("X", business=True))
    assert [row.id for row in boxes.desk.rows(limit=2)] == [1, 2]
    assert [row.id for row in boxes.desk.rows(after=2, destination="a")] == [3, 4, 5]
    assert [row.id for row in boxes.desk.rows(states=[OutboxState.DEAD])] == [1]
    assert [row.id for row in boxes.desk.rows(code="X")] == [1]
    assert boxes.desk.find(7) is None


def test_what_is_long_over_is_forgotten(boxes: Boxes) -> None:
    boxes.enqueue(*(outgoing(key=f"k{n}") for n in range(3)))
    for lease in boxes.claim({"a": Wanted(2, timedelta(seconds=20))}):
        boxes.settle(lease, GiveUp("X", business=True))
        boxes.requeue(lease.row.id, f"urn:uuid:new-{lease.row.id}")
    for lease in boxes.claim({"a": Wanted(3, timedelta(seconds=20))}):
        if lease.row.id != 3:
            boxes.settle(lease, ANSWER)
    boxes.pass_time(100)
    now = boxes.desk.now()
    for before, gone in ((now - timedelta(seconds=101), 0), (now, 2), (now, 0)):
        with boxes.store.unit_of_work() as work:
            assert boxes.desk.sweep(work, before=before) == gone
    assert [row.id for row in boxes.desk.rows()] == [3]


def test_the_database_tells_its_own_time(database: Path | str) -> None:
    store = Store.open(database, clock=SystemClock(), upgrade=True)
    try:
        assert abs(store.outbox_desk.now() - SystemClock().now()) < timedelta(seconds=1)
    finally:
        store.close()


def test_no_body_in_a_representation(boxes: Boxes) -> None:
    boxes.enqueue(outgoing(body=b"<secret/>"))
    (lease,) = boxes.claim(MANY)
    texts = (repr(outgoing(body=b"<secret/>")), repr(lease), repr(lease.row))
    assert not [text for text in texts if "secret" in text]
    assert span(timedelta(microseconds=7)) == 7
