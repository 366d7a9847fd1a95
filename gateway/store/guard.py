"""The duplicate guard on one unit of work: what guard_rules.decide() says, read from and written to tables.

A question that asks a counterpart claims (sender, MessageID) in one transaction and settles it in another,
with no transaction open in between; a change claims and settles in the transaction that holds its effect.
Each claim draws a new token, and only the latest token settles: a worker that was thought dead and comes
back writes nothing. All instants of one call come from the same clock as the store's own.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, insert, select, update

from gateway.errors import StoreError
from gateway.refusals import Refused
from gateway.store.failures import Conflict
from gateway.store.guard_rules import (
    Arrival,
    Known,
    Repeat,
    State,
    StoredAnswer,
    Wait,
    clock_in_order,
    decide,
)
from gateway.store.instants import from_micros, to_micros
from gateway.store.tables import clock_marks, messages, signatures

CLOCK_TOLERANCE_SECONDS = 60
"""How far the clock may lie behind the newest commit (the profile's skew) for the guard to decide."""


class ClaimLost(StoreError):
    """The lease ended and another worker took the message over; nothing was written."""


@dataclass(frozen=True, slots=True)
class Token:
    """Proof of the latest claim of one message; only settle, release and forget look into it."""

    row: int
    nonce: str


@dataclass(frozen=True, slots=True)
class Claimed:
    """The message is yours to work on; settle, release or forget it before the lease ends."""

    token: Token


@dataclass(frozen=True, slots=True)
class Stored:
    """The message was answered before: give this answer again, signed anew."""

    answer: StoredAnswer


@dataclass(frozen=True, slots=True)
class InProgress:
    """Another worker has it, at most until the instant given."""

    until: datetime


_FACTS = select(
    select(clock_marks.c.at).where(clock_marks.c.node == bindparam("node")).scalar_subquery(),
    select(signatures.c.until).where(signatures.c.digest == bindparam("digest")).scalar_subquery(),
)
_KNOWN = select(messages).where(
    messages.c.sender == bindparam("sender"), messages.c.message_id == bindparam("message_id")
)
_REMEMBER = insert(signatures)
_ADD = insert(messages)
_MINE = (messages.c.id == bindparam("row"), messages.c.token == bindparam("nonce"))
_MINE_CLAIMED = (*_MINE, messages.c.state == State.CLAIMED.value)
_TAKE_OVER = update(messages).where(*_MINE)
_SETTLE = (
    update(messages)
    .where(*_MINE_CLAIMED)
    .values(
        state=State.ANSWERED.value,
        answer_action=bindparam("action"),
        answer_body=bindparam("body"),
        answer_fault=bindparam("fault"),
    )
)
_RELEASE = update(messages).where(*_MINE_CLAIMED).values(state=State.RELEASED.value)
_FORGET = delete(messages).where(*_MINE_CLAIMED)


class DuplicateGuard:
    """The guard within one unit of work; what it writes counts once that unit commits."""

    def __init__(self, connection: Callable[[], Connection], node: str) -> None:
        self._connection = connection
        self._node = node

    def claim(
        self, one: Arrival, *, lease_until: datetime, keep_until: datetime, waited: bool = False
    ) -> Claimed | Stored | InProgress:
        """Decide on one message, and note its SignedInfo and the claim.

        ``keep_until`` is the end of retention. ``waited`` says that this very request was told InProgress
        before and comes back.

        Raises Refused: replayed, message-id-reused, guard-undecided, and Conflict when another worker was
        faster. Roll back on it.
        """
        if keep_until < lease_until:
            raise ValueError("a message is kept at least as long as its lease")
        lease, seen, keep = to_micros(lease_until), to_micros(one.seen_until), to_micros(keep_until)
        named = {"sender": one.sender, "message_id": one.message_id}
        with undecided_on_error():
            connection = self._connection()
            mark, digest_until = connection.execute(
                _FACTS, {"node": self._node, "digest": one.signed_info_digest}
            ).one()
            row = connection.execute(_KNOWN, named).one_or_none()
        if not clock_in_order(one.now, _instant(mark), tolerance_seconds=CLOCK_TOLERANCE_SECONDS):
            raise Refused("guard-undecided", found="the clock lies behind the newest commit")
        decision = decide(
            known_from(row),
            seen=digest_until is not None and not waited,
            body_digest=one.body_digest,
            now=one.now,
        )
        with undecided_on_error():
            if digest_until is None:
                connection.execute(_REMEMBER, {"digest": one.signed_info_digest, "until": seen})
            match decision:
                case Repeat(answer):
                    return Stored(answer)
                case Wait(until):
                    return InProgress(until)
            claim = {
                "body_digest": one.body_digest,
                "state": State.CLAIMED.value,
                "token": secrets.token_hex(16),
                "lease_until": lease,
                "kept_until": keep,
            }
            if row is None:
                return Claimed(_new(connection, {**named, **claim}))
            return Claimed(_take_over(connection, row, claim))

    def settle(self, token: Token, answer: StoredAnswer) -> None:
        """Keep the answer for every retry. Raises ClaimLost, StoreError."""
        values = {"action": answer.action, "body": answer.body, "fault": answer.fault}
        self._finish(_SETTLE, token, values)

    def release(self, token: Token) -> None:
        """Give the claim up after a temporary fault: a retry with the same content is worked anew.

        The MessageID stays bound to its content. Raises ClaimLost, StoreError.
        """
        self._finish(_RELEASE, token, {})

    def forget(self, token: Token) -> None:
        """Take the claim back as if never made, after a refusal at step 13: the MessageID is free again.

        The SignedInfo stays seen: the identical bytes are a replay. Raises ClaimLost, StoreError.
        """
        self._finish(_FORGET, token, {})

    def _finish(self, statement: Any, token: Token, values: dict[str, Any]) -> None:
        mine = {"row": token.row, "nonce": token.nonce}
        if self._connection().execute(statement, {**mine, **values}).rowcount != 1:
            raise ClaimLost("the claim is no longer held: its lease ended and another worker took over")


def known_from(row: Row[Any] | None) -> Known | None:
    """A row of guard_messages as the rules see it."""
    if row is None:
        return None
    answered = row.state == State.ANSWERED.value
    return Known(
        body_digest=row.body_digest,
        state=State(row.state),
        lease_until=from_micros(row.lease_until),
        kept_until=from_micros(row.kept_until),
        answer=StoredAnswer(row.answer_action, row.answer_body, row.answer_fault) if answered else None,
    )


def read_known(connection: Connection, sender: str, message_id: str) -> Known | None:
    """What is known of one message, read only."""
    return known_from(connection.execute(_KNOWN, {"sender": sender, "message_id": message_id}).one_or_none())


@contextmanager
def undecided_on_error() -> Iterator[None]:
    """When the database cannot tell, the answer is no."""
    try:
        yield
    except Conflict:
        raise  # somebody else decided in this moment: to be looked at again
    except StoreError as error:
        raise Refused("guard-undecided", found=str(error)) from error


def _new(connection: Connection, values: dict[str, Any]) -> Token:
    key = connection.execute(_ADD, values).inserted_primary_key
    if key is None:
        raise StoreError("the database gave no key for a new row")
    return Token(key[0], values["token"])


def _take_over(connection: Connection, row: Row[Any], values: dict[str, Any]) -> Token:
    """Claim a known message anew, provided that nobody did since ``row`` was read."""
    empty = {"answer_action": None, "answer_body": None, "answer_fault": None}
    statement = _TAKE_OVER.values(**values, **empty)
    if connection.execute(statement, {"row": row.id, "nonce": row.token}).rowcount != 1:
        raise Conflict("another worker claimed the message in the same moment")
    return Token(row.id, values["token"])


def _instant(micros: int | None) -> datetime | None:
    return None if micros is None else from_micros(micros)
