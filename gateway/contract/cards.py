"""Card management (flow 8): questions for a person's cards, the same in two services."""

from __future__ import annotations

import datetime as dt
from typing import Any

from gateway.contract import card_types, types
from gateway.contract.codec import Codec
from gateway.contract.mapping import message_class
from gateway.contract.service import TYPES
from gateway.contract.values import read_caller, value, write_caller
from gateway.domain.card import Card, CardSerial, CardState
from gateway.domain.card_query import CardAnswer, CardQuestion
from gateway.domain.day import read_day, write_day
from gateway.domain.identifiers import MunicipalityCode, ResidentRecordCode
from gateway.domain.instant import read_instant, write_instant
from gateway.domain.values import read_code

_CALLER: tuple[str, Any] = ("caller", types.element_of(TYPES, types.Caller))
_CODE: tuple[str, Any] = ("residentRecordCode", types.element_of(TYPES, types.ResidentRecordCode))

_Card = message_class(card_types.Card)
_Cards = message_class(card_types.Cards)


def query_codec(namespace: str) -> Codec[CardQuestion, CardAnswer]:
    """QueryCards."""
    request = types.record(namespace, "QueryCards", [_CALLER, _CODE])
    response = types.record(
        namespace, "QueryCardsResponse", [("cards", types.element_of(TYPES, card_types.Cards))]
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
        read_answer=lambda message, at: _read_cards(message.cards, f"{at}/cards"),
        write_answer=lambda answer: answers(cards=_write_cards(answer)),
    )


def _read_code(digits: str, at: str) -> ResidentRecordCode:
    return value(f"{at}/residentRecordCode", ResidentRecordCode, digits)


def _read_cards(message: Any, at: str) -> CardAnswer:
    return value(
        at,
        CardAnswer,
        value(f"{at}/checkedAt", read_instant, message.checkedAt),
        message.reference,
        _read_code(message.residentRecordCode, at),
        tuple(read_card(one, f"{at}/card") for one in message.card or ()),
    )


def _write_cards(answer: CardAnswer) -> Any:
    return _Cards(
        checkedAt=write_instant(answer.checked_at),
        reference=answer.reference,
        residentRecordCode=answer.code.digits,
        card=[write_card(card) for card in answer.cards] or None,
    )


def read_card(message: Any, at: str) -> Card:
    """A card."""
    return value(
        at,
        Card,
        serial=value(f"{at}/serial", CardSerial, message.serial),
        code=_read_code(message.residentRecordCode, at),
        state=value(f"{at}/state", read_code, CardState, message.state),
        municipality=value(f"{at}/municipality", MunicipalityCode, message.municipality),
        version=message.version,
        issued_on=_read_day(message.issuedOn, f"{at}/issuedOn"),
        valid_until=_read_day(message.validUntil, f"{at}/validUntil"),
        residence_until=_read_day(message.residenceUntil, f"{at}/residenceUntil"),
        continue_by=_read_day(message.continueBy, f"{at}/continueBy"),
    )


def write_card(card: Card) -> Any:
    """A card as message object."""
    return _Card(
        serial=card.serial.text,
        residentRecordCode=card.code.digits,
        state=card.state.value,
        municipality=card.municipality.digits,
        version=card.version,
        issuedOn=_write_day(card.issued_on),
        validUntil=_write_day(card.valid_until),
        residenceUntil=_write_day(card.residence_until),
        continueBy=_write_day(card.continue_by),
    )


def read_day_at(text: str, at: str) -> dt.date:
    """A day."""
    return value(at, read_day, text)


def _read_day(text: str | None, at: str) -> dt.date | None:
    return None if text is None else read_day_at(text, at)


def _write_day(day: dt.date | None) -> str | None:
    return None if day is None else write_day(day)
