"""Puts the simulated card management system together over its store; the command line uses it too."""

from __future__ import annotations

import secrets
import string

from gateway import telemetry
from gateway.cards import card_writer, commit_card_work
from gateway.clock import Clock
from gateway.domain.card import Card, CardSerial, CardState
from gateway.domain.identifiers import ResidentRecordCode
from gateway.domain.register_date import RegisterDate
from gateway.domain.values import InvalidValue
from gateway.flows.card_keeping import CardKeeping
from gateway.flows.identity_update import japanese_day
from gateway.store import Store

_AT_ONCE = 200  # cards of one look


def card_keeping(store: Store, clock: Clock) -> CardKeeping:
    """The use cases over this store."""

    def birth_of(code: ResidentRecordCode) -> RegisterDate | None:
        record = store.register.find(code)
        return None if record is None else record.birth_date

    return CardKeeping(
        store.card_book,
        clock,
        birth_of=birth_of,
        write=card_writer(store, clock, None),
        refused=lambda code: telemetry.warning("card-update-refused", code=code),
    )


def end_cards(store: Store, clock: Clock, keeping: CardKeeping) -> None:
    """End the cards whose last valid day is over."""
    today = japanese_day(clock)
    for holding in store.card_book.due(today, limit=_AT_ONCE):
        work = keeping.lapsed(holding, today)
        if work is not None:
            commit_card_work(store, card_writer(store, clock, None), work)


def suspend_card(store: Store, clock: Clock, serial: CardSerial) -> bool:
    """The call centre takes a loss; False where the state does not allow it, or there is no such card."""
    work = card_keeping(store, clock).suspend(serial, store.card_book.find(serial))
    return work is not None and commit_card_work(store, card_writer(store, clock, None), work)


def make_card(store: Store, clock: Clock, code: ResidentRecordCode) -> CardSerial:
    """Another card for a person, to be issued. Raises InvalidValue ``unknown`` for whom nobody knows."""
    record = store.register.find(code)
    if record is None:
        raise InvalidValue("resident-record-code", "unknown")
    serial = CardSerial("".join(secrets.choice(string.ascii_uppercase + string.digits) for _ in range(12)))
    with store.unit_of_work() as work:
        made = Card(serial, code, CardState.BEFORE_ISSUE, record.municipality)
        store.card_book.put(work, [made], at=clock.now())
    return serial
