"""The log of changes (異動) as they were reported, and the way of an accepted one into register and outbox.

What was decided on was read before, outside of any transaction. ``write`` looks again, inside the caller's,
whether that still holds, and raises Conflict when it does not: then nothing of it is written, and whoever
decided decides again. A municipality that tells late of somebody whose record is another's by now changes
its own standing, and the record no more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, bindparam, insert, select, text

from gateway.domain.change import Presence, Standing
from gateway.domain.change_reason import ChangeReason
from gateway.domain.change_report import ChangeEntry, Delivery, RecordedChange
from gateway.domain.identifiers import IndividualNumber, ResidentRecordCode
from gateway.domain.identity_record import IdentityRecord
from gateway.domain.values import read_code
from gateway.errors import StoreError
from gateway.store.dialect import dialect_of
from gateway.store.failures import Conflict
from gateway.store.instants import from_micros, to_micros
from gateway.store.outbox_rows import Outbox
from gateway.store.outbox_states import OutboxState, Outgoing
from gateway.store.register import Register, Work
from gateway.store.register_rows import RECORD_COLUMNS, read_date, read_record, write_date
from gateway.store.tables import people, person_changes

_STANDING: Final = (
    "SELECT p.person, p.version, p.removed, v.municipality, s.last_number, s.on_record FROM person_codes c"
    " JOIN people p ON p.person = c.person"
    " JOIN person_versions v ON v.person = p.person AND v.version = p.version"
    " LEFT JOIN person_standings s ON s.person = p.person AND s.municipality = :municipality"
    " WHERE c.code = :code"
)
_STANDING_HERE: Final = text(_STANDING)
_CHANGE: Final = (
    "SELECT number, revision, reason, event_date, fingerprint, version, cancels, message_id, recorded_at"
    " FROM person_changes WHERE person = :person AND municipality = :municipality AND number = :number"
    " ORDER BY revision DESC LIMIT 1"
)
_VERSION: Final = (
    f"SELECT {', '.join(column.name for column in RECORD_COLUMNS)} FROM person_versions"  # noqa: S608 - names
    " WHERE person = :person AND version = :version"
)
_CODE_OWNER: Final = "SELECT person FROM person_codes WHERE code = :digits"
_NUMBER_OWNER: Final = "SELECT person FROM person_numbers WHERE individual_number = :digits"
_DELIVERY: Final = (
    "SELECT o.state, l.due_at FROM outbox o LEFT JOIN outbox_lines l ON l.id = o.line"
    " WHERE o.message_id = :id OR o.id IN (SELECT m.row FROM outbox_message_ids m WHERE m.message_id = :id)"
)
_CHANGE_HERE: Final = text(_CHANGE)
_PERSON: Final = text(_CODE_OWNER)
_LOCK_PEOPLE: Final = (
    select(people.c.person)
    .where(people.c.person.in_(bindparam("persons", expanding=True)))
    .order_by(people.c.person)
    .with_for_update()
)
_KEEP_STANDING: Final = text(
    "INSERT INTO person_standings (person, municipality, last_number, on_record)"
    " VALUES (:person, :municipality, :last, :here)"
    " ON CONFLICT (person, municipality) DO UPDATE SET last_number = :last, on_record = :here"
)
_STAND_APART: Final = text(
    "INSERT INTO person_standings (person, municipality, last_number, on_record)"
    " VALUES (:person, :municipality, 0, :here) ON CONFLICT (person, municipality) DO NOTHING"
)
_ADD_CHANGE: Final = insert(person_changes)
_DELIVERIES: Final = {
    OutboxState.PENDING.value: Delivery.WAITING,
    OutboxState.LEASED.value: Delivery.WAITING,
    OutboxState.DELIVERED.value: Delivery.DELIVERED,
    OutboxState.DEAD.value: Delivery.REFUSED,
    OutboxState.DROPPED.value: Delivery.DROPPED,
}


@dataclass(frozen=True, slots=True)
class NoticeRoute:
    """Where notices of changes go: a destination, and the operation's names there."""

    destination: str
    service: str
    operation: str
    action: str


class ChangeLog:
    """Reads on read connections; ``write`` on a unit of work."""

    def __init__(
        self, rows: Callable[[str, Mapping[str, Any]], list[Any]], register: Register, outbox: Outbox
    ) -> None:
        self._rows = rows
        self._register = register
        self._outbox = outbox

    def standing(self, code: ResidentRecordCode, municipality: str) -> Standing:
        """The person with this 住民票コード as the municipality (six digits) has reported it."""
        rows = self._rows(_STANDING, {"code": code.digits, "municipality": municipality})
        return _standing(rows[0] if rows else None, municipality)

    def change(self, person: int, municipality: str, number: int) -> RecordedChange | None:
        """The newest revision of a change on record."""
        values = {"person": person, "municipality": municipality, "number": number}
        rows = self._rows(_CHANGE, values)
        return _recorded(rows[0]) if rows else None

    def record(self, person: int, version: int) -> IdentityRecord:
        """One version of a record. Raises StoreError when there is none."""
        rows = self._rows(_VERSION, {"person": person, "version": version})
        if not rows:
            raise StoreError("a version that the log of changes names is not in the register")
        return read_record(rows[0])

    def owner_of_code(self, code: ResidentRecordCode) -> int | None:
        """The person that has this 住民票コード, struck or not."""
        rows = self._rows(_CODE_OWNER, {"digits": code.digits})
        return int(rows[0][0]) if rows else None

    def owner_of_number(self, number: IndividualNumber) -> int | None:
        """The person that has this 個人番号, struck or not."""
        rows = self._rows(_NUMBER_OWNER, {"digits": number.digits})
        return int(rows[0][0]) if rows else None

    def delivery(self, message_id: str | None) -> Delivery:
        """How far a notice has come."""
        rows = [] if message_id is None else self._rows(_DELIVERY, {"id": message_id})
        if not rows:
            return Delivery.NOT_LISTED
        state, due_at = rows[0]
        found = _DELIVERIES[state]
        # A line that is due never has a dead letter at its head.
        return Delivery.REFUSED if found is Delivery.WAITING and due_at is None else found

    def write(
        self, work: Work, entries: Sequence[ChangeEntry], *, at: datetime, route: NoticeRoute | None
    ) -> None:
        """Record accepted changes in their order, and put their notices into the outbox for ``route``.

        Raises Conflict when a state that they were decided on is not that any more. Nothing of them may then
        be committed.
        """
        connection = work.connection
        if entries:
            self._register.check_writable(work)
        _lock_people(connection, entries)
        # All are looked at before the first is written: that one may be about the next one's numbers.
        found = [None if entry.read is None else _look(connection, entry) for entry in entries]
        for entry, row in zip(entries, found, strict=True):
            if entry.read is not None and _standing(row, entry.reporter) != entry.read:
                raise Conflict("the register changed since this change was decided on")
        rows, messages = [], []
        for entry, row in zip(entries, found, strict=True):
            person, version = self._record(work, entry, row if entry.read else _look(connection, entry), at)
            rows.append(_row(entry, person, version, at))
            if entry.notice is not None and route is not None:
                messages.append(
                    Outgoing(
                        route.destination,
                        route.service,
                        route.operation,
                        route.action,
                        str(person),
                        entry.notice.body,
                        entry.notice.message_id,
                    )
                )
        if rows:
            connection.execute(_ADD_CHANGE, rows)
        self._outbox.enqueue(work, *messages)

    def _record(self, work: Work, entry: ChangeEntry, found: Any, at: datetime) -> tuple[int, int | None]:
        """Bring one change into the register; gives the person and the version that it made, if any.

        ``found`` is the row of _STANDING for whom it is about.
        """
        change, connection = entry.change, work.connection
        if change.revision:
            if found is None:
                raise Conflict("nobody has the 住民票コード of a change that is sent again")
            values = {"person": found.person, "municipality": entry.reporter, "number": change.number}
            made = connection.execute(_CHANGE_HERE, values).one_or_none()
            return int(found.person), None if made is None else made.version
        version: int | None = None
        elsewhere = found is not None and not found.removed and found.municipality != entry.reporter
        if change.enters or not elsewhere:
            version = self._register.put(
                work,
                change.record,
                valid_from=change.event_date,
                reason=change.reason,
                recorded_at=at,
                formerly=change.former_code,
                removed=change.removes,
                checked=True,
            )
        if found is not None:
            person = found.person
        else:
            person = connection.execute(_PERSON, {"digits": change.record.code.digits}).scalar_one()
        if elsewhere and change.enters and found is not None:
            # The first stock's record of the other municipality stands until that strikes it.
            _stand_apart(connection, int(person), found.municipality)
        connection.execute(
            _KEEP_STANDING,
            {
                "person": person,
                "municipality": entry.reporter,
                "last": change.number,
                "here": not change.removes,
            },
        )
        return int(person), version


def _lock_people(connection: Connection, entries: Sequence[ChangeEntry]) -> None:
    """Where others write side by side: keep whom the changes are about, in one order for everybody."""
    known = {entry.read.person for entry in entries if entry.read is not None}
    persons = sorted(person for person in known if person is not None)
    if persons and dialect_of(connection).concurrent:
        connection.execute(_LOCK_PEOPLE, {"persons": persons}).all()


def _look(connection: Connection, entry: ChangeEntry) -> Any:
    """The row of _STANDING for whom a change is about, in this transaction."""
    values = {"code": entry.change.code.digits, "municipality": entry.reporter}
    return connection.execute(_STANDING_HERE, values).one_or_none()


def _standing(row: Any, municipality: str) -> Standing:
    """A row of _STANDING. Who came with a first stock has no standing of its own yet."""
    if row is None:
        return Standing()
    person, version, removed, where, last, here = row
    if last is None:
        last, here = 0, where == municipality and not removed
        known = here
    else:
        known = True
    presence = Presence.ON_RECORD if here else Presence.REMOVED if known else Presence.NOBODY
    return Standing(presence, int(last), int(person), int(version))


def _stand_apart(connection: Connection, person: int, municipality: str) -> None:
    connection.execute(_STAND_APART, {"person": person, "municipality": municipality, "here": True})


def _recorded(row: Any) -> RecordedChange:
    number, revision, reason, event_date, fingerprint, version, cancels, message_id, recorded_at = row
    return RecordedChange(
        number,
        revision,
        read_code(ChangeReason, reason),
        read_date(event_date),
        bytes(fingerprint),
        version,
        cancels,
        message_id,
        from_micros(recorded_at),
    )


def _row(entry: ChangeEntry, person: int, version: int | None, at: datetime) -> dict[str, Any]:
    change = entry.change
    return {
        "person": person,
        "municipality": entry.reporter,
        "number": change.number,
        "revision": change.revision,
        "reason": change.reason.value,
        "event_date": write_date(change.event_date),
        "fingerprint": change.fingerprint(),
        "version": version,
        "cancels": entry.cancels,
        "message_id": None if entry.notice is None else entry.notice.message_id,
        "recorded_at": to_micros(at),
    }
