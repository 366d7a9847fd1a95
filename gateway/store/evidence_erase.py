"""Erases the bytes of messages at the end of their retention; entries, links and signatures stay.

First an entry says that bytes older than an instant are erased from here on (so ``verify`` can tell erasure
from loss), then they go in short transactions: interrupted, it goes on where it stopped. What is deleted is
overwritten (engine.py); whoever calls empties the write-ahead log at the end (Store.forget_pages).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, Final, Protocol

from sqlalchemy import Connection, Table, bindparam, delete, func, select

from gateway.evidence import Entry
from gateway.evidence.chain_check import ERASURE, erasure_outcome
from gateway.evidence.entry import instant_text
from gateway.store.evidence_log import EvidenceLog, HoldsConnection
from gateway.store.instants import to_micros
from gateway.store.tables import evidence_bodies, evidence_entries, evidence_transient

_BATCH: Final = 200
_TABLES: Final = (evidence_bodies, evidence_transient)


def _old(table: Table) -> Any:
    return (
        select(table.c.id)
        .join(evidence_entries, evidence_entries.c.id == table.c.id)
        .where(evidence_entries.c.at < bindparam("before"), table.c.id > bindparam("after"))
        .order_by(table.c.id)
    )


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
    values = {"before": to_micros(before), "after": 0}
    with store.read() as connection:
        counts = (select(func.count()).select_from(_old(table).subquery()) for table in _TABLES)
        return sum(connection.execute(count, values).scalar_one() for count in counts)


def erase(store: HoldsEvidence, before: datetime, *, system: str, now: datetime) -> Iterator[int]:
    """Erase the bytes of every message older than ``before``; gives how many are erased, again and again.

    Raises StoreError. An interrupted one is begun again with the same or a later instant.
    """
    if not erasable(store, before):
        return
    with store.unit_of_work() as work:
        store.evidence.append(work.connection, [_notice(before, system, now)])
    gone = 0
    for table in _TABLES:
        for count in _erase(store, table, before):
            gone += count
            yield gone


def _erase(store: HoldsEvidence, table: Table, before: datetime) -> Iterator[int]:
    old, erase_one = _old(table).limit(_BATCH), delete(table).where(table.c.id == bindparam("which"))
    at = 0
    while True:
        with store.read() as connection:
            found = list(connection.execute(old, {"before": to_micros(before), "after": at}).scalars())
        if not found:
            return
        with store.unit_of_work() as work:
            work.connection.execute(erase_one, [{"which": entry} for entry in found])
        at = found[-1]
        yield len(found)


def _notice(before: datetime, system: str, now: datetime) -> Entry:
    outcome = erasure_outcome(instant_text(before))
    return Entry(
        now, "own", system, ERASURE, None, None, None, outcome, None, hashlib.sha256(b"").digest(), 0
    )
