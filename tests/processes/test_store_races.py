"""The store under real processes: races, kills and a full disk."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.clock import SystemClock
from gateway.errors import StoreError
from gateway.refusals import Refused
from gateway.store import Claimed, InProgress, Store, Stored, StoredAnswer
from tests.kit.arrivals import arrival, terms
from tests.kit.databases import on_sqlite

_ROOT = Path(__file__).parents[2]
_WORKER = Path(__file__).with_name("store_worker.py")


class Worker:
    """One process of store_worker.py."""

    def __init__(self, mode: str, folder: Path | str, *arguments: object) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(_WORKER), mode, str(folder), *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(_ROOT)},
        )

    def line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def go(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def result(self) -> Any:
        out, err = self.process.communicate(timeout=60)
        assert self.process.returncode == 0, err
        return json.loads(out.splitlines()[-1])

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate(timeout=10)


@pytest.fixture
def workers() -> Iterator[list[Worker]]:
    started: list[Worker] = []
    yield started
    for worker in started:
        if worker.process.poll() is None:
            worker.kill()
        for stream in (worker.process.stdin, worker.process.stdout, worker.process.stderr):
            if stream is not None:
                stream.close()


@pytest.fixture
def store(database: Path | str) -> Iterator[Store]:
    store = Store.open(database, clock=SystemClock(), upgrade=True)
    with store.unit_of_work() as work:
        work.connection.exec_driver_sql("CREATE TABLE race (value INTEGER)")
        work.connection.exec_driver_sql("INSERT INTO race VALUES (0)")
    yield store
    with store.unit_of_work() as work:
        work.connection.exec_driver_sql("DROP TABLE race")
    store.close()


def _together(
    workers: list[Worker], mode: str, folder: Path | str, *arguments: object, named: bool = False
) -> list[Any]:
    """The results of two processes that begin when both are ready."""
    for name in ("one", "two"):
        workers.append(Worker(mode, folder, *arguments, *([name] if named else [])))
    for worker in workers:
        assert worker.line() == "ready", worker.process.stderr and worker.process.stderr.read()
    for worker in workers:
        worker.go()
    return [worker.result() for worker in workers]


def _race(store: Store) -> int:
    with store.read() as connection:
        return int(connection.exec_driver_sql("SELECT value FROM race").scalar_one())


def _claim(store: Store, signature: bytes, message_id: str = "m") -> Any:
    now = datetime.now(UTC)
    return store.guard.claim(arrival(now, signature, message_id=message_id), **terms(now))


def test_no_update_is_lost_between_threads_and_processes(
    store: Store, database: Path | str, workers: list[Worker]
) -> None:
    longest = _together(workers, "add", database, 4, 100)
    assert _race(store) == 800
    assert max(longest) < 5  # nobody starves


def test_two_processes_may_make_the_database_at_once(database: Path | str, workers: list[Worker]) -> None:
    assert _together(workers, "create", database) == [None, None]
    Store.open(database, clock=SystemClock()).close()


def test_of_identical_messages_exactly_one_is_claimed(
    store: Store, database: Path | str, workers: list[Worker]
) -> None:
    results = [names for process in _together(workers, "identical", database, 4, 20) for names in process]
    for message in range(20):
        found = Counter(names[message] for names in results)
        assert found == {"claimed": 1, "replayed": 7}


def test_of_fresh_signatures_of_one_message_id_one_works_and_all_get_its_answer(
    store: Store, database: Path | str, workers: list[Worker]
) -> None:
    results = _together(workers, "fresh", database, 4, 8, named=True)
    by_message = zip(*(thread for process in results for thread in process), strict=True)
    for outcomes in by_message:
        assert Counter(name for name, _ in outcomes) == {"claimed": 1, "stored": 7}
        assert len({answer for _, answer in outcomes}) == 1


def test_of_fresh_signatures_in_one_transaction_one_has_an_effect(
    store: Store, database: Path | str, workers: list[Worker]
) -> None:
    results = _together(workers, "one_transaction", database, 4, 20, named=True)
    by_message = list(zip(*(thread for process in results for thread in process), strict=True))
    for outcomes in by_message:
        assert Counter(name for name, _ in outcomes) == {"claimed": 1, "stored": 7}
        assert len({answer for _, answer in outcomes}) == 1
    assert _race(store) == len(by_message) == 20


def test_a_worker_killed_between_claim_and_answer(
    store: Store, database: Path | str, workers: list[Worker]
) -> None:
    worker = Worker("claim_and_hang", database, 2.0)
    workers.append(worker)
    assert worker.line() == "ready"
    worker.go()
    assert worker.line() == '"claimed"'
    worker.kill()
    with pytest.raises(Refused) as caught:
        _claim(store, b"s1")
    assert caught.value.rule.name == "replayed"
    second = _claim(store, b"s2")
    assert isinstance(second, InProgress)
    time.sleep(max(0.0, (second.until - datetime.now(UTC)).total_seconds()) + 0.001)
    third = _claim(store, b"s3")
    assert isinstance(third, Claimed)
    store.guard.settle(third.token, StoredAnswer("a", b"b"))
    with pytest.raises(Refused) as caught:
        _claim(store, b"s1")
    assert caught.value.rule.name == "replayed"


def test_a_worker_killed_inside_its_transaction_leaves_nothing(
    store: Store, database: Path | str, workers: list[Worker]
) -> None:
    worker = Worker("write_and_hang", database)
    workers.append(worker)
    assert worker.line() == "ready"
    worker.go()
    assert worker.line() == '"claimed"'
    worker.kill()
    assert isinstance(_claim(store, b"s1"), Claimed)


def test_refusals_are_limited_over_all_processes(
    store: Store, database: Path | str, workers: list[Worker]
) -> None:
    kept = _together(workers, "refuse", database, 450, named=True)
    samples = store.refusals.count() - 100
    assert sum(kept) == store.refusals.count()
    assert 0 < samples <= 2 * 450 // 100
    (count,) = store.refusals.counts(datetime(2026, 11, 23, tzinfo=UTC))
    assert count.refused == 900


@on_sqlite  # a file of ours
def test_a_write_that_fails_ends_the_process_and_what_was_committed_stays(
    store: Store, database: Path | str, workers: list[Worker]
) -> None:
    worker = Worker("fill", database, 900_000)
    workers.append(worker)
    assert worker.line() == "ready"
    worker.go()
    out, err = worker.process.communicate(timeout=60)
    assert worker.process.returncode == 3
    assert re.fullmatch(r"store: the database failed: SQLITE_IOERR\w*; this process ends\n", err)
    committed = int(out.splitlines()[-1])
    assert committed > 3
    for message in range(committed + 1):
        outcome = _claim(store, b"again %d" % message, f"m{message}")
        assert isinstance(outcome, Stored)
    after = _claim(store, b"again", f"m{committed + 1}")
    assert isinstance(after, Claimed)


def test_a_store_is_not_used_after_a_fork(store: Store) -> None:
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            with store.unit_of_work():
                os.write(write_end, b"worked")
        except StoreError as error:
            os.write(write_end, str(error).encode())
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    said = os.read(read_end, 1_000).decode()
    os.close(read_end)
    os.close(write_end)
    assert said == "the store was opened in another process: open it after the fork"
