"""Refusal records: what ``explain`` prints for the reference that a refused sender was given.

A record holds no value of a person: what was found and wanted are digests, algorithm names, times and
element paths. Above a rate per peer refusals are counted and sampled (sampling.py).
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import Connection, Row, delete, func, insert, select, text

from gateway.store.instants import from_micros, to_micros
from gateway.store.sampling import DEFAULT_LIMITS, Addition, Sampler, SamplingLimits
from gateway.store.tables import refusal_counts, refusals

_TEXT_LIMIT = 1_000  # characters kept of a free text
_MINUTE = 60_000_000  # microseconds


@dataclass(frozen=True, slots=True)
class ChainLine:
    """One certificate of the chain that was found, leaf first; names as RFC 4514 text."""

    subject: str
    issuer: str
    not_after: datetime


@dataclass(frozen=True, slots=True)
class RefusalRecord:
    """One refused message.

    ``peer`` is the counterpart's id, else the TLS certificate's fingerprint, else the address. ``size`` (in
    octets) and ``digest`` (sha-256, hex) are of the bytes as received. ``at`` is the gateway's clock,
    ``created`` and ``expires`` are the message's own.
    """

    reference: str
    at: datetime
    step: int
    rule: str
    fault: str
    peer: str
    size: int
    digest: str
    found: str = ""
    wanted: str = ""
    where: str = ""
    service: str | None = None
    operation: str | None = None
    message_id: str | None = None
    chain: tuple[ChainLine, ...] = ()
    created: datetime | None = None
    expires: datetime | None = None


@dataclass(frozen=True, slots=True)
class MinuteCount:
    """How many messages of a peer were refused in the minute that begins at ``minute``."""

    minute: datetime
    peer: str
    refused: int


class HoldsConnection(Protocol):
    """A unit of work, as far as the refusal log goes."""

    @property
    def connection(self) -> Connection:
        """Its connection, in its transaction."""
        ...


_ADD = text(
    "INSERT INTO refusal_counts (minute, peer, refused) VALUES (:at, :who, :more) ON CONFLICT (minute, peer)"
    " DO UPDATE SET refused = refusal_counts.refused + :more RETURNING refused"
)


class RefusalLog:
    """All refusal records of a store. Each call is a transaction of its own; safe for threads."""

    def __init__(
        self,
        unit_of_work: Callable[[], AbstractContextManager[HoldsConnection]],
        read: Callable[[], AbstractContextManager[Connection]],
        limits: SamplingLimits = DEFAULT_LIMITS,
        also: Callable[[Connection, RefusalRecord], object] | None = None,
    ) -> None:
        """``also`` is called in the transaction of each record that is kept."""
        self._unit_of_work = unit_of_work
        self._read = read
        self._also = also
        self._sampler = Sampler(limits)
        self._lock = threading.Lock()

    def record(self, record: RefusalRecord) -> bool:
        """Keep the record, or only count it; tells whether it was kept. Raises StoreError."""
        with self._lock:
            due = self._sampler.note(_cut(record.peer, 256), to_micros(record.at) // _MINUTE)
        if not due.additions:
            return False
        keep = due.always
        with self._unit_of_work() as work:
            totals = _add(work.connection, due.additions)
            if due.own is not None:
                before = totals[due.own] - due.own.refused
                keep = keep or before < self._sampler.limits.recorded_per_peer
            if keep:
                work.connection.execute(insert(refusals), to_row(record))
                if self._also is not None:
                    self._also(work.connection, record)
        if due.own is not None:
            with self._lock:
                self._sampler.learned(due.own, totals[due.own])
        return keep

    def flush(self) -> None:
        """Write the counts that wait for the next record. Raises StoreError."""
        with self._lock:
            additions = self._sampler.pending()
        if additions:
            with self._unit_of_work() as work:
                _add(work.connection, additions)

    def find(self, reference: str) -> RefusalRecord | None:
        """The record of a reference; None when there is none, or it was only counted."""
        with self._read() as connection:
            row = connection.execute(select(refusals).where(refusals.c.reference == reference)).one_or_none()
        return None if row is None else _from_row(row)

    def find_message(self, message_id: str) -> RefusalRecord | None:
        """The newest record of a MessageID; None when there is none."""
        statement = select(refusals).where(refusals.c.message_id == message_id)
        with self._read() as connection:
            row = connection.execute(statement.order_by(refusals.c.at.desc()).limit(1)).one_or_none()
        return None if row is None else _from_row(row)

    def recent(self, limit: int = 50, *, peer: str | None = None) -> list[RefusalRecord]:
        """The newest records, newest first."""
        statement = select(refusals).order_by(refusals.c.at.desc()).limit(limit)
        if peer is not None:
            statement = statement.where(refusals.c.peer == peer)
        with self._read() as connection:
            return [_from_row(row) for row in connection.execute(statement)]

    def count(self) -> int:
        """How many records there are."""
        with self._read() as connection:
            return connection.execute(select(func.count()).select_from(refusals)).scalar_one()

    def counts(self, since: datetime) -> list[MinuteCount]:
        """All refusals by minute and peer, those without a record too, oldest first."""
        statement = (
            select(refusal_counts)
            .where(refusal_counts.c.minute >= to_micros(since) // _MINUTE * _MINUTE)
            .order_by(refusal_counts.c.minute, refusal_counts.c.peer)
        )
        with self._read() as connection:
            return [
                MinuteCount(from_micros(row.minute), row.peer, row.refused)
                for row in connection.execute(statement)
            ]


def sweep_refusals(
    connection: Connection, now: datetime, *, keep: timedelta, most_records: int, limit: int
) -> int:
    """Delete what is older than ``keep`` and the oldest beyond ``most_records``, ``limit`` of each."""
    horizon = to_micros(now - keep)
    excess = connection.execute(select(func.count()).select_from(refusals)).scalar_one() - most_records
    oldest = select(refusals.c.reference).order_by(refusals.c.at)
    gone = 0
    for doomed in (
        oldest.where(refusals.c.at < horizon).limit(limit),
        oldest.limit(min(max(excess, 0), limit)),
    ):
        gone += connection.execute(delete(refusals).where(refusals.c.reference.in_(doomed))).rowcount
    minutes = select(refusal_counts.c.minute).where(refusal_counts.c.minute < horizon).limit(limit)
    return (
        gone + connection.execute(delete(refusal_counts).where(refusal_counts.c.minute.in_(minutes))).rowcount
    )


def _add(connection: Connection, additions: Iterable[Addition]) -> dict[Addition, int]:
    """Add to the counts; gives the new total of each."""
    totals = {}
    # In one order, so that two processes never wait for each other crosswise.
    for addition in sorted(additions, key=lambda one: (one.minute, one.peer)):
        values = {"at": addition.minute * _MINUTE, "who": addition.peer, "more": addition.refused}
        totals[addition] = connection.execute(_ADD, values).scalar_one()
    return totals


def _cut(text: str, length: int) -> str:
    return text[:length].replace("\0", "\ufffd")  # PostgreSQL keeps no U+0000


def _optional(text: str | None, length: int) -> str | None:
    return None if text is None else _cut(text, length)


def to_row(record: RefusalRecord) -> dict[str, Any]:
    """A record as its row, texts cut to their columns."""
    chain = [[c.subject[:_TEXT_LIMIT], c.issuer[:_TEXT_LIMIT], to_micros(c.not_after)] for c in record.chain]
    return {
        "reference": record.reference,
        "at": to_micros(record.at),
        "step": record.step,
        "rule": record.rule,
        "fault": record.fault,
        "found": _cut(record.found, _TEXT_LIMIT),
        "wanted": _cut(record.wanted, _TEXT_LIMIT),
        "place": _cut(record.where, _TEXT_LIMIT),
        "peer": _cut(record.peer, 256),
        "service": _optional(record.service, 64),
        "operation": _optional(record.operation, 64),
        "message_id": _optional(record.message_id, 256),
        "size": record.size,
        "digest": record.digest,
        "chain": json.dumps(chain, ensure_ascii=False),
        "created": None if record.created is None else to_micros(record.created),
        "expires": None if record.expires is None else to_micros(record.expires),
    }


def _from_row(row: Row[Any]) -> RefusalRecord:
    values = dict(row._mapping)
    for name in ("created", "expires"):
        values[name] = None if values[name] is None else from_micros(values[name])
    values["at"] = from_micros(values["at"])
    values["where"] = values.pop("place")
    chain = json.loads(values["chain"])
    values["chain"] = tuple(ChainLine(subject, issuer, from_micros(end)) for subject, issuer, end in chain)
    return RefusalRecord(**values)
