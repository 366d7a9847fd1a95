"""What the dispatcher asks for: one message brought to its destination, and what came of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from gateway.errors import CounterpartError
from gateway.evidence import Entry
from gateway.store import OutboxRow, SealedAccess, UnitOfWork


class DeliveryFailed(CounterpartError):
    """An error of our own kept the message from going out, or its answer from being read."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One call as it happened.

    ``request`` and ``answer`` are the bytes that travelled, None where none did. Without an ``error`` the
    answer was verified and bound to the request, and ``answer_message_id`` is its MessageID. ``evidence``
    are the entries of what travelled, ``effect`` is what the answer changes here, written in the transaction
    that notes what became of the message, ``accesses`` are whose data the counterpart has read.
    """

    request: bytes | None = None
    answer: bytes | None = None
    answer_message_id: str | None = None
    error: CounterpartError | None = None
    milliseconds: float = 0.0
    evidence: tuple[Entry, ...] = ()
    effect: Callable[[UnitOfWork], object] | None = None
    accesses: tuple[SealedAccess, ...] = ()

    def __post_init__(self) -> None:
        if self.error is None and (self.answer is None or self.answer_message_id is None):
            raise ValueError("without an error there is an answer")

    def __repr__(self) -> str:
        what = "answered" if self.error is None else type(self.error).__name__
        return f"Attempt({what}, {self.milliseconds:.0f} ms)"


class Courier(Protocol):
    """Brings messages to counterparts; called from several threads at once."""

    def deliver(self, row: OutboxRow) -> Attempt:
        """One call, within the destination's deadline, under the row's MessageID and a fresh signature."""
        ...
