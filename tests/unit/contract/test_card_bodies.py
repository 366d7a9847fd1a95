"""Messages about cards as they are written: within their bounds, and read back."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from lxml import etree

from gateway.contract import SERVICES, read_answer, write_answer
from gateway.domain.card import CardEvent, CardState
from gateway.domain.card_history import MOST_ENTRIES, CardHistory, CardOutcome, HistoryLine
from gateway.domain.card_query import MOST_CARDS, CardAnswer
from gateway.domain.card_update import CardActor, CardReceipt, CardResult, RevocationReason
from gateway.domain.values import InvalidValue
from tests.kit.card_office import NOW, TODAY, card_of, code_of, serial_of

TERMINAL = SERVICES["terminal"]
LONGEST = 256 * 1024 - 16_384  # beside the headers
CARD = card_of(issued_on=TODAY, residence_until=TODAY, continue_by=TODAY, version=999_999_999)

LINE = HistoryLine(
    serial_of(),
    CardEvent.LIFT_SUSPENSION,
    RevocationReason.NOT_CONTINUED,
    TODAY,
    CardState.BEFORE_ISSUE,
    CardActor.CARD_SYSTEM,
    CardOutcome.CONFIRMED,
    CardResult.OTHER_MUNICIPALITY,
    NOW.replace(microsecond=123_456),
)


def test_the_longest_answers_fit() -> None:
    for name, answer in (
        ("QueryCardHistory", CardHistory(NOW, "x" * 64, code_of(), (LINE,) * MOST_ENTRIES)),
        ("QueryCards", CardAnswer(NOW, "x" * 64, code_of(), (CARD,) * MOST_CARDS)),
        (
            "UpdateCard",
            CardReceipt(
                NOW, "x" * 64, code_of(), CardResult.NOT_ALLOWED, (CARD,) * MOST_CARDS, tuple(CardEvent)
            ),
        ),
    ):
        operation = TERMINAL.operation(name)
        body = write_answer(TERMINAL, operation, answer)
        assert len(body) < LONGEST
        assert read_answer(TERMINAL, operation, etree.fromstring(body)) == answer


def test_an_answer_is_about_one_person() -> None:
    other = dataclasses.replace(CARD, code=code_of(2))
    for make in (
        lambda: CardAnswer(NOW, "x" * 64, code_of(), (CARD, other)),
        lambda: CardReceipt(NOW, "x" * 64, code_of(), CardResult.ACCEPTED, (other,)),
    ):
        with pytest.raises(InvalidValue) as caught:
            make()
        assert caught.value.code == "holder"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"reference": "short"}, "reference"),
        ({"reference": "x" * 65}, "reference"),
        ({"many": MOST_CARDS + 1}, "count"),
        ({"checked": NOW.replace(tzinfo=None)}, "not-utc"),
    ],
)
def test_what_is_no_answer(changes: dict[str, Any], code: str) -> None:
    at, reference = changes.get("checked", NOW), changes.get("reference", "x" * 8)
    cards = (CARD,) * changes.get("many", 1)
    for make in (
        lambda: CardAnswer(at, reference, code_of(), cards),
        lambda: CardReceipt(at, reference, code_of(), CardResult.ACCEPTED, cards),
        lambda: CardHistory(at, reference, code_of(), (LINE,) * (MOST_ENTRIES + len(cards) - 1)),
    ):
        with pytest.raises(InvalidValue) as caught:
            make()
        assert caught.value.code == code


def test_a_receipt_lists_each_event_once_at_most() -> None:
    with pytest.raises(InvalidValue) as caught:
        CardReceipt(NOW, "x" * 8, code_of(), CardResult.NOT_ALLOWED, (), (CardEvent.ISSUE,) * 9)
    assert caught.value.code == "count"
