"""Card management (flow 8): updates of cards and their history, in three services."""

from __future__ import annotations

from typing import Any

from gateway.contract import card_types, types
from gateway.contract.cards import read_card, read_day_at, write_card
from gateway.contract.codec import Codec
from gateway.contract.mapping import message_class
from gateway.contract.service import TYPES
from gateway.contract.values import read_caller, value, write_caller
from gateway.domain.card import CardEvent, CardSerial, CardState
from gateway.domain.card_history import CardHistory, CardOutcome, HistoryLine
from gateway.domain.card_query import CardQuestion
from gateway.domain.card_update import CardActor, CardReceipt, CardResult, CardUpdate, RevocationReason
from gateway.domain.day import write_day
from gateway.domain.identifiers import ResidentRecordCode
from gateway.domain.instant import read_instant, write_instant
from gateway.domain.values import read_code

_CALLER: tuple[str, Any] = ("caller", types.element_of(TYPES, types.Caller))
_CODE: tuple[str, Any] = ("residentRecordCode", types.element_of(TYPES, types.ResidentRecordCode))

_CounterUpdate = message_class(card_types.CounterUpdate)
_Revocation = message_class(card_types.Revocation)
_CardOrder = message_class(card_types.CardOrder)
_Receipt = message_class(card_types.CardReceipt)
_Line = message_class(card_types.HistoryLine)
_History = message_class(card_types.CardHistory)


def counter_codec(namespace: str) -> Codec[CardUpdate, CardReceipt]:
    """UpdateCard, as a terminal sends it."""

    def read(message: Any, at: str) -> CardUpdate:
        asked, at_asked = message.cardUpdate, f"{at}/cardUpdate"
        return _update(message, at, asked, at_asked, CardActor.TERMINAL)

    def write(update: CardUpdate) -> dict[str, Any]:
        return {
            "cardUpdate": _CounterUpdate(
                residentRecordCode=update.code.digits,
                serial=None if update.serial is None else update.serial.text,
                event=update.event.value,
                reason=update.reason and update.reason.value,
                eventDate=write_day(update.event_date),
            )
        }

    member = ("cardUpdate", types.element_of(TYPES, card_types.CounterUpdate))
    return _receipt_codec(namespace, "UpdateCard", member, read, write)


def revocation_codec(namespace: str) -> Codec[CardUpdate, CardReceipt]:
    """RevokeCards, as the resident record system sends it: all cards of a person."""

    def read(message: Any, at: str) -> CardUpdate:
        asked, at_asked = message.cardRevocation, f"{at}/cardRevocation"
        return _update(message, at, asked, at_asked, CardActor.REGISTRY, CardEvent.REVOKE)

    def write(update: CardUpdate) -> dict[str, Any]:
        return {
            "cardRevocation": _Revocation(
                residentRecordCode=update.code.digits,
                reason=update.reason and update.reason.value,
                eventDate=write_day(update.event_date),
            )
        }

    member = ("cardRevocation", types.element_of(TYPES, card_types.Revocation))
    return _receipt_codec(namespace, "RevokeCards", member, read, write)


def order_codec(namespace: str) -> Codec[CardUpdate, CardReceipt]:
    """UpdateCard, as a municipal CS sends it: on whose behalf, and under which reference."""

    def read(message: Any, at: str) -> CardUpdate:
        asked, at_asked = message.cardOrder, f"{at}/cardOrder"
        actor = value(f"{at_asked}/actor", read_code, CardActor, asked.actor)
        return _update(message, at, asked, at_asked, actor)

    def write(update: CardUpdate) -> dict[str, Any]:
        return {
            "cardOrder": _CardOrder(
                reference=update.reference,
                actor=update.actor.value,
                residentRecordCode=update.code.digits,
                serial=None if update.serial is None else update.serial.text,
                event=update.event.value,
                reason=update.reason and update.reason.value,
                eventDate=write_day(update.event_date),
            )
        }

    member = ("cardOrder", types.element_of(TYPES, card_types.CardOrder))
    return _receipt_codec(namespace, "UpdateCard", member, read, write)


def history_codec(namespace: str) -> Codec[CardQuestion, CardHistory]:
    """QueryCardHistory."""
    request = types.record(namespace, "QueryCardHistory", [_CALLER, _CODE])
    response = types.record(
        namespace,
        "QueryCardHistoryResponse",
        [("cardHistory", types.element_of(TYPES, card_types.CardHistory))],
    )
    asks, answers = message_class(request), message_class(response)
    return Codec(
        request=request,
        response=response,
        read_request=lambda message, at: CardQuestion(
            read_caller(message.caller, f"{at}/caller"), _read_code(message.residentRecordCode, at)
        ),
        write_request=lambda asked: asks(
            caller=write_caller(asked.caller), residentRecordCode=asked.code.digits
        ),
        read_answer=lambda message, at: _read_history(message.cardHistory, f"{at}/cardHistory"),
        write_answer=lambda history: answers(cardHistory=_write_history(history)),
    )


def _receipt_codec(
    namespace: str, name: str, member: tuple[str, Any], read: Any, write: Any
) -> Codec[CardUpdate, CardReceipt]:
    request = types.record(namespace, name, [_CALLER, member])
    response = types.record(
        namespace, f"{name}Response", [("cardReceipt", types.element_of(TYPES, card_types.CardReceipt))]
    )
    asks, answers = message_class(request), message_class(response)
    return Codec(
        request=request,
        response=response,
        read_request=read,
        write_request=lambda update: asks(caller=write_caller(update.caller), **write(update)),
        read_answer=lambda message, at: _read_receipt(message.cardReceipt, f"{at}/cardReceipt"),
        write_answer=lambda receipt: answers(cardReceipt=_write_receipt(receipt)),
    )


def _update(
    message: Any, at: str, asked: Any, at_asked: str, actor: CardActor, event: CardEvent | None = None
) -> CardUpdate:
    """What is asked for, once it is something that this actor may ask for."""
    serial = getattr(asked, "serial", None)
    return value(
        at_asked,
        CardUpdate,
        caller=read_caller(message.caller, f"{at}/caller"),
        code=_read_code(asked.residentRecordCode, at_asked),
        serial=None if serial is None else value(f"{at_asked}/serial", CardSerial, serial),
        event=event or value(f"{at_asked}/event", read_code, CardEvent, asked.event),
        event_date=read_day_at(asked.eventDate, f"{at_asked}/eventDate"),
        actor=actor,
        reason=None
        if asked.reason is None
        else value(f"{at_asked}/reason", read_code, RevocationReason, asked.reason),
        reference=getattr(asked, "reference", None),
    )


def _read_code(digits: str, at: str) -> ResidentRecordCode:
    return value(f"{at}/residentRecordCode", ResidentRecordCode, digits)


def _read_receipt(message: Any, at: str) -> CardReceipt:
    return value(
        at,
        CardReceipt,
        value(f"{at}/receivedAt", read_instant, message.receivedAt),
        message.reference,
        _read_code(message.residentRecordCode, at),
        value(f"{at}/result", read_code, CardResult, message.result),
        tuple(read_card(one, f"{at}/card") for one in message.card or ()),
        tuple(value(f"{at}/allowed", read_code, CardEvent, one) for one in message.allowed or ()),
    )


def _write_receipt(receipt: CardReceipt) -> Any:
    return _Receipt(
        receivedAt=write_instant(receipt.received_at),
        reference=receipt.reference,
        residentRecordCode=receipt.code.digits,
        result=receipt.result.value,
        card=[write_card(card) for card in receipt.cards] or None,
        allowed=[event.value for event in receipt.allowed] or None,
    )


def _read_history(message: Any, at: str) -> CardHistory:
    return value(
        at,
        CardHistory,
        value(f"{at}/checkedAt", read_instant, message.checkedAt),
        message.reference,
        _read_code(message.residentRecordCode, at),
        tuple(_read_line(one, f"{at}/line") for one in message.line or ()),
    )


def _read_line(message: Any, at: str) -> HistoryLine:
    def code(name: str, table: Any) -> Any:
        found = getattr(message, name)
        return None if found is None else value(f"{at}/{name}", read_code, table, found)

    return HistoryLine(
        value(f"{at}/serial", CardSerial, message.serial),
        code("event", CardEvent),
        code("reason", RevocationReason),
        read_day_at(message.eventDate, f"{at}/eventDate"),
        code("state", CardState),
        code("actor", CardActor),
        code("outcome", CardOutcome),
        code("answer", CardResult),
        value(f"{at}/recordedAt", read_instant, message.recordedAt),
    )


def _write_history(history: CardHistory) -> Any:
    return _History(
        checkedAt=write_instant(history.checked_at),
        reference=history.reference,
        residentRecordCode=history.code.digits,
        line=[
            _Line(
                serial=line.serial.text,
                event=line.event and line.event.value,
                reason=line.reason and line.reason.value,
                eventDate=write_day(line.event_date),
                state=line.state.value,
                actor=line.actor.value,
                outcome=line.outcome.value,
                answer=line.answer and line.answer.value,
                recordedAt=write_instant(line.recorded_at),
            )
            for line in history.lines
        ]
        or None,
    )
