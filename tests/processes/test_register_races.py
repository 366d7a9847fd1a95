"""The register under real processes: changes from several at once, and a load that is killed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.clock import SystemClock
from gateway.store import Store
from tests.kit.databases import some
from tests.kit.townspeople import townspeople

STEPS = (2, 12, 20)
_ROOT = Path(__file__).parents[2]
_WORKER = Path(__file__).with_name("register_worker.py")


@pytest.fixture
def folder(database: Path | str) -> Path | str:
    Store.open(database, clock=SystemClock(), upgrade=True).close()
    return database


def _start(mode: str, folder: Path | str, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(_WORKER), mode, str(folder), *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(_ROOT)},
    )


def _result(process: subprocess.Popen[str]) -> object:
    out, err = process.communicate(timeout=100)
    assert process.returncode == 0, err
    return json.loads(out.splitlines()[-1])


@pytest.fixture
def store(folder: Path | str) -> Iterator[Store]:
    store = Store.open(folder, clock=SystemClock())
    yield store
    store.close()


def test_two_processes_of_two_threads_lose_no_version(folder: Path | str, store: Store) -> None:
    for person in townspeople(5):
        with store.unit_of_work() as work:
            store.register.put(work, person, valid_from=None, reason=None, recorded_at=datetime.now(UTC))
    started = [_start("change", folder, mark, 2, 6) for mark in ("東", "西")]
    assert [_result(process) for process in started] == [[], []]
    for person in townspeople(5):
        history = store.register.history(person.code)
        assert [version.number for version in history] == list(range(1, 1 + 2 * 2 * 6 + 1))
        assert len({version.record.address.inline for version in history}) == len(history)


@pytest.mark.parametrize(
    ("database", "steps"),
    [("sqlite", steps) for steps in STEPS] + [("postgresql", steps) for steps in some(STEPS, 1)],
    indirect=["database"],
)
def test_a_load_that_is_killed_goes_on(folder: Path | str, store: Store, steps: int) -> None:
    killed = _start("load", folder, 1_000)
    assert killed.stdout is not None
    for _ in range(steps):
        assert killed.stdout.readline()
    killed.kill()
    killed.communicate(timeout=10)
    assert _result(_start("load", folder, 1_000)) == 1_000
    assert store.loader.source() == "town"
    assert store.register.count() == 1_000
    people = list(townspeople(1_000))
    assert [store.register.find(person.code) for person in people[::97]] == people[::97]
    with store.read() as connection:
        for table in ("search_by_name", "search_by_kana", "search_by_address", "search_by_birth"):
            sql = f"SELECT count(*), count(DISTINCT person) FROM {table}"  # noqa: S608
            rows, persons = connection.exec_driver_sql(sql).one()
            assert persons == 1_000
            assert rows == connection.exec_driver_sql("SELECT count(*) FROM search_by_name").scalar_one()
        assert connection.exec_driver_sql("SELECT count(*) FROM search_staging").scalar_one() == 0
