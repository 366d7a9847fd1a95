"""The store of one system: opened once in each process, used from all its threads.

What is written is written in units of work: one transaction each, short, with no signature and no network
inside. What is only read is read between them. Open it after a fork, never before.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, Self
from weakref import WeakSet

from sqlalchemy import Connection, bindparam, delete, select, text
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from gateway.clock import Clock
from gateway.errors import StoreError
from gateway.evidence import Entry
from gateway.kill_points import AFTER_COMMIT, BEFORE_COMMIT, reach
from gateway.store import schema
from gateway.store.access_log import AccessLog, SealedAccess, note
from gateway.store.access_rows import AccessRows
from gateway.store.addressee_log import AddresseeLog
from gateway.store.budgets import BudgetLog
from gateway.store.card_book import CardBook
from gateway.store.cards import CardStates
from gateway.store.change_log import ChangeLog
from gateway.store.committed_guard import CommittedGuard
from gateway.store.consistency_comparisons import ConsistencyComparisons
from gateway.store.consistency_records import ConsistencyRecords
from gateway.store.consistency_runs import ConsistencyRuns
from gateway.store.engine import Database, end_process, open_database
from gateway.store.evidence_log import EvidenceLog
from gateway.store.evidence_rows import EvidenceRows
from gateway.store.guard import DuplicateGuard
from gateway.store.inquiry_files import InquiryFiles
from gateway.store.instants import from_micros, to_micros
from gateway.store.issued import Issued
from gateway.store.move_book import MoveBook
from gateway.store.outbox_desk import OutboxDesk
from gateway.store.outbox_rows import Outbox
from gateway.store.received_addressees import ReceivedAddressees
from gateway.store.refusals import RefusalLog, sweep_refusals
from gateway.store.register import Register
from gateway.store.register_load import RegisterLoader
from gateway.store.restores import RestoreLog
from gateway.store.sampling import DEFAULT_LIMITS, SamplingLimits
from gateway.store.tables import clock_marks, messages, signatures

_MARK_EVERY = timedelta(seconds=1)
_MARK = select(clock_marks.c.at).where(clock_marks.c.node == bindparam("this"))
_MOVE_MARK = text(
    "INSERT INTO clock_marks (node, at) VALUES (:this, :instant)"
    " ON CONFLICT (node) DO UPDATE SET at = excluded.at WHERE clock_marks.at < excluded.at"
)


@dataclass(frozen=True, slots=True)
class Retention:
    """How long refusal records stay; the guard's rows carry their own end."""

    refusals: timedelta = timedelta(days=90)
    most_refusals: int = 100_000  # records


class UnitOfWork:
    """One write transaction, begun by the first use of ``connection``; it ends with the ``with`` block."""

    def __init__(self, store: Store, *, alone: bool) -> None:
        self._store = store
        self._alone = alone
        self._open: Connection | None = None
        self.about: tuple[str, str] | None = None
        """Sender and MessageID of the message that it is done for, where it is done for one."""
        self._name = ""

    @property
    def connection(self) -> Connection:
        """The connection, inside the transaction. Raises StoreError when no turn comes in time."""
        if self._open is None:
            database = self._store.database
            if not database.turns.take(database.lock_timeout_seconds):
                raise StoreError("no turn to write came within the time limit")
            try:
                self._open, self._name = database.begin(alone=self._alone)
            except BaseException:
                database.turns.give()
                raise
        return self._open

    @cached_property
    def guard(self) -> DuplicateGuard:
        """The duplicate guard within this transaction."""
        return DuplicateGuard(lambda: self.connection, self._store.node)

    def commit(self) -> None:
        """Commit what was written, synced to the disk on return."""
        if self._open is not None:
            self._store.mark_clock(self._open)
            reach(BEFORE_COMMIT)
            self._store.database.commit(self._open, self._name)
            reach(AFTER_COMMIT)

    def end(self) -> None:
        """Roll back what was not committed and give the connection back."""
        if self._open is not None:
            try:
                self._open.close()
            finally:
                self._open = None
                self._store.database.turns.give()


class Store:
    """One database: units of work, duplicate guard, refusal log, register of people, sweeping."""

    def __init__(
        self, database: Database, clock: Clock, *, node: str, retention: Retention, sampling: SamplingLimits
    ) -> None:
        self.database = database
        self.node = node
        self._clock = clock
        self._retention = retention
        self._forked = False
        _stores.add(self)
        self._thread = threading.local()
        self._next_mark: datetime | None = None
        self.evidence = EvidenceLog(
            self.unit_of_work, self.rows, clock, node, apart=database.dialect.concurrent
        )
        self.accesses = AccessLog(self.unit_of_work, self.read, node, apart=database.dialect.concurrent)
        self.access_rows = AccessRows(self.read, self.accesses.subjects)
        self.guard = CommittedGuard(
            self.unit_beside,
            self.unit_of_work,
            self.read,
            clock,
            self.record,
            self.rows,
            database.reader.dialect,
            node,
        )
        self.evidence_rows = EvidenceRows(self.read, self.rows)
        self.refusals = RefusalLog(self.unit_beside, self.read, sampling, self.evidence.refused)
        self.register = Register(self.read, self.rows)
        self.budgets = BudgetLog(self.unit_of_work, self.unit_beside, self.read, self.rows)
        self.loader = RegisterLoader(self.unit_of_work, self.read)
        self.cards = CardStates(self.read)
        self.restores = RestoreLog(self.read)
        self.outbox = Outbox(self.read)
        self.outbox_desk = OutboxDesk(self.read)
        self.card_book = CardBook(self.rows, self.outbox)
        self.moves = MoveBook(self.rows, self.outbox)
        self.changes = ChangeLog(self.rows, self.register, self.outbox)
        self.addressees = AddresseeLog(self.unit_of_work, self.rows, self.changes, self.outbox)
        self.received_addressees = ReceivedAddressees(self.rows)
        self.issued = Issued(self.rows)
        self.consistency_records = ConsistencyRecords(self.rows)
        self.consistency_runs = ConsistencyRuns(self.unit_of_work, self.read, node)
        self.consistency_comparisons = ConsistencyComparisons(self.read)
        self.inquiry_files = InquiryFiles(self.unit_of_work, self.read, node)

    @classmethod
    def open(
        cls,
        location: Path | str,
        *,
        clock: Clock,
        upgrade: bool = False,
        node: str = "local",
        retention: Retention = Retention(),
        sampling: SamplingLimits = DEFAULT_LIMITS,
        lock_timeout_seconds: float = 5.0,
        on_fatal: Callable[[str], None] = end_process,
    ) -> Self:
        """Open the store of a state folder (a Path), or of a URL (``postgresql://host/name``).

        ``upgrade`` makes the tables or brings them to this program's version first; without it a missing,
        older or newer database is a StoreError. ``clock`` is the one that all instants given to the store
        come from. ``node`` names this machine's clock, and this node among those that share the database.
        ``on_fatal`` must not return to work (engine.py).
        """
        database = open_database(
            location, create=upgrade, lock_timeout_seconds=lock_timeout_seconds, on_fatal=on_fatal
        )
        try:
            if upgrade:
                schema.upgrade(database)
            schema.check(database)
        except BaseException:
            database.close()
            raise
        database.armed = True
        return cls(database, clock, node=node, retention=retention, sampling=sampling)

    def unit_of_work(self) -> AbstractContextManager[UnitOfWork]:
        """One write transaction: committed when the block ends, rolled back when it raises.

        While it is open nobody else writes, in any process or node. They do not nest: the second would wait
        for the first for ever. Raises StoreError.
        """
        return self._unit(alone=True)

    def unit_beside(self) -> AbstractContextManager[UnitOfWork]:
        """As unit_of_work, but where the database can others of this kind write beside it.

        For what relies on keys, row locks and conditions in its statements only (decision 30): what was read
        in it may be another's by the time it is written.
        """
        return self._unit(alone=False)

    @contextmanager
    def _unit(self, *, alone: bool) -> Iterator[UnitOfWork]:
        self._usable()
        if getattr(self._thread, "writing", False):
            raise RuntimeError("a unit of work is open in this thread already")
        self._thread.writing = True
        work = UnitOfWork(self, alone=alone)
        try:
            yield work
            work.commit()
        finally:
            self._thread.writing = False
            work.end()

    def evidence_of(self, node: str) -> EvidenceLog:
        """The evidence log as a node of the system has it; for a restore, which begins a chain for each."""
        return EvidenceLog(self.unit_of_work, self.rows, self._clock, node)

    def keep(self, entries: Sequence[Entry], accesses: Sequence[SealedAccess] = ()) -> None:
        """Append evidence and accesses in a transaction of its own, durable on return. Raises StoreError.

        Within ``gathering`` of this thread evidence is put by for the transaction that whoever gathers opens.
        """
        gathered = getattr(self._thread, "gathered", None)
        if gathered is not None:
            gathered.extend(entries)
            entries = ()
        if entries or accesses:
            with self.unit_beside() as work:
                self.record(work.connection, entries, accesses)

    def record(
        self, connection: Connection, entries: Sequence[Entry], accesses: Sequence[SealedAccess]
    ) -> None:
        """Append evidence and accesses within a transaction: in this order always, which locks keep to."""
        self.evidence.append(connection, entries)
        self.accesses.append(connection, accesses)

    def note_accesses(self, system: str) -> bool:
        """Note in the evidence where the access log ends; whether there was anything new."""
        with self.unit_of_work() as work:
            return note(work.connection, system, self._clock.now(), self.evidence.append)

    @contextmanager
    def gathering(self) -> Iterator[list[Entry]]:
        """Evidence of what is asked of others on a message's behalf, to be committed with its answer."""
        gathered: list[Entry] = []
        self._thread.gathered = gathered
        try:
            yield gathered
        finally:
            self._thread.gathered = None

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection that cannot write; each statement sees what is committed by then."""
        self._usable()
        try:
            connection = self.database.reader.connect()
        except PoolTimeoutError:
            raise StoreError("no connection to read came free within the time limit") from None
        with connection:
            yield connection

    def rows(self, sql: str, parameters: Mapping[str, Any] | Sequence[Any]) -> list[Any]:
        """All rows of one reading statement, values bound by ``:name`` or in order; for the hot path."""
        self._usable()
        try:
            return self.database.rows(sql, parameters)
        except PoolTimeoutError:
            raise StoreError("no connection to read came free within the time limit") from None

    def sweep(self, now: datetime, *, limit: int = 500) -> int:
        """Delete what has expired, at most ``limit`` rows of each kind in one transaction; gives how many.

        Call it again while it gives something, and every minute or so. Raises StoreError.
        """
        self.refusals.flush()
        instant = to_micros(now)
        old_messages = select(messages.c.id).where(messages.c.kept_until <= instant).limit(limit)
        old_signatures = select(signatures.c.digest).where(signatures.c.until <= instant).limit(limit)
        with self.unit_of_work() as work:
            gone = sweep_refusals(
                work.connection,
                now,
                keep=self._retention.refusals,
                most_records=self._retention.most_refusals,
                limit=limit,
            )
            gone += work.connection.execute(delete(messages).where(messages.c.id.in_(old_messages))).rowcount
            gone += work.connection.execute(
                delete(signatures).where(signatures.c.digest.in_(old_signatures))
            ).rowcount
        return gone

    def forget_pages(self) -> bool:
        """See that nothing erased is left in the database's pages and log, as far as they are ours.

        False when others kept reading or writing for so long that it could not be done. Raises StoreError.
        """
        self._usable()
        stop = time.monotonic() + self.database.lock_timeout_seconds
        while True:
            done = self.database.dialect.forget_pages(self.database.reader)
            if done or time.monotonic() > stop:
                return done
            time.sleep(0.05)

    def clock_behind(self) -> timedelta:
        """How far the clock lies behind the newest commit (kept to the second); zero when it does not."""
        with self.read() as connection:
            mark = connection.execute(_MARK, {"this": self.node}).scalar_one_or_none()
        if mark is None:
            return timedelta(0)
        return max(timedelta(0), from_micros(mark) - self._clock.now())

    def mark_clock(self, connection: Connection) -> None:
        """Within a transaction about to commit: note its instant, at most once a second."""
        now = self._clock.now()
        if self._next_mark is not None and now < self._next_mark:
            return
        connection.execute(_MOVE_MARK, {"this": self.node, "instant": to_micros(now)})
        self._next_mark = now + _MARK_EVERY

    def close(self) -> None:
        """Write the pending counts and close every connection."""
        try:
            if not self.database.broken and not self._forked:
                self.refusals.flush()
        finally:
            self.database.close()

    def _usable(self) -> None:
        if self.database.broken:
            raise StoreError(self.database.broken)
        if self._forked:
            raise StoreError("the store was opened in another process: open it after the fork")


_stores: WeakSet[Store] = WeakSet()


def _after_fork() -> None:
    for store in tuple(_stores):
        store._forked = True


os.register_at_fork(after_in_child=_after_fork)
