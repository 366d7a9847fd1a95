"""The outbox as an operator sees it: what waits, what is dead, and what to do about it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from gateway.store.dialect import database_micros
from gateway.store.instants import from_micros, to_micros
from gateway.store.outbox_rows import HoldsConnection, read_row
from gateway.store.outbox_states import Backlog, GivenUp, OutboxEvent, OutboxRow, OutboxState, sources, target
from gateway.store.tables import outbox, outbox_lines, outbox_message_ids


@dataclass(frozen=True, slots=True)
class Filed:
    """One message with everything that is known of it.

    ``next_try`` is when its line is due next: none for a message that is not in a line, or whose line waits
    for an operator. ``first`` tells whether it stands first in its line.
    """

    row: OutboxRow
    given_up: tuple[GivenUp, ...]
    next_try: datetime | None
    first: bool


class OutboxDesk:
    """Lists and counts on read connections; requeue and drop on a unit of work."""

    def __init__(
        self,
        read: Callable[[], AbstractContextManager[Connection]],
        micros: Callable[[Connection], int] = database_micros,
    ) -> None:
        self._read = read
        self._micros = micros

    def rows(
        self,
        *,
        states: Sequence[OutboxState] = (),
        destination: str | None = None,
        code: str | None = None,
        after: int = 0,
        limit: int = 100,
    ) -> list[OutboxRow]:
        """Messages by id, those after the id ``after``; all states when none is named."""
        query = select(outbox).where(outbox.c.id > after).order_by(outbox.c.id).limit(limit)
        if states:
            query = query.where(outbox.c.state.in_([state.value for state in states]))
            if OutboxState.DELIVERED not in states and OutboxState.DROPPED not in states:
                query = query.where(outbox.c.line.is_not(None))
        if destination is not None:
            query = query.where(outbox.c.destination == destination)
        if code is not None:
            query = query.where(outbox.c.code == code)
        with self._read() as connection:
            return [read_row(row) for row in connection.execute(query)]

    def find(self, row_id: int) -> Filed | None:
        """One message with its history."""
        with self._read() as connection:
            row = connection.execute(select(outbox).where(outbox.c.id == row_id)).one_or_none()
            if row is None:
                return None
            history = connection.execute(
                select(outbox_message_ids)
                .where(outbox_message_ids.c.row == row_id)
                .order_by(outbox_message_ids.c.number)
            ).all()
            due = connection.execute(
                select(outbox_lines.c.due_at).where(outbox_lines.c.id == row.line)
            ).scalar_one_or_none()
            first = connection.execute(
                select(func.min(outbox.c.id)).where(outbox.c.line == row.line)
            ).scalar_one_or_none()
        return Filed(
            read_row(row),
            tuple(GivenUp(old.message_id, from_micros(old.given_up_at), old.code) for old in history),
            None if due is None else from_micros(due),
            first == row_id,
        )

    def backlog(self) -> tuple[Backlog, ...]:
        """What is not delivered, by destination; those with nothing are left out."""
        query = (
            select(outbox.c.destination, outbox.c.state, func.count(), func.min(outbox.c.enqueued_at))
            .where(outbox.c.line.is_not(None))
            .group_by(outbox.c.destination, outbox.c.state)
        )
        counts: dict[str, dict[str, int]] = {}
        oldest: dict[str, int] = {}
        with self._read() as connection:
            for destination, state, count, since in connection.execute(query):
                counts.setdefault(destination, {})[state] = count
                oldest[destination] = min(since, oldest.get(destination, since))
        return tuple(
            Backlog(
                destination,
                pending=found.get(OutboxState.PENDING.value, 0),
                leased=found.get(OutboxState.LEASED.value, 0),
                dead=found.get(OutboxState.DEAD.value, 0),
                oldest=from_micros(oldest[destination]),
            )
            for destination, found in sorted(counts.items())
        )

    def now(self) -> datetime:
        """The database's clock."""
        with self._read() as connection:
            return from_micros(self._micros(connection))

    def stuck(self) -> int:
        """How many messages wait for an operator: dead letters and all that stand behind one."""
        query = select(func.coalesce(func.sum(outbox_lines.c.waiting), 0)).where(
            outbox_lines.c.due_at.is_(None)
        )
        with self._read() as connection:
            return int(connection.execute(query).scalar_one())

    def requeue(
        self, work: HoldsConnection, row_id: int, new_message_id: Callable[[], str]
    ) -> OutboxRow | None:
        """Try a dead letter again; None when there is no dead letter of this id.

        After a business fault of the counterpart it gets a new MessageID, since the counterpart would only
        repeat the fault that it keeps for the old one; in every other case the old one stays, so that a
        message which did arrive is recognised.
        """
        connection = work.connection
        row = self._dead(connection, row_id)
        if row is None:
            return None
        message_id = row.message_id
        now = self._micros(connection)
        if row.business:
            message_id = new_message_id()
            number = select(func.count()).where(outbox_message_ids.c.row == row_id)
            connection.execute(
                insert(outbox_message_ids),
                {
                    "row": row_id,
                    "number": connection.execute(number).scalar_one() + 1,
                    "message_id": row.message_id,
                    "given_up_at": now,
                    "code": row.code,
                },
            )
        self._leave(
            connection,
            row_id,
            OutboxEvent.REQUEUED,
            {"message_id": message_id, "business": False, "duplicate_since": None, "attempts": 0},
        )
        connection.execute(update(outbox_lines).where(outbox_lines.c.id == row.line).values(due_at=now))
        return read_row(row, message_id=message_id, state=OutboxState.PENDING, attempts=0)

    def drop(self, work: HoldsConnection, row_id: int) -> OutboxRow | None:
        """Never deliver a dead letter; its line goes on behind it. None when there is none of this id."""
        connection = work.connection
        row = self._dead(connection, row_id)
        if row is None:
            return None
        now = self._micros(connection)
        self._leave(connection, row_id, OutboxEvent.DROPPED, {"line": None, "body": b"", "settled_at": now})
        line = outbox_lines.c.id == row.line
        connection.execute(
            update(outbox_lines).where(line).values(due_at=now, waiting=outbox_lines.c.waiting - 1)
        )
        connection.execute(delete(outbox_lines).where(line, outbox_lines.c.waiting == 0))
        return read_row(row, state=OutboxState.DROPPED)

    def sweep(self, work: HoldsConnection, *, before: datetime, limit: int = 500) -> int:
        """Forget messages that were delivered or dropped before an instant; gives how many, call again."""
        old = (
            select(outbox.c.id)
            .where(outbox.c.settled_at.is_not(None), outbox.c.settled_at <= to_micros(before))
            .order_by(outbox.c.settled_at)
            .limit(limit)
        )
        connection = work.connection
        found = connection.execute(old).scalars().all()
        connection.execute(delete(outbox_message_ids).where(outbox_message_ids.c.row.in_(found)))
        connection.execute(delete(outbox).where(outbox.c.id.in_(found)))
        return len(found)

    def _dead(self, connection: Connection, row_id: int) -> Any:
        """The row of a dead letter, its line locked where the database locks rows."""
        query = select(outbox).where(outbox.c.id == row_id, outbox.c.state == OutboxState.DEAD.value)
        row = connection.execute(query).one_or_none()
        if row is not None:
            lock = select(outbox_lines.c.id).where(outbox_lines.c.id == row.line).with_for_update()
            connection.execute(lock).one()
        return row

    def _leave(self, connection: Connection, row_id: int, event: OutboxEvent, values: dict[str, Any]) -> None:
        statement = (
            update(outbox)
            .where(outbox.c.id == row_id, outbox.c.state.in_(sources(event)))
            .values(state=target(event), **values)
        )
        if connection.execute(statement).rowcount != 1:
            raise RuntimeError(f"outbox row {row_id} was seen to in the same moment")
