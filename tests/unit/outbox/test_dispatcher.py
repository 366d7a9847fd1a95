"""The dispatcher in this process, with a courier that the test makes: bounds, breaker, trouble, stopping."""

# ruff: noqa: S311 - seeded on purpose
from __future__ import annotations

import contextlib
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from gateway import telemetry
from gateway.clock import SystemClock
from gateway.errors import CounterpartFault, CounterpartUnavailable, StoreError
from gateway.evidence import Entry
from gateway.outbox import Attempt, Dispatcher, Keep, Policy, Route
from gateway.store import ConnectionLost, Delivered, OutboxRow, OutboxState, Store, Wanted
from gateway.telemetry import Alarms
from tests.kit.outbox import outgoing

QUICK = Policy(
    retry_first=0.01, retry_longest=0.05, breaker_failures=3, breaker_first=0.2, breaker_longest=0.2
)


class Courier:
    """Answers as the test says, and counts how many calls are out at once."""

    def __init__(self, answer: Callable[[OutboxRow], Any] = lambda _row: None, seconds: float = 0.0) -> None:
        self.answer = answer
        self.seconds: dict[str, float] = {}
        self._default = seconds
        self._lock = threading.Lock()
        self.out: Counter[str] = Counter()
        self.most: Counter[str] = Counter()
        self.sent: list[OutboxRow] = []

    def deliver(self, row: OutboxRow) -> Attempt:
        with self._lock:
            self.sent.append(row)
            self.out[row.destination] += 1
            self.most[row.destination] = max(self.most[row.destination], self.out[row.destination])
            self.most["all"] = max(self.most["all"], self.out.total())
        try:
            time.sleep(self.seconds.get(row.destination, self._default))
            error = self.answer(row)
            return Attempt(b"q", b"a", f"urn:uuid:answer-{row.id}", error, evidence=(_entry(row),))
        finally:
            with self._lock:
                self.out[row.destination] -= 1

    def ids(self) -> list[int]:
        return [row.id for row in self.sent]


def _entry(row: OutboxRow) -> Entry:
    """Of as many octets as the row's id."""
    return Entry.message(
        b"x" * row.id, at=row.enqueued_at, direction="out", peer="a", kind="request", outcome="answered"
    )


@pytest.fixture
def store(database: Path | str) -> Iterator[Store]:
    store = Store.open(database, clock=SystemClock(), upgrade=True)
    yield store
    store.close()


@pytest.fixture
def alarms(tmp_path: Path) -> Alarms:
    return Alarms(tmp_path)


def enqueue(store: Store, *destinations: str, count: int = 1, same_key: bool = False) -> None:
    with store.unit_of_work() as work:
        for number in range(count):
            for destination in destinations:
                key = "k" if same_key else f"k{number}"
                store.outbox.enqueue(work, outgoing(destination, key=key))


@contextlib.contextmanager
def dispatching(
    store: Store,
    courier: Courier,
    alarms: Alarms,
    *,
    destinations: tuple[str, ...] = ("a",),
    threads: int = 4,
    most: int = 4,
    lease: float = 5.0,
    keep: Keep = lambda _work, _entries, _accesses: None,
    unit_of_work: Any = None,
    drain: float = 5.0,
    policy: Policy = QUICK,
) -> Iterator[None]:
    """A dispatcher at work beside the block."""
    dispatcher = Dispatcher(
        outbox=store.outbox,
        unit_of_work=unit_of_work or store.unit_of_work,
        courier=courier,
        routes=[Route(destination, most, timedelta(seconds=lease)) for destination in destinations],
        policy=policy,
        threads=threads,
        owner="local/0",
        random=Random(1),
        alarms=alarms,
        keep=keep,
        poll_seconds=0.01,
    )
    stop = threading.Event()
    failed: list[BaseException] = []

    def run() -> None:
        try:
            dispatcher.run(stop.is_set, drain_seconds=drain)
        except BaseException as error:  # noqa: BLE001 - told to the test
            failed.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(10)
    assert not failed, failed


def wait(condition: Callable[[], object], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come in time"
        time.sleep(0.01)


def left(store: Store) -> int:
    return sum(backlog.undelivered for backlog in store.outbox_desk.backlog())


def codes(alarms: Alarms) -> list[str]:
    return [alarm.code for alarm in alarms.active()]


def test_each_is_sent_once_within_the_bounds(store: Store, alarms: Alarms) -> None:
    enqueue(store, "a", "b", count=20)
    courier = Courier(seconds=0.01)
    with dispatching(store, courier, alarms, destinations=("a", "b"), threads=5, most=3):
        wait(lambda: left(store) == 0)
    assert sorted(courier.ids()) == list(range(1, 41))
    assert (courier.most["a"], courier.most["b"], courier.most["all"]) == (3, 3, 5)


def test_one_key_goes_out_one_after_the_other(store: Store, alarms: Alarms) -> None:
    enqueue(store, "a", count=10, same_key=True)
    courier = Courier()
    with dispatching(store, courier, alarms):
        wait(lambda: left(store) == 0)
    assert courier.ids() == list(range(1, 11))
    assert courier.most["a"] == 1


def test_a_slow_destination_leaves_threads_for_others(store: Store, alarms: Alarms) -> None:
    enqueue(store, "slow", count=10)
    enqueue(store, "quick", count=10)
    courier = Courier()
    courier.seconds["slow"] = 1.0
    began = time.monotonic()
    with dispatching(store, courier, alarms, destinations=("slow", "quick"), threads=4, most=2, drain=0.0):
        wait(lambda: not [b for b in store.outbox_desk.backlog() if b.destination == "quick"])
        assert time.monotonic() - began < 0.9


def test_a_destination_without_a_route_stays(store: Store, alarms: Alarms) -> None:
    enqueue(store, "a", "unknown")
    with dispatching(store, Courier(), alarms):
        wait(lambda: left(store) == 1)
    assert store.outbox_desk.backlog()[0].destination == "unknown"


def test_a_dead_destination_is_left_alone_and_taken_up_again(store: Store, alarms: Alarms) -> None:
    enqueue(store, "a", count=8)
    down = [True]
    courier = Courier(lambda _row: CounterpartUnavailable("x") if down[0] else None)
    with dispatching(store, courier, alarms, most=4):
        wait(lambda: codes(alarms) == ["counterpart-unreachable"])
        opened = len(courier.sent)
        assert opened <= 8
        time.sleep(1.0)
        assert 2 <= len(courier.sent) - opened <= 11  # one call each 0.1 to 0.2 s
        down[0] = False
        wait(lambda: left(store) == 0)
        assert codes(alarms) == []


def test_faults_that_pass_do_not_open_the_breaker(store: Store, alarms: Alarms) -> None:
    enqueue(store, "a", count=4)
    seen: Counter[int] = Counter()

    def busy_at_first(row: OutboxRow) -> CounterpartFault | None:
        seen[row.id] += 1
        return CounterpartFault("Busy", "", "r", "bound") if seen[row.id] < 4 else None

    with dispatching(store, Courier(busy_at_first), alarms):
        wait(lambda: left(store) == 0)
    assert set(seen.values()) == {4}
    assert codes(alarms) == []


def test_a_dead_letter_is_an_alarm_until_it_is_seen_to(
    store: Store, alarms: Alarms, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.outbox.dispatcher._LOOK_SECONDS", 0.05)
    enqueue(store, "a")
    refused = [True]
    courier = Courier(lambda _row: CounterpartFault("X", "", "r", "bound") if refused[0] else None)
    with dispatching(store, courier, alarms):
        wait(lambda: codes(alarms) == ["dead-letters"])
        time.sleep(0.1)
        assert (codes(alarms), len(courier.sent)) == (["dead-letters"], 1)
        refused[0] = False
        with store.unit_of_work() as work:
            assert store.outbox_desk.requeue(work, 1, lambda: "urn:uuid:new") is not None
        wait(lambda: left(store) == 0 and codes(alarms) == [])
    assert courier.sent[1].message_id == "urn:uuid:new"


def test_a_disputed_message_id_is_an_alarm_of_its_own(store: Store, alarms: Alarms) -> None:
    enqueue(store, "a")
    courier = Courier(lambda _row: CounterpartFault("DuplicateMessage", "", "r", "bound"))
    with dispatching(store, courier, alarms, policy=replace(QUICK, duplicate_patience=0.1)):
        wait(lambda: set(codes(alarms)) == {"dead-letters", "message-id-disputed"})
    filed = store.outbox_desk.find(1)
    assert filed is not None
    assert (filed.row.state, filed.row.business) == (OutboxState.DEAD, False)


def test_an_error_of_our_own_is_tried_again(store: Store, alarms: Alarms) -> None:
    enqueue(store, "a", count=3)
    failures = [5]

    def fail(_row: OutboxRow) -> None:
        if failures[0]:
            failures[0] -= 1
            raise ZeroDivisionError

    with dispatching(store, Courier(fail), alarms):
        wait(lambda: left(store) == 0)
    assert codes(alarms) == []


def test_a_database_that_says_no_loses_no_result(
    store: Store, alarms: Alarms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Results wait until they can be written; nothing is sent again for it."""
    monkeypatch.setattr("gateway.outbox.dispatcher._STORE_PAUSE", 0.01)
    enqueue(store, "a", count=3)
    refusals = [0]

    @contextlib.contextmanager
    def sometimes() -> Iterator[Any]:
        with store.unit_of_work() as work:
            yield work
            if refusals[0]:
                refusals[0] -= 1
                raise StoreError("full")

    courier = Courier(lambda _row: refusals.__setitem__(0, 5))
    with dispatching(store, courier, alarms, unit_of_work=sometimes):
        wait(lambda: left(store) == 0)
    assert sorted(courier.ids()) == [1, 2, 3]


def test_one_that_cannot_be_written_keeps_nobody_else(store: Store, alarms: Alarms) -> None:
    enqueue(store, "a", count=4)
    times: Counter[int] = Counter()

    def keep(work: Any, entries: Any, _accesses: Any) -> None:
        (entry,) = entries
        times[entry.size] += 1
        if entry.size == 2 and times[2] <= 2:
            raise ZeroDivisionError
        store.evidence.append(work.connection, entries)

    courier = Courier()
    with dispatching(store, courier, alarms, keep=keep, lease=0.3):
        wait(lambda: left(store) == 0)
    assert Counter(courier.ids()) == {1: 1, 2: 2, 3: 1, 4: 1}
    with store.read() as connection:
        kept = connection.exec_driver_sql("SELECT size FROM evidence_entries ORDER BY size").scalars().all()
    assert kept == [1, 2, 3, 4]


def test_a_call_that_outlasts_its_lease_is_not_sent_again_beside_itself(store: Store, alarms: Alarms) -> None:
    enqueue(store, "a")
    courier = Courier(seconds=0.4)
    with dispatching(store, courier, alarms, lease=0.1):
        wait(lambda: left(store) == 0)
    assert courier.ids() == [1]


def test_what_another_took_over_is_not_settled_twice(store: Store, alarms: Alarms) -> None:
    """A call that outlasts its lease: somebody else sends it too, and settles."""
    enqueue(store, "a")
    courier = Courier(lambda _row: CounterpartFault("X", "", "r", "bound"), seconds=0.4)
    wanted = {"a": Wanted(1, timedelta(seconds=60))}
    with dispatching(store, courier, alarms, lease=0.1):
        wait(lambda: courier.out.total() == 1)
        wait(lambda: store.outbox.due(wanted))
        with store.unit_of_work() as work:
            (lease,) = store.outbox.claim(work, wanted, "other/0")
            assert store.outbox.settle(work, lease, Delivered("urn:uuid:other", b"digest"))
        wait(lambda: courier.out.total() == 0)
        time.sleep(0.1)
    filed = store.outbox_desk.find(1)
    assert filed is not None
    assert (filed.row.state, filed.row.answer_message_id) == (OutboxState.DELIVERED, "urn:uuid:other")
    assert codes(alarms) == []


def test_stopping_lets_the_calls_under_way_end(store: Store, alarms: Alarms) -> None:
    enqueue(store, "a", count=6)
    courier = Courier(seconds=0.3)
    with dispatching(store, courier, alarms, threads=2, most=2):
        wait(lambda: courier.out.total() == 2)
    assert len(courier.sent) == 2
    assert left(store) == 4
    assert not [backlog for backlog in store.outbox_desk.backlog() if backlog.leased]


def test_what_a_predecessor_held_goes_out_at_once(store: Store, alarms: Alarms) -> None:
    enqueue(store, "a", count=2)
    courier = Courier(seconds=60)
    with dispatching(store, courier, alarms, lease=3600, drain=0.0):
        wait(lambda: courier.out.total() == 2)
    successor = Courier()
    with dispatching(store, successor, alarms):
        wait(lambda: left(store) == 0, 3)
    assert [row.message_id for row in successor.sent] == [row.message_id for row in courier.sent]


def test_a_database_that_fails_a_courier_is_no_bug(
    store: Store, alarms: Alarms, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its read was cut: told as such, and the message goes out again."""
    told: list[str] = []
    monkeypatch.setattr(telemetry, "bug", lambda *_, **__: told.append("bug"))
    monkeypatch.setattr(telemetry, "warning", lambda event, **_: told.append(event))
    failures = iter([ConnectionLost("the connection to the database ended")])

    def answer(_row: OutboxRow) -> None:
        if (failure := next(failures, None)) is not None:
            raise failure

    courier = Courier(answer)
    enqueue(store, "a")
    with dispatching(store, courier, alarms):
        wait(lambda: left(store) == 0)
    assert len(courier.sent) == 2
    assert told == ["outbox-unread"]
