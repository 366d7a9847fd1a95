"""Counts of messages over threads and processes, and what an answer on the monitoring port is made of."""

from __future__ import annotations

import os
import threading
import time

from gateway.contract import SERVICES
from gateway.refusals import RULES
from gateway.telemetry.tally import Tally
from gateway.transport.tallies import BUCKETS, OUTCOMES, Tallies

ACTION = SERVICES["terminal"].operation("VerifyIdentity").action


def child(tallies: Tallies, number: int, count: int) -> None:
    """A worker process that counts and ends."""
    process = os.fork()
    if process == 0:
        tallies.begin(number)
        for _ in range(count):
            tallies.message(ACTION, "answered", 0.004)
        tallies.beat(3)
        os._exit(0)
    assert os.waitpid(process, 0)[1] == 0


def test_threads_and_processes_count_together() -> None:
    tally = Tally(2, processes=2, threads=4)
    threads = [threading.Thread(target=lambda: [tally.add(1) for _ in range(20_000)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert tally.sums() == [0, 80_000]


def test_a_process_in_the_place_of_another_goes_on_counting() -> None:
    tallies = Tallies(2, 4)
    child(tallies, 0, 3)
    child(tallies, 1, 4)
    child(tallies, 1, 5)
    (one,), _, _ = tallies.read()
    assert (one.service, one.operation) == ("terminal", "VerifyIdentity")
    assert one.outcomes == {**dict.fromkeys(OUTCOMES, 0), "answered": 12}
    assert one.buckets[BUCKETS.index(0.005)] == sum(one.buckets) == 12
    assert round(one.seconds, 3) == 0.048
    assert tallies.serving() == (2, 6)


def test_a_refusal_is_counted_by_its_rule_and_what_has_no_operation_apart() -> None:
    tallies = Tallies()
    tallies.message("", "refused", 0.001, "digest")
    tallies.message(ACTION, "refused", 99.0, "purpose")
    operations, rules, turned = tallies.read()
    assert [one.operation for one in operations] == ["", "VerifyIdentity"]
    assert operations[0].buckets[0] == 1  # the upper end belongs to a class
    assert operations[1].buckets[-1] == 1
    assert {name for name, count in rules.items() if count} == {"digest", "purpose"}
    assert set(rules) == set(RULES)
    assert not any(turned.values())


def test_what_is_turned_away_is_counted_by_reason_and_nothing_else() -> None:
    tallies = Tallies()
    for event in ("queue-full", "queue-full", "tls-reloaded"):
        tallies.turned_away(event)
    assert {name: count for name, count in tallies.read()[2].items() if count} == {"queue-full": 2}


def test_a_worker_that_does_not_come_by_serves_no_longer() -> None:
    tallies = Tallies(2, 1)
    assert tallies.serving() == (0, 0)
    tallies.beat(1)
    assert tallies.serving() == (1, 1)
    tallies._pulse.cells[0] = time.monotonic() - 6
    assert tallies.serving() == (0, 0)


def test_a_count_costs_about_a_microsecond() -> None:
    tallies = Tallies()
    best = float("inf")
    for _ in range(20):
        begun = time.perf_counter()
        for _ in range(1000):
            tallies.message(ACTION, "answered", 0.004)
        best = min(best, (time.perf_counter() - begun) / 1000)
    assert best < 5e-6  # 0.5 µs on a machine of 2026; a system call would be seen
