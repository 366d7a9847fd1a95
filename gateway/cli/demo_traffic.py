"""What the demo heard on the wire: whole calls with their bytes, from our own clients and from the gateways.

A flow gives a ``Recorder`` to each client as its ``observe``, asks ``asked_onward`` for what a gateway asked
because of a message, and hands the calls to its steps.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from clients._soap import Exchange
from gateway.capture import Captured, Captures
from gateway.cli.exits import Unreachable
from gateway.clock import Clock, SystemClock

TIMING = "_ms"
_PARTS = ("verify", "guard", "flow", "sign", "commit", "total")


@dataclass(frozen=True, slots=True)
class Call:
    """One call: who asked whom over which service, the bytes both ways, and how long it took.

    ``ended`` is the caller's clock when the answer was there. ``signer`` and ``verified`` are about the
    answer; ``outcome`` is ``answered`` or the name of the error.
    """

    caller: str
    callee: str
    service: str
    operation: str
    message_id: str
    request: bytes
    answer: bytes | None
    answer_message_id: str | None
    signer: str | None
    verified: bool
    milliseconds: float
    outcome: str
    ended: datetime

    @property
    def begun(self) -> datetime:
        """When the request was sent."""
        return self.ended - timedelta(milliseconds=self.milliseconds)


@dataclass(frozen=True, slots=True)
class Shown:
    """One direction of a call, which the page shows with a step."""

    call: Call
    part: Literal["request", "answer"]


class Recorder:
    """Give it to a client as ``observe``; it keeps every call that the client makes."""

    def __init__(self, caller: str, callee: str, service: str, clock: Clock) -> None:
        self._ends = caller, callee, service
        self._clock = clock
        self.calls: list[Call] = []

    def __call__(self, exchange: Exchange) -> None:
        """Keep one exchange."""
        self.calls.append(Call(*self._ends, ended=self._clock.now(), **exchange_values(exchange)))


def exchange_values(exchange: Exchange) -> dict[str, Any]:
    """The fields that an exchange and a call have in common."""
    return {name: getattr(exchange, name) for name in Exchange.__dataclass_fields__}


def clock_of(network: dict[str, Any]) -> Clock:
    """The clock of a development network."""
    return SystemClock(timedelta(seconds=network["clock"]["offset_seconds"]))


def system(network: dict[str, Any], name: str) -> dict[str, Any]:
    """The entry of network.json that has this id, else the first of this role, else KeyError."""
    for key in ("id", "role"):
        for entry in network["systems"]:
            if entry[key] == name:
                return dict(entry)
    raise KeyError(name)


def asked_onward(gateway: dict[str, Any], message_id: str) -> list[Call]:
    """What this gateway asked counterparts on behalf of the message, in order.

    ``gateway`` is its entry of network.json. Raises Unreachable when it wrote nothing down of the message.
    """
    state = Path(gateway["state"])
    references = {line["reference"] for line in _lines(state, message_id)}
    if not references:
        raise Unreachable(f"{gateway['id']}: its log does not tell of {message_id}")
    return [_call(gateway, one) for one in Captures(state / "data").read() if one.reference in references]


def delivered_onward(sender: dict[str, Any], operation: str, since: datetime) -> list[Call]:
    """What this system's dispatchers have delivered of an operation since an instant, in order.

    ``sender`` is its entry of network.json.
    """
    return [
        _call(sender, one)
        for one in Captures(Path(sender["state"]) / "data").read()
        if one.reference is None and one.operation == operation and one.at >= since
    ]


def _call(sender: dict[str, Any], one: Captured) -> Call:
    return Call(
        caller=sender["id"],
        callee=one.destination,
        service=one.service,
        operation=one.operation,
        message_id=one.message_id,
        request=one.request,
        answer=one.answer,
        answer_message_id=one.answer_message_id,
        signer=one.signer,
        verified=one.verified,
        milliseconds=one.milliseconds,
        outcome=one.outcome,
        ended=one.at,
    )


def timings_of(receiver: dict[str, Any], message_id: str) -> tuple[tuple[str, float], ...]:
    """The receiver's own milliseconds for a request, by part; nothing when it wrote none down."""
    for line in _lines(Path(receiver["state"]), message_id):
        return tuple((part, float(line[part + TIMING])) for part in _PARTS if part + TIMING in line)
    return ()


def _lines(state: Path, message_id: str) -> Iterator[dict[str, Any]]:
    """The log lines of a message, the first received first."""
    log = state / "log" / "gateway.jsonl"
    if not log.exists():
        return
    for text in log.read_text(encoding="utf-8").splitlines():
        line = json.loads(text)
        if line["event"] == "message" and line.get("message_id") == message_id:
            yield line
