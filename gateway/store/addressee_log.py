"""Addressees (送付先情報) as a CS notes them: digests, and who was part of one; and whom it wants extracted.

What was decided on was read before, outside of any transaction; ``write`` looks again, and raises Conflict
when it holds no more. The notice lies in the outbox until it is delivered (HIDDEN), and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, Final, Protocol

from sqlalchemy import Connection, bindparam, delete, insert, select, text, update

from gateway.domain.addressee_delivery import AddresseeBatch, Sending, Target
from gateway.domain.addressee_rules import AddresseeResult, OnRecord
from gateway.domain.change import Presence
from gateway.domain.change_reason import ChangeReason
from gateway.domain.change_report import ChangeEntry
from gateway.domain.identifiers import ResidentRecordCode
from gateway.domain.values import read_code
from gateway.store.change_log import ChangeLog, NoticeRoute
from gateway.store.failures import Conflict
from gateway.store.instants import from_micros, to_micros
from gateway.store.outbox_rows import Outbox
from gateway.store.outbox_states import Outgoing
from gateway.store.secret_key import SecretKey
from gateway.store.tables import (
    PADDING,
    addressee_messages,
    addressee_people,
    addressee_targets,
    addressees,
    people,
)

HIDDEN: Final = b" " * PADDING
"""Stands before a body in the outbox, where XML may have it, for the reason that PADDING gives."""

_LINE_KEY: Final = "addressees"
_KNOWN: Final = (
    "SELECT content_digest FROM addressees WHERE municipality = :municipality AND number_digest = :number"
)
_TARGETS: Final = (
    "SELECT t.id, v.code, t.reason, t.since FROM addressee_targets t"
    " JOIN people p ON p.person = t.person AND NOT p.removed"
    " JOIN person_versions v ON v.person = p.person AND v.version = p.version"
    " WHERE t.id > :after AND v.municipality = :municipality AND v.individual_number IS NOT NULL"
    " ORDER BY t.id LIMIT :most"
)
_SENDINGS: Final = (
    "SELECT a.accepted_at, a.notice FROM person_codes c JOIN addressee_people p ON p.person = c.person"
    " JOIN addressees a ON a.id = p.addressee WHERE c.code = :code ORDER BY a.id DESC LIMIT :most"
)
_WANT: Final = text(
    "INSERT INTO addressee_targets (person, reason, since)"
    " SELECT person, :reason, :since FROM person_codes WHERE code = :code"
    " ON CONFLICT (person) DO UPDATE SET reason = :reason"
)
_UNWANT: Final = text(
    "DELETE FROM addressee_targets WHERE person = (SELECT person FROM person_codes WHERE code = :code)"
)
_VERSIONS: Final = select(people.c.person, people.c.version, people.c.removed).where(
    people.c.person.in_(bindparam("which", expanding=True))
)
_EXTRACTED: Final = delete(addressee_targets).where(
    addressee_targets.c.person.in_(bindparam("which", expanding=True))
)
_MANY: Final = 500  # people of one statement


class Work(Protocol):
    """A unit of work, as far as addressees go."""

    about: tuple[str, str] | None
    """Sender and MessageID of the message that it is done for."""

    @property
    def connection(self) -> Connection:
        """Its connection, in its transaction."""
        ...


class AddresseeLog:
    """Reads on read connections; ``write`` and ``note_changes`` on a unit of work."""

    def __init__(
        self,
        unit_of_work: Callable[[], AbstractContextManager[Any]],
        rows: Callable[[str, Mapping[str, Any]], list[Any]],
        changes: ChangeLog,
        outbox: Outbox,
    ) -> None:
        self._rows = rows
        self._changes = changes
        self._outbox = outbox
        self._key = SecretKey("addressee-key", unit_of_work)

    def known(self, municipality: str, number: str, content: bytes) -> AddresseeResult | None:
        """ALREADY_ACCEPTED or NUMBER_USED for a 送付先管理番号 that was accepted before."""
        values = {"municipality": municipality, "number": self._digest(number)}
        rows = self._rows(_KNOWN, values)
        if not rows:
            return None
        same = rows[0][0] == self._key.digest(content)
        return AddresseeResult.ALREADY_ACCEPTED if same else AddresseeResult.NUMBER_USED

    def on_record(self, code: ResidentRecordCode, municipality: str) -> OnRecord:
        """The person with this 住民票コード as the municipality (six digits) has reported it."""
        standing = self._changes.standing(code, municipality)
        if standing.person is None or standing.version is None or standing.presence is Presence.NOBODY:
            return OnRecord(Presence.NOBODY)
        record = self._changes.record(standing.person, standing.version)
        return OnRecord(standing.presence, standing.person, standing.version, record)

    def targets(self, municipality: str, *, after: int, limit: int) -> list[tuple[int, Target]]:
        """更新対象者 with their positions, those after one; who has no 個人番号 yet is left out."""
        rows = self._rows(_TARGETS, {"municipality": municipality, "after": after, "most": limit})
        return [
            (
                position,
                Target(ResidentRecordCode(code), read_code(ChangeReason, reason), from_micros(since)),
            )
            for position, code, reason, since in rows
        ]

    def sendings(self, code: ResidentRecordCode, *, limit: int) -> list[Sending]:
        """What was accepted about a person, the newest first."""
        rows = self._rows(_SENDINGS, {"code": code.digits, "most": limit})
        return [Sending(from_micros(at), self._changes.delivery(notice)) for at, notice in rows]

    def note_changes(
        self,
        work: Work,
        entries: Sequence[ChangeEntry],
        *,
        reasons: frozenset[ChangeReason],
        at: datetime,
    ) -> None:
        """After changes were written: who is wanted for one of ``reasons``, and who no more."""
        for entry in entries:
            change = entry.change
            code = {"code": change.record.code.digits}
            if change.removes:
                work.connection.execute(_UNWANT, code)
            elif change.reason in reasons and not change.revision and entry.cancels is None:
                wanted = {**code, "reason": change.reason.value, "since": to_micros(at)}
                work.connection.execute(_WANT, wanted)

    def write(self, work: Work, batch: AddresseeBatch, *, route: NoticeRoute, at: datetime) -> None:
        """Note accepted addressees, and put the notice of them into the outbox.

        Raises Conflict when a person's record is not the one that was decided on, or a number was accepted
        meanwhile. Nothing of them may then be committed.
        """
        connection, noted, message_id = work.connection, batch.entries, batch.notice.message_id
        read = {one.person: one.version for entry in noted for one in entry.people}
        which = [person for person in read if person is not None]
        for some in _parted(which):
            found = {row.person: row for row in connection.execute(_VERSIONS, {"which": some})}
            for person in some:
                if person not in found or found[person].removed or found[person].version != read[person]:
                    raise Conflict("the register changed since this addressee was decided on")
            connection.execute(_EXTRACTED, {"which": some})
        rows = [
            {
                "municipality": batch.municipality,
                "number_digest": self._digest(entry.number),
                "content_digest": self._key.digest(entry.content),
                "notice": message_id,
                "accepted_at": to_micros(at),
            }
            for entry in noted
        ]
        add = insert(addressees).returning(addressees.c.id, sort_by_parameter_order=True)
        made = connection.execute(add, rows).scalars().all()
        connection.execute(
            insert(addressee_people),
            [
                {"person": one.person, "addressee": addressee}
                for addressee, entry in zip(made, noted, strict=True)
                for one in entry.people
            ],
        )
        if work.about is not None:
            sender, name = work.about
            connection.execute(
                insert(addressee_messages), {"sender": sender, "message_id": name, "notice": message_id}
            )
        self._outbox.enqueue(
            work,
            Outgoing(
                route.destination,
                route.service,
                route.operation,
                route.action,
                _LINE_KEY,
                HIDDEN + batch.notice.body,
                message_id,
            ),
        )

    def forget_numbers(self, work: Work, *, before: datetime) -> int:
        """Forget the digests of addressees accepted before an instant; gives how many."""
        forget = (
            update(addressees)
            .where(addressees.c.accepted_at < to_micros(before), addressees.c.number_digest.is_not(None))
            .values(number_digest=None, content_digest=None)
        )
        return work.connection.execute(forget).rowcount

    def _digest(self, number: str) -> bytes:
        return self._key.digest(number.encode())


def _parted(which: Sequence[int]) -> Iterable[list[int]]:
    for begin in range(0, len(which), _MANY):
        yield list(which[begin : begin + _MANY])
