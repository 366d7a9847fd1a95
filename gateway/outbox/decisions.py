"""What becomes of a message after a call, pure: the row, the attempt and the policy give a decision.

    answered                                   delivered
    no answer, or none that can be believed    again, same MessageID; counts against the destination
    bound fault of the conversation (*)        again, same MessageID; counts against the destination
    bound fault that passes, or internal       again, same MessageID; the destination is there
    an error of our own before or after it     again, same MessageID; nothing is known of the destination
    bound DuplicateMessage                     again, until the patience is over: then a dead letter
    any other bound fault                      dead letter with its code: the counterpart has decided

(*) A security, addressing or SOAP fault tells nothing of this message's content: every message would meet
it, so none is given up for it.

A message that is still worked on over there (a resend after a deadline passed), or of which the counterpart's
guard cannot tell at the moment, is answered Busy, which passes. DuplicateMessage says that the MessageID is
known with other content, which is an error of somebody's. (Identical bytes cannot be: each resend is signed
anew, and the same content under a new signature brings the stored answer.) A counterpart of another make may
say it of a message that it still works on, so it is tried again for longer than any lease, and then believed.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from random import Random
from typing import Final

from gateway.domain.faults import OPERATION_FAULTS
from gateway.errors import CounterpartError, CounterpartFault
from gateway.outbox.backoff import backoff
from gateway.outbox.courier import Attempt, DeliveryFailed
from gateway.outbox.policy import Policy
from gateway.refusals import Fault
from gateway.store import Delivered, GiveUp, OutboxRow, Retry, Settlement

INTERNAL: Final = "InternalError"
"""The code of an error inside the counterpart, which its next version may not have."""

CONTENT: Final = frozenset({Fault.NOT_PERMITTED.local, Fault.INVALID_REQUEST.local})
"""Refusals of the profile that judge what the message says, not how it is said."""

TEMPORARY: Final = frozenset(kind.code for kind in OPERATION_FAULTS.values() if kind.temporary)
"""Faults of operations after which a retry is worked anew."""

CONVERSATION: Final = (
    frozenset(fault.local for fault in Fault) - CONTENT - TEMPORARY - {Fault.DUPLICATE_MESSAGE.local}
)
"""Refusals that any message would meet."""


class Verdict(Enum):
    """What an attempt tells."""

    ANSWERED = "answered"
    UNREACHABLE = "unreachable"
    LATER = "later"
    DUPLICATE = "duplicate"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Decision:
    """What is written down, and what it says of the destination.

    ``reached`` is whether the destination gave an answer that can be believed; None when the attempt does
    not tell.
    """

    settlement: Settlement
    reached: bool | None


def judge(error: CounterpartError | None) -> Verdict:
    """The kind of an attempt's end."""
    if error is None:
        return Verdict.ANSWERED
    if isinstance(error, DeliveryFailed):
        return Verdict.LATER
    if not isinstance(error, CounterpartFault) or error.standing != "bound" or error.code in CONVERSATION:
        return Verdict.UNREACHABLE
    if error.code in TEMPORARY or error.code == INTERNAL:
        return Verdict.LATER
    if error.code == Fault.DUPLICATE_MESSAGE.local:
        return Verdict.DUPLICATE
    return Verdict.REFUSED


def decide(row: OutboxRow, attempt: Attempt, now: datetime, policy: Policy, random: Random) -> Decision:
    """The decision on one attempt for a leased row; ``now`` is the database's clock at the claim."""
    verdict = judge(attempt.error)
    if verdict is Verdict.ANSWERED:
        digest = hashlib.sha256(attempt.answer or b"").digest()
        return Decision(Delivered(attempt.answer_message_id or "", digest), reached=True)
    code = code_of(attempt.error)
    if verdict is Verdict.REFUSED:
        return Decision(GiveUp(code, business=True), reached=True)
    delay = timedelta(
        seconds=backoff(
            max(1, row.attempts), first=policy.retry_first, longest=policy.retry_longest, random=random
        )
    )
    if verdict is Verdict.DUPLICATE:
        since = row.duplicate_since
        if since is not None and (now - since).total_seconds() >= policy.duplicate_patience:
            return Decision(GiveUp(code, business=False), reached=True)
        return Decision(Retry(delay, code, duplicate=True), reached=True)
    if verdict is Verdict.LATER:
        own = isinstance(attempt.error, DeliveryFailed)
        return Decision(Retry(delay, code, None if own else False), reached=None if own else True)
    return Decision(Retry(delay, code), reached=False)


def code_of(error: CounterpartError | None) -> str:
    """A short stable code for an error, fit for the outbox and the log."""
    if isinstance(error, CounterpartFault):
        prefix = "" if error.standing == "bound" else f"{error.standing}:"
        return (prefix + error.code)[:64]
    return type(error).__name__.removeprefix("Counterpart")
