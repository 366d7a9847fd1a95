"""Puts delivery together: couriers over signed channels, and the dispatchers as processes of a system.

A dispatcher runs beside the workers of every system that calls somebody (``[outbox] processes``).
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

from lxml import etree

from clients._soap import Channel, Exchange
from clients.connect import connect
from gateway import telemetry
from gateway.capture import Captured, Captures
from gateway.clock import Clock
from gateway.companion import Companion, run_until_stopped
from gateway.contract import SERVICES, read_request
from gateway.domain.accesses import Access, Who
from gateway.domain.accesses import Effect as AccessEffect
from gateway.errors import CounterpartError, CounterpartFault, StateError
from gateway.evidence import Entry, signature_of
from gateway.flows.accesses import describe
from gateway.outbox import Attempt, Dispatcher, Policy, Route
from gateway.outbox.courier import DeliveryFailed
from gateway.outbox.decisions import code_of
from gateway.outbox.tallies import DeliveryTallies
from gateway.receipts import Effect, effect_of, receipt_of, require_taken
from gateway.refusals import Refused
from gateway.settings import Settings, clock_of
from gateway.state import StateFolder
from gateway.store import AccessLog, AddresseeEraser, Backlog, OutboxRow, SealedAccess, Store, end_process
from gateway.store.configured import open_store
from gateway.store.failures import unbroken
from gateway.trust import TrustStore
from gateway.trust.configured import trust_store

DRAIN_SECONDS = 25.0
"""For the calls under way when a system stops, as long as the front gives its requests."""
_SWEEP_SECONDS = 60.0


class ChannelCourier:
    """Delivers over the channels of the configured destinations; each is made when it is first needed."""

    def __init__(
        self, state: StateFolder, settings: Settings, trust: TrustStore, clock: Clock, accesses: AccessLog
    ) -> None:
        self._captures = Captures(state.data) if settings.development.capture else None
        self._state = state
        self._settings = settings
        self._trust = trust
        self._clock = clock
        self._accesses = accesses
        self._channels: dict[tuple[str, str], Channel] = {}
        self._lock = threading.Lock()

    def deliver(self, row: OutboxRow) -> Attempt:
        """As outbox.Courier.deliver."""
        seen: list[Exchange] = []
        effect: Effect | None = None
        try:
            channel = self._channel(row.destination, row.service)
            answer = channel.deliver(row.body, row.action, row.message_id, observe=seen.append)
            receipt = receipt_of(row, answer.content)
            effect = effect_of(row, receipt, self._clock.now())
            require_taken(receipt)
        except CounterpartError as error:
            return self._attempt(row, seen, error, effect)
        except etree.XMLSyntaxError:  # its text would quote the body
            return Attempt(error=DeliveryFailed("the body in the outbox is no XML"))
        return self._attempt(row, seen, None, effect)

    def _attempt(
        self,
        row: OutboxRow,
        seen: list[Exchange],
        error: CounterpartError | None,
        effect: Effect | None,
    ) -> Attempt:
        if not seen:
            return Attempt(error=error)
        (exchange,) = seen
        now = self._clock.now()
        evidence = exchange_evidence(row.destination, exchange, now, error)
        if self._captures is not None:
            capture(self._captures, None, row.destination, row.service, exchange, now)
        return Attempt(
            exchange.request,
            exchange.answer,
            exchange.answer_message_id,
            error,
            exchange.milliseconds,
            evidence,
            effect,
            self._told(row, error, now),
        )

    def _told(
        self, row: OutboxRow, error: CounterpartError | None, now: datetime
    ) -> tuple[SealedAccess, ...]:
        """For the access log: whose data the destination has read, as its verified answer shows."""
        if error is None:
            outcome = "delivered"
        elif isinstance(error, CounterpartFault) and error.standing == "bound":
            outcome = "refused"
        else:
            return ()
        service = SERVICES[row.service]
        operation = service.operation(row.operation)
        try:
            request = read_request(service, operation, etree.fromstring(row.body))
        except Refused:  # by a contract that has changed since it was put in
            access = Access(now, "out", Who(row.destination), row.operation, outcome, row.message_id)
            return (self._accesses.sealed(access),)
        found = describe(row.service, row.operation, request)
        access = Access(
            now,
            "out",
            Who.calling(row.destination, request.caller),
            row.operation,
            outcome,
            row.message_id,
            tuple(replace(one, effect=AccessEffect.TOLD) for one in found.people),
            found.with_number,
        )
        return (self._accesses.sealed(access),)

    def _channel(self, destination: str, service: str) -> Channel:
        with self._lock:
            channel = self._channels.get((destination, service))
            if channel is None:
                channel = self._channels[destination, service] = connect(
                    self._settings,
                    self._state.path,
                    destination=destination,
                    service=service,
                    trust=self._trust,
                    clock=self._clock,
                )
            return channel


def capture(
    captures: Captures,
    reference: str | None,
    destination: str,
    service: str,
    exchange: Exchange,
    now: datetime,
) -> None:
    """Keep an exchange for the demo's page; ``reference`` is of the message that it was made for, if any."""
    captured = Captured(
        reference=reference,
        destination=destination,
        service=service,
        operation=exchange.operation,
        message_id=exchange.message_id,
        request=exchange.request,
        answer=exchange.answer,
        answer_message_id=exchange.answer_message_id,
        signer=exchange.signer,
        verified=exchange.verified,
        milliseconds=exchange.milliseconds,
        outcome=exchange.outcome,
        at=now,
    )
    try:
        captures.keep(captured)
    except StateError:  # a picture that is missing never fails a message
        telemetry.warning("not-captured", destination=destination)


def exchange_evidence(
    destination: str, exchange: Exchange, now: datetime, error: CounterpartError | None = None
) -> tuple[Entry, ...]:
    """What travelled to a counterpart and back: an answer whole if it was verified, else its digest."""
    outcome = exchange.outcome if error is None else code_of(error)
    good = exchange.outcome == "answered"
    request = Entry.message(
        exchange.request,
        at=now - timedelta(milliseconds=exchange.milliseconds),
        direction="out",
        peer=destination,
        kind="request",
        outcome=outcome,
        operation=exchange.operation,
        message_id=exchange.message_id,
        signature=signature_of(exchange.request),
    )
    if exchange.answer is None:
        return (request,)
    answer = Entry.message(
        exchange.answer,
        at=now,
        direction="in",
        peer=destination,
        kind="answer" if good else "fault",
        outcome=outcome,
        operation=exchange.operation,
        message_id=exchange.answer_message_id,
        relates_to=exchange.message_id,
        signature=signature_of(exchange.answer) if exchange.verified else None,
    )
    if exchange.verified:
        return (request, answer)
    return (request, answer._replace(kind="refusal", body=None))


@dataclass(frozen=True, slots=True)
class OutboxSummary:
    """What ``status`` tells of delivery: by destination what waits, and seconds since the oldest came."""

    destinations: tuple[Backlog, ...]
    oldest_seconds: float | None

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "undelivered": sum(backlog.undelivered for backlog in self.destinations),
            "dead": sum(backlog.dead for backlog in self.destinations),
            "oldest_seconds": self.oldest_seconds,
            "destinations": [
                {
                    "id": backlog.destination,
                    "pending": backlog.pending,
                    "leased": backlog.leased,
                    "dead": backlog.dead,
                    "oldest": None if backlog.oldest is None else backlog.oldest.isoformat(),
                }
                for backlog in self.destinations
            ],
        }


def outbox_summary(store: Store) -> OutboxSummary:
    """What is not delivered yet, counted now; times are the database's clock."""
    backlog = store.outbox_desk.backlog()
    oldest = min((found.oldest for found in backlog if found.oldest is not None), default=None)
    now = store.outbox_desk.now()
    return OutboxSummary(backlog, None if oldest is None else max(0.0, (now - oldest).total_seconds()))


def policy_of(settings: Settings) -> Policy:
    """The settings' patience."""
    outbox = settings.outbox
    return Policy(
        retry_first=outbox.retry_seconds,
        retry_longest=outbox.longest_retry_seconds,
        breaker_failures=outbox.breaker_failures,
        breaker_first=outbox.breaker_seconds,
        breaker_longest=outbox.longest_breaker_seconds,
        duplicate_patience=float(outbox.duplicate_seconds),
    )


def routes_of(settings: Settings) -> tuple[Route, ...]:
    """One route to each destination."""
    return tuple(
        Route(
            destination.id,
            settings.outbox.per_destination,
            timedelta(seconds=destination.deadline_seconds + settings.outbox.lease_seconds),
        )
        for destination in settings.destinations
    )


def fatal(state: StateFolder) -> Callable[[str], None]:
    """What is done when the database fails for good: an alarm, and the end of this process."""

    def end(reason: str) -> None:
        telemetry.Alarms(state.run).renew("store-failed", "process")
        end_process(reason)

    return end


def dispatchers(
    state: StateFolder, settings: Settings, chain: int, tallies: DeliveryTallies
) -> tuple[Companion, ...]:
    """The dispatchers of a system, as the server runs them beside its workers; none where it calls nobody.

    ``chain`` is the evidence chain of this start, which all its processes share. In ``tallies`` they count.
    """

    def companion(number: int) -> Companion:
        def live(parent: int, ready: Callable[[], None]) -> None:
            dispatch(state, settings, number, chain=chain, tallies=tallies, parent=parent, ready=ready)

        return Companion(f"dispatcher {number}", live)

    return tuple(map(companion, range(settings.outbox.processes if settings.destinations else 0)))


def dispatch(
    state: StateFolder,
    settings: Settings,
    number: int,
    *,
    chain: int,
    tallies: DeliveryTallies,
    parent: int,
    ready: Callable[[], None],
) -> None:
    """One dispatcher's whole life, in its own process."""
    tallies.begin(number)
    clock = clock_of(settings, state.path)
    store = open_store(state.path, settings, clock=clock, on_fatal=fatal(state))
    store.evidence.use(chain)
    try:
        run_until_stopped(
            lambda: unbroken(lambda: make_dispatcher(state, settings, store, clock, number, tallies)),
            parent=parent,
            ready=ready,
            drain_seconds=DRAIN_SECONDS,
        )
    finally:
        store.close()


def make_dispatcher(
    state: StateFolder,
    settings: Settings,
    store: Store,
    clock: Clock,
    number: int,
    tallies: DeliveryTallies,
) -> Dispatcher:
    """The dispatcher of this number over an open store."""
    _warn_of_strangers(settings, store)
    return Dispatcher(
        outbox=store.outbox,
        unit_of_work=store.unit_of_work,
        courier=ChannelCourier(state, settings, trust_store(settings, state.path), clock, store.accesses),
        routes=routes_of(settings),
        policy=policy_of(settings),
        threads=settings.outbox.threads,
        owner=f"{store.node}/{number}",
        random=Random(os.urandom(16)),  # noqa: S311 - spreads waiting times
        alarms=telemetry.Alarms(state.run),
        keep=lambda work, entries, accesses: store.record(work.connection, entries, accesses),
        poll_seconds=settings.outbox.poll_seconds,
        periodic=_periodic(settings, store, clock, number),
        count=tallies.count,
    )


def _periodic(
    settings: Settings, store: Store, clock: Clock, number: int
) -> tuple[tuple[float, Callable[[], object]], ...]:
    """What is to be done from time to time; the first dispatcher of a CS erases addressees, too."""
    sweep = (_SWEEP_SECONDS, lambda: _sweep(store, settings))
    if number or settings.system.role != "municipal_cs":
        return (sweep,)
    return (
        sweep,
        (_SWEEP_SECONDS, lambda: _forget_numbers(store, settings, clock)),
        (settings.addressees.erase_seconds, AddresseeEraser(store, clock.now)),
    )


def _forget_numbers(store: Store, settings: Settings, clock: Clock) -> None:
    with store.unit_of_work() as work:
        store.addressees.forget_numbers(work, before=clock.now() - timedelta(days=settings.guard.change_days))


def _sweep(store: Store, settings: Settings) -> None:
    before = store.outbox_desk.now() - timedelta(days=settings.outbox.keep_days)
    while True:
        with store.unit_of_work() as work:
            if not store.outbox_desk.sweep(work, before=before):
                return


def _warn_of_strangers(settings: Settings, store: Store) -> None:
    """Messages for a destination that the settings no longer name stay where they are."""
    known = {destination.id for destination in settings.destinations}
    for backlog in store.outbox_desk.backlog():
        if backlog.destination not in known:
            telemetry.warning(
                "outbox-unknown-destination", destination=backlog.destination, count=backlog.undelivered
            )
