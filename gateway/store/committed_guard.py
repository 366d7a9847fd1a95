"""The duplicate guard for a question: each step is a transaction of its own, and the second of two waits.

Of two raced requests with one MessageID exactly one is told to work; the other waits here, without a
transaction, for that one's answer, and takes the work over when it is given up or its lease ends.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from datetime import datetime
from typing import Any, Final, Protocol, TypeVar

from sqlalchemy import Connection, Dialect

from gateway.clock import Clock
from gateway.evidence import Entry
from gateway.refusals import Refused
from gateway.store.access_log import SealedAccess
from gateway.store.failures import Conflict
from gateway.store.guard import (
    CLOCK_TOLERANCE_SECONDS,
    Claimed,
    DuplicateGuard,
    InProgress,
    Stored,
    Token,
    read_known,
    undecided_on_error,
)
from gateway.store.guard_batch import Worked, known, take
from gateway.store.guard_rules import Arrival, Repeat, StoredAnswer, Wait, Work, decide
from gateway.store.shared_commits import SharedCommits

_FIRST_PAUSE, _LONGEST_PAUSE = 0.002, 0.05  # seconds between two looks


_LOOKS: Final = 4  # of one message, while others are faster each time

_T = TypeVar("_T")


class _Undone(Exception):
    """A transaction is rolled back on purpose."""


class HoldsGuard(Protocol):
    """A unit of work, as far as the guard goes."""

    about: tuple[str, str] | None
    """Sender and MessageID of the message that it is done for."""

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
        unit_alone: Callable[[], AbstractContextManager[HoldsGuard]],
        read: Callable[[], AbstractContextManager[Connection]],
        clock: Clock,
        record: Callable[[Connection, Sequence[Entry], Sequence[SealedAccess]], object],
        rows: Callable[[str, Sequence[Any]], list[Any]],
        dialect: Dialect,
        node: str,
    ) -> None:
        self._unit_of_work = unit_of_work
        self._shared_beside = SharedCommits(unit_of_work)
        # Where every writer is alone anyway, all changes may share one commit.
        alone = dialect.name == "sqlite"
        self._shared_alone = self._shared_beside if alone else SharedCommits(unit_alone)
        self._read = read
        self._clock = clock
        self._record = record
        self._rows = rows
        self._dialect = dialect
        self._node = node

    def claim(
        self, one: Arrival, *, lease_until: datetime, keep_until: datetime, waited: bool = False
    ) -> Claimed | Stored | InProgress:
        """As DuplicateGuard.claim, durable on return; looks again when another worker was faster."""

        def attempt() -> Claimed | Stored | InProgress:
            with undecided_on_error(), self._unit_of_work() as work:
                return work.guard.claim(one, lease_until=lease_until, keep_until=keep_until, waited=waited)

        return _again(attempt)

    def claim_or_wait(
        self, one: Arrival, *, lease_until: datetime, keep_until: datetime, wait_until: datetime
    ) -> Claimed | Stored:
        """As claim, but wait for another worker's answer until ``wait_until``, at most the lease's end.

        Raises Refused: still-worked-on beside those of claim.
        """
        if wait_until > lease_until:
            raise ValueError("whoever waits may take over: the lease must last at least as long as the wait")
        waited = False
        while True:
            outcome = self.claim(one, lease_until=lease_until, keep_until=keep_until, waited=waited)
            if not isinstance(outcome, InProgress):
                return outcome
            decision = self._wait(one.sender, one.message_id, one.body_digest, wait_until)
            if not isinstance(decision, Work):
                return Stored(decision.answer)
            one, waited = one._replace(now=self._clock.now()), True

    def known(self, messages: Sequence[Arrival]) -> tuple[bool, ...]:
        """Of which messages anything is known so far: a cheap look, and no decision. Raises StoreError."""
        return known(messages, self._rows, self._dialect)

    def answer_all(self, batch: Sequence[Worked]) -> tuple[bool, ...]:
        """Claim and settle messages whose answers are made, with evidence and accesses, durable on return.

        False for one that must be decided on alone (claim_or_wait), since something is known of it. Raises
        StoreError: then nothing is known of any.
        """
        taken: tuple[bool, ...] = ()
        with suppress(_Undone), self._unit_of_work() as work:
            taken = take(work.connection, batch, self._node, CLOCK_TOLERANCE_SECONDS)
            if not any(taken):
                raise _Undone
            new = [one for one, new in zip(batch, taken, strict=True) if new]
            self._record(
                work.connection,
                [entry for one in new for entry in one.evidence],
                [access for one in new for access in one.accesses],
            )
        return taken

    def repeat(self, one: Arrival) -> StoredAnswer | None:
        """The answer that a message got before, its SignedInfo noted durably; None for one to be worked on.

        Raises Refused as DuplicateGuard.claim does.
        """
        with undecided_on_error():
            if not any(self.known([one])):
                return None

        def attempt() -> StoredAnswer | None:
            with suppress(_Undone), undecided_on_error(), self._unit_of_work() as work:
                outcome = work.guard.claim(one, lease_until=one.now, keep_until=one.now)
                if isinstance(outcome, Stored):
                    return outcome.answer
                raise _Undone
            return None

        return _again(attempt)

    def answer_change(
        self, one: Worked, write: Callable[[Any], None], *, beside: bool = False
    ) -> StoredAnswer | None:
        """Claim a message, write its effect, settle it and keep its evidence: all in one transaction.

        Other threads' changes may share its commit. None once that is durable; the answer that the message
        got before, then nothing of it is written. ``write`` is given the unit of work, perhaps in another
        thread; ``beside`` as for Decision. Raises Refused as claim does, and whatever ``write`` raises: then
        nothing is written either.
        """

        def change(work: HoldsGuard) -> StoredAnswer | None:
            # The claim lasts as long as the transaction.
            outcome = work.guard.claim(one.arrival, lease_until=one.arrival.now, keep_until=one.keep_until)
            if isinstance(outcome, Stored):
                return outcome.answer
            if isinstance(outcome, InProgress):
                raise Refused("still-worked-on", wanted="an answer before the deadline")
            work.about = one.arrival.key
            write(work)
            work.guard.settle(outcome.token, one.answer)
            self._record(work.connection, one.evidence, one.accesses)
            return None

        return (self._shared_beside if beside else self._shared_alone)(change)

    def settle(
        self,
        token: Token,
        answer: StoredAnswer,
        evidence: Sequence[Entry] = (),
        accesses: Sequence[SealedAccess] = (),
    ) -> None:
        """As DuplicateGuard.settle, durable on return, with evidence and accesses of it."""
        with self._unit_of_work() as work:
            work.guard.settle(token, answer)
            self._record(work.connection, evidence, accesses)

    def release(
        self, token: Token, evidence: Sequence[Entry] = (), accesses: Sequence[SealedAccess] = ()
    ) -> None:
        """As DuplicateGuard.release, durable on return, with evidence and accesses of it."""
        with self._unit_of_work() as work:
            work.guard.release(token)
            self._record(work.connection, evidence, accesses)

    def forget(self, token: Token) -> None:
        """As DuplicateGuard.forget, durable on return."""
        with self._unit_of_work() as work:
            work.guard.forget(token)

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


def _again(attempt: Callable[[], _T]) -> _T:
    """Look again when another worker wrote in the same moment; what it wrote is then there to be seen."""
    for _ in range(_LOOKS - 1):
        try:
            return attempt()
        except Conflict:
            continue
    try:
        return attempt()
    except Conflict as error:
        raise Refused("guard-undecided", found=str(error)) from error
