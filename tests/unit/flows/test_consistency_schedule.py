"""When consistency checks begin by themselves, on injected time."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from threading import Barrier
from types import SimpleNamespace
from typing import Any

import pytest

from gateway.checking.schedule import open_due
from gateway.clock import FixedClock
from gateway.domain.consistency import RunMode
from gateway.settings import Consistency
from gateway.store import ConsistencyRuns, Store
from tests.kit.inquiries import AT

SERVERS = {"13-prefectural-server": "prefectural_server", "national-server": "national_server"}
PREFECTURE, NATION = SERVERS
WEEK = timedelta(days=7)


def settings(every_days: int, mode: str = "complete") -> Any:
    return SimpleNamespace(
        consistency=Consistency(every_days=every_days, mode=mode),  # type: ignore[arg-type] # one of the two
        destinations=[SimpleNamespace(id=one) for one in SERVERS],
        counterparts=[SimpleNamespace(id=one, role=role) for one, role in SERVERS.items()],
    )


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(AT)


@pytest.fixture
def runs(tmp_path: Path, clock: FixedClock) -> Iterator[ConsistencyRuns]:
    with closing(Store.open(tmp_path / "store", clock=clock, upgrade=True)) as store:
        yield store.consistency_runs


def opened(wanted: Any, runs: ConsistencyRuns, clock: FixedClock) -> list[str]:
    """With whom checks begin now."""
    found = [runs.find(one) for one in open_due(wanted, runs, clock)]
    return [one.destination for one in found if one is not None]


def test_every_week_and_not_a_second_earlier(runs: ConsistencyRuns, clock: FixedClock) -> None:
    weekly = settings(7)
    assert opened(weekly, runs, clock) == [PREFECTURE, NATION]
    assert opened(weekly, runs, clock) == []
    clock.advance(WEEK - timedelta(seconds=1))
    assert opened(weekly, runs, clock) == []
    clock.advance(timedelta(seconds=1))
    assert opened(weekly, runs, clock) == [PREFECTURE, NATION]
    assert opened(weekly, runs, clock) == []


def test_one_by_hand_puts_off_the_next_with_that_server_only(
    runs: ConsistencyRuns, clock: FixedClock
) -> None:
    weekly = settings(7)
    assert opened(weekly, runs, clock) == [PREFECTURE, NATION]
    clock.advance(timedelta(days=3))
    runs.open(NATION, RunMode.COMPLETE, at=clock.now())
    clock.advance(timedelta(days=4))
    assert opened(weekly, runs, clock) == [PREFECTURE]
    clock.advance(timedelta(days=3))
    assert opened(weekly, runs, clock) == [NATION]


def test_many_checks_with_one_server_do_not_hide_the_last_with_the_other(
    runs: ConsistencyRuns, clock: FixedClock
) -> None:
    assert opened(settings(7), runs, clock) == [PREFECTURE, NATION]
    for _ in range(101):
        runs.open(NATION, RunMode.COMPLETE, at=clock.now())
    assert opened(settings(7), runs, clock) == []


def test_by_hand_only(runs: ConsistencyRuns, clock: FixedClock) -> None:
    assert opened(settings(0), runs, clock) == []
    assert runs.all() == []


def test_in_the_way_that_is_set(runs: ConsistencyRuns, clock: FixedClock) -> None:
    open_due(settings(1, "digests"), runs, clock)
    assert {one.mode for one in runs.all()} == {RunMode.DIGESTS}


def test_two_nodes_that_look_at_the_same_time_open_one_check(database: Path | str, clock: FixedClock) -> None:
    """Both begin together, many times; on SQLite two processes do."""
    with (
        closing(Store.open(database, clock=clock, upgrade=True, node="first")) as first,
        closing(Store.open(database, clock=clock, node="second")) as second,
        ThreadPoolExecutor(2) as threads,
    ):
        for _ in range(15):
            together = Barrier(2)

            def look(runs: ConsistencyRuns, together: Barrier = together) -> list[str]:
                together.wait(10)
                return open_due(settings(7), runs, clock)

            looked = list(threads.map(look, (first.consistency_runs, second.consistency_runs)))
            assert len(looked[0] + looked[1]) == len(SERVERS)
            clock.advance(WEEK)
