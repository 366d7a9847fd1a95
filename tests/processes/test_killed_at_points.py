"""Killed at every named point of a change's way, in each system that comes by: nothing lost, none twice."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gateway.domain.change_report import ChangeReport
from gateway.errors import CounterpartError
from gateway.kill_points import (
    AFTER_CLAIM,
    AFTER_COMMIT,
    AFTER_SEND,
    AFTER_SETTLE,
    BEFORE_ANSWER,
    BEFORE_COMMIT,
    BEFORE_SETTLE,
    DURING_RECOVERY,
)
from gateway.wss.sign import new_message_id
from tests.kit.changes import clerk, code, entry, move
from tests.kit.databases import database_of, some
from tests.kit.registry import GATEWAY, NATION, PREFECTURE, registry, taken, undelivered
from tests.kit.town import Town, town, until

_people = itertools.count(8_000_000)
_MOST = 20  # changes in which the point must have been come by
AT_START = f"{BEFORE_COMMIT}:1"
"""By the first process of a server, while it brings its database and its evidence up to date."""
POINTS = {
    GATEWAY: (
        AT_START,
        f"{BEFORE_COMMIT}:8",
        f"{AFTER_COMMIT}:8",
        BEFORE_ANSWER,
        AFTER_CLAIM,
        AFTER_SEND,
        BEFORE_SETTLE,
        AFTER_SETTLE,
        DURING_RECOVERY,
    ),
    PREFECTURE: (
        f"{BEFORE_COMMIT}:8",
        f"{AFTER_COMMIT}:8",
        BEFORE_ANSWER,
        AFTER_SEND,
        AFTER_SETTLE,
    ),
    NATION: (f"{BEFORE_COMMIT}:8", f"{AFTER_COMMIT}:8", BEFORE_ANSWER),
}
"""With a number the process that comes by so often: no server does so before it works on messages."""


CASES = [(system, point) for system, points in POINTS.items() for point in points]
ON_SQLITE = some(CASES, 9)
ON_POSTGRESQL = some([case for case in CASES if case[0] == GATEWAY], 2)


@pytest.fixture(scope="module")
def place_on(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Town]]:
    """A town on either kind of database, one after the other: a parameter would start one for each test."""
    with contextlib.ExitStack() as open_now:
        towns: dict[str, Town] = {}

        def place(kind: str) -> Town:
            if kind not in towns:
                open_now.close()
                towns.clear()
                database = open_now.enter_context(database_of(kind))
                folder = tmp_path_factory.mktemp("town") / "net"
                towns[kind] = open_now.enter_context(town(folder, database=database))
            return towns[kind]

        yield place


def report(place: Town, person: int, number: int) -> None:
    """One change, sent until it is answered."""
    change = entry(person) if number == 1 else move(person, number, address(number))
    name = new_message_id()
    with registry(place.folder) as client:

        def told() -> bool:
            with contextlib.suppress(CounterpartError):
                receipt = client.report_changes(ChangeReport(clerk(), (change,)), message_id=name)
                assert receipt.outcomes[0].result.is_on_record
                return True
            return False

        assert until(told, 30)


def address(number: int) -> str:
    return f"東京都千代田区{number}番町"


def held(place: Town, system: str, person: int) -> list[tuple[int, str]]:
    key = code(person).digits
    return [(number, there) for of, number, there in taken(place.folder, system) if of == key]


@pytest.mark.parametrize(
    ("kind", "system", "point"),
    [("sqlite", *case) for case in ON_SQLITE] + [("postgresql", *case) for case in ON_POSTGRESQL],
)
def test_killed_at_a_named_point(
    place_on: Callable[[str], Town], tmp_path: Path, kind: str, system: str, point: str
) -> None:
    place, once, person = place_on(kind), tmp_path / "killed", next(_people)
    if point == AT_START:
        with pytest.raises(RuntimeError):  # it ended before it was ready
            place.restart(system, f"{point}@{once}")
        assert once.exists()
        place.restart(system)
    else:
        place.restart(system, f"{point if ':' in point else f'{point}:1'}@{once}")
    number = 0
    while number < 3 or (not once.exists() and number < _MOST):
        number += 1
        report(place, person, number)
        if number >= 3:  # the next one goes out alone
            until(lambda: once.exists() or not undelivered(place.folder, GATEWAY, PREFECTURE), 30)
    assert once.exists(), "nobody came by"
    assert until(lambda: undelivered(place.folder, GATEWAY, PREFECTURE) == 0, 30)
    wanted = [(1, entry(person).record.address.inline), *((n, address(n)) for n in range(2, number + 1))]
    for where in (GATEWAY, PREFECTURE, NATION):
        assert held(place, where, person) == wanted
