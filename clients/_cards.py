"""Card management (flow 8) from the asking side: the same operations in several services."""

from __future__ import annotations

import datetime as dt
from typing import Any

from clients._identity import contract_values
from clients._soap import Channel
from clients._values import caller_values
from gateway.domain.card import Card, CardEvent, CardSerial, CardState
from gateway.domain.card_history import CardHistory, CardOutcome, HistoryLine
from gateway.domain.card_query import CardAnswer, CardQuestion
from gateway.domain.card_update import CardActor, CardReceipt, CardResult, CardUpdate, RevocationReason
from gateway.domain.day import read_day, write_day
from gateway.domain.identifiers import MunicipalityCode, ResidentRecordCode
from gateway.domain.instant import read_instant
from gateway.domain.values import read_code
from gateway.errors import CounterpartAnswerInvalid


def query_cards(
    channel: Channel, question: CardQuestion, *, message_id: str | None, deadline_seconds: float | None
) -> CardAnswer:
    """Ask for a person's cards; the answer repeats whose they are. Raises CounterpartError."""
    cards = channel.call(
        "QueryCards",
        message_id=message_id,
        deadline_seconds=deadline_seconds,
        caller=caller_values(question.caller),
        residentRecordCode=question.code.digits,
    )
    with contract_values():
        return CardAnswer(
            read_instant(cards.checkedAt),
            cards.reference,
            ResidentRecordCode(cards.residentRecordCode),
            tuple(read_card(card) for card in cards.card or ()),
        )


def query_history(
    channel: Channel, question: CardQuestion, *, message_id: str | None, deadline_seconds: float | None
) -> CardHistory:
    """Ask what was done to a person's cards. Raises CounterpartError."""
    history = channel.call(
        "QueryCardHistory",
        message_id=message_id,
        deadline_seconds=deadline_seconds,
        caller=caller_values(question.caller),
        residentRecordCode=question.code.digits,
    )
    with contract_values():
        return CardHistory(
            read_instant(history.checkedAt),
            history.reference,
            ResidentRecordCode(history.residentRecordCode),
            tuple(_line(line) for line in history.line or ()),
        )


def tell_update(
    channel: Channel,
    operation: str,
    update: CardUpdate,
    element: str,
    values: dict[str, Any],
    *,
    message_id: str | None,
    deadline_seconds: float | None,
) -> CardReceipt:
    """Tell of an update; the receipt must be about its person and its card. Raises CounterpartError."""
    receipt = channel.call(
        operation,
        message_id=message_id,
        deadline_seconds=deadline_seconds,
        caller=caller_values(update.caller),
        **{element: {name: value for name, value in values.items() if value is not None}},
    )
    with contract_values():
        read = CardReceipt(
            read_instant(receipt.receivedAt),
            receipt.reference,
            ResidentRecordCode(receipt.residentRecordCode),
            read_code(CardResult, receipt.result),
            tuple(read_card(card) for card in receipt.card or ()),
            tuple(read_code(CardEvent, event) for event in receipt.allowed or ()),
        )
    others = [card for card in read.cards if update.serial not in {None, card.serial}]
    if read.code != update.code or others:
        raise CounterpartAnswerInvalid("the receipt is about another card than was told")
    return read


def update_values(update: CardUpdate) -> dict[str, Any]:
    """What every element of an update says; what is absent is None."""
    return {
        "residentRecordCode": update.code.digits,
        "serial": update.serial and update.serial.text,
        "event": update.event.value,
        "reason": update.reason and update.reason.value,
        "eventDate": write_day(update.event_date),
    }


def _line(line: Any) -> HistoryLine:
    return HistoryLine(
        CardSerial(line.serial),
        line.event and read_code(CardEvent, line.event),
        line.reason and read_code(RevocationReason, line.reason),
        read_day(line.eventDate),
        read_code(CardState, line.state),
        read_code(CardActor, line.actor),
        read_code(CardOutcome, line.outcome),
        line.answer and read_code(CardResult, line.answer),
        read_instant(line.recordedAt),
    )


def read_card(card: Any) -> Card:
    """A card as zeep read it. Raises InvalidValue."""
    return Card(
        serial=CardSerial(card.serial),
        code=ResidentRecordCode(card.residentRecordCode),
        state=read_code(CardState, card.state),
        municipality=MunicipalityCode(card.municipality),
        version=card.version,
        issued_on=_day(card.issuedOn),
        valid_until=_day(card.validUntil),
        residence_until=_day(card.residenceUntil),
        continue_by=_day(card.continueBy),
    )


def _day(text: str | None) -> dt.date | None:
    return None if text is None else read_day(text)
