"""Erases accesses at the end of their retention, from the oldest on: the rest of the chain still holds.

First the evidence log notes up to where, then they go in short transactions: interrupted, it goes on where it
stopped. Erased pages are overwritten.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, Final, Protocol

from sqlalchemy import Connection, bindparam, delete, func, select, update

from gateway.evidence.entry import instant_text
from gateway.store.access_log import noted
from gateway.store.evidence_log import SHIFT, EvidenceLog, HoldsConnection
from gateway.store.instants import to_micros
from gateway.store.tables import access_chains, access_people, accesses

_BATCH: Final = 500


class HoldsAccesses(Protocol):
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


def erase_accesses(store: HoldsAccesses, before: datetime, *, system: str, now: datetime) -> int:
    """Erase every access older than ``before`` that no newer one of its chain stands before; gives how many.

    Raises StoreError. It may be called again at any time, with the same or a later instant.
    """
    with store.read() as connection:
        chains = connection.execute(select(access_chains).order_by(access_chains.c.id)).all()
        ends = [(chain, _last_old(connection, chain, before)) for chain in chains]
    gone = 0
    for chain, last in ends:
        if last is None:
            continue
        with store.unit_of_work() as work:
            base = chain.id << SHIFT
            link = work.connection.execute(
                select(accesses.c.link).where(accesses.c.id == base + last)
            ).scalar_one_or_none()
            if link is None:  # another process was faster
                continue
            entry = noted(system, now, chain.node, last, bytes(link))
            told = entry._replace(outcome=f"{entry.outcome} erased-before-{instant_text(before)}")
            store.evidence.append(work.connection, [told])
        while some := _erase_some(store, chain.id, last):
            gone += some
    return gone


def _last_old(connection: Connection, chain: Any, before: datetime) -> int | None:
    """The number of the last access of the chain's beginning that is old; None when its first is not."""
    base, beyond = chain.id << SHIFT, (chain.id + 1) << SHIFT
    within = (accesses.c.id > base, accesses.c.id < beyond)
    young = connection.execute(
        select(func.min(accesses.c.id)).where(*within, accesses.c.at >= to_micros(before))
    ).scalar_one()
    old = connection.execute(
        select(func.max(accesses.c.id)).where(*within, *(() if young is None else (accesses.c.id < young,)))
    ).scalar_one()
    return None if old is None else int(old) - base


def _erase_some(store: HoldsAccesses, chain: int, last: int) -> int:
    base = chain << SHIFT
    with store.unit_of_work() as work:
        connection = work.connection
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql(
                "PRAGMA secure_delete = 1"
            )  # otherwise freed pages keep what stood there
        found = connection.execute(
            select(accesses.c.id, accesses.c.link)
            .where(accesses.c.id > base, accesses.c.id <= base + last)
            .order_by(accesses.c.id)
            .limit(_BATCH)
        ).all()
        if not found:
            return 0
        newest = found[-1]
        connection.execute(
            delete(access_people).where(access_people.c.access > base, access_people.c.access <= newest.id)
        )
        connection.execute(delete(accesses).where(accesses.c.id > base, accesses.c.id <= newest.id))
        connection.execute(
            update(access_chains)
            .where(access_chains.c.id == bindparam("chain"))
            .values(erased=bindparam("upto"), erased_link=bindparam("end")),
            {"chain": chain, "upto": newest.id - base, "end": bytes(newest.link)},
        )
    return len(found)
