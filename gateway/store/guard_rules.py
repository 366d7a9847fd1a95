"""The duplicate guard's decision (step 12 of the message profile), pure: no database, no clock.

What is known of (sender, MessageID), and whether this SignedInfo was seen, give one of four outcomes:

    seen                                       refused  replayed
    unknown, or kept no longer                 Work
    known with other content                   refused  message-id-reused
    same content, answered                     Repeat   the stored answer, to be signed anew
    same content, claimed, lease running       Wait     until the lease ends
    same content, claimed, lease over          Work     its worker is gone (a crash)
    same content, released                     Work     a temporary fault: worked anew

A SignedInfo counts as seen for as long as it is remembered at all, however late: remembering longer
than Expires plus skew refuses only what step 9 refuses too.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import NamedTuple

from gateway.refusals import Refused


class State(Enum):
    """What became of a message that was let in."""

    CLAIMED = "claimed"
    ANSWERED = "answered"
    RELEASED = "released"


class StoredAnswer(NamedTuple):
    """An answer that is given again: its ``wsa:Action``, and the Body's child as canonical XML.

    ``fault`` tells an operation's own fault (the child is then a soap:Fault) from an answer.
    """

    action: str
    body: bytes
    fault: bool = False

    def __repr__(self) -> str:
        return f"StoredAnswer(action={self.action!r}, body=<{len(self.body)} octets>, fault={self.fault})"


class Arrival(NamedTuple):
    """A message that came, by what the guard knows it again.

    ``sender`` is the counterpart's id; the digests are raw octets (SHA-256), of the canonical child of the
    Body and of the canonical SignedInfo. ``now`` is the guard's clock; its SignedInfo is remembered until
    ``seen_until`` (Expires plus skew).
    """

    sender: str
    message_id: str
    body_digest: bytes
    signed_info_digest: bytes
    now: datetime
    seen_until: datetime

    @property
    def key(self) -> tuple[str, str]:
        """What makes it one message."""
        return self.sender, self.message_id


@dataclass(frozen=True, slots=True)
class Known:
    """What the guard remembers of one (sender, MessageID)."""

    body_digest: bytes
    state: State
    lease_until: datetime
    kept_until: datetime
    answer: StoredAnswer | None = None


@dataclass(frozen=True, slots=True)
class Work:
    """The message is to be worked on, now, by whoever asked."""


@dataclass(frozen=True, slots=True)
class Repeat:
    """The message was answered: the same answer goes out again."""

    answer: StoredAnswer


@dataclass(frozen=True, slots=True)
class Wait:
    """Another worker has the message until the instant given, at most."""

    until: datetime


def decide(known: Known | None, *, seen: bool, body_digest: bytes, now: datetime) -> Work | Repeat | Wait:
    """One outcome for one message. Raises Refused: replayed, message-id-reused."""
    if seen:
        raise Refused("replayed", found="a SignedInfo seen before", wanted="a fresh signature")
    if known is None or known.kept_until <= now:
        return Work()
    if known.body_digest != body_digest:
        raise Refused(
            "message-id-reused",
            found=f"content digest {body_digest.hex()}",
            wanted=f"content digest {known.body_digest.hex()}",
        )
    if known.answer is not None:
        return Repeat(known.answer)
    if known.state is State.CLAIMED and now < known.lease_until:
        return Wait(known.lease_until)
    return Work()


def clock_in_order(now: datetime, newest_commit: datetime | None, *, tolerance_seconds: int) -> bool:
    """Whether ``now`` may decide at all: not behind the newest commit by more than the tolerance.

    A clock set back makes captured messages fresh again after their SignedInfo was forgotten.
    """
    return newest_commit is None or (newest_commit - now).total_seconds() <= tolerance_seconds
