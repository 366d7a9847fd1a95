"""The duplicate guard for a question: each step is a transaction of its own, and the second of two waits.

Of two raced requests with one MessageID exactly one is told to work; the other waits here, without a
transaction, for that one's answer, and takes the work over when it is given up or its lease ends.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from typing import Protocol

from sqlalchemy import Connection

from gateway.clock import Clock
from gateway.evidence import Entry
from gateway.refusals import Refused
from gateway.store.guard import (
    Claimed,
    DuplicateGuard,
    InProgress,
    Stored,
    Token,
    read_known,
    undecided_on_error,
)
from gateway.store.guard_rules import Repeat, StoredAnswer, Wait, Work, decide

_FIRST_PAUSE, _LONGEST_PAUSE = 0.002, 0.05  # seconds between two looks


class HoldsGuard(Protocol):
    """A unit of work, as far as the guard goes."""

    @property
    def guard(self) -> DuplicateGuard:
        """The guard within it."""
        ...

    @property
    def connection(self) -> Connection:
        """Its connection, in its transaction."""
        ...


class CommittedGuard:
    """Claims and settles, each call committed before it returns."""

    def __init__(
        self,
        unit_of_work: Callable[[], AbstractContextManager[HoldsGuard]],
        read: Callable[[], AbstractContextManager[Connection]],
        clock: Clock,
        append: Callable[[Connection, Sequence[Entry]], object],
    ) -> None:
        self._unit_of_work = unit_of_work
        self._read = read
        self._clock = clock
        self._append = append

    def claim(
        self,
        sender: str,
        message_id: str,
        body_digest: bytes,
        signed_info_digest: bytes,
        *,
        now: datetime,
        lease_until: datetime,
        seen_until: datetime,
        keep_until: datetime,
        waited: bool = False,
    ) -> Claimed | Stored | InProgress:
        """As DuplicateGuard.claim, durable on return."""
        with self._decided() as guard:
            return guard.claim(
                sender,
                message_id,
                body_digest,
                signed_info_digest,
                now=now,
                lease_until=lease_until,
                seen_until=seen_until,
                keep_until=keep_until,
                waited=waited,
            )

    def claim_or_wait(
        self,
        sender: str,
        message_id: str,
        body_digest: bytes,
        signed_info_digest: bytes,
        *,
        now: datetime,
        lease_until: datetime,
        seen_until: datetime,
        keep_until: datetime,
        wait_until: datetime,
    ) -> Claimed | Stored:
        """As claim, but wait for another worker's answer until ``wait_until``, at most the lease's end.

        Raises Refused: still-worked-on beside those of claim.
        """
        if wait_until > lease_until:
            raise ValueError("whoever waits may take over: the lease must last at least as long as the wait")
        waited = False
        while True:
            outcome = self.claim(
                sender,
                message_id,
                body_digest,
                signed_info_digest,
                now=now,
                lease_until=lease_until,
                seen_until=seen_until,
                keep_until=keep_until,
                waited=waited,
            )
            if not isinstance(outcome, InProgress):
                return outcome
            decision = self._wait(sender, message_id, body_digest, wait_until)
            if not isinstance(decision, Work):
                return Stored(decision.answer)
            now, waited = self._clock.now(), True

    def wait_for_answer(
        self, sender: str, message_id: str, body_digest: bytes, *, wait_until: datetime
    ) -> StoredAnswer | None:
        """The answer, once there is one; None when the message may be claimed anew.

        Looks every few milliseconds on a read connection. Raises Refused: still-worked-on when
        ``wait_until`` has passed, message-id-reused, guard-undecided.
        """
        decision = self._wait(sender, message_id, body_digest, wait_until)
        return decision.answer if isinstance(decision, Repeat) else None

    def settle(self, token: Token, answer: StoredAnswer, evidence: Sequence[Entry] = ()) -> None:
        """As DuplicateGuard.settle, durable on return, with what is evidence of it."""
        with self._unit_of_work() as work:
            work.guard.settle(token, answer)
            self._append(work.connection, evidence)

    def release(self, token: Token, evidence: Sequence[Entry] = ()) -> None:
        """As DuplicateGuard.release, durable on return, with what is evidence of it."""
        with self._unit_of_work() as work:
            work.guard.release(token)
            self._append(work.connection, evidence)

    def forget(self, token: Token) -> None:
        """As DuplicateGuard.forget, durable on return."""
        with self._unit_of_work() as work:
            work.guard.forget(token)

    @contextmanager
    def _decided(self) -> Iterator[DuplicateGuard]:
        """A unit of work whose failing commit is no decision either."""
        with undecided_on_error(), self._unit_of_work() as work:
            yield work.guard

    def _wait(self, sender: str, message_id: str, body_digest: bytes, wait_until: datetime) -> Work | Repeat:
        stop = time.monotonic() + (wait_until - self._clock.now()).total_seconds()
        pause = _FIRST_PAUSE
        while time.monotonic() < stop:
            with undecided_on_error(), self._read() as connection:
                known = read_known(connection, sender, message_id)
            decision = decide(known, seen=False, body_digest=body_digest, now=self._clock.now())
            if not isinstance(decision, Wait):
                return decision
            time.sleep(min(pause, max(0.0, stop - time.monotonic())))
            pause = min(2 * pause, _LONGEST_PAUSE)
        raise Refused("still-worked-on", wanted="an answer before the deadline")
