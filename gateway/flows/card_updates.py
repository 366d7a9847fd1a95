"""Flow 8, 8-①: cards are issued, revoked, collected, lifted from suspension, returned and continued.

What fits the card's state is recorded here and put into the outbox for the card management system in one
transaction; that system's signed answer confirms it. Where what is known here would refuse, the card
management system is asked first: a suspension by its call centre is known only there.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable, Sequence

from gateway.clock import Clock
from gateway.domain.caller import Caller
from gateway.domain.card import Card, CardEvent, CardSerial
from gateway.domain.card_history import CardEntry, CardOutcome, Holding, told
from gateway.domain.card_query import CardAnswer, CardQuestion
from gateway.domain.card_rules import after, applicable, ended, judge, lapse, may_follow
from gateway.domain.card_update import CardActor, CardReceipt, CardResult, CardUpdate, RevocationReason
from gateway.domain.change_report import Notice
from gateway.domain.identifiers import ResidentRecordCode
from gateway.flows.card_work import CardShelf, CardWork, CardWriter, OrderMaker, new_reference
from gateway.flows.decision import Decision
from gateway.flows.identity_update import japanese_day


class CardUpdates:
    """The use cases behind the terminal's UpdateCard and the resident record system's RevokeCards.

    ``ask`` asks the card management system; ``is_on_record`` is whether somebody has or had a record here;
    ``own`` is in whose name the CS itself acts; ``abroad`` is whether a card goes on after an emigration;
    ``is_moving`` is whether somebody's special move-in to here is not complete.
    """

    def __init__(
        self,
        shelf: CardShelf,
        clock: Clock,
        *,
        ask: Callable[[CardQuestion], CardAnswer],
        is_on_record: Callable[[ResidentRecordCode], bool],
        order: OrderMaker,
        write: CardWriter,
        own: Caller,
        abroad: bool,
        is_moving: Callable[[ResidentRecordCode], bool] = lambda _code: False,
    ) -> None:
        self._shelf = shelf
        self._clock = clock
        self._ask = ask
        self._is_on_record = is_on_record
        self._order = order
        self._write = write
        self._own = own
        self._abroad = abroad
        self._is_moving = is_moving

    def update(self, asked: CardUpdate) -> Decision[CardReceipt]:
        """One card, by a clerk. Raises OperationFault when the card management system cannot be asked."""
        holdings = self._shelf.holdings(asked.code)
        if not holdings and not self._is_on_record(asked.code):
            return self._answer(CardWork(asked.code), CardResult.NOT_ON_RECORD, ())
        if asked.event is CardEvent.CONTINUE and self._is_moving(asked.code):
            return self._answer(CardWork(asked.code), CardResult.MOVE_IN_OPEN, ())
        desk = _Desk(asked.code, holdings)
        result = self._ruled(desk, asked)
        if not result.is_accepted and result is not CardResult.DATE_TO_COME:
            desk.learn(self._ask(CardQuestion(asked.caller, asked.code)).cards)
            result = self._ruled(desk, asked)
        card = desk.card(asked.serial)
        if card is None:
            return self._answer(desk.work(), result, ())
        if result.is_accepted:
            changed = self._take(desk, asked, card)
            return self._answer(desk.work(), result, (changed,))
        return self._answer(desk.work(), result, (card,), may_follow(card))

    def revoke(self, asked: CardUpdate) -> Decision[CardReceipt]:
        """All cards of a person, by the resident record system, whether or not any is known here."""
        if asked.reason is RevocationReason.EMIGRATION and self._abroad:
            return self._answer(CardWork(asked.code), CardResult.GOES_ON_ABROAD, ())
        if asked.event_date > japanese_day(self._clock):
            return self._answer(CardWork(asked.code), CardResult.DATE_TO_COME, ())
        holdings = self._shelf.holdings(asked.code)
        if not holdings and not self._is_on_record(asked.code):
            return self._answer(CardWork(asked.code), CardResult.NOT_ON_RECORD, ())
        (work,) = self.of_people([(asked, asked.code)])
        cards = tuple(entry.card for entry in work.entries)
        return self._answer(work, CardResult.ACCEPTED, cards)

    def of_people(self, events: Sequence[tuple[CardUpdate, ResidentRecordCode]]) -> list[CardWork]:
        """What events of people do to all their cards, in their order, and the orders that tell of it.

        Beside each stands the 住民票コード that the person has once all is written.
        """
        desks: dict[ResidentRecordCode, _Desk] = {}
        for asked, line in events:
            desk = desks.get(asked.code)
            if desk is None:
                desk = desks[asked.code] = _Desk(line, self._shelf.holdings(asked.code))
            referred = dataclasses.replace(asked, reference=new_reference("M"))
            notice = self._order(referred)
            for card in applicable(asked, desk.cards()):
                desk.enter(_entry(after(asked, card), referred, notice))
            desk.orders.append(notice)
        return [desk.work() for desk in desks.values()]

    def lapsed(self, holding: Holding, today: dt.date) -> CardWork | None:
        """The end of a card whose time is up; None while it is not."""
        card = holding.card
        desk = _Desk(card.code, (holding,))
        self._end_in_time(desk, card, today)
        return desk.work() if desk.entries else None

    def _ruled(self, desk: _Desk, asked: CardUpdate) -> CardResult:
        """What the rules say on what is known, once the cards that time has ended are ended."""
        today = japanese_day(self._clock)
        for one in desk.cards():
            self._end_in_time(desk, one, today)
        card = desk.card(asked.serial)
        if card is None:
            return CardResult.NO_SUCH_CARD
        others = [other for other in desk.cards() if other.serial != card.serial]
        return judge(asked, card, others, today=today)

    def _take(self, desk: _Desk, asked: CardUpdate, card: Card) -> Card:
        referred = dataclasses.replace(asked, reference=new_reference("M"))
        notice = self._order(referred)
        changed = after(asked, card)
        desk.enter(_entry(changed, referred, notice))
        desk.orders.append(notice)
        return changed

    def _end_in_time(self, desk: _Desk, card: Card, today: dt.date) -> None:
        reason = lapse(card, today)
        if reason is None:
            return
        update = CardUpdate(
            self._own,
            card.code,
            card.serial,
            CardEvent.REVOKE,
            today,
            CardActor.GATEWAY,
            reason,
            new_reference("M"),
        )
        notice = self._order(update)
        desk.enter(_entry(ended(card), update, notice))
        desk.orders.append(notice)

    def _answer(
        self,
        work: CardWork,
        result: CardResult,
        cards: tuple[Card, ...],
        allowed: tuple[CardEvent, ...] = (),
    ) -> Decision[CardReceipt]:
        receipt = CardReceipt(self._clock.now(), new_reference("M"), work.line, result, cards, allowed)
        return Decision(receipt, lambda unit: self._write(unit, (work,)))


class _Desk:
    """A person's cards while something is decided about them."""

    def __init__(self, line: ResidentRecordCode, holdings: tuple[Holding, ...]) -> None:
        self._line = line
        self.entries: list[CardEntry] = []
        self.orders: list[Notice] = []
        self._known = {holding.card.serial: holding for holding in holdings}
        self._read = {holding.card.serial: holding.revision for holding in holdings}
        self._told: dict[CardSerial, Card] = {}

    def cards(self) -> tuple[Card, ...]:
        """All of them, as they are by now."""
        return tuple(holding.card for holding in self._known.values())

    def card(self, serial: CardSerial | None) -> Card | None:
        """One of them."""
        found = None if serial is None else self._known.get(serial)
        return None if found is None else found.card

    def learn(self, cards: tuple[Card, ...]) -> None:
        """Take over what the card management system tells."""
        for card in cards:
            known = told(self._known.get(card.serial), card)
            if known is not None:
                self._known[card.serial] = known
                self._told[card.serial] = card
                self._read.setdefault(card.serial, None)

    def enter(self, entry: CardEntry) -> None:
        """Something is done to a card; until it is answered the card management system knows less."""
        serial = entry.card.serial
        self.entries.append(entry)
        self._known[serial] = Holding(entry.card, self._read.get(serial), unsettled=True)

    def work(self) -> CardWork:
        """What is to be written."""
        touched = {*self._told, *(entry.card.serial for entry in self.entries)}
        return CardWork(
            self._line,
            {serial: revision for serial, revision in self._read.items() if serial in touched},
            tuple(self._told.values()),
            tuple(self.entries),
            tuple(self.orders),
        )


def _entry(card: Card, update: CardUpdate, notice: Notice) -> CardEntry:
    return CardEntry(
        card,
        update.event,
        update.event_date,
        update.actor,
        update.reference or "",
        CardOutcome.PENDING,
        update.reason,
        message_id=notice.message_id,
    )
