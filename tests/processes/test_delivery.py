"""Delivery with real processes: the gateway's dispatchers, a counterpart with its own guard, and SIGKILL."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.kill_points import AFTER_CLAIM, AFTER_SEND, AFTER_SETTLE, BEFORE_SETTLE, DURING_RECOVERY
from gateway.store import OutboxState
from tests.kit.databases import database_of, databases
from tests.kit.delivery import Delivery, delivering, gone, wait
from tests.kit.network import COMMAND


@pytest.fixture(scope="module", params=databases("delivery"))
def delivery(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Delivery]:
    folder = tmp_path_factory.mktemp("delivery") / "net"
    with database_of(request.param) as database, delivering(folder, database) as made:
        made.start_receiver()
        yield made


@pytest.fixture
def running(delivery: Delivery) -> Iterator[Delivery]:
    if "gateway" not in delivery.processes:
        delivery.start_gateway()
    yield delivery
    delivery.behave(kind="off")
    delivery.refuse({})


def command(delivery: Delivery, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, "outbox", *arguments, "--state", str(delivery.gateway.path), "--json"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_all_is_delivered_once_and_in_order(running: Delivery) -> None:
    for round_ in range(3):
        for key in range(1, 9):
            running.enqueue(key, 1 + (key + round_) % 3)
    running.await_delivery()
    assert running.taken() == running.expected()
    assert {line["outcome"] for line in running.lines("delivery")} == {"delivered"}
    (row, *_) = running.store.outbox_desk.rows(states=[OutboxState.DELIVERED], limit=1)
    assert row.answer_message_id is not None
    assert row.body == b""
    evidence = running.evidence(row.message_id)
    assert [(entry.direction, entry.kind, entry.outcome) for entry in evidence] == [
        ("out", "request", "answered"),
        ("in", "answer", "answered"),
    ]
    assert evidence[1].message_id == row.answer_message_id
    assert evidence[1].digest == running.answer_digest(row.id)


@pytest.mark.parametrize("point", [AFTER_CLAIM, AFTER_SEND, BEFORE_SETTLE, AFTER_SETTLE])
def test_killed_at_a_named_point(delivery: Delivery, tmp_path: Path, point: str) -> None:
    once = tmp_path / "killed"
    delivery.stop_gateway()
    delivery.start_gateway(f"{point}:3@{once}")
    try:
        for key in range(10, 14):
            delivery.enqueue(key, 4)
        wait(once.exists, 15)
        delivery.await_delivery()
        assert delivery.taken() == delivery.expected()
        (died,) = delivery.lines("worker-died")[-1:]
        assert died["status"] == -signal.SIGKILL
    finally:
        assert delivery.end("gateway") == 0


def test_killed_during_recovery(delivery: Delivery, tmp_path: Path) -> None:
    """Once after a claim, and then its successor while it takes back what was held."""
    once = tmp_path / "killed"
    delivery.stop_gateway()
    delivery.behave(kind="slow", seconds=1.0)
    delivery.start_gateway(f"{DURING_RECOVERY}:1@{once}")
    try:
        assert once.exists()
        delivery.enqueue(20, 2)
        delivery.enqueue(21, 2)
        wait(lambda: sum(backlog.leased for backlog in delivery.store.outbox_desk.backlog()) == 2)
        (dispatcher,) = delivery.dispatchers()
        once.unlink()
        os.kill(dispatcher, signal.SIGKILL)
        wait(once.exists, 15)
        delivery.behave(kind="off")
        delivery.await_delivery()
        assert delivery.taken() == delivery.expected()
        recovered = delivery.lines("outbox-recovered")
        assert recovered[-1]["count"] == 2
    finally:
        delivery.behave(kind="off")
        assert delivery.end("gateway") == 0


def test_killed_again_and_again_under_load(running: Delivery) -> None:
    killed: set[int] = set()
    while len(killed) < 5:
        for key in range(30, 36):
            running.enqueue(key, 3)
        wait(lambda: set(running.dispatchers()) - killed)
        time.sleep(0.05 * len(killed))
        for dispatcher in set(running.dispatchers()) - killed:
            os.kill(dispatcher, signal.SIGKILL)
            killed.add(dispatcher)
    running.await_delivery(60)
    assert running.taken() == running.expected()


def test_a_counterpart_that_is_down_and_comes_back(running: Delivery) -> None:
    wait(running.dispatchers)
    running.behave(kind="down")
    for key in range(40, 46):
        running.enqueue(key, 2)
    wait(lambda: "counterpart-unreachable" in running.alarms(), 15)
    assert running.undelivered() == 12
    running.behave(kind="off")
    running.await_delivery()
    wait(lambda: "counterpart-unreachable" not in running.alarms())
    assert running.taken() == running.expected()


@pytest.mark.parametrize("kind", ["unsigned", "bad-signature", "wrong-relates-to", "slow"])
def test_only_a_bound_answer_is_a_delivery(running: Delivery, kind: str) -> None:
    """The counterpart takes the message and its answer is no good: it goes out again, and is recognised."""
    running.behave(kind=kind, seconds=2.5)
    (message_id,) = running.enqueue(50)
    wait(lambda: [line for line in running.lines("delivery") if line["message_id"] == message_id], 15)
    assert running.undelivered() == 1
    running.behave(kind="off")
    running.await_delivery()
    assert running.taken() == running.expected()
    outcomes = [line["outcome"] for line in running.lines("delivery") if line["message_id"] == message_id]
    assert outcomes[0] == "retry"
    assert outcomes[-1] == "delivered"
    received = [entry for entry in running.evidence(message_id) if entry.direction == "in"]
    assert received[-1].kind == "answer"
    assert {entry.kind for entry in received[:-1]} <= {"refusal"}


def test_a_business_fault_is_a_dead_letter_that_an_operator_requeues(running: Delivery) -> None:
    running.refuse({0: "NotPermitted"})
    first, second = running.enqueue(60, 2)
    running.enqueue(61, 1)
    running.refuse({0: "NotPermitted"})
    wait(lambda: "dead-letters" in running.alarms(), 15)
    drained = command(running, "drain", "--timeout", "10")
    assert drained.returncode == 1, drained.stderr
    listed = json.loads(command(running, "list", "--dead").stdout)
    assert listed["dead"] == 2
    ids = [message["id"] for message in listed["messages"]]
    assert {message["code"] for message in listed["messages"]} == {"NotPermitted"}
    assert second not in {message["message_id"] for message in listed["messages"]}
    running.refuse({})
    assert command(running, "requeue", str(ids[0])).returncode == 0
    assert command(running, "requeue", "--all", "--code", "NotPermitted").returncode == 0
    assert command(running, "drain", "--timeout", "20").returncode == 0
    assert running.taken() == running.expected()
    shown = json.loads(command(running, "show", str(ids[0])).stdout)
    assert [old["message_id"] for old in shown["given_up"]] == [first]
    assert shown["message_id"] != first
    assert shown["state"] == "delivered"
    wait(lambda: "dead-letters" not in running.alarms(), 15)


def test_it_ends_with_its_parent_however_that_ends(running: Delivery) -> None:
    (dispatcher,) = running.dispatchers()
    running.end("gateway", signal.SIGKILL)
    wait(lambda: gone(dispatcher), 5)
    # The folder is free again once nobody holds it.
    wait(lambda: running.gateway.running_process() is None, 10)


def test_sigterm_lets_the_call_under_way_end(running: Delivery) -> None:
    running.behave(kind="slow", seconds=1.0)
    before = len(running.lines("delivery"))
    running.enqueue(70)
    wait(lambda: sum(backlog.leased for backlog in running.store.outbox_desk.backlog()) == 1)
    assert running.end("gateway") == 0
    assert running.undelivered() == 0
    assert len(running.lines("delivery")) == before + 1


def test_two_dispatchers_on_one_database(tmp_path: Path) -> None:
    with delivering(tmp_path / "net", processes=2, threads=4, per_destination=4) as made:
        made.start_receiver()
        made.start_gateway()
        assert len(made.dispatchers()) == 2
        for _ in range(5):
            for key in range(1, 11):
                made.enqueue(key, 2)
            time.sleep(0.1)
        os.kill(made.dispatchers()[0], signal.SIGKILL)
        made.await_delivery()
        assert made.taken() == made.expected()
        workers = {line["process"] for line in made.lines("delivery")}
        assert len(workers) >= 2
        assert made.end("gateway") == 0
