"""What counts as handed over: a receipt about every addressee of the message, each of them taken."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from lxml import etree

from gateway.app import NOTIFY_ADDRESSEES
from gateway.contract import SERVICES, write_answer, write_body
from gateway.domain.addressee_delivery import AddresseeOutcome, AddresseeReceipt
from gateway.domain.addressee_rules import AddresseeResult
from gateway.domain.values import InvalidValue
from gateway.errors import CounterpartAnswerInvalid, CounterpartFault
from gateway.receipts import effect_of, receipt_of, require_taken
from gateway.store import OutboxRow, OutboxState
from gateway.store.addressee_log import HIDDEN
from tests.kit.addressees import addressee, piece, somebody

SERVICE = SERVICES["card_management"]
OPERATION = SERVICE.operation(NOTIFY_ADDRESSEES)
NOW = datetime(2026, 11, 25, tzinfo=UTC)
ROW = OutboxRow(
    id=1,
    destination="card-management-server",
    service="card_management",
    operation=NOTIFY_ADDRESSEES,
    action=OPERATION.action,
    key="addressees",
    body=HIDDEN
    + write_body(SERVICE, OPERATION, piece(addressee("A1", somebody(1)), addressee("A2", somebody(2)))),
    message_id="urn:uuid:1",
    state=OutboxState.LEASED,
    attempts=1,
    enqueued_at=NOW,
)


def took(*results: AddresseeResult) -> None:
    outcomes = tuple(AddresseeOutcome(place, result) for place, result in enumerate(results, start=1))
    receipt = AddresseeReceipt(NOW, "K-00000001", outcomes)
    read = receipt_of(ROW, etree.fromstring(write_answer(SERVICE, OPERATION, receipt)))
    assert effect_of(ROW, read, NOW) is None
    require_taken(read)


def test_all_taken() -> None:
    took(AddresseeResult.ACCEPTED, AddresseeResult.ALREADY_ACCEPTED)


@pytest.mark.parametrize("result", [one for one in AddresseeResult if not one.is_taken])
def test_one_refused_is_none_handed_over(result: AddresseeResult) -> None:
    with pytest.raises(CounterpartFault) as caught:
        took(AddresseeResult.ACCEPTED, result)
    assert (caught.value.code, caught.value.standing) == ("AddresseeRefused", "bound")


@pytest.mark.parametrize("count", [1, 3])
def test_a_receipt_about_others(count: int) -> None:
    with pytest.raises(CounterpartAnswerInvalid):
        took(*[AddresseeResult.ACCEPTED] * count)


def test_outcomes_stand_in_their_places() -> None:
    with pytest.raises(InvalidValue):
        AddresseeReceipt(NOW, "K-00000001", (AddresseeOutcome(2, AddresseeResult.ACCEPTED),))
