"""Delivery under SIGKILL: dispatchers and whole gateways die while messages are put in and go out.

The client is a thread that puts messages into the gateway's outbox, as a register's change does, and holds
what it committed for acknowledged. The counterpart's own file says what arrived.
"""

# ruff: noqa: S311 - seeded on purpose
from __future__ import annotations

import contextlib
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random

from gateway.errors import StoreError
from tests.kit.chaos import Chaos, plan
from tests.kit.delivery import Delivery, code, delivering, gone, message, wait
from tests.kit.judge import Change, Fate, Journal, Judgement, judge, lines_of


@dataclass(frozen=True, slots=True)
class Result:
    """What a run showed."""

    judgement: Judgement
    kills: dict[str, int]
    seconds: float

    def __str__(self) -> str:
        killed = ", ".join(f"{count} of {target}" for target, count in sorted(self.kills.items()))
        return f"{self.judgement}; killed {killed}; {self.seconds:.0f} s"


def soak(
    folder: Path,
    *,
    seed: int,
    dispatchers: int,
    gateways: int,
    people: int = 40,
    say: Callable[[str], None] = lambda _text: None,
) -> Result:
    """One run: so many kills of each, then quiet, then the judge."""
    began = time.monotonic()
    with delivering(folder) as made, Journal(folder / "journal.jsonl") as journal:
        made.start_receiver()
        made.start_gateway()
        stop = threading.Event()
        client = threading.Thread(
            target=_client, args=(made, journal, Random(seed), people, stop), name="client", daemon=True
        )
        kills = plan(seed, {"dispatcher": dispatchers, "gateway": gateways}, shortest=0.05, longest=0.6)
        chaos = Chaos(
            kills,
            {"dispatcher": lambda: _dispatchers(made), "gateway": lambda: [made.processes["gateway"].pid]},
            {"gateway": lambda: _again(made)},
        )
        client.start()
        with chaos.raging():
            while not chaos.over:
                time.sleep(2.0)
                say(f"{sum(chaos.done.values())} of {len(kills)} kills, {made.undelivered()} wait")
        stop.set()
        client.join()
        made.await_delivery(120)
        time.sleep(0.5)  # what was sent twice may still arrive
        taken = [_named(change, people) for change in lines_of(made.national.data / "taken.jsonl")]
        judgement = judge(Journal.read(folder / "journal.jsonl"), {"counterpart": taken})
        return Result(judgement, dict(chaos.done), time.monotonic() - began)


def _client(made: Delivery, journal: Journal, random: Random, people: int, stop: threading.Event) -> None:
    numbers = dict.fromkeys(range(people), 0)
    while not stop.wait(random.uniform(0.0, 0.01)):
        key = random.randrange(people)
        change = Change(str(key), numbers[key])
        numbers[key] += 1
        journal.sending(change)
        try:
            with made.store.unit_of_work() as work:
                made.store.outbox.enqueue(work, message(key, change.number))
        except StoreError:
            journal.told(change, Fate.UNKNOWN)
        else:
            journal.told(change, Fate.ACKNOWLEDGED)


def _named(change: Change, people: int) -> Change:
    """The counterpart's own words as the journal has them."""
    keys = {code(key).digits: key for key in range(people)}
    return Change(str(keys[change.key]), change.number)


def _dispatchers(made: Delivery) -> list[int]:
    with contextlib.suppress(FileNotFoundError, ProcessLookupError, KeyError):
        return made.dispatchers()
    return []


def _again(made: Delivery) -> None:
    """A gateway that was killed is started by hand; what it left behind ends by itself first."""
    process: subprocess.Popen[bytes] = made.processes.pop("gateway")
    process.wait()
    wait(lambda: made.gateway.running_process() is None and gone(process.pid), 30)
    made.start_gateway()
