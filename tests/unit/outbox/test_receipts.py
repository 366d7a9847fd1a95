"""What counts as delivered: a receipt about every change of the message, each of them on record."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime

import pytest
from lxml import etree

from gateway.app import NOTIFY
from gateway.contract import SERVICES, write_answer, write_body
from gateway.domain.card import CardEvent, CardState
from gateway.domain.card_update import CardReceipt, CardResult
from gateway.domain.change import ChangeResult
from gateway.domain.change_report import ChangeOutcome, ChangeReceipt
from gateway.errors import CounterpartAnswerInvalid, CounterpartFault
from gateway.receipts import effect_of, receipt_of, require_taken
from gateway.store import OutboxRow, OutboxState
from tests.kit.card_office import card_of, code_of, update
from tests.kit.changes import code, entry, recode, report

SERVICE = SERVICES["prefectural"]
OPERATION = SERVICE.operation(NOTIFY)
NOW = datetime(2026, 11, 25, tzinfo=UTC)
TOLD = report(entry(1), recode(1, 2, 2))
GOOD = (
    ChangeOutcome(code(1), 1, ChangeResult.ALREADY_ACCEPTED),
    ChangeOutcome(code(1), 2, ChangeResult.ACCEPTED),
)


def row() -> OutboxRow:
    return OutboxRow(
        id=1,
        destination="13-prefectural-server",
        service="prefectural",
        operation=NOTIFY,
        action=OPERATION.action,
        key="1",
        body=write_body(SERVICE, OPERATION, TOLD),
        message_id="urn:uuid:1",
        state=OutboxState.LEASED,
        attempts=1,
        enqueued_at=NOW,
    )


def answer(*outcomes: ChangeOutcome) -> etree._Element:
    receipt = ChangeReceipt(NOW, "P-00000001", outcomes)
    return etree.fromstring(write_answer(SERVICE, OPERATION, receipt))


def took(element: etree._Element) -> None:
    require_taken(receipt_of(row(), element))


def test_all_taken() -> None:
    took(answer(*GOOD))


@pytest.mark.parametrize("result", [one for one in ChangeResult if not one.is_on_record])
def test_one_refused_is_none_delivered(result: ChangeResult) -> None:
    with pytest.raises(CounterpartFault) as caught:
        took(answer(GOOD[0], dataclasses.replace(GOOD[1], result=result)))
    assert (caught.value.code, caught.value.standing) == ("ChangeRefused", "bound")


@pytest.mark.parametrize(
    "outcomes",
    [
        GOOD[:1],
        GOOD[::-1],
        (*GOOD, GOOD[1]),
        (GOOD[0], dataclasses.replace(GOOD[1], number=3)),
        (GOOD[0], dataclasses.replace(GOOD[1], code=code(2))),
    ],
)
def test_a_receipt_about_others(outcomes: tuple[ChangeOutcome, ...]) -> None:
    with pytest.raises(CounterpartAnswerInvalid):
        took(answer(*outcomes))


def test_an_answer_that_is_no_receipt() -> None:
    broken = answer(*GOOD)
    broken.remove(broken[0])
    with pytest.raises(CounterpartAnswerInvalid):
        took(broken)


CARD_SERVICE = SERVICES["card_management"]
CARD_UPDATE = CARD_SERVICE.operation("UpdateCard")
ORDER = dataclasses.replace(update(CardEvent.COLLECT), reference="M-0123456789")
TAKEN = CardReceipt(NOW, "K-00000001", code_of(), CardResult.ACCEPTED, (card_of(CardState.COLLECTED),))


def took_card(receipt: CardReceipt) -> None:
    order = dataclasses.replace(
        row(),
        destination="card-management-server",
        service="card_management",
        operation="UpdateCard",
        action=CARD_UPDATE.action,
        body=write_body(CARD_SERVICE, CARD_UPDATE, ORDER),
    )
    written = etree.fromstring(write_answer(CARD_SERVICE, CARD_UPDATE, receipt))
    read = receipt_of(order, written)
    assert read == receipt
    assert effect_of(order, read, NOW) is not None
    require_taken(read)


def test_a_card_that_was_taken() -> None:
    for result in CardResult:
        if result.is_done:
            took_card(dataclasses.replace(TAKEN, result=result))
    assert effect_of(row(), receipt_of(row(), answer(*GOOD)), NOW) is None


@pytest.mark.parametrize("result", [one for one in CardResult if not one.is_done])
def test_a_card_that_was_refused_waits_for_an_operator(result: CardResult) -> None:
    with pytest.raises(CounterpartFault) as caught:
        took_card(dataclasses.replace(TAKEN, result=result))
    assert (caught.value.code, caught.value.standing) == ("CardUpdateRefused", "bound")


@pytest.mark.parametrize(
    "receipt",
    [
        dataclasses.replace(TAKEN, cards=(card_of(number=2, code=code_of(1)),)),
        CardReceipt(NOW, "K-00000001", code_of(2), CardResult.ACCEPTED),
    ],
)
def test_a_receipt_about_another_card(receipt: CardReceipt) -> None:
    with pytest.raises(CounterpartAnswerInvalid):
        took_card(receipt)
