"""Card management (flow 8) of a municipal CS: what it asks, writes, tells and does by itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from clients.card_management_system import CardManagementSystem
from clients.connect import connect
from gateway import telemetry
from gateway.asked import watch
from gateway.clock import Clock
from gateway.contract import SERVICES, write_body
from gateway.domain.caller import Caller, Operator
from gateway.domain.card import Card
from gateway.domain.card_history import CardHistory
from gateway.domain.card_query import CardAnswer, CardQuestion
from gateway.domain.card_update import CardReceipt, CardUpdate
from gateway.domain.change_report import Notice
from gateway.domain.codes import Purpose
from gateway.domain.faults import operation_fault
from gateway.domain.identifiers import MunicipalityCode, ResidentRecordCode
from gateway.domain.move import MoveRole
from gateway.flows.card_follow_up import CardFollowUp
from gateway.flows.card_query import CardLook, CardQuery
from gateway.flows.card_updates import CardUpdates
from gateway.flows.card_work import CardWork, CardWriter
from gateway.flows.decision import Decision, nothing
from gateway.flows.identity_update import Follow, japanese_day, nothing_follows
from gateway.flows.move_in import FollowMoveIn
from gateway.running import Parts
from gateway.store import CardRoute, Conflict, Store, take_up_cards
from gateway.wss.sign import new_message_id

LAPSE_SECONDS = 20.0
"""Between two looks for cards that time has ended."""
_AT_ONCE = 200  # cards of one look
_UPDATE = "UpdateCard"
_ITSELF = "SYSTEM"


class CardDesk:
    """Everything that a municipal CS does about cards; ``destination`` is None where none is configured."""

    def __init__(self, parts: Parts, home: MunicipalityCode, destination: str | None) -> None:
        store, clock = parts.store, parts.clock
        route = None if destination is None else card_route(destination)
        self._store = store
        self._clock = clock
        self._is_configured = destination is not None
        self._write = card_writer(store, clock, route)
        system = None if destination is None else _system(parts, destination)
        ask = CardQuery(system, destination or CardManagementSystem.SERVICE)
        self._look = CardLook(
            ask, store.card_book, clock, keep=self._take_up, history=store.card_book.history
        )
        self._updates = CardUpdates(
            store.card_book,
            clock,
            ask=ask,
            is_on_record=lambda code: store.changes.owner_of_code(code) is not None,
            order=card_order,
            write=self._write,
            own=Caller(
                home,
                parts.settings.system.id,
                Operator(_ITSELF, _ITSELF),
                Purpose.CARD_PROCEDURE,
            ),
            abroad=not parts.settings.cards.emigration_ends,
            is_moving=lambda code: is_moving(store, code),
        )

    def query(self, question: CardQuestion) -> CardAnswer:
        """QueryCards."""
        return self._look.query(question)

    def history(self, question: CardQuestion) -> CardHistory:
        """QueryCardHistory."""
        return self._look.history(question)

    def update(self, asked: CardUpdate) -> Decision[CardReceipt]:
        """UpdateCard."""
        self._require_system()
        return self._updates.update(asked)

    def revoke(self, asked: CardUpdate) -> Decision[CardReceipt]:
        """RevokeCards."""
        self._require_system()
        return self._updates.revoke(asked)

    @property
    def follow(self) -> Follow:
        """What flow 1 brings for cards."""
        if not self._is_configured:
            return nothing_follows
        return CardFollowUp(self._updates, self._clock, self._write)

    @property
    def follow_move_in(self) -> FollowMoveIn:
        """What a special move-in brings for cards."""
        if not self._is_configured:
            return lambda _caller, _entries, _day: nothing
        return CardFollowUp(self._updates, self._clock, self._write).after_move_in

    def end_what_is_over(self) -> None:
        """End the cards whose last valid day is over, and tell the card management system."""
        if not self._is_configured:
            return
        today = japanese_day(self._clock)
        for holding in self._store.card_book.due(today, limit=_AT_ONCE):
            work = self._updates.lapsed(holding, today)
            if work is not None and commit_card_work(self._store, self._write, work):
                telemetry.event("card-ended", code=work.entries[-1].reason and work.entries[-1].reason.value)

    def _require_system(self) -> None:
        """What cannot be passed on is not accepted."""
        if not self._is_configured:
            raise operation_fault("CounterpartUnavailable")

    def _take_up(self, cards: Sequence[Card]) -> None:
        with self._store.unit_of_work() as work:
            take_up_cards(work, cards, at=self._clock.now())


def card_writer(store: Store, clock: Clock, route: CardRoute | None) -> CardWriter:
    """Writes decisions about cards on the unit of work that it is given."""

    def write(unit: Any, works: Sequence[CardWork]) -> None:
        for work in works:
            store.card_book.write(
                unit,
                line=work.line,
                read=work.read,
                learned=work.told,
                entries=work.entries,
                orders=work.orders,
                at=clock.now(),
                route=route,
            )

    return write


def commit_card_work(store: Store, write: CardWriter, work: CardWork) -> bool:
    """Write it in a unit of work of its own; False where somebody else was faster."""
    try:
        with store.unit_of_work() as unit:
            write(unit, (work,))
    except Conflict:
        return False
    return True


def is_moving(store: Store, code: ResidentRecordCode) -> bool:
    """Whether a special move-in of this person to here is begun, and the person not on record yet."""
    return any(not move.is_complete for move in store.moves.open_of(MoveRole.NEW_TOWN, (code,)))


def card_order(update: CardUpdate) -> Notice:
    """What the card management system is told of an update."""
    service = SERVICES[CardManagementSystem.SERVICE]
    return Notice(new_message_id(), write_body(service, service.operation(_UPDATE), update))


def card_route(destination: str) -> CardRoute:
    """Where updates of cards go."""
    operation = SERVICES[CardManagementSystem.SERVICE].operation(_UPDATE)
    return CardRoute(destination, CardManagementSystem.SERVICE, operation.name, operation.action)


def _system(parts: Parts, destination: str) -> CardManagementSystem:
    return CardManagementSystem(
        connect(
            parts.settings,
            parts.state.path,
            destination=destination,
            service=CardManagementSystem.SERVICE,
            trust=parts.trust,
            clock=parts.clock,
            observe=watch(parts, destination, CardManagementSystem.SERVICE),
        )
    )
