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

from clients._connect import connect
from clients._soap import Channel, Exchange
from gateway import telemetry
from gateway.clock import Clock, SystemClock
from gateway.errors import CounterpartError
from gateway.evidence import Entry, signature_of
from gateway.outbox import Attempt, Dispatcher, Policy, Route, dispatch_until_stopped
from gateway.outbox.courier import DeliveryFailed
from gateway.outbox.decisions import code_of
from gateway.settings import Settings
from gateway.state import StateFolder
from gateway.store import Backlog, OutboxRow, Store
from gateway.trust import TrustStore
from gateway.trust.configured import trust_store

DRAIN_SECONDS = 25.0
"""For the calls under way when a system stops, as long as the front gives its requests."""
_SWEEP_SECONDS = 60.0


class ChannelCourier:
    """Delivers over the channels of the configured destinations; each is made when it is first needed."""

    def __init__(self, state: StateFolder, settings: Settings, trust: TrustStore, clock: Clock) -> None:
        self._state = state
        self._settings = settings
        self._trust = trust
        self._clock = clock
        self._channels: dict[tuple[str, str], Channel] = {}
        self._lock = threading.Lock()

    def deliver(self, row: OutboxRow) -> Attempt:
        """As outbox.Courier.deliver."""
        seen: list[Exchange] = []
        try:
            channel = self._channel(row.destination, row.service)
            channel.deliver(row.body, row.action, row.message_id, observe=seen.append)
        except CounterpartError as error:
            return self._attempt(row, seen, error)
        except etree.XMLSyntaxError:  # its text would quote the body
            return Attempt(error=DeliveryFailed("the body in the outbox is no XML"))
        return self._attempt(row, seen, None)

    def _attempt(self, row: OutboxRow, seen: list[Exchange], error: CounterpartError | None) -> Attempt:
        if not seen:
            return Attempt(error=error)
        (exchange,) = seen
        evidence = exchange_evidence(row.destination, exchange, self._clock.now(), error)
        return Attempt(
            exchange.request,
            exchange.answer,
            exchange.answer_message_id,
            error,
            exchange.milliseconds,
            evidence,
        )

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
    return (request, replace(answer, kind="refusal", body=None))


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


def companions(
    state: StateFolder, settings: Settings
) -> tuple[Callable[[int, Callable[[], None]], None], ...]:
    """The dispatchers of a system, as the server runs them beside its workers."""
    if not settings.destinations:
        return ()

    def companion(number: int) -> Callable[[int, Callable[[], None]], None]:
        return lambda parent, ready: dispatch(state, settings, number, parent=parent, ready=ready)

    return tuple(companion(number) for number in range(settings.outbox.processes))


def dispatch(
    state: StateFolder, settings: Settings, number: int, *, parent: int, ready: Callable[[], None]
) -> None:
    """One dispatcher's whole life, in its own process."""
    clock = SystemClock(timedelta(seconds=settings.clock.offset_seconds))
    store = Store.open(state.path, clock=clock)
    try:
        dispatch_until_stopped(
            lambda: make_dispatcher(state, settings, store, clock, number),
            parent=parent,
            ready=ready,
            drain_seconds=DRAIN_SECONDS,
        )
    finally:
        store.close()


def make_dispatcher(
    state: StateFolder, settings: Settings, store: Store, clock: Clock, number: int
) -> Dispatcher:
    """The dispatcher of this number over an open store."""
    _warn_of_strangers(settings, store)
    return Dispatcher(
        outbox=store.outbox,
        unit_of_work=store.unit_of_work,
        courier=ChannelCourier(state, settings, trust_store(settings, state.path), clock),
        routes=routes_of(settings),
        policy=policy_of(settings),
        threads=settings.outbox.threads,
        owner=f"{store.node}/{number}",
        random=Random(os.urandom(16)),  # noqa: S311 - spreads waiting times
        alarms=telemetry.Alarms(state.run),
        keep=lambda work, entries: store.evidence.append(work.connection, entries),
        poll_seconds=settings.outbox.poll_seconds,
        periodic=((_SWEEP_SECONDS, lambda: _sweep(store, settings)),),
    )


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
