"""What is done with every question asked of a counterpart: a log line, evidence, on a demo files of it."""

from __future__ import annotations

from collections.abc import Callable

from clients._soap import Exchange
from gateway import telemetry
from gateway.capture import Captures
from gateway.delivery import capture, exchange_evidence
from gateway.running import Parts


def watch(parts: Parts, destination: str, service: str) -> Callable[[Exchange], None]:
    """What is done with every exchange of a channel: a log line, evidence, on a demo network files of it."""
    captures = Captures(parts.state.data) if parts.settings.development.capture else None

    def observe(exchange: Exchange) -> None:
        _asked(destination, exchange)
        now = parts.clock.now()
        parts.store.keep(exchange_evidence(destination, exchange, now))
        if captures is not None:
            capture(captures, telemetry.current_reference(), destination, service, exchange, now)

    return observe


def _asked(destination: str, exchange: Exchange) -> None:
    """One line for each question that was asked on behalf of a message."""
    telemetry.event(
        "asked",
        destination=destination,
        operation=exchange.operation,
        message_id=exchange.message_id,
        outcome=exchange.outcome,
        signer=exchange.signer,
        total_ms=exchange.milliseconds,
        bytes_out=len(exchange.request),
        bytes_in=len(exchange.answer or b""),
    )
