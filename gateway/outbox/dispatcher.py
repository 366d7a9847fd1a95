"""The dispatcher: one clerk who writes, and threads that call.

The clerk alone touches the database: in one transaction it writes down what became of finished calls and
claims what is due as far as threads are free, so a commit is shared by all that finished meanwhile, and no
call is made inside it. A thread has one lease at a time and tells the clerk how its call ended.

A dispatcher that is killed leaves leases; its successor of the same name takes them back at once, any other
when they end. A message may then go out twice, under the same MessageID: the other end recognises it.
"""

from __future__ import annotations

import queue
import secrets
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Final

from gateway import telemetry
from gateway.errors import StoreError
from gateway.evidence import Entry
from gateway.kill_points import AFTER_CLAIM, AFTER_SEND, AFTER_SETTLE, BEFORE_SETTLE, DURING_RECOVERY, reach
from gateway.outbox.breaker import Breaker
from gateway.outbox.courier import Attempt, Courier, DeliveryFailed
from gateway.outbox.decisions import Decision, decide
from gateway.outbox.policy import Policy
from gateway.store import Delivered, GiveUp, Lease, Outbox, SealedAccess, UnitOfWork, Wanted

UNREACHABLE: Final = "counterpart-unreachable"
DEAD_LETTERS: Final = "dead-letters"
DISPUTED: Final = "message-id-disputed"

LEASE_LOST: Final = "lease-lost"
ATTEMPT_OUTCOMES: Final = ("delivered", "retry", "giveup", LEASE_LOST)
"""What may become of an attempt, in the log line and the counts of deliveries."""

_LOOK_SECONDS: Final = 5.0  # between two looks for dead letters that an operator saw to
_STORE_PAUSE: Final = 0.5  # s, after the database said no

Keep = Callable[[UnitOfWork, Sequence[Entry], Sequence[SealedAccess]], object]
"""Appends to evidence and access log, in the transaction that writes down what became of an attempt."""


@dataclass(frozen=True, slots=True)
class Route:
    """A destination: how many calls to it at once, and a lease that outlasts a whole call."""

    destination: str
    most: int
    lease: timedelta


@dataclass(frozen=True, slots=True)
class _Finished:
    lease: Lease
    attempt: Attempt
    decision: Decision


class Dispatcher:
    """Delivers what is in the outbox for its routes, until it is told to stop.

    ``owner`` names it among all dispatchers of the database; never may two of one name run. ``keep`` takes
    the evidence and accesses of each attempt, whatever came of it. ``random`` spreads waiting times.
    ``periodic`` are seconds and what to do as often, by the clerk between two transactions. ``count`` is told
    destination and outcome of each attempt, as its log line has them.
    """

    def __init__(
        self,
        *,
        outbox: Outbox,
        unit_of_work: Callable[[], AbstractContextManager[UnitOfWork]],
        courier: Courier,
        routes: Sequence[Route],
        policy: Policy,
        threads: int,
        owner: str,
        random: Random,
        alarms: telemetry.Alarms,
        keep: Keep,
        poll_seconds: float = 0.1,
        periodic: Sequence[tuple[float, Callable[[], object]]] = (),
        count: Callable[[str, str], None] = lambda _destination, _outcome: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._outbox = outbox
        self._unit_of_work = unit_of_work
        self._courier = courier
        self._routes = {route.destination: route for route in routes}
        self._policy = policy
        self._threads = threads
        self._owner = owner
        self._random = random
        self._alarms = alarms
        self._keep = keep
        self._poll_seconds = poll_seconds
        self._count = count
        self._clock = clock
        self._breakers = {destination: Breaker() for destination in self._routes}
        self._under_way = dict.fromkeys(self._routes, 0)
        self._busy: set[int] = set()  # lines whose call is under way, or ended and is not written down
        self._jobs: queue.SimpleQueue[Lease | None] = queue.SimpleQueue()
        self._ended: queue.SimpleQueue[tuple[Lease, Attempt]] = queue.SimpleQueue()
        self._unwritten: list[_Finished] = []
        self._answered: set[str] = set()  # destinations whose alarm cannot stand
        looks = ((_LOOK_SECONDS, self._look), *periodic)
        self._periodic = [(seconds, call, self._clock()) for seconds, call in looks]

    def run(self, stopping: Callable[[], bool], *, drain_seconds: float) -> None:
        """Deliver until ``stopping``; then let the calls under way end, for so many seconds at most."""
        self._recover()
        for number in range(self._threads):
            threading.Thread(target=self._call, name=f"courier-{number}", daemon=True).start()
        try:
            while not stopping():
                self._turn(self._collect(self._poll_seconds))
            limit = self._clock() + drain_seconds
            while (sum(self._under_way.values()) or self._unwritten) and self._clock() < limit:
                self._write(self._collect(0.1), {})
        finally:
            for _ in range(self._threads):
                self._jobs.put(None)

    # The threads.

    def _call(self) -> None:
        while (lease := self._jobs.get()) is not None:
            try:
                attempt = self._courier.deliver(lease.row)
            except StoreError as error:  # it goes out again, and is recognised there
                telemetry.warning("outbox-unread", error=str(error))
                attempt = Attempt(error=DeliveryFailed(type(error).__name__))
            except Exception as error:  # noqa: BLE001 - one message must not end the thread
                telemetry.bug(secrets.token_hex(10), error)
                attempt = Attempt(error=DeliveryFailed(type(error).__name__))
            reach(AFTER_SEND)
            self._ended.put((lease, attempt))

    # The clerk.

    def _recover(self) -> None:
        with self._unit_of_work() as work:
            lines = self._outbox.recover(work, self._owner)
            reach(DURING_RECOVERY)
        if lines:
            telemetry.warning("outbox-recovered", count=lines, what=self._owner)

    def _collect(self, seconds: float) -> list[_Finished]:
        """The calls that ended, at least one unless none does within so many seconds."""
        found = []
        try:
            found.append(self._ended.get(timeout=seconds))
            while True:
                found.append(self._ended.get_nowait())
        except queue.Empty:
            pass
        return [self._judge(lease, attempt) for lease, attempt in found]

    def _judge(self, lease: Lease, attempt: Attempt) -> _Finished:
        destination = lease.row.destination
        self._under_way[destination] -= 1
        decision = decide(lease.row, attempt, lease.claimed_at, self._policy, self._random)
        before = self._breakers[destination]
        after = before
        if decision.reached is True:
            after = before.succeeded()
        elif decision.reached is False:
            after = before.failed(self._clock(), self._policy, self._random)
        self._breakers[destination] = after
        if after.is_open:
            self._answered.discard(destination)
            if not before.is_open:
                self._alarms.begin(UNREACHABLE, destination)
        return _Finished(lease, attempt, decision)

    def _turn(self, finished: list[_Finished]) -> None:
        self._tend()
        wanted = self._wanted()
        try:
            if (
                not finished
                and not self._unwritten
                and not (wanted and self._outbox.due(wanted, busy=self._busy))
            ):
                return
        except StoreError as error:
            telemetry.warning("outbox-unreadable", error=str(error))
            time.sleep(_STORE_PAUSE)
            return
        for lease in self._write(finished, wanted):
            self._under_way[lease.row.destination] += 1
            self._busy.add(lease.line)
            self._jobs.put(lease)

    def _wanted(self) -> dict[str, Wanted]:
        """What may be claimed now: no more than free threads, a destination's bound, and its breaker."""
        free = self._threads - sum(self._under_way.values())
        wanted = {}
        # A destination that was served last comes last, so that one with much to do leaves room for others.
        for destination in sorted(self._routes, key=lambda name: self._under_way[name]):
            route, busy = self._routes[destination], self._under_way[destination]
            room = self._breakers[destination].room(self._clock(), under_way=busy, most=route.most)
            if (room := min(room, free)) > 0:
                wanted[destination] = Wanted(room, route.lease)
        return wanted

    def _write(self, finished: list[_Finished], wanted: dict[str, Wanted]) -> list[Lease]:
        """One transaction: what became of calls, and new claims, which are returned once it is committed."""
        written, self._unwritten = [*self._unwritten, *finished], []
        if not written and not wanted:
            return []
        free = self._threads - sum(self._under_way.values())
        lines = {item.lease.line for item in written}
        self._busy -= lines
        try:
            with self._unit_of_work() as work:
                held = [self._settle(work, item) for item in written]
                self._wake(work, written)
                leases = self._claim(work, wanted, free)
                if written:
                    reach(BEFORE_SETTLE)
        except StoreError as error:
            telemetry.warning("outbox-unwritten", error=str(error), count=len(written))
            self._unwritten = written  # the same decisions again: nothing of them is in the database
            self._busy |= lines
            time.sleep(_STORE_PAUSE)
            return []
        except Exception as error:
            if not written:
                raise
            telemetry.bug(secrets.token_hex(10), error)
            self._write_apart(written)
            return []
        if written:
            reach(AFTER_SETTLE)
        if leases:
            reach(AFTER_CLAIM)
        for item, still_held in zip(written, held, strict=True):
            self._tell(item, still_held)
        return leases

    def _claim(self, work: UnitOfWork, wanted: dict[str, Wanted], free: int) -> list[Lease]:
        leases: list[Lease] = []
        for destination, want in wanted.items():
            most = min(want.most, free - len(leases))
            if most > 0:
                leases += self._outbox.claim(
                    work, {destination: Wanted(most, want.lease)}, self._owner, busy=self._busy
                )
        return leases

    def _settle(self, work: UnitOfWork, item: _Finished) -> bool:
        held = self._outbox.settle(work, item.lease, item.decision.settlement)
        self._keep(work, item.attempt.evidence, item.attempt.accesses)
        if held and item.attempt.effect is not None:
            item.attempt.effect(work)
        return held

    def _wake(self, work: UnitOfWork, written: list[_Finished]) -> None:
        """The first answer of a destination, ever or after it was unreachable: nobody need wait longer."""
        reached = {item.lease.row.destination for item in written if item.decision.reached}
        for destination in reached - self._answered:
            self._outbox.wake(work, destination)

    def _write_apart(self, written: list[_Finished]) -> None:
        """One that cannot be written must not keep the others from it: its lease ends, it goes out again."""
        for item in written:
            try:
                with self._unit_of_work() as work:
                    held = self._settle(work, item)
            except Exception as error:  # noqa: BLE001 - whatever it is, the others go on
                telemetry.bug(secrets.token_hex(10), error)
            else:
                self._tell(item, held)

    def _tell(self, item: _Finished, held: bool) -> None:
        """Log lines and alarms of what is committed."""
        row, settlement = item.lease.row, item.decision.settlement
        if item.decision.reached and row.destination not in self._answered:
            self._answered.add(row.destination)
            self._alarms.end(UNREACHABLE, row.destination)
        if held and isinstance(settlement, GiveUp):
            self._alarms.begin(DEAD_LETTERS, row.destination)
            if not settlement.business:
                self._alarms.begin(DISPUTED, row.destination)
        outcome = LEASE_LOST if not held else type(settlement).__name__.lower()
        self._count(row.destination, outcome)
        telemetry.event(
            "delivery",
            destination=row.destination,
            operation=row.operation,
            message_id=row.message_id,
            attempt=row.attempts,
            outcome=outcome,
            code=None if isinstance(settlement, Delivered) else settlement.code,
            total_ms=item.attempt.milliseconds,
        )

    def _tend(self) -> None:
        """What is to be done from time to time; a database that says no is asked again the next time."""
        now = self._clock()
        for number, (seconds, call, due) in enumerate(self._periodic):
            if now >= due:
                self._periodic[number] = (seconds, call, now + seconds)
                try:
                    call()
                except StoreError as error:
                    telemetry.warning("outbox-untended", error=str(error))

    def _look(self) -> None:
        """The alarm for dead letters begins and ends with them, whoever saw to them."""
        blocked = self._outbox.blocked()
        for destination in self._routes:
            if destination in blocked:
                self._alarms.begin(DEAD_LETTERS, destination)
            else:
                self._alarms.end(DEAD_LETTERS, destination)
                self._alarms.end(DISPUTED, destination)
