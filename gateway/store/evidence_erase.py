"""Erases the bytes of messages at the end of their retention; entries, links and signatures stay.

First an entry says that bytes older than an instant are erased from here on (so ``verify`` can tell erasure
from loss), then they go in short transactions: interrupted, it goes on where it stopped. Erased pages are
overwritten; whoever calls empties the write-ahead log at the end (Store.forget_pages).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Final, Protocol

from sqlalchemy import Connection, bindparam, delete, func, select

from gateway.evidence import Entry
from gateway.evidence.chain_check import ERASURE, erasure_outcome
from gateway.evidence.entry import instant_text
from gateway.store.evidence_log import EvidenceLog, HoldsConnection
from gateway.store.instants import to_micros
from gateway.store.tables import evidence_bodies, evidence_entries

_BATCH: Final = 200
_OLD = (
    select(evidence_bodies.c.id)
    .join(evidence_entries, evidence_entries.c.id == evidence_bodies.c.id)
    .where(evidence_entries.c.at < bindparam("before"), evidence_bodies.c.id > bindparam("after"))
    .order_by(evidence_bodies.c.id)
)
_ERASE = delete(evidence_bodies).where(evidence_bodies.c.id == bindparam("which"))


class HoldsEvidence(Protocol):
    """The store, as far as erasing goes."""

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


def erasable(store: HoldsEvidence, before: datetime) -> int:
    """How many messages' bytes are older than ``before`` and not erased."""
    with store.read() as connection:
        statement = select(func.count()).select_from(_OLD.subquery())
        return connection.execute(statement, {"before": to_micros(before), "after": 0}).scalar_one()


def erase(store: HoldsEvidence, before: datetime, *, system: str, now: datetime) -> Iterator[int]:
    """Erase the bytes of every message older than ``before``; gives how many are erased, again and again.

    Raises StoreError. An interrupted one is begun again with the same or a later instant.
    """
    if not erasable(store, before):
        return
    with store.unit_of_work() as work:
        store.evidence.append(work.connection, [_notice(before, system, now)])
    at, gone = 0, 0
    while True:
        with store.read() as connection:
            old = _OLD.limit(_BATCH)
            found = list(connection.execute(old, {"before": to_micros(before), "after": at}).scalars())
        if not found:
            break
        with store.unit_of_work() as work:
            # Otherwise freed pages keep what stood in them.
            work.connection.exec_driver_sql("PRAGMA secure_delete = 1")
            work.connection.execute(_ERASE, [{"which": entry} for entry in found])
        at, gone = found[-1], gone + len(found)
        yield gone


def _notice(before: datetime, system: str, now: datetime) -> Entry:
    outcome = erasure_outcome(instant_text(before))
    return Entry(
        now, "own", system, ERASURE, None, None, None, outcome, None, hashlib.sha256(b"").digest(), 0
    )
