"""The store of one system: opened once in each process, used from all its threads.

What is written is written in units of work: one transaction each, short, with no signature and no network
inside. What is only read is read between them. Open it after a fork, never before.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from sqlalchemy import Connection, bindparam, delete, insert, select, update
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from gateway.clock import Clock
from gateway.errors import StoreError
from gateway.evidence import Entry
from gateway.kill_points import AFTER_COMMIT, BEFORE_COMMIT, reach
from gateway.store import schema
from gateway.store.budgets import BudgetLog
from gateway.store.cards import CardStates
from gateway.store.committed_guard import CommittedGuard
from gateway.store.engine import Database, end_process, open_database
from gateway.store.evidence_log import EvidenceLog
from gateway.store.evidence_rows import EvidenceRows
from gateway.store.guard import DuplicateGuard
from gateway.store.instants import from_micros, to_micros
from gateway.store.outbox_desk import OutboxDesk
from gateway.store.outbox_rows import Outbox
from gateway.store.refusals import RefusalLog, sweep_refusals
from gateway.store.register import Register
from gateway.store.register_load import RegisterLoader
from gateway.store.sampling import DEFAULT_LIMITS, SamplingLimits
from gateway.store.tables import clock_marks, messages, signatures

_MARK_EVERY = timedelta(seconds=1)
_MARK = select(clock_marks.c.at).where(clock_marks.c.node == bindparam("this"))
_MOVE_MARK = (
    update(clock_marks)
    .where(clock_marks.c.node == bindparam("this"), clock_marks.c.at < bindparam("instant"))
    .values(at=bindparam("instant"))
)


@dataclass(frozen=True, slots=True)
class Retention:
    """How long refusal records stay; the guard's rows carry their own end."""

    refusals: timedelta = timedelta(days=90)
    most_refusals: int = 100_000  # records


class UnitOfWork:
    """One write transaction, begun by the first use of ``connection``; it ends with the ``with`` block."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._open: Connection | None = None

    @property
    def connection(self) -> Connection:
        """The connection, inside the transaction. Raises StoreError when no turn comes in time."""
        if self._open is None:
            database = self._store.database
            if not database.turns.take(database.lock_timeout_seconds):
                raise StoreError("no turn to write came within the time limit")
            connection = None
            try:
                connection = database.writer.connect()
                connection.begin()
            except BaseException:
                try:
                    if connection is not None:
                        connection.close()
                finally:
                    database.turns.give()
                raise
            self._open = connection
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
            try:
                self._open.commit()
            except BaseException:
                # SQLAlchemy takes a transaction whose COMMIT failed for ended, SQLite may not.
                self._open.invalidate()
                raise
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
        self._process = os.getpid()
        self._thread = threading.local()
        self._next_mark: datetime | None = None
        self.evidence = EvidenceLog(self.unit_of_work, self.rows, clock, node)
        self.guard = CommittedGuard(self.unit_of_work, self.read, clock, self.evidence.append)
        self.evidence_rows = EvidenceRows(self.read, self.rows)
        self.refusals = RefusalLog(self.unit_of_work, self.read, sampling, self.evidence.refused)
        self.register = Register(self.read, self.rows)
        self.budgets = BudgetLog(self.unit_of_work, self.read)
        self.loader = RegisterLoader(self.unit_of_work, self.read)
        self.cards = CardStates(self.read)
        self.outbox = Outbox(self.read)
        self.outbox_desk = OutboxDesk(self.read)

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
        """Open the store of a state folder (a Path), or of a URL (``sqlite:////absolute/path``).

        ``upgrade`` makes the database or brings it to this program's version first; without it a missing,
        older or newer one is a StoreError. ``clock`` is the one that all instants given to the store come
        from. ``node`` names this machine's clock. ``on_fatal`` must not return to work (engine.py).
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

    @contextmanager
    def unit_of_work(self) -> Iterator[UnitOfWork]:
        """One write transaction: committed when the block ends, rolled back when it raises.

        They do not nest: the second would wait for the first for ever. Raises StoreError.
        """
        self._usable()
        if getattr(self._thread, "writing", False):
            raise RuntimeError("a unit of work is open in this thread already")
        self._thread.writing = True
        work = UnitOfWork(self)
        try:
            yield work
            work.commit()
        finally:
            self._thread.writing = False
            work.end()

    def keep(self, entries: Sequence[Entry]) -> None:
        """Append evidence in a transaction of its own, durable on return. Raises StoreError."""
        if entries:
            with self.unit_of_work() as work:
                self.evidence.append(work.connection, entries)

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

    def rows(self, sql: str, parameters: Mapping[str, Any]) -> list[Any]:
        """All rows of one reading statement, values bound by ``:name``; the short way, for the hot path."""
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
        """Write the whole log back and empty it, so that nothing erased is left in it.

        False when others kept reading or writing for so long that it could not be done. Raises StoreError.
        """
        self._usable()
        stop = time.monotonic() + self.database.lock_timeout_seconds
        while True:
            with self.read() as connection:
                busy = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()[0]
            if not busy or time.monotonic() > stop:
                return not busy
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
        this = {"this": self.node}
        if connection.execute(_MARK, this).scalar_one_or_none() is None:
            connection.execute(insert(clock_marks), {"node": self.node, "at": to_micros(now)})
        else:
            connection.execute(_MOVE_MARK, {**this, "instant": to_micros(now)})
        self._next_mark = now + _MARK_EVERY

    def close(self) -> None:
        """Write the pending counts and close every connection."""
        try:
            if not self.database.broken and self._process == os.getpid():
                self.refusals.flush()
        finally:
            self.database.close()

    def _usable(self) -> None:
        if self.database.broken:
            raise StoreError(self.database.broken)
        if self._process != os.getpid():
            raise StoreError("the store was opened in another process: open it after the fork")
