"""Writes that share a commit: all there when it is over, none that failed, and nothing when it failed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import event, insert, select

from gateway.clock import FixedClock
from gateway.errors import StoreError
from gateway.store import Conflict, Store, UnitOfWork
from gateway.store.shared_commits import MOST, SharedCommits
from gateway.store.tables import register_marks


class Bench:
    """A store, and a first write that waits within its transaction until the others stand in the queue."""

    def __init__(self, folder: Path) -> None:
        clock = FixedClock(datetime(2026, 11, 23, 9, 0, tzinfo=UTC))
        self.store = Store.open(folder, clock=clock, upgrade=True)
        self.shared = SharedCommits(self.store.unit_of_work)
        self.commits = 0
        self.before = self.marks()
        event.listen(self.store.database.writer, "commit", self._committed)

    def _committed(self, _: object) -> None:
        self.commits += 1

    def marks(self) -> set[str]:
        with self.store.read() as connection:
            return set(connection.execute(select(register_marks.c.name)).scalars())

    def all_at_once(self, *writes: Callable[[UnitOfWork], object]) -> list[Future[object]]:
        """What became of a first write, and of these, which came while it was under way."""
        inside, go = threading.Event(), threading.Event()

        def first(work: UnitOfWork) -> object:
            mark("first")(work)
            inside.set()
            assert go.wait(20)
            return "first"

        with ThreadPoolExecutor(len(writes) + 1) as threads:
            begun = [threads.submit(self.shared, first)]
            assert inside.wait(20)
            begun += [threads.submit(self.shared, write) for write in writes]
            while len(self.shared._waiting) < len(writes):
                threading.Event().wait(0.001)
            go.set()
        return begun


def mark(name: str) -> Callable[[UnitOfWork], object]:
    def write(work: UnitOfWork) -> object:
        work.connection.execute(insert(register_marks), {"name": name, "value": ""})
        return name

    return write


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    opened = Bench(tmp_path)
    yield opened
    opened.store.close()


def test_who_waits_for_the_disk_shares_a_commit(bench: Bench) -> None:
    names = [f"mark {number}" for number in range(5)]
    done = bench.all_at_once(*map(mark, names))
    assert [one.result() for one in done] == ["first", *names]
    assert bench.marks() - bench.before == {"first", *names}
    assert bench.commits == 2


def test_a_commit_is_shared_by_so_many_at_most(bench: Bench) -> None:
    done = bench.all_at_once(*(mark(f"mark {number}") for number in range(MOST + 1)))
    assert len({one.result() for one in done}) == MOST + 2
    assert bench.commits == 3


def test_one_that_fails_takes_nobody_along(bench: Bench) -> None:
    def fails(work: UnitOfWork) -> object:
        mark("half")(work)
        raise ValueError("no")

    done = bench.all_at_once(mark("good"), fails, mark("first"), mark("better"))
    with pytest.raises(ValueError, match="no"):
        done[2].result()
    with pytest.raises(Conflict):  # there is a "first" already
        done[3].result()
    assert bench.marks() - bench.before == {"first", "good", "better"}


def test_nothing_is_kept_of_a_transaction_that_failed(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    commit = UnitOfWork.commit

    def full(work: UnitOfWork) -> None:
        if bench.commits:
            raise StoreError("the database is full")
        commit(work)

    monkeypatch.setattr(UnitOfWork, "commit", full)
    done = bench.all_at_once(mark("one"), mark("two"))
    assert done[0].result() == "first"
    for one in done[1:]:
        with pytest.raises(StoreError, match="full"):
            one.result()
    assert bench.marks() - bench.before == {"first"}


def test_all_failing_commits_nothing(bench: Bench) -> None:
    with pytest.raises(ZeroDivisionError):
        bench.shared(lambda _work: 1 // 0)
    assert bench.commits == 0
    assert bench.shared(mark("after")) == "after"
