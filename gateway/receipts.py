"""What the answer to a delivered message means: whether it was taken, and what it changes here."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from lxml import etree

from gateway.contract import SERVICES, read_answer, read_request
from gateway.domain.addressee_delivery import AddresseePiece, AddresseeReceipt
from gateway.domain.card_update import CardReceipt, CardUpdate
from gateway.domain.change_report import ChangeReceipt, ChangeReport
from gateway.domain.move_messages import (
    MoveInNotice,
    MoveReceipt,
    MoveResult,
    TransferRequest,
    TransferSending,
)
from gateway.errors import CounterpartAnswerInvalid, CounterpartFault
from gateway.refusals import Refused
from gateway.store import OutboxRow, UnitOfWork, settle_cards, settle_move

Effect = Callable[[UnitOfWork], None]
"""Written in the transaction that notes what became of the message."""


def receipt_of(row: OutboxRow, answer: etree._Element) -> Any:
    """The answer as a domain value, once it is about what was told. Raises CounterpartAnswerInvalid."""
    service = SERVICES[row.service]
    operation = service.operation(row.operation)
    try:
        receipt = read_answer(service, operation, answer)
    except Refused as refusal:
        raise CounterpartAnswerInvalid(f"the answer was refused: {refusal}") from refusal
    told = read_request(service, operation, etree.fromstring(row.body))
    if isinstance(receipt, ChangeReceipt):
        _about_the_changes(told, receipt)
    elif isinstance(receipt, CardReceipt):
        _about_the_card(told, receipt)
    elif isinstance(receipt, AddresseeReceipt):
        _about_the_addressees(told, receipt)
    return receipt


def require_taken(receipt: Any) -> None:
    """Raise CounterpartFault for a receipt that refuses anything: it then waits for an operator.

    Not so for one about a move: there a refusal is a step of the move.
    """
    if isinstance(receipt, ChangeReceipt):
        if not all(outcome.result.is_on_record for outcome in receipt.outcomes):
            raise CounterpartFault("ChangeRefused", "a change was not taken", None, "bound")
    elif isinstance(receipt, AddresseeReceipt):
        if not all(outcome.result.is_taken for outcome in receipt.outcomes):
            raise CounterpartFault("AddresseeRefused", "an addressee was not taken", None, "bound")
    elif isinstance(receipt, CardReceipt) and not receipt.result.is_done:
        raise CounterpartFault("CardUpdateRefused", receipt.result.value, None, "bound")


def effect_of(row: OutboxRow, receipt: Any, at: datetime) -> Effect | None:
    """What the receipt changes here; None for one that only says that the message was taken."""
    if not isinstance(receipt, CardReceipt | MoveReceipt):
        return None
    service = SERVICES[row.service]
    told = read_request(service, service.operation(row.operation), etree.fromstring(row.body))
    if isinstance(receipt, MoveReceipt):
        return _of_move(row, told, receipt.result, at)
    return partial(
        settle_cards,
        reference=told.reference or "",
        result=receipt.result,
        learned=receipt.cards,
        at=at,
    )


def _of_move(row: OutboxRow, told: Any, result: MoveResult, at: datetime) -> Effect | None:
    """What the other municipality's answer means for the move that was told of."""
    reference, theirs, answers = None, None, None
    if isinstance(told, TransferRequest):
        reference = told.reference
    elif isinstance(told, TransferSending) and told.answers is not None:
        reference, answers = told.certificate.reference, told.answers
    elif isinstance(told, MoveInNotice):
        theirs = told.arrival.reference
    else:
        return None
    return partial(
        settle_move,
        operation=row.operation,
        reference=reference,
        theirs=theirs,
        answers=answers,
        result=result,
        at=at,
    )


def _about_the_changes(report: ChangeReport, receipt: ChangeReceipt) -> None:
    told = [(change.code, change.number) for change in report.changes]
    if [(outcome.code, outcome.number) for outcome in receipt.outcomes] != told:
        raise CounterpartAnswerInvalid("the receipt is about other changes than were told")


def _about_the_card(update: CardUpdate, receipt: CardReceipt) -> None:
    others = [card for card in receipt.cards if update.serial not in {None, card.serial}]
    if receipt.code != update.code or others:
        raise CounterpartAnswerInvalid("the receipt is about another card than was told")


def _about_the_addressees(piece: AddresseePiece, receipt: AddresseeReceipt) -> None:
    if len(receipt.outcomes) != len(piece.addressees):
        raise CounterpartAnswerInvalid("the receipt is about other addressees than were told")
