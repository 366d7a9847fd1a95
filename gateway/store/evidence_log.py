"""The evidence log: entries are appended to this node's chain inside the transaction that they belong to.

There is one chain for each node and start (gateway.evidence.entry), so that nodes do not wait for each
other; where processes of a node write side by side, one for each of them. Where a chain ends is read from the
database each time, in the transaction: what is rolled back never was, and processes of one start share a
chain. Digests of the bytes are taken before, outside the write lock; the links are taken here, in commit
order.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, Protocol

from sqlalchemy import Connection, Dialect, bindparam, insert, select, text

from gateway.clock import Clock
from gateway.errors import StoreError
from gateway.evidence import ChainStart, Entry, Head, Lost, Seal, chain_text, link_of
from gateway.evidence.entry import GENESIS, opening, stored_text
from gateway.evidence.transient import is_transient
from gateway.store.direct import run, run_many
from gateway.store.failures import unbroken
from gateway.store.instants import to_micros
from gateway.store.refusals import RefusalRecord, to_row
from gateway.store.tables import (
    PADDING,
    evidence_bodies,
    evidence_chains,
    evidence_entries,
    evidence_transient,
)

SHIFT: Final = 40
"""An entry's id is its chain's, shifted by so many bits, plus its number."""

_HEAD: Final = text(
    "SELECT c.node, c.epoch, c.genesis, c.dirty, e.id, e.link FROM evidence_chains c"
    " LEFT JOIN evidence_entries e ON e.id ="
    " (SELECT max(id) FROM evidence_entries WHERE id > :first AND id < :beyond) WHERE c.id = :chain"
)
_NEWEST: Final = (
    select(evidence_chains.c.id, evidence_chains.c.epoch)
    .where(evidence_chains.c.node == bindparam("this"))
    .order_by(evidence_chains.c.epoch.desc())
    .limit(1)
)
_MARK_DIRTY: Final = text("UPDATE evidence_chains SET dirty = true WHERE id = :chain")
_ADD_CERTIFICATE: Final = text(
    "INSERT INTO evidence_certificates (digest, der) VALUES (:digest, :der) ON CONFLICT DO NOTHING"
)
_KNOWN_SQL: Final = "SELECT 1 FROM evidence_certificates WHERE digest = :digest"
_MOST_KNOWN: Final = 10_000


class HoldsConnection(Protocol):
    """A unit of work, as far as the evidence log goes."""

    @property
    def connection(self) -> Connection:
        """Its connection, in its transaction."""
        ...


@dataclass(frozen=True, slots=True)
class ChainEnd:
    """Where a chain ends now."""

    node: str
    epoch: int
    number: int
    link: bytes
    dirty: bool


class EvidenceLog:
    """Appends entries to the chain of this node and start; safe for threads."""

    def __init__(
        self,
        unit_of_work: Callable[[], AbstractContextManager[HoldsConnection]],
        rows: Callable[[str, Mapping[str, Any]], list[Any]],
        clock: Clock,
        node: str,
        *,
        apart: bool = False,
    ) -> None:
        """``apart``: processes of one start have a chain each, for they write side by side."""
        self._apart = apart
        self._unit_of_work = unit_of_work
        self._rows = rows
        self._clock = clock
        self._node = node
        self._chain: int | None = None
        self._known: set[bytes] = set()

    def begin(self, lost: Seal | None = None, *, restored: bool = False, after_epoch: int = 0) -> int:
        """Begin this start's chain, committed; gives what use() wants in the processes that share it.

        ``lost`` says that the database is an older copy: the newest seal that is known from outside. The
        epochs of chains that it tells of are not used again. ``restored`` says that it is one also when no
        such seal is known; ``after_epoch`` is the newest epoch that is known from elsewhere.
        """
        with self._unit_of_work() as work:
            chain = _new_chain(
                work.connection, self._node, self._clock, lost, restored=restored, after_epoch=after_epoch
            )
        self._chain = chain
        return chain

    def use(self, chain: int) -> None:
        """Append to a chain that another process of this start began, or begin this process's own."""
        if self._apart:
            unbroken(self.begin)
        else:
            self._chain = chain

    def append(self, connection: Connection, entries: Sequence[Entry]) -> tuple[int, ...]:
        """Append entries within the caller's transaction, in their order; gives their numbers in the chain.

        For a batch of messages one call with all their entries is cheapest. A process that was not told its
        chain begins one of its own. Raises StoreError.
        """
        if not entries:
            return ()
        chain, end = self._end(connection)
        statements = _statements(connection.dialect)
        lines = opening(end.node, end.epoch)
        base, number, link = chain << SHIFT, end.number, end.link
        rows: list[tuple[Any, ...]] = []
        bodies: list[tuple[int, bytes]] = []
        transient: list[tuple[int, bytes, bytes]] = []
        for entry in entries:
            number += 1
            certificate, told = None, _UNSIGNED
            if (signature := entry.signature) is not None:
                certificate = fingerprint(signature.certificate)
                self._keep_certificate(connection, certificate, signature.certificate)
                told = (
                    signature.algorithm,
                    signature.signed.hex(),
                    base64.b64encode(signature.value).decode("ascii"),
                    certificate.hex(),
                )
            link = link_of(link, stored_text(lines, number, entry, told))
            rows.append(
                (
                    base + number,
                    to_micros(entry.at),
                    entry.direction,
                    entry.kind,
                    entry.peer,
                    entry.operation,
                    entry.message_id,
                    entry.relates_to,
                    entry.outcome,
                    entry.size,
                    entry.digest,
                    *(
                        (None, None, None, None)
                        if signature is None
                        else (signature.algorithm, signature.signed, signature.value, certificate)
                    ),
                    link,
                )
            )
            if entry.body is None:
                continue
            if is_transient(entry.direction, entry.kind, entry.operation):
                transient.append((base + number, _PADDING, entry.body))
            else:
                bodies.append((base + number, entry.body))
        if number >= 1 << SHIFT:
            raise StoreError("the evidence chain is full: start again, which begins a new one")
        run_many(connection, statements[0], rows)
        if bodies:
            run_many(connection, statements[1], bodies)
        if transient:
            run_many(connection, statements[2], transient)
        if not end.dirty:
            connection.execute(_MARK_DIRTY, {"chain": chain})
        return tuple(range(end.number + 1, number + 1))

    def refused(self, connection: Connection, record: RefusalRecord) -> None:
        """A refused message whose record is kept: its digest, never its bytes."""
        row = to_row(record)
        entry = Entry(
            record.at,
            "in",
            row["peer"],
            "refusal",
            row["operation"],
            row["message_id"],
            None,
            f"{record.rule} {record.reference}",
            None,
            bytes.fromhex(record.digest),
            record.size,
        )
        self.append(connection, [entry])

    def _end(self, connection: Connection) -> tuple[int, ChainEnd]:
        """This start's chain and its end. One that was begun in a transaction rolled back is begun anew."""
        end = None if self._chain is None else chain_end(connection, self._chain)
        if self._chain is None or end is None:
            self._chain = _new_chain(connection, self._node, self._clock, None)
            end = chain_end(connection, self._chain)
            if end is None:
                raise StoreError("the database does not give back the chain just begun")
        return self._chain, end

    def _keep_certificate(self, connection: Connection, digest: bytes, der: bytes) -> None:
        """Keep a signer's certificate once; only what others see committed counts as kept."""
        if digest in self._known:
            return
        if self._rows(_KNOWN_SQL, {"digest": digest}):
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            self._known.add(digest)
        else:
            connection.execute(_ADD_CERTIFICATE, {"digest": digest, "der": der})


_UNSIGNED: Final = ("-", "-", "-", "-")
_PADDING: Final = bytes(PADDING)


def chain_end(connection: Connection, chain: int) -> ChainEnd | None:
    """Where a chain ends in this transaction; None when there is no such chain."""
    sql, order = _head(connection.dialect)
    bounds = {"chain": chain, "first": chain << SHIFT, "beyond": (chain + 1) << SHIFT}
    found = run(connection, sql, [bounds[name] for name in order])
    if not found:
        return None
    node, epoch, genesis, dirty, newest, link = found[0]
    if newest is None:
        return ChainEnd(node, epoch, GENESIS, genesis, bool(dirty))
    return ChainEnd(node, epoch, newest - (chain << SHIFT), link, bool(dirty))


@lru_cache(maxsize=1024)
def fingerprint(der: bytes) -> bytes:
    """SHA-256 of a certificate."""
    return hashlib.sha256(der).digest()


@lru_cache(maxsize=4)
def _statements(dialect: Dialect) -> tuple[str, ...]:
    """The inserts as the driver takes them, values by position in the tables' order."""
    tables = (evidence_entries, evidence_bodies, evidence_transient)
    return tuple(str(insert(table).compile(dialect=dialect)) for table in tables)


@lru_cache(maxsize=4)
def _head(dialect: Dialect) -> tuple[str, tuple[str, ...]]:
    """The look-up of a chain's end as the driver takes it, and its values' order."""
    compiled = _HEAD.compile(dialect=dialect)
    return str(compiled), tuple(compiled.positiontup or ())


def _new_chain(
    connection: Connection,
    node: str,
    clock: Clock,
    lost: Seal | None,
    *,
    restored: bool = False,
    after_epoch: int = 0,
) -> int:
    before = connection.execute(_NEWEST, {"this": node}).one_or_none()
    after = None
    if before is not None:
        end = chain_end(connection, before.id)
        after = None if end is None else Head(end.node, end.epoch, end.number, end.link)
    told = (head.epoch for head in (lost.heads if lost else ()) if head.node == node)
    start = ChainStart(
        node,
        max(0 if before is None else before.epoch, *told, after_epoch) + 1,
        clock.now(),
        "restore" if restored or lost is not None else "start",
        after,
        None if lost is None else Lost(lost.number, lost.digest),
    )
    begun = chain_text(start)
    key = connection.execute(
        insert(evidence_chains),
        {
            "node": node,
            "epoch": start.epoch,
            "text": begun.decode("ascii"),
            "genesis": hashlib.sha256(begun).digest(),
            "sealed": 0,
            # A chain that begins with a restore is sealed at once, whether it has entries or not.
            "dirty": start.reason == "restore",
        },
    ).inserted_primary_key
    if key is None:
        raise StoreError("the database gave no key for a new chain")
    return int(key[0])
