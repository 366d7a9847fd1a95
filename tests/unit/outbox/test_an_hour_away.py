"""A counterpart that is away for an hour of simulated time: everything arrives, in order, none twice."""

# ruff: noqa: S311 - seeded on purpose
from __future__ import annotations

import threading
from collections import defaultdict
from datetime import timedelta
from pathlib import Path
from random import Random

from gateway.errors import CounterpartUnavailable
from gateway.outbox import Attempt, Dispatcher, Policy, Route
from gateway.store import OutboxRow
from gateway.store.instants import to_micros
from gateway.telemetry import Alarms
from tests.kit.outbox import Boxes, outgoing

PEOPLE, EACH = 12, 4
AWAY = 3_600.0
_STEP = 2.0  # simulated seconds for each turn of the dispatcher


class Counterpart:
    """Is away until an instant, and keeps what it took then; as simulated time goes by."""

    def __init__(self, boxes: Boxes) -> None:
        self.boxes = boxes
        self.passed = 0.0
        self.tried_in_vain = 0
        self.taken: dict[str, list[str]] = defaultdict(list)
        self._out = 0
        self._lock = threading.Lock()

    def deliver(self, row: OutboxRow) -> Attempt:
        with self._lock:
            self._out += 1
            try:
                if self.passed < AWAY:
                    self.tried_in_vain += 1
                    return Attempt(b"q", error=CounterpartUnavailable("away"))
                self.taken[row.key].append(row.message_id)
                return Attempt(b"q", b"a", f"urn:uuid:answer-{row.id}")
            finally:
                self._out -= 1

    def pass_time(self) -> None:
        with self._lock:
            if not self._out:
                self.passed += _STEP
                self.boxes.pass_time(_STEP)


def test_all_is_delivered_in_order_and_none_twice(tmp_path: Path) -> None:
    boxes = Boxes.open(tmp_path)
    away = Counterpart(boxes)
    alarms = Alarms(tmp_path)
    sent: dict[str, list[str]] = defaultdict(list)
    waiting = PEOPLE * EACH
    back: list[float] = []

    def enqueue_some() -> None:
        """A change of everybody each quarter of the hour."""
        rounds = min(EACH, int(away.passed // (AWAY / EACH)) + 1)
        for key in (f"k{number}" for number in range(PEOPLE)):
            while len(sent[key]) < rounds:
                message = outgoing(key=key)
                boxes.enqueue(message)
                sent[key].append(message.message_id)

    def stopping() -> bool:
        away.pass_time()
        enqueue_some()
        assert away.passed < AWAY + 600, "not within ten minutes after it came back"
        if away.passed < AWAY:
            assert not away.taken
            if away.passed > 60:
                assert [alarm.code for alarm in alarms.active()] == ["counterpart-unreachable"]
        done = sum(map(len, away.taken.values())) >= waiting and not boxes.desk.backlog()
        if done:
            back.append(away.passed - AWAY)
        return done

    enqueue_some()
    try:
        Dispatcher(
            outbox=boxes.outbox,
            unit_of_work=boxes.store.unit_of_work,
            courier=away,
            routes=[Route("a", 4, timedelta(seconds=40))],
            policy=Policy(),
            threads=4,
            owner="local/0",
            random=Random(1),
            alarms=alarms,
            keep=lambda _work, _entries, _accesses: None,
            poll_seconds=0.001,
            clock=lambda: to_micros(boxes.clock.now()) / 1e6,
        ).run(stopping, drain_seconds=5.0)
    finally:
        boxes.close()
    assert away.taken == sent
    assert away.tried_in_vain < 150  # it was left alone, and looked for about once a minute
    assert alarms.active() == []
