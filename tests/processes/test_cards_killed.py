"""Killed at named points of a card update's way, at the CS and at the card management system: done once."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.clock import SystemClock
from gateway.domain.caller import Caller
from gateway.domain.card import Card, CardEvent, CardSerial, CardState
from gateway.domain.card_history import CardOutcome
from gateway.domain.card_update import CardActor, CardUpdate, RevocationReason
from gateway.domain.change_report import ChangeReport
from gateway.domain.identifiers import MunicipalityCode
from gateway.errors import CounterpartError
from gateway.flows.identity_update import japanese_day
from gateway.kill_points import AFTER_CLAIM, AFTER_SEND, BEFORE_ANSWER, BEFORE_SETTLE
from gateway.settings import load_settings
from gateway.state import StateFolder
from gateway.store import Store
from gateway.store.configured import open_store
from gateway.wss.sign import new_message_id
from tests.kit.changes import clerk, code, entry
from tests.kit.databases import database_of, databases
from tests.kit.registry import CARDS, GATEWAY, registry, undelivered
from tests.kit.town import Town, town, until

_people = itertools.count(8_500_000)
CASES = [
    (GATEWAY, AFTER_CLAIM),
    (GATEWAY, BEFORE_ANSWER),
    (GATEWAY, AFTER_SEND),
    (GATEWAY, BEFORE_SETTLE),
    (CARDS, BEFORE_ANSWER),
]


@pytest.fixture(scope="module", params=databases("cards-killed"))
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    folder = tmp_path_factory.mktemp("town") / "net"
    with database_of(request.param) as database, town(folder, database=database) as made:
        yield made


@contextlib.contextmanager
def store_of(place: Town, system: str) -> Iterator[Store]:
    state = StateFolder(place.folder / system)
    store = open_store(state.path, load_settings(state.settings_file), clock=SystemClock())
    try:
        yield store
    finally:
        store.close()


def revoke(place: Town, caller: Caller, person: int) -> None:
    """The end of the person's cards, told until it is answered, under one MessageID."""
    asked = CardUpdate(
        caller,
        code(person),
        None,
        CardEvent.REVOKE,
        japanese_day(SystemClock()),
        CardActor.REGISTRY,
        RevocationReason.DEATH,
    )
    name = new_message_id()
    with registry(place.folder) as client:

        def told() -> bool:
            with contextlib.suppress(CounterpartError):
                return client.revoke_cards(asked, message_id=name).result.is_done
            return False

        assert until(told, 60)


@pytest.mark.timeout(240)
@pytest.mark.parametrize(("system", "point"), CASES)
def test_killed_at_a_named_point(place: Town, tmp_path: Path, system: str, point: str) -> None:
    person, once = next(_people), tmp_path / "killed"
    serial = CardSerial(f"{person:012d}")
    made = Card(serial, code(person), CardState.ACTIVE, MunicipalityCode("141003"), version=1)
    with store_of(place, CARDS) as store, store.unit_of_work() as work:
        store.card_book.put(work, [made], at=SystemClock().now())
    with registry(place.folder) as client:
        assert client.report_changes(ChangeReport(clerk(), (entry(person),))).outcomes[0].result.is_on_record
    assert until(lambda: undelivered(place.folder, GATEWAY) == 0, 60)
    place.restart(system, f"{point}:1@{once}")
    revoke(place, clerk(), person)
    assert until(lambda: undelivered(place.folder, GATEWAY) == 0, 60)
    assert once.exists(), "nobody came by"
    with store_of(place, CARDS) as there, store_of(place, GATEWAY) as here:
        done = [line.event for line in there.card_book.history(code(person))]
        assert done == [CardEvent.REVOKE, CardEvent.MOVE]
        lines = here.card_book.history(code(person))
        assert lines[0].event is CardEvent.REVOKE
        assert {line.outcome for line in lines} <= {CardOutcome.CONFIRMED, CardOutcome.LEARNED}
        assert here.card_book.cards_of(code(person)) == there.card_book.cards_of(code(person))
