"""Changes under SIGKILL: gateway, dispatcher and counterparts die while a resident record system reports.

The client notes in its own journal what it sends and what it is told; a report without an answer is sent
again under its MessageID until it is answered. Connections between all of them are cut. What the
counterparts hold is read from their own databases, what the gateway holds is asked of it as anybody asks.
Nothing else is believed.
"""

# ruff: noqa: S311 - seeded on purpose
from __future__ import annotations

import contextlib
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Final

from clients.resident_record_system import ResidentRecordSystem
from gateway.domain.change import Change as Reported
from gateway.domain.change_report import ChangeQuestion, ChangeReport, Delivery
from gateway.domain.identifiers import ResidentRecordCode
from gateway.errors import CounterpartError, CounterpartFault
from gateway.wss.sign import new_message_id
from tests.kit.changes import clerk, entry, move
from tests.kit.chaos import Chaos, Kill, plan
from tests.kit.cuts import Cuts, cutting
from tests.kit.cutting import relays
from tests.kit.judge import Change, Fate, Journal, Judgement, Sent, judge
from tests.kit.postgres import Postgres
from tests.kit.registry import GATEWAY, NATION, PREFECTURE, registry, taken, undelivered
from tests.kit.town import SERVED, Town, town, until

KINDS: Final[Mapping[str, str]] = {
    "gateway": "gateway",
    "gateway-worker": "gateway",
    "dispatcher": "dispatcher",
    "prefecture": "counterpart",
    "prefecture-worker": "counterpart",
    "prefecture-dispatcher": "counterpart",
    "nation": "counterpart",
    "nation-worker": "counterpart",
    "node": "gateway",
    "node-worker": "gateway",
    "node-dispatcher": "dispatcher",
}
"""Whom a kill of each target counts for. Without an ending it is every process of a system at once."""

_LARGEST_BATCH: Final = 12


@dataclass(frozen=True, slots=True)
class Result:
    """What a run showed."""

    judgement: Judgement
    kills: Counter[str]
    cuts: int
    changes: int
    seconds: float
    backends: int = 0

    def __str__(self) -> str:
        killed = ", ".join(f"{count} of {target}" for target, count in sorted(self.kills.items()))
        done = f"killed {killed}; {self.cuts} connections cut"
        if self.backends:
            done += f", {self.backends} to the database"
        return f"{self.changes} changes; {self.judgement}; {done}; {self.seconds:.0f} s"

    def kinds(self) -> Counter[str]:
        """Kills by what they count for."""
        found: Counter[str] = Counter()
        for target, count in self.kills.items():
            found[KINDS[target]] += count
        return found


@dataclass(slots=True)
class Turning:
    """One client for each address of the list; whoever had no answer from one asks the next."""

    clients: list[ResidentRecordSystem]

    @property
    def now(self) -> ResidentRecordSystem:
        """The one to ask."""
        return self.clients[0]

    def turn(self) -> None:
        """Go on with the next."""
        self.clients.append(self.clients.pop(0))


@dataclass
class Client:
    """One thread of a resident record system, with people of its own."""

    folder: Path
    journal: Journal
    random: Random
    people: list[int]
    addresses: tuple[str | None, ...] = (None,)
    numbers: Counter[int] = field(default_factory=Counter)
    odd: list[str] = field(default_factory=list)

    def run(self, stop: threading.Event, pause: threading.Event) -> None:
        """Report until told to stop; the last report is brought to its answer."""
        try:
            with contextlib.ExitStack() as stack:
                made = [stack.enter_context(registry(self.folder, at=address)) for address in self.addresses]
                self.random.shuffle(made)
                client = Turning(made)
                while not stop.wait(self.random.uniform(0.0, 0.05)):
                    if not pause.is_set():
                        self._report(client, [self._next() for _ in range(self._size())])
        except BaseException as error:
            self.odd.append(f"the client ended: {type(error).__name__}: {error}")
            raise

    def _size(self) -> int:
        return 1 if self.random.random() < 0.5 else self.random.randint(2, _LARGEST_BATCH)

    def _next(self) -> Reported:
        person = self.random.choice(self.people)
        self.numbers[person] += 1
        number = self.numbers[person]
        address = f"東京都千代田区{self.random.randint(1, 9999)}番{number}号"
        return entry(person, address=address) if number == 1 else move(person, number, address)

    def _report(self, client: Turning, changes: list[Reported]) -> None:
        noted = [Change(one.code.digits, one.number, one.record.address.inline) for one in changes]
        message_id, report = new_message_id(), ChangeReport(clerk(), tuple(changes))
        while True:
            for one in noted:
                self.journal.sending(one)
            try:
                receipt = client.now.report_changes(report, message_id=message_id)
            except CounterpartError as error:
                for one in noted:
                    self.journal.told(one, Fate.UNKNOWN)
                # While its connections to the database are cut, a node may say that it is to be sent again.
                again = len(self.addresses) > 1 and getattr(error, "code", "") == "Busy"
                if isinstance(error, CounterpartFault) and error.standing == "bound" and not again:
                    self.odd.append(error.code)
                time.sleep(self.random.uniform(0.02, 0.2))
                client.turn()
                continue
            for one, outcome in zip(noted, receipt.outcomes, strict=True):
                good = outcome.result.is_on_record
                self.journal.told(one, Fate.ACKNOWLEDGED if good else Fate.REFUSED)
                if not good:
                    self.odd.append(outcome.result.value)
            return


def soak(
    folder: Path,
    *,
    seed: int,
    kills: Mapping[str, int],
    changes: int,
    clients: int = 3,
    people: int = 30,
    shortest: float = 0.3,
    longest: float = 3.0,
    most_waiting: int = 1_500,
    workers: int = 2,
    share_cut: float = 0.2,
    postgres: Postgres | None = None,
    say: Callable[[str], None] = lambda _text: None,
) -> Result:
    """One run: so many kills of each target and at least so many changes, then quiet, then the judge.

    With more than ``most_waiting`` undelivered messages the clients wait for the dispatchers. Each server has
    so many ``workers``: one that dies again and again is started again after a while only. ``share_cut`` of
    the connections between any two of them is cut. On ``postgres`` the gateway has two nodes, which are
    called directly, and their connections to the database are cut.
    """
    began = time.monotonic()
    database = None if postgres is None else postgres.create()
    nodes = 1 if postgres is None else 2
    relayed = [name for name in SERVED if postgres is None or name != GATEWAY]
    with (
        town(folder, started=False, workers=workers, database=database, nodes=nodes) as made,
        relays({name: made.made.ports[name] for name in relayed}, seed, share=share_cut) as before,
        Journal(folder / "journal.jsonl") as journal,
    ):
        made.through({name: relay.port for name, relay in before.items()})
        for system in made.served:
            made.start(system)
        addresses = tuple(node.address for node in made.made.nodes) or (None,)
        chaos = _chaos(made, plan(seed, kills, shortest=shortest, longest=longest))
        stop, pause = threading.Event(), threading.Event()
        reporters = [
            Client(folder, journal, Random(f"{seed}/{number}"), _people(number, people), addresses)
            for number in range(clients)
        ]
        threads = [
            threading.Thread(target=one.run, args=(stop, pause), name=f"client-{number}", daemon=True)
            for number, one in enumerate(reporters)
        ]

        def look() -> int:
            waiting = undelivered(folder, GATEWAY, PREFECTURE)
            (pause.set if waiting > most_waiting else pause.clear)()
            say(f"{chaos.done.total()} kills, {_reported(reporters)} changes, {waiting} wait")
            return waiting

        for thread in threads:
            thread.start()
        backends = Cuts()
        with contextlib.ExitStack() as storm:
            if postgres is not None and database is not None:
                backends = storm.enter_context(cutting(postgres, database, Random(f"{seed}/cuts")))
            storm.enter_context(chaos.raging())
            while not chaos.over:
                time.sleep(1.0)
                look()
        while _reported(reporters) < changes and any(thread.is_alive() for thread in threads):
            time.sleep(1.0)
            look()
        stop.set()
        for thread in threads:
            thread.join()
        for relay in before.values():
            relay.quiet = True
        until(lambda: not look(), 1_800)
        time.sleep(0.5)  # what was sent twice may still arrive
        judgement = _judged(folder)
        for client in reporters:
            judgement.findings += [f"odd: {what}" for what in client.odd]
        cuts = sum(relay.cut for relay in before.values())
        seconds = time.monotonic() - began
        return Result(judgement, chaos.done, cuts, _reported(reporters), seconds, backends.done)


def _people(client: int, count: int) -> list[int]:
    return [9_000_000 + client * count + number for number in range(count)]


def _reported(clients: list[Client]) -> int:
    return sum(client.numbers.total() for client in clients)


def _judged(folder: Path) -> Judgement:
    """Prefecture and nation by their own databases, the gateway by what it answers about each person."""
    sent = Journal.read(folder / "journal.jsonl")
    stores = {
        system: [Change(key, number, address) for key, number, address in taken(folder, system)]
        for system in (PREFECTURE, NATION)
    }
    judgement = judge(sent, stores)
    judgement.findings += _asked(folder, sent)
    return judgement


def _asked(folder: Path, sent: list[Sent]) -> list[str]:
    """The gateway's own word on each person: the last change that it has, and that it was delivered."""
    last: dict[str, int] = {}
    for one in sent:
        if one.fate is Fate.ACKNOWLEDGED:
            last[one.change.key] = max(one.change.number, last.get(one.change.key, 0))
    findings = []
    with registry(folder) as client:
        for key, number in last.items():
            status = client.query_change(ChangeQuestion(clerk(), ResidentRecordCode(key)))
            delivery = None if status.track is None else status.track.delivery
            if (status.last, delivery) != (number, Delivery.DELIVERED):
                findings.append(f"the gateway's word: {key} is at {status.last} of {number}, {delivery}")
    return findings


def _chaos(made: Town, kills: list[Kill]) -> Chaos:
    """How each target is found, and what is to be done after its end."""
    systems = dict(zip(("nation", "prefecture", "cards", "gateway", "node"), made.served, strict=False))
    left: dict[str, list[int]] = {}

    def whole(name: str) -> Callable[[], list[int]]:
        def find() -> list[int]:
            system = systems[name]
            left[name] = [*made.workers(system), *made.dispatchers(system)]
            return made.main(system)

        return find

    def again(name: str) -> Callable[[], None]:
        def restore() -> None:
            made.finish(systems[name], left[name])
            made.start(systems[name], seconds=300)

        return restore

    return Chaos(
        kills,
        {
            **{name: whole(name) for name in systems},
            **{f"{name}-worker": _finder(made.workers, system) for name, system in systems.items()},
            "dispatcher": _finder(made.dispatchers, GATEWAY),
            "prefecture-dispatcher": _finder(made.dispatchers, PREFECTURE),
            "node-dispatcher": _finder(made.dispatchers, systems.get("node", GATEWAY)),
        },
        {name: again(name) for name in systems},
    )


def _finder(find: Callable[[str], list[int]], system: str) -> Callable[[], list[int]]:
    return lambda: find(system)
