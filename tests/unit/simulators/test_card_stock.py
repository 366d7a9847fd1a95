"""The cards with which the simulated card management system begins."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.cli.network.people import people_csv
from gateway.clock import FixedClock
from gateway.domain.card import CardState
from gateway.domain.card_rules import lapse
from gateway.flows.identity_update import japanese_day
from gateway.people import read_people
from gateway.simulators.card_stock import stock_cards
from gateway.stock import fill
from gateway.store import Store

CLOCK = FixedClock(datetime(2026, 11, 26, 3, 0, tzinfo=UTC))
STATES = {
    "none": CardState.BEFORE_ISSUE,
    "active": CardState.ACTIVE,
    "suspended": CardState.SUSPENDED,
    "lapsed": CardState.REVOKED,
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "people.csv"
    made.write_bytes(people_csv())
    return made


def test_everybody_has_one_card_as_the_file_says(tmp_path: Path, file: Path) -> None:
    store = Store.open(tmp_path / "state", clock=CLOCK, upgrade=True)
    stock_cards(store, file, CLOCK)
    people = list(read_people(file))
    found = {}
    for person in people:
        (card,) = store.card_book.cards_of(person.record.code)
        assert card.state is STATES[person.card_state.value]
        assert card.municipality == person.record.municipality
        assert lapse(card, japanese_day(CLOCK)) is None
        found[card.serial] = card
    assert len(found) == len(people)
    assert any(card.residence_until is not None for card in found.values())  # a foreigner's
    # What was done stays, whether the file is read again or is known already.
    card = next(one for one in found.values() if one.state is CardState.ACTIVE)
    for again in (lambda: None, lambda: fill(store, file, now=CLOCK.now())):
        with store.unit_of_work() as work:
            work.connection.exec_driver_sql(
                "UPDATE cards SET state = 'revoked' WHERE serial = ?", (card.serial.text,)
            )
        again()
        stock_cards(store, file, CLOCK)
        (kept,) = store.card_book.cards_of(card.code)
        assert kept.state is CardState.REVOKED
    store.close()
