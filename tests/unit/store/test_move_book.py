"""Moves in the store, on every database: written, found again, and never over somebody else's writing."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.clock import FixedClock
from gateway.domain.card import CardSerial
from gateway.domain.change_report import Notice
from gateway.domain.move import MoveEvent, MoveRole, MoveState
from gateway.domain.move_messages import MoveActor, MoveOutConfirmation, MoveResult
from gateway.domain.move_record import Move, MoveEntry, MoveOrder
from gateway.domain.move_remarks import Remark, RemarkKind
from gateway.store import Conflict, OutboxState, Store, keep_confirmation, settle_move
from tests.kit.moves import NEW_TOWN, OLD_TOWN, PLANNED, clerk, person_code
from tests.kit.two_towns import NOW

NEW, OLD = MoveRole.NEW_TOWN, MoveRole.OLD_TOWN
ENTRY = MoveEntry(MoveEvent.REQUEST, MoveActor.TERMINAL)
REMARKS = (Remark(1, "name", RemarkKind.NO_GLYPH), Remark(0, "address", RemarkKind.TOO_LONG))
MOVE = Move(
    "M-00000001",
    MoveState.REQUESTED,
    person_code(1),
    "M-00000001",
    (person_code(1), person_code(2)),
    OLD_TOWN,
    "M-theirs-0001",
    CardSerial("0" * 12),
    PLANNED,
    PLANNED + timedelta(days=1),
    PLANNED + timedelta(days=2),
    MoveResult.NOT_WANTED,
    b"<certificate/>",
    b"<notice/>",
)


@pytest.fixture
def store(database: Path | str) -> Iterator[Store]:
    made = Store.open(database, clock=FixedClock(NOW), upgrade=True)
    yield made
    made.close()


def write(store: Store, move: Move, *orders: MoveOrder, remarks: tuple[Remark, ...] | None = None) -> Move:
    with store.unit_of_work() as work:
        store.moves.write(work, move, ENTRY, orders=orders, remarks=remarks, at=NOW)
    found = store.moves.by_reference(move.reference)
    assert found is not None
    return found


def test_written_and_found_again(store: Store) -> None:
    order = MoveOrder("141003-cs", "municipal", "X", "urn:x", Notice("urn:uuid:1", b"<x/>"), "M-00000001")
    found = write(store, MOVE, order, remarks=REMARKS)
    assert found == dataclasses.replace(MOVE, version=1)
    assert store.moves.remarks(found) == REMARKS
    assert store.moves.by_theirs(NEW, OLD_TOWN, "M-theirs-0001") == found
    assert store.moves.by_theirs(OLD, OLD_TOWN, "M-theirs-0001") is None
    assert store.moves.newest_of(NEW, person_code(2)) == found
    assert store.moves.newest_of(OLD, person_code(2)) is None
    assert store.moves.open_of(NEW, (person_code(2), person_code(3))) == (found,)
    assert store.moves.in_states([MoveState.REQUESTED], limit=5) == (found,)
    assert store.moves.in_states([], limit=5) == ()
    (view,) = store.moves.views_of(person_code(1), limit=5)
    assert [line.event for line in view.lines] == [MoveEvent.REQUEST]
    (row,) = store.outbox_desk.rows(states=[OutboxState.PENDING], limit=5)
    assert (row.destination, row.key, row.body) == ("141003-cs", "M-00000001", b"<x/>")


def test_nobody_writes_over_another(store: Store) -> None:
    first = write(store, MOVE)
    write(store, dataclasses.replace(first, state=MoveState.RECEIVED), remarks=REMARKS)
    with pytest.raises(Conflict, match="changed"):
        write(store, dataclasses.replace(first, state=MoveState.WITHDRAWN))
    with pytest.raises(Conflict, match="another move"):
        write(store, dataclasses.replace(MOVE, reference="M-00000002", people=(person_code(2),)))
    # In the other role, of other people, or once the first has ended there may be one.
    write(store, dataclasses.replace(MOVE, reference="M-00000003", state=MoveState.REGISTERED))
    write(store, dataclasses.replace(MOVE, reference="M-00000004", people=(person_code(5),)))
    held = store.moves.by_reference("M-00000001")
    assert held is not None and store.moves.remarks(held) == REMARKS
    write(store, dataclasses.replace(held, state=MoveState.NOTIFIED, certificate=None), remarks=())
    write(store, dataclasses.replace(MOVE, reference="M-00000002"))
    assert store.moves.newest_of(NEW, person_code(1)) == store.moves.by_reference("M-00000002")


def test_what_is_over(store: Store) -> None:
    for number, (state, days) in enumerate(
        [(MoveState.PREPARED, 0), (MoveState.REGISTERED, 1), (MoveState.RECEIVED, 0)], start=1
    ):
        planned = PLANNED + timedelta(days=days)
        people = (person_code(number),)
        write(
            store,
            dataclasses.replace(
                MOVE, reference=f"M-0000000{number}", state=state, planned_on=planned, people=people
            ),
        )
    assert [move.state for move in store.moves.due(PLANNED, limit=5)] == []
    due = store.moves.due(PLANNED + timedelta(days=1), limit=5)
    assert [move.state for move in due] == [MoveState.PREPARED]
    assert len(store.moves.due(PLANNED + timedelta(days=2), limit=5)) == 2


def test_answers_settle_a_move_once(store: Store) -> None:
    write(store, MOVE)
    for result, state in (
        (MoveResult.ACCEPTED, MoveState.REQUESTED),
        (MoveResult.NO_CERTIFICATE, MoveState.REFUSED),
        (MoveResult.NO_CERTIFICATE, MoveState.REFUSED),
    ):
        with store.unit_of_work() as work:
            settle_move(
                work,
                operation="RequestTransferCertificate",
                reference="M-00000001",
                theirs=None,
                result=result,
                at=NOW,
            )
        found = store.moves.by_reference("M-00000001")
        assert found is not None and found.state is state
    assert len(store.moves.lines(found, limit=9)) == 2
    completed = write(store, dataclasses.replace(found, state=MoveState.COMPLETED))
    with store.unit_of_work() as work:
        settle_move(
            work,
            operation="NotifyMoveIn",
            reference=None,
            theirs="M-theirs-0001",
            result=MoveResult.ALREADY_ACCEPTED,
            at=NOW,
        )
        settle_move(
            work,
            operation="NotifyMoveIn",
            reference=None,
            theirs="unheard-of",
            result=MoveResult.ACCEPTED,
            at=NOW,
        )
    found = store.moves.by_reference(completed.reference)
    assert found is not None and (found.state, found.certificate) == (MoveState.NOTIFIED, None)


def test_a_prefecture_keeps_the_last_word(store: Store) -> None:
    for day in (PLANNED, PLANNED + timedelta(days=1)):
        told = MoveOutConfirmation(clerk(OLD_TOWN), "M-00000001", person_code(1), NEW_TOWN, day)
        with store.unit_of_work() as work:
            keep_confirmation(work, told, NOW)
    with store.read() as connection:
        rows = connection.exec_driver_sql("SELECT destination, moved_on FROM confirmed_moves").all()
    assert [tuple(row) for row in rows] == [(NEW_TOWN.digits, "2026-11-21")]
