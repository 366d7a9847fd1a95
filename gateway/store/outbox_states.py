"""The states of a message in the outbox and what may become of it, pure: no database, no clock.

    state      event            next        who
    pending    claimed          leased      a dispatcher
    leased     claimed          leased      another one, after the lease ended (the first is gone or slow)
    leased     recovered        pending     a dispatcher that starts anew, for what it held before
    leased     delivered        delivered   the signed, bound answer was verified and is kept
    leased     failed           pending     to be tried again later, with the same MessageID
    leased     given up         dead        it waits for an operator, and so does all behind it in its line
    dead       requeued         pending     an operator
    dead       dropped          dropped     an operator: it will never be delivered

Everything else is no transition: the statements of outbox_rows.py take their conditions from here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from types import MappingProxyType


class OutboxState(Enum):
    """Where a message stands."""

    PENDING = "pending"
    LEASED = "leased"
    DELIVERED = "delivered"
    DEAD = "dead"
    DROPPED = "dropped"


class OutboxEvent(Enum):
    """What happens to it."""

    CLAIMED = "claimed"
    RECOVERED = "recovered"
    DELIVERED = "delivered"
    FAILED = "failed"
    GIVEN_UP = "given up"
    REQUEUED = "requeued"
    DROPPED = "dropped"


TRANSITIONS = MappingProxyType(
    {
        (OutboxState.PENDING, OutboxEvent.CLAIMED): OutboxState.LEASED,
        (OutboxState.LEASED, OutboxEvent.CLAIMED): OutboxState.LEASED,
        (OutboxState.LEASED, OutboxEvent.RECOVERED): OutboxState.PENDING,
        (OutboxState.LEASED, OutboxEvent.DELIVERED): OutboxState.DELIVERED,
        (OutboxState.LEASED, OutboxEvent.FAILED): OutboxState.PENDING,
        (OutboxState.LEASED, OutboxEvent.GIVEN_UP): OutboxState.DEAD,
        (OutboxState.DEAD, OutboxEvent.REQUEUED): OutboxState.PENDING,
        (OutboxState.DEAD, OutboxEvent.DROPPED): OutboxState.DROPPED,
    }
)
"""The whole table."""

FINAL = frozenset({OutboxState.DELIVERED, OutboxState.DROPPED})
"""States that nothing follows: the message has left its line."""


def sources(event: OutboxEvent) -> tuple[str, ...]:
    """The names of the states in which the event may happen."""
    return tuple(state.value for state, possible in TRANSITIONS if possible is event)


def target(event: OutboxEvent) -> str:
    """The name of the state to which the event leads, from wherever it may happen."""
    (found,) = {to.value for (_, possible), to in TRANSITIONS.items() if possible is event}
    return found


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message to be delivered once, in order within (destination, key).

    ``destination`` is a counterpart's id, ``service`` and ``operation`` are names of the contract, ``body``
    is the canonical XML of the Body's child. ``key`` is whatever order is kept for: the register's own
    number of a person as text, never a number that the person has. ``message_id`` stays for every resend.
    """

    destination: str
    service: str
    operation: str
    action: str
    key: str
    body: bytes
    message_id: str

    def __repr__(self) -> str:
        return f"Outgoing({self.destination}, {self.operation}, {self.message_id}, <{len(self.body)} octets>)"


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """A message as the outbox has it.

    ``code`` is why it last failed or was given up; ``business`` that a bound fault of the counterpart's
    operation did so. ``duplicate_since`` is when the counterpart first answered DuplicateMessage, without
    another answer since. ``body`` is empty once the message was delivered or dropped.
    """

    id: int
    destination: str
    service: str
    operation: str
    action: str
    key: str
    body: bytes
    message_id: str
    state: OutboxState
    attempts: int
    enqueued_at: datetime
    code: str | None = None
    business: bool = False
    duplicate_since: datetime | None = None
    settled_at: datetime | None = None
    answer_message_id: str | None = None

    def __repr__(self) -> str:
        return f"OutboxRow({self.id}, {self.destination}, {self.operation}, {self.state.value})"


@dataclass(frozen=True, slots=True)
class GivenUp:
    """A MessageID that a row had before it was requeued, and the fault for which it was given up."""

    message_id: str
    at: datetime
    code: str


@dataclass(frozen=True, slots=True)
class Lease:
    """A claim on a line, for its first message: who holds the token may settle. Times are the database's."""

    line: int
    token: str
    row: OutboxRow
    claimed_at: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Delivered:
    """The message arrived: an answer was verified and bound. The evidence log has the answer's bytes."""

    answer_message_id: str
    answer_digest: bytes  # sha-256 of its bytes as they came


@dataclass(frozen=True, slots=True)
class Retry:
    """Try again after ``delay``.

    ``duplicate`` tells whether the answer was DuplicateMessage; None, when there was no answer that can be
    believed, leaves what is known of that.
    """

    delay: timedelta
    code: str
    duplicate: bool | None = None


@dataclass(frozen=True, slots=True)
class GiveUp:
    """A dead letter. After a ``business`` fault a requeue draws a new MessageID, else it is kept."""

    code: str
    business: bool


Settlement = Delivered | Retry | GiveUp


@dataclass(frozen=True, slots=True)
class Backlog:
    """What is not delivered yet of one destination: numbers of messages, and when the oldest came."""

    destination: str
    pending: int
    leased: int
    dead: int
    oldest: datetime | None

    @property
    def undelivered(self) -> int:
        """All of them."""
        return self.pending + self.leased + self.dead
