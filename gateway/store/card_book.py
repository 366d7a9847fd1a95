"""Cards (個人番号カード) and what was done to them; the same for the municipal CS and for the card management
system, each over its own database.

What was decided on was read before, outside of any transaction: ``write`` looks again whether it still holds.
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, insert, text

from gateway.domain.card import IN_USE, TABLE, Card, CardEvent, CardSerial, CardState
from gateway.domain.card_history import MOST_ENTRIES, CardEntry, CardOutcome, HistoryLine, Holding, told
from gateway.domain.card_query import MOST_CARDS
from gateway.domain.card_update import CardActor, CardResult, RevocationReason
from gateway.domain.change_report import Notice
from gateway.domain.identifiers import MunicipalityCode, ResidentRecordCode
from gateway.domain.values import read_code
from gateway.store.failures import Conflict
from gateway.store.instants import from_micros, to_micros
from gateway.store.outbox_rows import Outbox
from gateway.store.outbox_states import Outgoing
from gateway.store.register import Work
from gateway.store.tables import card_events

_HOLDING: Final = (
    "SELECT c.serial, c.code, c.state, c.municipality, c.version, c.issued_on, c.valid_until,"
    " c.residence_until, c.continue_by, c.revision,"
    " EXISTS (SELECT 1 FROM card_events e WHERE e.serial = c.serial AND e.outcome = 'pending') FROM cards c"
)
_NEWEST_FIRST: Final = " ORDER BY c.issued_on IS NULL DESC, c.issued_on DESC, c.serial LIMIT :most"
_OF_PERSON: Final = f"{_HOLDING} WHERE c.code = :code{_NEWEST_FIRST}"
_DUE: Final = f"{_HOLDING} WHERE c.ends_on < :today ORDER BY c.ends_on LIMIT :most"
_ONE: Final = text(f"{_HOLDING} WHERE c.serial = :serial")
_BY_SERIAL: Final = f"{_HOLDING} WHERE c.serial = :serial"
_KNOWS: Final = "SELECT 1 FROM card_events WHERE reference = :reference LIMIT 1"
_HISTORY: Final = (
    "SELECT e.serial, e.event, e.reason, e.event_date, e.state, e.actor, e.outcome, e.answer, e.recorded_at"
    " FROM card_events e JOIN cards c ON c.serial = e.serial WHERE c.code = :code"
    " ORDER BY e.id DESC LIMIT :most"
)
_KEEP: Final = text(
    "INSERT INTO cards (serial, code, state, municipality, version, revision, issued_on, valid_until,"
    " residence_until, continue_by, ends_on, recorded_at) VALUES (:serial, :code, :state, :municipality,"
    " :version, 1, :issued_on, :valid_until, :residence_until, :continue_by, :ends_on, :recorded_at)"
    " ON CONFLICT (serial) DO UPDATE SET code = :code, state = :state, municipality = :municipality,"
    " version = :version, revision = cards.revision + 1, issued_on = :issued_on, valid_until = :valid_until,"
    " residence_until = :residence_until, continue_by = :continue_by, ends_on = :ends_on,"
    " recorded_at = :recorded_at"
)
_SETTLE: Final = text(
    "UPDATE card_events SET outcome = :outcome, answer = :answer, settled_at = :at"
    " WHERE reference = :reference"
)
_LINE: Final = text(
    "SELECT person FROM person_codes WHERE code = :code"
    " UNION ALL SELECT NULL WHERE NOT EXISTS (SELECT 1 FROM person_codes WHERE code = :code)"
)
_ADD_EVENT: Final = insert(card_events)


@dataclass(frozen=True, slots=True)
class CardRoute:
    """Where updates of cards go: a destination, and the operation's names there."""

    destination: str
    service: str
    operation: str
    action: str


class CardBook:
    """Reads on read connections; writes on a unit of work."""

    def __init__(self, rows: Callable[[str, Mapping[str, Any]], list[Any]], outbox: Outbox) -> None:
        self._rows = rows
        self._outbox = outbox

    def holdings(self, code: ResidentRecordCode) -> tuple[Holding, ...]:
        """The cards that have this 住民票コード in them, the newest first."""
        return tuple(map(_holding, self._rows(_OF_PERSON, {"code": code.digits, "most": MOST_CARDS})))

    def cards_of(self, code: ResidentRecordCode) -> tuple[Card, ...]:
        """The same without what is only this database's."""
        return tuple(holding.card for holding in self.holdings(code))

    def find(self, serial: CardSerial) -> Holding | None:
        """One card."""
        rows = self._rows(_BY_SERIAL, {"serial": serial.text})
        return _holding(rows[0]) if rows else None

    def due(self, today: dt.date, *, limit: int) -> tuple[Holding, ...]:
        """Cards in use whose last valid day is over, the longest first."""
        return tuple(map(_holding, self._rows(_DUE, {"today": today.isoformat(), "most": limit})))

    def knows(self, reference: str) -> bool:
        """Whether anything of this reference was recorded."""
        return bool(self._rows(_KNOWS, {"reference": reference}))

    def history(self, code: ResidentRecordCode) -> tuple[HistoryLine, ...]:
        """What was done to the cards with this 住民票コード, the newest first."""
        return tuple(map(_line, self._rows(_HISTORY, {"code": code.digits, "most": MOST_ENTRIES})))

    def put(self, work: Work, made: Sequence[Card], *, at: datetime) -> None:
        """Write cards down as they are."""
        if made:
            work.connection.execute(_KEEP, [_card_row(card, at) for card in made])

    def write(
        self,
        work: Work,
        *,
        line: ResidentRecordCode,
        read: Mapping[CardSerial, int | None],
        learned: Sequence[Card],
        entries: Sequence[CardEntry],
        orders: Sequence[Notice],
        at: datetime,
        route: CardRoute | None,
    ) -> None:
        """Write what was decided: cards as told, entries in their order, and orders for ``route``.

        ``read`` has the revision that each card was decided on. Raises Conflict when one was written since;
        nothing of it may then be committed.
        """
        connection = work.connection
        for serial, revision in read.items():
            found = _look(connection, serial)
            if (None if found is None else found.revision) != revision:
                raise Conflict("a card changed since this was decided on")
        take_up_cards(work, learned, at=at)
        if entries:
            connection.execute(_KEEP, [_card_row(entry.card, at) for entry in entries])
            connection.execute(_ADD_EVENT, [_event_row(entry, at) for entry in entries])
        if orders and route is not None:
            key = self._line_of(connection, line, entries)
            self._outbox.enqueue(
                work,
                *(
                    Outgoing(
                        route.destination,
                        route.service,
                        route.operation,
                        route.action,
                        key,
                        order.body,
                        order.message_id,
                    )
                    for order in orders
                ),
            )

    @staticmethod
    def _line_of(connection: Connection, code: ResidentRecordCode, entries: Sequence[CardEntry]) -> str:
        """All updates of a person go one after the other, as its number here says who it is."""
        person = connection.execute(_LINE, {"code": code.digits}).scalar_one()
        if person is not None:
            return str(person)
        # The 住民票コード is a former one by now: nobody has it, and the card says which line it is.
        return f"card-{entries[0].card.serial}" if entries else "card"


def take_up_cards(work: Work, learned: Sequence[Card], *, at: datetime) -> None:
    """What the card management system told of cards, where it is news; a changed state is an entry."""
    connection = work.connection
    for card in learned:
        held = _look(connection, card.serial)
        if told(held, card) is None:
            continue
        connection.execute(_KEEP, [_card_row(card, at)])
        before = None if held is None else held.card
        if before is None or before.state is not card.state:
            connection.execute(_ADD_EVENT, [_event_row(_learned(before, card, at), at)])


def settle_cards(
    work: Work, *, reference: str, result: CardResult, learned: Sequence[Card], at: datetime
) -> None:
    """The card management system answered an update: its entries are settled, and what it told is taken."""
    outcome = CardOutcome.CONFIRMED if result.is_done else CardOutcome.REFUSED
    values = {"outcome": outcome.value, "answer": result.value, "at": to_micros(at)}
    work.connection.execute(_SETTLE, {**values, "reference": reference})
    take_up_cards(work, learned, at=at)


def _look(connection: Connection, serial: CardSerial) -> Holding | None:
    row = connection.execute(_ONE, {"serial": serial.text}).one_or_none()
    return None if row is None else _holding(row)


def _holding(row: Any) -> Holding:
    serial, code, state, municipality, version, *days, revision, unsettled = row
    card = Card(
        CardSerial(serial),
        ResidentRecordCode(code),
        read_code(CardState, state),
        MunicipalityCode(municipality),
        version,
        *(None if day is None else dt.date.fromisoformat(day) for day in days),
    )
    return Holding(card, int(revision), bool(unsettled))


def _card_row(card: Card, at: datetime) -> dict[str, Any]:
    days = {
        "issued_on": card.issued_on,
        "valid_until": card.valid_until,
        "residence_until": card.residence_until,
        "continue_by": card.continue_by,
        "ends_on": card.ends_on if card.state in IN_USE else None,
    }
    return {
        "serial": card.serial.text,
        "code": card.code.digits,
        "state": card.state.value,
        "municipality": card.municipality.digits,
        "version": card.version,
        "recorded_at": to_micros(at),
        **{name: None if day is None else day.isoformat() for name, day in days.items()},
    }


def _learned(before: Card | None, card: Card, at: datetime) -> CardEntry:
    """The entry for a state that was told: the event that leads to it, where there is just one."""
    events = [
        event
        for event in CardEvent
        if before is not None and TABLE.get((before.state, event)) is card.state is not before.state
    ]
    return CardEntry(
        card,
        events[0] if len(events) == 1 else None,
        at.date(),
        CardActor.CARD_SYSTEM,
        f"told-{secrets.token_hex(10)}",
        CardOutcome.LEARNED,
    )


def _event_row(entry: CardEntry, at: datetime) -> dict[str, Any]:
    return {
        "serial": entry.card.serial.text,
        "event": None if entry.event is None else entry.event.value,
        "reason": None if entry.reason is None else entry.reason.value,
        "event_date": entry.event_date.isoformat(),
        "state": entry.card.state.value,
        "actor": entry.actor.value,
        "reference": entry.reference,
        "outcome": entry.outcome.value,
        "answer": None if entry.answer is None else entry.answer.value,
        "message_id": entry.message_id,
        "recorded_at": to_micros(at),
    }


def _line(row: Any) -> HistoryLine:
    serial, event, reason, event_date, state, actor, outcome, answer, recorded_at = row
    return HistoryLine(
        CardSerial(serial),
        None if event is None else read_code(CardEvent, event),
        None if reason is None else read_code(RevocationReason, reason),
        dt.date.fromisoformat(event_date),
        read_code(CardState, state),
        read_code(CardActor, actor),
        read_code(CardOutcome, outcome),
        None if answer is None else read_code(CardResult, answer),
        from_micros(recorded_at),
    )
