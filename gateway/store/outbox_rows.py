"""The outbox: messages to counterparts, put down in the same transaction as the change that they tell of.

Messages to one destination with one key stand in a line. A line is claimed as a whole and only its first
message goes out, so a later one never overtakes an earlier one, whatever state that is in. A claim is a
lease with a fencing token: whoever still holds the token may settle. All times are the database's clock;
where the database locks rows, a line that somebody works on is passed over (SKIP LOCKED) and the line's row
orders whoever enqueues for the same key.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, Protocol

from sqlalchemy import Connection, Row, bindparam, delete, insert, or_, select, text, update

from gateway.store.dialect import database_micros
from gateway.store.instants import from_micros, span, to_micros
from gateway.store.outbox_states import (
    Delivered,
    GiveUp,
    Lease,
    OutboxEvent,
    OutboxRow,
    OutboxState,
    Outgoing,
    Retry,
    Settlement,
    sources,
    target,
)
from gateway.store.tables import outbox, outbox_lines

HORIZON: Final = timedelta(hours=2)
"""No lease and no delay lasts this long: a line that is due later was put off by a clock since set back."""

_ROW_COLUMNS = tuple(column for column in outbox.c if column.name != "answer_digest")
_JOIN_LINE = text(
    "INSERT INTO outbox_lines (destination, order_key, waiting, due_at) VALUES (:destination, :key, 1, :now)"
    " ON CONFLICT (destination, order_key) DO UPDATE SET waiting = outbox_lines.waiting + 1 RETURNING id"
)
_ADD = insert(outbox)
_IS_DUE = or_(outbox_lines.c.due_at <= bindparam("now"), outbox_lines.c.due_at > bindparam("horizon"))
_DUE = (
    select(outbox_lines.c.id)
    .where(
        outbox_lines.c.destination == bindparam("wanted"),
        _IS_DUE,
        outbox_lines.c.id.not_in(bindparam("busy", expanding=True)),
    )
    .order_by(outbox_lines.c.due_at, outbox_lines.c.id)
    .limit(bindparam("most"))
)
_LEASE_LINE = (
    update(outbox_lines)
    .where(outbox_lines.c.id == bindparam("which"))
    .values(token=bindparam("nonce"), owner=bindparam("holder"), due_at=bindparam("until"))
)
_FIRST = (
    select(*_ROW_COLUMNS)
    .where(outbox.c.line == bindparam("which"))
    .order_by(outbox.c.id)
    .limit(bindparam("most"))
)
_LEASE_ROW = (
    update(outbox)
    .where(outbox.c.id == bindparam("which"), outbox.c.state.in_(sources(OutboxEvent.CLAIMED)))
    .values(state=target(OutboxEvent.CLAIMED), attempts=outbox.c.attempts + 1)
)
_MINE = (outbox_lines.c.id == bindparam("which"), outbox_lines.c.token == bindparam("nonce"))
_GIVE_LINE = update(outbox_lines).where(*_MINE).values(token=None, owner=None, due_at=bindparam("due"))
_PASS_LINE = _GIVE_LINE.values(waiting=outbox_lines.c.waiting - 1)
_END_LINE = delete(outbox_lines).where(outbox_lines.c.id == bindparam("which"), outbox_lines.c.waiting == 0)


def _row_update(event: OutboxEvent) -> Any:
    return (
        update(outbox)
        .where(outbox.c.id == bindparam("row_id"), outbox.c.state.in_(sources(event)))
        .values(state=target(event))
    )


_DELIVER = _row_update(OutboxEvent.DELIVERED).values(
    line=None,
    body=b"",
    code=None,
    settled_at=bindparam("now"),
    answer_message_id=bindparam("answer_id"),
    answer_digest=bindparam("digest"),
)
_FAIL = _row_update(OutboxEvent.FAILED).values(
    code=bindparam("why"), duplicate_since=bindparam("duplicate"), business=False
)
_GIVE_UP = _row_update(OutboxEvent.GIVEN_UP).values(code=bindparam("why"), business=bindparam("fault"))
_HELD = select(outbox_lines.c.id).where(outbox_lines.c.owner == bindparam("holder"))
_RECOVER_ROWS = (
    update(outbox)
    .where(outbox.c.line.in_(_HELD), outbox.c.state.in_(sources(OutboxEvent.RECOVERED)))
    .values(state=target(OutboxEvent.RECOVERED))
)
_RECOVER_LINES = (
    update(outbox_lines)
    .where(outbox_lines.c.owner == bindparam("holder"))
    .values(token=None, owner=None, due_at=bindparam("now"))
)
_WAKE = (
    update(outbox_lines)
    .where(
        outbox_lines.c.destination == bindparam("wanted"),
        outbox_lines.c.token.is_(None),
        outbox_lines.c.due_at > bindparam("now"),
    )
    .values(due_at=bindparam("now"))
)
_ANY_LINE = "SELECT 1 FROM outbox_lines LIMIT 1"
_BLOCKED = select(outbox_lines.c.destination).where(outbox_lines.c.due_at.is_(None)).distinct()


class HoldsConnection(Protocol):
    """A unit of work, as far as the outbox goes."""

    @property
    def connection(self) -> Connection:
        """Its connection, in its transaction."""
        ...


@dataclass(frozen=True, slots=True)
class Wanted:
    """How many lines of a destination may be claimed now, and for how long."""

    most: int
    lease: timedelta


class Outbox:
    """What changes hands: put in, claimed, settled. Everything that writes does so on a unit of work."""

    def __init__(
        self,
        read: Callable[[], AbstractContextManager[Connection]],
        micros: Callable[[Connection], int] = database_micros,
    ) -> None:
        self._read = read
        self._micros = micros

    def enqueue(self, work: HoldsConnection, *messages: Outgoing) -> None:
        """Put messages at the end of their lines; delivered in this order once the unit commits.

        Raises Conflict when a MessageID is in the outbox already.
        """
        connection = work.connection
        now = self._micros(connection)
        rows = []
        for message in messages:
            place = {"destination": message.destination, "key": message.key, "now": now}
            rows.append(
                {
                    "line": connection.execute(_JOIN_LINE, place).scalar_one(),
                    "destination": message.destination,
                    "service": message.service,
                    "operation": message.operation,
                    "action": message.action,
                    "order_key": message.key,
                    "message_id": message.message_id,
                    "body": message.body,
                    "state": OutboxState.PENDING.value,
                    "enqueued_at": now,
                    "attempts": 0,
                    "business": False,
                }
            )
        if rows:
            connection.execute(_ADD, rows)

    def due(self, destinations: Mapping[str, object], *, busy: Collection[int] = ()) -> bool:
        """Whether any line of these destinations could be claimed now; a glance, read only."""
        with self._read() as connection:
            if connection.exec_driver_sql(_ANY_LINE).first() is None:
                return False  # as nearly always: asked ten times a second
            times = self._times(connection)
            return any(
                connection.execute(
                    _DUE, {"wanted": destination, "most": 1, "busy": list(busy), **times}
                ).first()
                is not None
                for destination in destinations
            )

    def claim(
        self, work: HoldsConnection, wanted: Mapping[str, Wanted], owner: str, *, busy: Collection[int] = ()
    ) -> list[Lease]:
        """Lease lines that are due, the longest due first; each comes with its first message.

        ``owner`` names the dispatcher, for ``recover``; ``busy`` are lines whose call it has under way,
        though their lease be over. The claims hold once the unit commits.
        """
        connection = work.connection
        times = self._times(connection)
        now = times["now"]
        leases = []
        for destination, want in wanted.items():
            lines = _DUE.with_for_update(skip_locked=True)
            due = connection.execute(
                lines, {"wanted": destination, "most": want.most, "busy": list(busy), **times}
            )
            for line in due.scalars().all():
                token, until = secrets.token_hex(16), now + span(want.lease)
                connection.execute(
                    _LEASE_LINE, {"which": line, "nonce": token, "holder": owner, "until": until}
                )
                row = connection.execute(_FIRST, {"which": line, "most": 1}).one()
                if connection.execute(_LEASE_ROW, {"which": row.id}).rowcount != 1:
                    raise RuntimeError(f"outbox row {row.id} stands first in a line that is due: {row.state}")
                first = read_row(row, state=OutboxState.LEASED, attempts=row.attempts + 1)
                leases.append(Lease(line, token, first, from_micros(now), from_micros(until)))
        return leases

    def settle(self, work: HoldsConnection, lease: Lease, settlement: Settlement) -> bool:
        """What became of a claim; False, and nothing written, when the lease is no longer held."""
        connection = work.connection
        now = self._micros(connection)
        mine = {"which": lease.line, "nonce": lease.token}
        row: dict[str, Any] = {"row_id": lease.row.id}
        values: dict[str, Any]
        match settlement:
            case Delivered():
                held = connection.execute(_PASS_LINE, {**mine, "due": now}).rowcount
                values = {
                    "now": now,
                    "answer_id": settlement.answer_message_id,
                    "digest": settlement.answer_digest,
                }
                statement = _DELIVER
            case Retry():
                due = now + span(settlement.delay)
                held = connection.execute(_GIVE_LINE, {**mine, "due": due}).rowcount
                values = {"why": settlement.code, "duplicate": _duplicate_since(lease.row, settlement, now)}
                statement = _FAIL
            case GiveUp():
                held = connection.execute(_GIVE_LINE, {**mine, "due": None}).rowcount
                statement, values = _GIVE_UP, {"why": settlement.code, "fault": settlement.business}
        if held != 1:
            return False
        if connection.execute(statement, {**row, **values}).rowcount != 1:
            raise RuntimeError(f"outbox row {lease.row.id} is not leased, but its line is")
        if isinstance(settlement, Delivered):
            connection.execute(_END_LINE, {"which": lease.line})
        return True

    def recover(self, work: HoldsConnection, owner: str) -> int:
        """Take back at once what ``owner`` held before it ended; gives how many lines.

        Only for an owner that is known to be gone: its successor under the same name.
        """
        connection = work.connection
        connection.execute(_RECOVER_ROWS, {"holder": owner})
        return connection.execute(_RECOVER_LINES, {"holder": owner, "now": self._micros(connection)}).rowcount

    def wake(self, work: HoldsConnection, destination: str) -> int:
        """A destination answers again: its lines that wait for a later try are due now."""
        connection = work.connection
        values = {"wanted": destination, "now": self._micros(connection)}
        return connection.execute(_WAKE, values).rowcount

    def blocked(self) -> frozenset[str]:
        """Destinations with a line in which a dead letter stands first."""
        with self._read() as connection:
            return frozenset(connection.execute(_BLOCKED).scalars().all())

    def _times(self, connection: Connection) -> dict[str, int]:
        now = self._micros(connection)
        return {"now": now, "horizon": now + span(HORIZON)}


def read_row(row: Row[Any], **changes: Any) -> OutboxRow:
    """A row of the table as a value."""
    values: dict[str, Any] = {
        "id": row.id,
        "destination": row.destination,
        "service": row.service,
        "operation": row.operation,
        "action": row.action,
        "key": row.order_key,
        "body": row.body,
        "message_id": row.message_id,
        "state": OutboxState(row.state),
        "attempts": row.attempts,
        "enqueued_at": from_micros(row.enqueued_at),
        "code": row.code,
        "business": row.business,
        "duplicate_since": None if row.duplicate_since is None else from_micros(row.duplicate_since),
        "settled_at": None if row.settled_at is None else from_micros(row.settled_at),
        "answer_message_id": row.answer_message_id,
    }
    return OutboxRow(**{**values, **changes})


def _duplicate_since(row: OutboxRow, retry: Retry, now: int) -> int | None:
    if retry.duplicate is False:
        return None
    if row.duplicate_since is not None:
        return to_micros(row.duplicate_since)
    return now if retry.duplicate else None
