"""A municipal CS and the card management system as two stores in this process, no network.

What the outbox of the CS holds is carried over by hand, one message at a time, as the dispatcher would: the
order as a message, the receipt as one, and what it settles.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

from lxml import etree

from gateway.app import change_writer, notice_maker
from gateway.card_keeping import card_keeping, end_cards, suspend_card
from gateway.cards import card_order, card_route, card_writer, commit_card_work
from gateway.clock import FixedClock
from gateway.contract import SERVICES, read_request, write_answer
from gateway.domain.caller import Caller, Operator
from gateway.domain.card import Card, CardEvent, CardSerial, CardState
from gateway.domain.card_query import CardAnswer, CardQuestion
from gateway.domain.card_update import CardActor, CardReceipt, CardUpdate, RevocationReason
from gateway.domain.change import ChangeResult
from gateway.domain.change_report import ChangeReport
from gateway.domain.codes import Purpose
from gateway.domain.faults import operation_fault
from gateway.domain.identifiers import MunicipalityCode, ResidentRecordCode
from gateway.errors import CounterpartFault
from gateway.flows.card_follow_up import CardFollowUp
from gateway.flows.card_keeping import CardKeeping
from gateway.flows.card_query import CardLook
from gateway.flows.card_updates import CardUpdates
from gateway.flows.decision import Decision
from gateway.flows.identity_update import IdentityUpdate, japanese_day
from gateway.receipts import effect_of, receipt_of, require_taken
from gateway.store import NoticeRoute, OutboxRow, OutboxState, Store, Wanted, take_up_cards
from gateway.store.outbox_states import Delivered, GiveUp

NOW = datetime(2026, 11, 26, 3, 0, tzinfo=UTC)
TODAY = dt.date(2026, 11, 26)
HOME, ELSEWHERE = MunicipalityCode("131016"), MunicipalityCode("141003")
CARDS = "card-management-server"
SERVICE = SERVICES["card_management"]
OPERATION = SERVICE.operation("UpdateCard")


def asking(municipality: MunicipalityCode = HOME) -> Caller:
    return Caller(municipality, "131016-T001", Operator("V1310160001", "OP01"), Purpose.CARD_PROCEDURE)


def code_of(number: int = 1) -> ResidentRecordCode:
    return ResidentRecordCode.from_base(f"{number:010d}")


def serial_of(number: int = 1) -> CardSerial:
    return CardSerial(f"{number:012d}")


def card_of(state: CardState = CardState.ACTIVE, number: int = 1, **changes: Any) -> Card:
    """A card of the person ``number``, valid for years."""
    values: dict[str, Any] = {
        "serial": serial_of(number),
        "code": code_of(number),
        "state": state,
        "municipality": HOME,
        "version": 1,
        "issued_on": None if state is CardState.BEFORE_ISSUE else dt.date(2024, 4, 1),
        "valid_until": None if state is CardState.BEFORE_ISSUE else dt.date(2034, 4, 12),
    }
    return Card(**{**values, **changes})


def update(event: CardEvent, number: int = 1, **changes: Any) -> CardUpdate:
    """What a clerk asks for."""
    values: dict[str, Any] = {
        "caller": asking(),
        "code": code_of(number),
        "serial": serial_of(number),
        "event": event,
        "event_date": TODAY,
        "actor": CardActor.TERMINAL,
        "reason": RevocationReason.LOST if event is CardEvent.REVOKE else None,
    }
    return CardUpdate(**{**values, **changes})


@dataclass
class Town:
    """Both systems; ``reachable`` is whether the card management system can be asked."""

    clock: FixedClock
    here: Store
    there: Store
    updates: CardUpdates
    look: CardLook
    changes: IdentityUpdate
    keeping: CardKeeping
    reachable: bool = True
    asked: int = 0
    moving: set[ResidentRecordCode] = field(default_factory=set)

    @classmethod
    def open(cls, folder: Path, *, abroad: bool = False) -> Self:
        """Two new stores in ``folder``."""
        clock = FixedClock(NOW)
        stores = []
        for name in ("cs", "cards"):
            (folder / name).mkdir(parents=True)
            stores.append(Store.open(folder / name, clock=clock, upgrade=True))
        here, there = stores
        write = card_writer(here, clock, card_route(CARDS))
        town: Town

        def ask(question: CardQuestion) -> CardAnswer:
            town.asked += 1
            if not town.reachable:
                raise operation_fault("CounterpartUnavailable")
            return town.keeping.query(question)

        def keep(cards: Sequence[Card]) -> None:
            with here.unit_of_work() as work:
                take_up_cards(work, cards, at=clock.now())

        updates = CardUpdates(
            here.card_book,
            clock,
            ask=ask,
            is_on_record=lambda code: here.changes.owner_of_code(code) is not None,
            order=card_order,
            write=write,
            own=asking(),
            abroad=abroad,
            is_moving=lambda code: code in town.moving,
        )
        prefecture = NoticeRoute("13-prefectural-server", "prefectural", "NotifyChanges", "x")
        changes = IdentityUpdate(
            here.changes,
            here.changes,
            clock,
            notice=notice_maker("prefectural"),
            write=change_writer(here, clock, prefecture),
            follow=CardFollowUp(updates, clock, write),
        )
        look = CardLook(ask, here.card_book, clock, keep=keep, history=here.card_book.history)
        town = cls(clock, here, there, updates, look, changes, card_keeping(there, clock))
        return town

    def close(self) -> None:
        """Close both stores."""
        self.here.close()
        self.there.close()

    def make(self, *cards: Card, known: bool = True) -> None:
        """Cards that there are; ``known`` is whether the CS knows them too."""
        for store in (self.there, self.here) if known else (self.there,):
            with store.unit_of_work() as work:
                store.card_book.put(work, cards, at=self.clock.now())

    def settle_in(self, *numbers: int) -> None:
        """People on record at the CS: a first stock."""
        with self.here.unit_of_work() as work:
            for number in numbers:
                work.connection.exec_driver_sql(
                    "INSERT INTO people (person, version, removed) VALUES (?, 1, 0)", (number,)
                )
                work.connection.exec_driver_sql(
                    "INSERT INTO person_codes (code, person) VALUES (?, ?)", (code_of(number).digits, number)
                )

    def update(self, asked: CardUpdate) -> CardReceipt:
        """Decide and write, as the endpoint does."""
        return self._commit(self.updates.update(asked))

    def revoke(self, asked: CardUpdate) -> CardReceipt:
        """Decide and write."""
        return self._commit(self.updates.revoke(asked))

    def report(self, report: ChangeReport) -> list[ChangeResult]:
        """Decide and write changes of flow 1."""
        decision = self.changes.report(report)
        with self.here.unit_of_work() as work:
            decision.write(work)
        return [outcome.result for outcome in decision.answer.outcomes]

    def _commit(self, decision: Decision[CardReceipt]) -> CardReceipt:
        with self.here.unit_of_work() as work:
            decision.write(work)
        return decision.answer

    def waiting(self) -> list[CardUpdate]:
        """The orders in the outbox, in their order."""
        rows = self.here.outbox_desk.rows(states=[OutboxState.PENDING], destination=CARDS, limit=10_000)
        return [read_request(SERVICE, OPERATION, etree.fromstring(row.body)) for row in rows]

    def deliver(self, most: int = 100) -> list[CardReceipt]:
        """Carry so many orders over, and their receipts back; a refused one stays as a dead letter."""
        receipts: list[CardReceipt] = []
        while len(receipts) < most:
            with self.here.unit_of_work() as work:
                leases = self.here.outbox.claim(work, {CARDS: Wanted(1, timedelta(seconds=10))}, "test/0")
            if not leases:
                break
            (lease,) = leases
            receipt, settlement, effect = self._carry(lease.row)
            with self.here.unit_of_work() as work:
                self.here.outbox.settle(work, lease, settlement)
                effect(work)
            receipts.append(receipt)
        return receipts

    def _carry(self, row: OutboxRow) -> tuple[CardReceipt, Any, Any]:
        order: CardUpdate = read_request(SERVICE, OPERATION, etree.fromstring(row.body))
        decision = self.keeping.update(order)
        with self.there.unit_of_work() as work:
            decision.write(work)
        answer = etree.fromstring(write_answer(SERVICE, OPERATION, decision.answer))
        receipt: CardReceipt = receipt_of(row, answer)
        effect = effect_of(row, receipt, self.clock.now())
        try:
            require_taken(receipt)
        except CounterpartFault as fault:
            return receipt, GiveUp(fault.code, business=True), effect
        return receipt, Delivered("urn:uuid:answer", b"digest"), effect

    def suspend(self, number: int = 1) -> bool:
        """The call centre takes a loss."""
        return suspend_card(self.there, self.clock, serial_of(number))

    def pass_time(self, days: int) -> None:
        """Let days pass, and both systems look for what is over."""
        self.clock.advance(timedelta(days=days))
        today = japanese_day(self.clock)
        for holding in self.here.card_book.due(today, limit=100):
            work = self.updates.lapsed(holding, today)
            if work is not None:
                commit_card_work(self.here, card_writer(self.here, self.clock, card_route(CARDS)), work)
        end_cards(self.there, self.clock, self.keeping)

    def card(self, number: int = 1, *, there: bool = False) -> Card:
        """A card as one of both has it."""
        found = (self.there if there else self.here).card_book.find(serial_of(number))
        assert found is not None
        return found.card
