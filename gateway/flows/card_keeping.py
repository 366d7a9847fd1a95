"""What the card management system (個人番号カード管理システム) does with cards: the other end of flow 8.

As strict as the municipal CS, by the same rules, on its own cards. Only here is a card suspended, by the call
centre, and only here is it known how long an issued card is valid.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any

from gateway.clock import Clock
from gateway.domain.card import ENDED, TABLE, Card, CardEvent, CardSerial, CardState
from gateway.domain.card_history import CardEntry, CardOutcome, Holding
from gateway.domain.card_query import CardAnswer, CardQuestion
from gateway.domain.card_rules import after, applicable, ended, judge, lapse, may_follow
from gateway.domain.card_update import CardActor, CardReceipt, CardResult, CardUpdate, RevocationReason
from gateway.domain.card_validity import validity_end
from gateway.domain.identifiers import ResidentRecordCode
from gateway.domain.register_date import RegisterDate
from gateway.flows.card_work import CardShelf, CardWork, CardWriter, new_reference
from gateway.flows.decision import Decision
from gateway.flows.identity_update import japanese_day


class CardKeeping:
    """The use cases behind the service ``card_management``, and what the system does by itself.

    ``birth_of`` is the holder's date of birth, None for whom nobody knows.
    """

    def __init__(
        self,
        shelf: CardShelf,
        clock: Clock,
        *,
        birth_of: Callable[[ResidentRecordCode], RegisterDate | None],
        write: CardWriter,
        refused: Callable[[str], object] = lambda _code: None,
    ) -> None:
        self._shelf = shelf
        self._clock = clock
        self._birth_of = birth_of
        self._write = write
        self._refused = refused

    def query(self, asked: CardQuestion) -> CardAnswer:
        """All cards of a person as they are today."""
        today = japanese_day(self._clock)
        cards = tuple(_today(holding.card, today) for holding in self._shelf.holdings(asked.code))
        return CardAnswer(self._clock.now(), new_reference("K"), asked.code, cards)

    def update(self, asked: CardUpdate) -> Decision[CardReceipt]:
        """What a municipal CS tells: one card's update, or an event of the person's for all its cards."""
        holdings = self._shelf.holdings(asked.code)
        reference = asked.reference or ""
        if self._shelf.knows(reference):
            about = [one.card for one in holdings if asked.serial in {None, one.card.serial}]
            return self._answer(asked.code, CardResult.ALREADY_ACCEPTED, about)
        today = japanese_day(self._clock)
        lapses = [entry for one in holdings if (entry := _lapse(one.card, today)) is not None]
        cards = {one.card.serial: one.card for one in holdings} | {
            one.card.serial: one.card for one in lapses
        }
        about = self._about(asked, list(cards.values()))
        if not about:
            result = CardResult.NO_CARD if asked.serial is None else CardResult.NO_SUCH_CARD
            return self._answer(asked.code, result, [])
        results = [
            judge(asked, card, [one for one in cards.values() if one is not card], today=today, repeats=True)
            for card in about
        ]
        refusal = next((result for result in results if not result.is_done), None)
        if refusal is not None:
            self._refused(refusal.value)
            return self._answer(asked.code, refusal, about, may_follow(about[0]))
        changed = [
            self._after(asked, card) if result.is_accepted else card
            for card, result in zip(about, results, strict=True)
        ]
        done = [
            _entry(card, asked.event, asked.event_date, asked.actor, reference, asked.reason)
            for card, result in zip(changed, results, strict=True)
            if result.is_accepted
        ]
        result = CardResult.ACCEPTED if done else CardResult.ALREADY_ENDED
        return self._answer(asked.code, result, changed, entries=[*lapses, *done], read=holdings)

    def suspend(self, serial: CardSerial, held: Holding | None) -> CardWork | None:
        """一時停止: the call centre takes a loss; None where the card's state does not allow it."""
        if held is None or (held.card.state, CardEvent.SUSPEND) not in TABLE:
            return None
        changed = dataclasses.replace(held.card, state=CardState.SUSPENDED, version=held.card.version + 1)
        today = japanese_day(self._clock)
        entry = _entry(changed, CardEvent.SUSPEND, today, CardActor.CARD_SYSTEM, new_reference("K"), None)
        return CardWork(held.card.code, {serial: held.revision}, entries=(entry,))

    def lapsed(self, held: Holding, today: dt.date) -> CardWork | None:
        """The end of a card whose time is up; None while it is not."""
        entry = _lapse(held.card, today)
        if entry is None:
            return None
        return CardWork(held.card.code, {held.card.serial: held.revision}, entries=(entry,))

    @staticmethod
    def _about(asked: CardUpdate, cards: list[Card]) -> list[Card]:
        if asked.serial is not None:
            return [card for card in cards if card.serial == asked.serial]
        found = list(applicable(asked, cards))
        if not found and asked.event is CardEvent.REVOKE:
            return [card for card in cards if card.state in ENDED]
        return found

    def _after(self, asked: CardUpdate, card: Card) -> Card:
        changed = dataclasses.replace(after(asked, card), version=card.version + 1)
        birth = self._birth_of(card.code) if asked.event is CardEvent.ISSUE else None
        if birth is None or changed.issued_on is None:
            return changed
        return dataclasses.replace(changed, valid_until=validity_end(birth, changed.issued_on))

    def _answer(
        self,
        code: ResidentRecordCode,
        result: CardResult,
        cards: Sequence[Card],
        allowed: tuple[CardEvent, ...] = (),
        *,
        entries: Sequence[CardEntry] = (),
        read: Sequence[Holding] = (),
    ) -> Decision[CardReceipt]:
        receipt = CardReceipt(
            self._clock.now(), new_reference("K"), code, result, tuple(cards), tuple(allowed)
        )
        touched = {entry.card.serial for entry in entries}
        revisions = {one.card.serial: one.revision for one in read if one.card.serial in touched}
        work = CardWork(code, revisions, entries=tuple(entries))

        def write(unit: Any) -> None:
            self._write(unit, (work,))

        return Decision(receipt, write)


def _today(card: Card, today: dt.date) -> Card:
    """The card as time has left it, whether or not that is written down yet."""
    entry = _lapse(card, today)
    return card if entry is None else entry.card


def _lapse(card: Card, today: dt.date) -> CardEntry | None:
    reason = lapse(card, today)
    if reason is None:
        return None
    changed = dataclasses.replace(ended(card), version=card.version + 1)
    return _entry(changed, CardEvent.REVOKE, today, CardActor.CARD_SYSTEM, new_reference("K"), reason)


def _entry(
    card: Card,
    event: CardEvent,
    day: dt.date,
    actor: CardActor,
    reference: str,
    reason: RevocationReason | None,
) -> CardEntry:
    return CardEntry(card, event, day, actor, reference, CardOutcome.DONE, reason)
