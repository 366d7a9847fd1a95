"""Moves (特例転入) of a municipality in both roles, and everything that happened to them.

What was decided on was read before, outside of any transaction: ``write`` looks again whether it still holds.
A message that goes out because of an event is put into the outbox with it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, bindparam, delete, insert, select, text, update

from gateway.domain.identifiers import MunicipalityCode, ResidentRecordCode
from gateway.domain.move import TO_TAKE, MoveEvent, MoveRole, MoveState
from gateway.domain.move_messages import MOST_LINES, MoveLine, MoveResult, MoveView
from gateway.domain.move_record import Move, MoveEntry, MoveOrder, answered
from gateway.domain.move_remarks import Remark
from gateway.store.failures import Conflict
from gateway.store.instants import to_micros
from gateway.store.move_rows import COLUMNS, move_row, read_line, read_move, read_remark, view_of
from gateway.store.outbox_rows import Outbox
from gateway.store.outbox_states import Outgoing
from gateway.store.register import Work
from gateway.store.tables import move_events, move_people, move_remarks, moves

_SELECT: Final = f"SELECT {COLUMNS} FROM moves m"  # noqa: S608 - names
_BY_REFERENCE: Final = f"{_SELECT} WHERE m.reference = :reference"
_BY_THEIRS: Final = (
    f"{_SELECT} WHERE m.role = :role AND m.peer = :peer AND m.theirs = :theirs ORDER BY m.id DESC LIMIT 1"
)
_NOTIFIED: Final = (
    f"{_SELECT} WHERE m.role = '{MoveRole.NEW_TOWN.value}' AND m.theirs = :theirs ORDER BY m.id DESC LIMIT 1"
)
_PERSONS: Final = f"{_SELECT} WHERE m.id IN (SELECT p.move FROM move_people p WHERE p.code = :code)"  # noqa: S608 - a name
_OF_PERSON: Final = f"{_PERSONS} ORDER BY m.id DESC LIMIT :most"
_NEWEST: Final = f"{_PERSONS} AND m.role = :role ORDER BY m.id DESC LIMIT 1"
_IN_STATES: Final = f"{_SELECT} WHERE m.state IN ({{}}) ORDER BY m.changed_at, m.id LIMIT :most"
_DUE: Final = (
    f"{_SELECT} WHERE m.state IN ('{MoveState.PREPARED.value}', '{MoveState.REGISTERED.value}')"
    " AND m.planned_on < :before ORDER BY m.planned_on, m.id LIMIT :most"
)
_PEOPLE: Final = "SELECT code FROM move_people WHERE move = :move ORDER BY position"
_LINES: Final = (
    "SELECT event, state, actor, result, recorded_at FROM move_events WHERE move = :move"
    " ORDER BY id DESC LIMIT :most"
)
_REMARKS: Final = "SELECT person, item, kind FROM move_remarks WHERE move = :move ORDER BY position"
_PERSON: Final = text("SELECT person FROM person_codes WHERE code = :code")
_OPEN: Final = (
    select(moves.c.reference)
    .join(move_people, move_people.c.move == moves.c.id)
    .where(
        moves.c.is_open,
        moves.c.role == bindparam("which_role"),
        moves.c.reference != bindparam("but"),
        move_people.c.code.in_(bindparam("codes", expanding=True)),
    )
)
_ID: Final = select(moves.c.id).where(
    moves.c.reference == bindparam("ours"), moves.c.version == bindparam("read")
)
_ADD: Final = insert(moves).returning(moves.c.id)
_WRITE: Final = update(moves).where(moves.c.id == bindparam("which"))


class MoveBook:
    """Reads on read connections; ``write`` on a unit of work."""

    def __init__(self, rows: Callable[[str, Mapping[str, Any]], list[Any]], outbox: Outbox) -> None:
        self._rows = rows
        self._outbox = outbox

    def by_reference(self, reference: str) -> Move | None:
        """The move of this reference of ours."""
        return self._one(_BY_REFERENCE, {"reference": reference})

    def by_theirs(self, role: MoveRole, peer: MunicipalityCode, theirs: str) -> Move | None:
        """The newest move with this municipality under its reference."""
        return self._one(_BY_THEIRS, {"role": role.value, "peer": peer.digits, "theirs": theirs})

    def newest_of(self, role: MoveRole, code: ResidentRecordCode) -> Move | None:
        """The newest move of a person, ended or not."""
        return self._one(_NEWEST, {"role": role.value, "code": code.digits})

    def open_of(self, role: MoveRole, codes: Sequence[ResidentRecordCode]) -> tuple[Move, ...]:
        """The moves of any of these people that have not ended."""
        found: dict[str, Move] = {}
        for code in codes:
            newest = self.newest_of(role, code)
            if newest is not None and newest.is_open:
                found[newest.reference] = newest
        return tuple(found.values())

    def due(self, planned_before: dt.date, *, limit: int) -> tuple[Move, ...]:
        """Moves that wait for a first 転入届 and were planned before a day."""
        values = {"before": planned_before.isoformat(), "most": limit}
        return tuple(map(self._move, self._rows(_DUE, values)))

    def in_states(self, states: Iterable[MoveState], *, limit: int) -> tuple[Move, ...]:
        """Moves in these states, the longest first."""
        wanted = ", ".join(f"'{state.value}'" for state in states)
        return tuple(map(self._move, self._rows(_IN_STATES.format(wanted or "''"), {"most": limit})))

    def waiting(self, *, limit: int) -> tuple[MoveView, ...]:
        """What waits for the resident record system, the longest first."""
        return tuple(view_of(move) for move in self.in_states(TO_TAKE, limit=limit))

    def views_of(self, code: ResidentRecordCode, *, limit: int) -> tuple[MoveView, ...]:
        """A person's moves with their events, the newest first."""
        rows = self._rows(_OF_PERSON, {"code": code.digits, "most": limit})
        return tuple(view_of(self._move(row), self._lines_of(row[0], MOST_LINES)) for row in rows)

    def lines(self, move: Move, *, limit: int) -> tuple[MoveLine, ...]:
        """What happened to a move, the newest first."""
        rows = self._rows(_BY_REFERENCE, {"reference": move.reference})
        return tuple(read_line(line) for row in rows for line in self._lines_of(row[0], limit))

    def remarks(self, move: Move) -> tuple[Remark, ...]:
        """What an operator must look at."""
        rows = self._rows(_BY_REFERENCE, {"reference": move.reference})
        return tuple(read_remark(one) for row in rows for one in self._rows(_REMARKS, {"move": row[0]}))

    def write(
        self,
        work: Work,
        move: Move,
        entry: MoveEntry,
        *,
        orders: Sequence[MoveOrder],
        remarks: Sequence[Remark] | None,
        at: datetime,
    ) -> None:
        """Write a move after an event, and put into the outbox what goes out because of it.

        Raises Conflict when it was written since it was read, or another move of its people is open by now.
        """
        connection = work.connection
        which = _put(connection, move, at)
        connection.execute(insert(move_events), _event_row(which, move.state, entry, at))
        if remarks is not None:
            connection.execute(delete(move_remarks).where(move_remarks.c.move == which))
            rows = [
                {"move": which, "position": place, "person": one.person, "item": one.item}
                | {"kind": one.kind.value}
                for place, one in enumerate(remarks)
            ]
            if rows:
                connection.execute(insert(move_remarks), rows)
        self._outbox.enqueue(work, *(_outgoing(connection, order) for order in orders))

    def _one(self, query: str, values: Mapping[str, Any]) -> Move | None:
        rows = self._rows(query, values)
        return self._move(rows[0]) if rows else None

    def _move(self, row: Any) -> Move:
        return read_move(row, [code for (code,) in self._rows(_PEOPLE, {"move": row[0]})])

    def _lines_of(self, move: int, limit: int) -> list[Any]:
        return self._rows(_LINES, {"move": move, "most": limit})


def settle_move(
    work: Work,
    *,
    operation: str,
    reference: str | None,
    theirs: str | None,
    result: MoveResult,
    at: datetime,
    answers: str | None = None,
) -> None:
    """The other municipality answered a message of ours about the move of ``reference``, or of ``theirs``.

    ``answers`` is the request that a certificate was sent for.
    """
    connection = work.connection
    if reference is not None:
        row = connection.execute(text(_BY_REFERENCE), {"reference": reference}).one_or_none()
    elif theirs is not None:
        row = connection.execute(text(_NOTIFIED), {"theirs": theirs}).one_or_none()
    else:
        row = None
    if row is None:
        return
    people = connection.execute(text(_PEOPLE), {"move": row[0]}).scalars().all()
    step = answered(read_move(row, people), operation, result, answers)
    if step is not None:
        which = _put(connection, step.move, at)
        connection.execute(insert(move_events), _event_row(which, step.move.state, step.entry, at))


def _put(connection: Connection, move: Move, at: datetime) -> int:
    """Write the row of a move, and its people; gives its id."""
    codes = [code.digits for code in move.people]
    others = {"which_role": move.role.value, "but": move.reference, "codes": codes}
    if move.is_open and connection.execute(_OPEN, others).first() is not None:
        raise Conflict("another move of one of these people was begun since this was decided on")
    row = move_row(move, at)
    if move.version:
        found = connection.execute(_ID, {"ours": move.reference, "read": move.version}).scalar_one_or_none()
        if found is None:
            raise Conflict("the move changed since this was decided on")
        which = int(found)
        connection.execute(_WRITE, {**row, "which": which})
    else:
        which = int(connection.execute(_ADD, row).scalar_one())
    connection.execute(delete(move_people).where(move_people.c.move == which))
    people = [{"move": which, "position": place, "code": code} for place, code in enumerate(codes)]
    connection.execute(insert(move_people), people)
    return which


def _event_row(which: int, state: MoveState, entry: MoveEntry, at: datetime) -> dict[str, Any]:
    event: MoveEvent = entry.event
    return {
        "move": which,
        "event": event.value,
        "state": state.value,
        "actor": entry.actor.value,
        "result": None if entry.result is None else entry.result.value,
        "recorded_at": to_micros(at),
    }


def _outgoing(connection: Connection, order: MoveOrder) -> Outgoing:
    """A message in its line: that of the move, or that of a person's changes."""
    key = order.line
    if key is None:
        code = "" if order.person is None else order.person.digits
        key = str(connection.execute(_PERSON, {"code": code}).scalar_one())
    return Outgoing(
        order.destination,
        order.service,
        order.operation,
        order.action,
        key,
        order.notice.body,
        order.notice.message_id,
    )
