"""Erases what a CS has of addressees (送付先情報) once they were handed over.

The outbox empties a body when it is delivered or dropped; here go the bytes of the messages in the evidence
log: of the request that brought addressees, when nothing of it waits in the outbox any more (also when
nothing of it was accepted), and of the request that handed them over. Each erasure is an entry. At the end
the write-ahead log is written back and emptied. What is interrupted goes on the next time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, Final, Protocol

from sqlalchemy import Connection, bindparam, delete, text

from gateway.evidence import Entry
from gateway.evidence.chain_check import ERASURE
from gateway.evidence.transient import HANDED_OVER
from gateway.store.evidence_log import EvidenceLog, HoldsConnection
from gateway.store.tables import addressee_messages, evidence_transient

_BATCH: Final = 20  # messages of one transaction: each may be 8 MiB of pages to overwrite
_WAITING: Final = (
    "SELECT 1 FROM outbox o WHERE o.line IS NOT NULL AND (o.message_id = {0} OR o.id IN"
    " (SELECT m.row FROM outbox_message_ids m WHERE m.message_id = {0}))"
)
_ERASABLE: Final = text(
    "SELECT t.id, e.direction, e.peer, e.operation, e.message_id FROM evidence_transient t"  # noqa: S608
    " JOIN evidence_entries e ON e.id = t.id"
    " LEFT JOIN addressee_messages a"
    " ON e.direction = 'in' AND a.sender = e.peer AND a.message_id = e.message_id"
    f" WHERE NOT EXISTS ({_WAITING.format('a.notice')})"
    f" AND NOT (e.direction = 'out' AND EXISTS ({_WAITING.format('e.message_id')}))"
    " ORDER BY t.id LIMIT :most"
)
_ERASE: Final = delete(evidence_transient).where(evidence_transient.c.id == bindparam("which"))
_UNTIE: Final = delete(addressee_messages).where(
    addressee_messages.c.sender == bindparam("peer"), addressee_messages.c.message_id == bindparam("name")
)


class HoldsAddressees(Protocol):
    """The store, as far as this goes."""

    @property
    def evidence(self) -> EvidenceLog:
        """Its evidence log."""
        ...

    def unit_of_work(self) -> AbstractContextManager[HoldsConnection]:
        """A write transaction."""
        ...

    def read(self) -> AbstractContextManager[Connection]:
        """A reading connection."""
        ...

    def forget_pages(self) -> bool:
        """Write the log back and empty it."""
        ...


class AddresseeEraser:
    """Call it every few seconds, in one process of a system."""

    def __init__(self, store: HoldsAddressees, now: Callable[[], datetime]) -> None:
        self._store = store
        self._now = now
        self._unwritten = True  # what a process before this one erased may be in the log still

    def __call__(self) -> int:
        """Erase what there is to erase; gives how many messages' bytes. Raises StoreError."""
        gone = 0
        while some := self._some():
            gone += some
        # Whatever the outbox was emptied of since the last time has left a request to erase, too.
        self._unwritten = self._unwritten or gone > 0
        if self._unwritten:
            self._unwritten = not self._store.forget_pages()
        return gone

    def _some(self) -> int:
        with self._store.read() as connection:
            if not connection.execute(_ERASABLE, {"most": 1}).first():
                return 0
        with self._store.unit_of_work() as work:
            found = work.connection.execute(_ERASABLE, {"most": _BATCH}).all()
            entries = [_erasure(row, self._now()) for row in found]
            self._store.evidence.append(work.connection, entries)
            work.connection.execute(_ERASE, [{"which": row.id} for row in found])
            tied = [{"peer": row.peer, "name": row.message_id} for row in found if row.direction == "in"]
            if tied:
                work.connection.execute(_UNTIE, tied)
        return len(found)


def _erasure(row: Any, now: datetime) -> Entry:
    return Entry(
        now,
        "own",
        row.peer,
        ERASURE,
        row.operation,
        None,
        row.message_id,
        HANDED_OVER,
        None,
        hashlib.sha256(b"").digest(),
        0,
    )
